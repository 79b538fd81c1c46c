"""Sentences from templates: `(a|b|)` is a choice, `{slot}` is filled from a list of choices by that name.

A phrase file has sections in brackets, one template a line, `#` comments:

    [do]
    (add|connect) {a_device} (to {mesh}|)

A slot may hold templates itself. A slot that is not in the file given is asked of `fallback(name, rng)`.
"""

import re
from pathlib import Path

HERE = Path(__file__).parent
CHOICE = re.compile(r'\(([^()]*)\)')
SLOT = re.compile(r'\{(\w+)\}')


def lines_of(path):
    """The lines of a data file that are neither empty nor a comment."""
    text = (HERE / path).read_text(encoding='utf-8')
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith('#')]


def read_sections(path):
    """{section: [template, …]} of a phrase file."""
    sections = {}
    for line in lines_of(path):
        if line.startswith('[') and line.endswith(']'):
            current = sections.setdefault(line[1:-1], [])
        else:
            current.append(line)
    return sections


def weight_of(template):
    """How often a template is drawn: templates that can say more are drawn more, but far from in proportion."""
    ways = 1
    for choice in CHOICE.findall(template):
        ways *= choice.count('|') + 1
    return ways**0.35


class Templates:
    """A list of templates that is drawn from by weight."""

    def __init__(self, templates):
        self.templates = templates
        self.total = []
        total = 0.0
        for template in templates:
            total += weight_of(template)
            self.total.append(total)

    def draw(self, rng):
        return rng.choices(self.templates, cum_weights=self.total)[0]


class Grammar:
    """Fills templates. `slots` maps a name to its choices; `fallback(name, rng)` supplies every other name."""

    def __init__(self, slots, fallback=None):
        self.slots = {name: Templates(choices) for name, choices in slots.items()}
        self.fallback = fallback

    def with_slots(self, replaced, fallback=None):
        """The same grammar with some slots filled by functions of the random generator instead."""
        other = Grammar({}, fallback or self.fallback)
        other.slots = {**self.slots, **replaced}
        return other

    def fill(self, template, rng):
        def slot(match):
            choices = self.slots.get(match[1])
            if choices is None:
                return self.fallback(match[1], rng)
            return choices.draw(rng) if isinstance(choices, Templates) else choices(rng)

        while '{' in template or '(' in template:
            # Choices first, from the innermost: a slot inside a choice not taken is never filled.
            match = CHOICE.search(template)
            if match:
                template = template[: match.start()] + rng.choice(match[1].split('|')) + template[match.end() :]
            else:
                template = SLOT.sub(slot, template)
        return tidy(template)


def tidy(text):
    """One space between words, none before a mark."""
    return re.sub(r' +([,.?!;:])', r'\1', re.sub(r'\s+', ' ', text)).strip()
