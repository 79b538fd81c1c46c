"""Questions about mesh with their answers, from phrases/help/*.txt and ../verbs.json."""

import json
import re

from grammar import HERE, Grammar, Templates, read_sections
from noise import as_typed

VERBS = json.loads((HERE / '../verbs.json').read_text(encoding='utf-8'))
OTHER = 'other'
# A verb that has no phrases yet is one of the others: mesh help lists it.
KNOWN = [verb for verb in VERBS['verbs'] if (HERE / f"phrases/help/{verb['name']}.txt").exists()]
ANSWERS = {verb['name']: VERBS['answer'].format(**verb) for verb in KNOWN} | {OTHER: VERBS['other']}

DOMAIN = Grammar({name: lines for name, lines in read_sections('phrases/slots.txt').items()})
WRAPPERS = {kind: Templates(lines) for kind, lines in read_sections('phrases/wrappers.txt').items()}
PHRASES = {
    intent: {kind: Templates(lines) for kind, lines in read_sections(f'phrases/help/{intent}.txt').items()}
    for intent in ANSWERS
}
# Drawn half as often again: they are asked for in the most ways.
WIDE = (OTHER, 'join', 'status', 'why', 'doctor')
# How often each section is drawn; a `do` phrase is sometimes turned into its -ing form.
SECTION_WEIGHTS = {'do': 36, 'know': 26, 'say': 30, 'ask': 36, 'terse': 18}
# Who says what before the question itself: "I have two laptops, how do I …".
CONTEXTS = (
    'I have {my_devices}', 'I have a {device} and a {device}', 'there are two {devices} here', 'I own three {devices}', 'my {device} is on my desk',
    'I am new to mesh', 'I installed mesh', 'I use mesh on my {device}', 'mesh is running on my {device}', 'I am on my {device}', 'I am sitting at my {device}',
    'I read about mesh', 'we have some {devices} at home', 'I have mesh on my {device}', 'I like mesh', "I'm new here", 'I use a {device}', 'it is my first day with mesh',
    'my {device} is in the other room', 'my {device} is upstairs', 'a question about mesh', 'about my {devices}', 'I am back at my {device}', 'I bought a {device} last week', 'we have mesh at home', 'I am no expert',
    'my brother set up mesh', 'there is mesh on all my {devices}', 'I work with three {devices}', 'thanks for your help', 'one thing about mesh',
)  # fmt: skip
IRREGULAR_ING = {'be': 'being', 'lie': 'lying', 'see': 'seeing', 'tie': 'tying', 'die': 'dying'}


def ing_form(verb):
    """connect -> connecting, make -> making, stop -> stopping."""
    if verb in IRREGULAR_ING:
        return IRREGULAR_ING[verb]
    if verb.endswith('e'):
        return verb[:-1] + 'ing'
    if re.fullmatch(r'[^aeiou]*[aeiou][bdglmnprt]', verb) or verb in ('quit', 'begin', 'submit', 'admit', 'permit'):
        return verb + verb[-1] + 'ing'
    return verb + 'ing'


def doing(phrase):
    """A wish in its -ing form: `add a laptop` -> `adding a laptop`."""
    first, _, rest = phrase.partition(' ')
    return f'{ing_form(first)} {rest}'.strip()


def wrapped(kind, phrase, rng):
    """The phrase of one section inside one of the frames for that section."""
    if kind == 'do' and rng.random() < 0.16:
        kind, phrase = 'doing', doing(phrase)
    if kind not in WRAPPERS:
        return phrase
    return DOMAIN.with_slots({'x': lambda _: phrase}).fill(WRAPPERS[kind].draw(rng), rng)


def phrase_of(sections, grammar, rng):
    """(section, filled phrase) of one intent."""
    kinds = list(sections)
    kind = rng.choices(kinds, [SECTION_WEIGHTS[kind] for kind in kinds])[0]
    return kind, grammar.fill(sections[kind].draw(rng), rng)


def clean_question(intent, rng):
    """A question of the intent, before noise."""
    kind, phrase = phrase_of(PHRASES[intent], DOMAIN, rng)
    question = wrapped(kind, phrase, rng)
    if kind != 'terse' and rng.random() < 0.09:
        joint = rng.choice((', ', '. ', ' and ', ', so ', ', but ', ', now '))
        return DOMAIN.fill(rng.choice(CONTEXTS), rng) + joint + question
    return question


def help_question(rng, intent=None):
    """(question, answer) for one intent, any of them if none is given."""
    intent = intent or rng.choice((*ANSWERS, *ANSWERS, *WIDE))
    return as_typed(clean_question(intent, rng), rng), ANSWERS[intent]
