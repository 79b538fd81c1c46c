"""A byte-level BPE tokenizer with one token a digit, trained on our own text, in Hugging Face's `tokenizer.json` form.

Run as a program it trains one. The split into words follows GPT-2 (Radford et al. 2019) after every ASCII digit was
cut off; `evaluate.mjs --tokenizer` shows that @huggingface/tokenizers cuts the same.
"""

import json
import random
import re
import sys
import unicodedata
from collections import Counter, defaultdict

SIZE = 1600
CONVERSATIONS = 40000
END_OF_TEXT, TURN_START, TURN_END = '<|endoftext|>', '<|im_start|>', '<|im_end|>'
SPECIAL = (END_OF_TEXT, TURN_START, TURN_END)
# What JavaScript's \s matches; Python's differs in the rare ones.
SPACES = '\t\n\x0b\x0c\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'


def character_class(category):
    r"""The inside of a regular-expression class for \p{L} or \p{N}, which `re` does not know."""
    ranges, start = [], None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code)).startswith(category)
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            ranges.append(f'{re.escape(chr(start))}-{re.escape(chr(code - 1))}')
            start = None
    return ''.join(ranges)


LETTERS, NUMBERS = character_class('L'), character_class('N')
WORD = re.compile(
    rf"'s|'t|'re|'ve|'m|'ll|'d| ?[{LETTERS}]+| ?[{NUMBERS}]+| ?[^{SPACES}{LETTERS}{NUMBERS}]+|[{SPACES}]+(?![^{SPACES}])|[{SPACES}]+"
)
DIGIT = re.compile('([0-9])')


def byte_characters():
    """GPT-2's printable character for every byte."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return {byte: chr(byte) for byte in visible} | {byte: chr(256 + i) for i, byte in enumerate(hidden)}


CHARACTER = byte_characters()
BYTE = {character: byte for byte, character in CHARACTER.items()}


def words_of(text):
    """The pieces that no token crosses."""
    return [word for part in DIGIT.split(text) for word in WORD.findall(part)]


class Tokenizer:
    def __init__(self, vocabulary, merges):
        self.vocabulary = vocabulary
        self.merges = merges
        self.rank = {pair: rank for rank, pair in enumerate(merges)}
        self.text_of = {number: token for token, number in vocabulary.items()}
        self.known = {}

    @classmethod
    def load(cls, path):
        model = json.loads(path.read_text(encoding='utf-8'))['model']
        return cls(model['vocab'], [tuple(merge.split(' ')) for merge in model['merges']])

    def encode(self, text):
        """Token ids of plain text: special tokens inside it are spelt out, not honoured."""
        return [number for word in words_of(text) for number in self.encode_word(word)]

    def encode_word(self, word):
        if word in self.known:
            return self.known[word]
        parts = [CHARACTER[byte] for byte in word.encode()]
        while len(parts) > 1:
            rank, i = min((self.rank.get(pair, len(self.rank)), i) for i, pair in enumerate(zip(parts, parts[1:])))
            if rank == len(self.rank):
                break
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        numbers = [self.vocabulary[part] for part in parts]
        if len(self.known) < 200_000:
            self.known[word] = numbers
        return numbers

    def decode(self, numbers):
        data = b''.join(bytes(BYTE[c] for c in self.text_of[n]) for n in numbers if self.text_of[n] not in SPECIAL)
        return data.decode(errors='replace')

    def to_json(self):
        added = [
            {'id': i, 'content': token, 'single_word': False, 'lstrip': False, 'rstrip': False, 'normalized': False, 'special': True}
            for i, token in enumerate(SPECIAL)
        ]
        byte_level = {'type': 'ByteLevel', 'add_prefix_space': False, 'trim_offsets': True, 'use_regex': True}
        digits = {'type': 'Split', 'pattern': {'Regex': '[0-9]'}, 'behavior': 'Isolated', 'invert': False}
        return {
            'version': '1.0',
            'truncation': None,
            'padding': None,
            'added_tokens': added,
            'normalizer': None,
            'pre_tokenizer': {'type': 'Sequence', 'pretokenizers': [digits, byte_level]},
            'post_processor': None,
            'decoder': byte_level,
            'model': {
                'type': 'BPE', 'dropout': None, 'unk_token': None, 'continuing_subword_prefix': None, 'end_of_word_suffix': None,
                'fuse_unk': False, 'byte_fallback': False, 'ignore_merges': False, 'vocab': self.vocabulary,
                'merges': [' '.join(pair) for pair in self.merges],
            },
        }  # fmt: skip


def train(counts, size):
    """Merges the most frequent pair of neighbours until the vocabulary has `size` tokens (Sennrich et al. 2016)."""
    words = [([CHARACTER[byte] for byte in word.encode()], count) for word, count in counts.items()]
    pairs, places = Counter(), defaultdict(set)
    for i, (parts, count) in enumerate(words):
        for pair in zip(parts, parts[1:]):
            pairs[pair] += count
            places[pair].add(i)
    vocabulary = {token: i for i, token in enumerate((*SPECIAL, *sorted(CHARACTER.values())))}
    merges = []
    while len(vocabulary) < size:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        vocabulary[''.join(best)] = len(vocabulary)
        for i in places.pop(best):
            parts, count = words[i]
            for pair in zip(parts, parts[1:]):
                pairs[pair] -= count
            at = 0
            while at < len(parts) - 1:
                if (parts[at], parts[at + 1]) == best:
                    parts[at : at + 2] = [''.join(best)]
                at += 1
            for pair in zip(parts, parts[1:]):
                pairs[pair] += count
                places[pair].add(i)
        del pairs[best]
    return Tokenizer(vocabulary, merges)


def main(path):
    from conversations import Mixture

    rng = random.Random(1)
    mixture = Mixture(sums=10, refusals=40, helps=45, greetings=8)
    counts = Counter()
    for _ in range(CONVERSATIONS):
        for question, answer in mixture.conversation(rng):
            counts.update(words_of(question))
            if rng.random() < 0.2:
                counts.update(words_of(answer))
    # The words of the chat template, whole, and nothing that was seen only once or twice.
    counts.update({'user': CONVERSATIONS, 'assistant': CONVERSATIONS})
    tokenizer = train({word: count for word, count in counts.items() if count > 2}, SIZE)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(tokenizer.to_json(), ensure_ascii=False), encoding='utf-8')
    print(f'{path.name}: {len(tokenizer.vocabulary)} tokens from {len(counts)} words')


if __name__ == '__main__':
    from pathlib import Path

    main(Path(sys.argv[1]))
