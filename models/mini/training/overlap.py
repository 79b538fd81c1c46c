"""How many held-out help questions the templates can produce word for word: `python3 overlap.py HELP_JSON [DRAWS]`.

Only numbers are printed. A high share would mean that the test measures memory instead of understanding.
"""

import json
import random
import re
import sys
from pathlib import Path

from help_questions import ANSWERS, OTHER, clean_question


def bare(text):
    """Small letters and words only."""
    return ' '.join(re.findall(r"[\w']+", text.lower()))


def main(path, draws):
    rng = random.Random(5)
    held_out = [(bare(item['question']), item['verb'] if item['verb'] in ANSWERS else OTHER) for item in json.loads(path.read_text())]
    produced = {intent: {bare(clean_question(intent, rng)) for _ in range(draws)} for intent in ANSWERS}
    same = sum(question in produced[intent] for question, intent in held_out)
    print(f'{same} of {len(held_out)} held-out help questions are among {draws} drawn from the templates of their verb')


if __name__ == '__main__':
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
