"""Everything mini does not know, and the one sentence it says to it.

A refusal must not hang on a frame or a single word. So the questions come from many sides: frames filled with words of
the world, everyday wishes in the very frames the help questions use, help questions whose nouns were replaced, prose,
other languages, code, nonsense and sums outside the promise.
"""

import re

from grammar import Templates, read_sections
from help_questions import ANSWERS, DOMAIN, PHRASES, phrase_of, wrapped
from noise import as_typed
from sums import refused_sum
from talk import near_miss as talk_near_miss
from vocabulary import FOREIGN, SCRIPTS, any_word, made_up_word, world_word

REFUSAL = 'I am only the small built-in model and cannot answer that. Use `mesh model` to see how to add a real one.'

UNKNOWN = {kind: Templates(lines) for kind, lines in read_sections('phrases/unknown.txt').items()}
EVERYDAY = {kind: Templates(lines) for kind, lines in read_sections('phrases/everyday.txt').items()}
WORLD = DOMAIN.with_slots({}, world_word)
# Stands before a word that replaced another one, until it is known that at least one did.
REPLACED_MARK = '\x01'
MARKS = '!"#$%&\'()*+,-./:;<=>?@[]^_{|}~\\'


def strange(kind, rng, before='', after=''):
    """A word of the world in the place of a word of the mesh."""
    return f'{REPLACED_MARK}{before}{world_word(kind, rng)}{after}'


def strange_thing(rng):
    return strange('noun', rng, before=rng.choice(('a ', 'my ', 'the ', 'this ', 'another ')))


# The mesh's nouns, replaced: "how do I connect my laptop to the mesh" -> "how do I connect my spoon to the opera".
REPLACED = DOMAIN.with_slots(
    {
        'device': lambda rng: strange('noun', rng),
        'devices': lambda rng: strange('noun', rng, after='s'),
        'a_device': strange_thing,
        'new_device': strange_thing,
        'other_device': strange_thing,
        'my_devices': lambda rng: strange('noun', rng, before='my ', after='s'),
        'mesh': strange_thing,
        'node': strange_thing,
        'model': lambda rng: strange('noun', rng),
        'better_model': lambda rng: strange('noun', rng, before='a better '),
        'question': lambda rng: strange('noun', rng),
        'wifi': lambda rng: strange('noun', rng),
        'here': lambda rng: strange('place', rng, before='in '),
        'owner': lambda rng: rng.choice(('my', 'the', 'his', 'our')),
    }
)
MESH_WORDS = (
    'mesh node nodes daemon model models device devices peer peers question questions prompt prompts answer answers answered '
    'replied chat conversation network members machine machines laptop laptops computer computers service llm ai program dialogue '
    'mode query script terminal error errors status connection memories settings commands command version wifi it them this that '
    'phone phones tablet tablets server servers desktop desktops box boxes pc pcs bluetooth firewall router setup one'
).split()
MESH_WORD = re.compile(rf'(?i)\b({"|".join(MESH_WORDS)})\b')


def frame(rng):
    """A question, request, statement or key words about the world."""
    kind = rng.choices(('question', 'request', 'statement', 'keywords'), (50, 20, 16, 14))[0]
    return WORLD.fill(UNKNOWN[kind].draw(rng), rng)


def everyday(rng):
    """Everyday wishes in the frames of the help questions."""
    section = rng.choices(('do', 'near', 'say', 'know', 'domain'), (26, 34, 12, 18, 16))[0]
    phrase = WORLD.fill(EVERYDAY[section].draw(rng), rng)
    return wrapped({'near': 'do', 'domain': 'ask'}.get(section, section), phrase, rng)


def replaced_nouns(rng):
    """A help question about other things: the sentence stays, every noun of the mesh goes."""
    kind, phrase = 'ask', ''
    while REPLACED_MARK not in phrase:
        kind, phrase = phrase_of(PHRASES[rng.choice(list(ANSWERS))], REPLACED, rng)
        phrase = MESH_WORD.sub(lambda _: strange('noun', rng), phrase)
    return wrapped(kind, phrase.replace(REPLACED_MARK, ''), rng)


# ---------------------------------------------------------------- longer text, other languages, nonsense

SENTENCES = (
    'the {adj} {noun} {verb}s the {noun} {link} the {person} {verb}s', '{famous} was a {adj} {person} {time}', 'in {place} there is a {adj} {noun}',
    'my {person} said that the {noun} was {adj}', 'we {verb} {noun} {link} {adj} {noun}', '{noun} and {noun} are {adj}', 'she did not {verb} the {noun}',
    'he went to {place} {link} the {noun} was {adj}', 'nobody knew why the {animal} was so {adj}', 'they {verb} {food} with {food} {time}',
    'the {noun} of the {person} is more {adj} than the {noun}', 'if you {verb}, the {noun} will {verb}', 'it was a {adj} {noun}, {adj} and {adj}',
    'I think that {noun} is {adj} {link} {noun} is not', 'a {person} and a {person} {verb} in the {nature}', 'the {made_up} {verb}s {time}',
    'as {famous} once wrote, {noun} is the {noun} of {noun}', 'many {person}s {verb} {link} {verb} the {thing}', 'the {thing} costs ten {unit}s',
    'there were {animal}s, {animal}s and a {adj} {animal}', 'please {verb} the {noun} {link} you {verb} {time}', 'all {noun}s are {adj}',
)  # fmt: skip
TASKS = (
    'Summarise this: ', 'Translate this: ', 'Please read this text. ', 'What do you think of this? ', 'Correct this: ', 'Is this right? ', 'Text: ', 'Email: ',
    'Explain: ', 'Continue this story: ', 'Here is my essay. ', 'Why? ', 'Fix the grammar: ', 'Answer with yes or no: ', 'Dear model, ', 'My story: ',
)  # fmt: skip
CODE = (
    '{f}({g}, {n})', 'if {f} == {n}: {g}()', 'let {f} = {n};', 'for {f} in {g}: print({f})', 'import {f}', '<{f}>{g}</{f}>', 'SELECT {f} FROM {g};',
    '{f}.{g}();', '{f} --{g} {n}', 'function {f}({g}) {{ return {g} + {n} }}', "print('{f} {g}')", '{f}[{n}] = {g}', 'https://{f}.{g}.com', '/{f}/{g}',
    '{f}@{g}.org', 'def {f}({g}): return {g} * {n}', 'while {f} < {n}: {f} += 1', '{f} && {g} | {f}', 'class {f} extends {g}', '0x{n}{f}',
    '{{"{f}": {n}, "{g}": [{n}]}}', '$ {f} {g} -{f}', 'return {f} ? {g} : {n}', '#{f} {g}', '.{f} {{ {g}: {n}px }}', '({f}) => {g}', 'sudo apt install {f}',
    'what does {f}() do in {g}?', 'git {f} {g}', 'const {f} = require("{g}")', 'SyntaxError: {f} is not {g}', 'how do I {f} a {g} in Python', '{f} = {f} + {n}',
    'console.log({f} + {n})', '#include <{f}.h>', 'docker {f} {g}', 'int {f} = {n} + {n};', 'regex for {f}', 'curl {f}.{g}/{n}', 'cat {f}.txt | grep {g}',
)  # fmt: skip


def sentence(rng):
    text = WORLD.fill(rng.choice(SENTENCES), rng)
    return text[:1].upper() + text[1:] + rng.choice(('.', '.', '.', '!', '?'))


def prose(rng):
    """A few sentences, sometimes with a task before them."""
    text = ' '.join(sentence(rng) for _ in range(rng.choice((1, 1, 1, 2, 3))))
    return rng.choice(TASKS) + text if rng.random() < 0.35 else text


def foreign(rng):
    """Words of one other language, in no grammar."""
    language = rng.choice((*FOREIGN, 'German', 'French', 'Spanish', 'Chinese', 'Russian'))
    words = FOREIGN[language]
    size = rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 10, 14))
    small = words[: len(words) // 2]
    chosen = [rng.choice(small if rng.random() < 0.45 else words) for _ in range(size)]
    if rng.random() < 0.12:
        chosen[rng.randrange(size)] = any_word(rng)
    if language in ('Chinese', 'Japanese'):
        return ''.join(chosen) + rng.choice(('？', '。', '', '?', '！'))
    text = ' '.join(chosen)
    text = text[:1].upper() + text[1:] if rng.random() < 0.7 else text
    if language == 'Spanish' and rng.random() < 0.4:
        return f'¿{text}?'
    return text + rng.choice(('?', '?', '?', '.', '', '!', ' ?'))


def other_script(rng):
    low, high = SCRIPTS[rng.choice(list(SCRIPTS))]
    words = [''.join(chr(rng.randint(low, high)) for _ in range(rng.randint(1, 9))) for _ in range(rng.choice((1, 1, 2, 3, 5)))]
    return ' '.join(words) + rng.choice(('', '?', '!', '.', '。', '？'))


def nonsense(rng):
    """Keys hit at random, rows of marks, one letter many times, made-up words."""
    letters = 'abcdefghijklmnopqrstuvwxyz'
    kind = rng.randrange(6)
    if kind == 0:
        row = rng.choice(('asdfghjkl', 'qwertyuiop', 'zxcvbnm', letters, letters))
        return ' '.join(''.join(rng.choice(row) for _ in range(rng.randint(1, 9))) for _ in range(rng.choice((1, 1, 2, 3, 5))))
    if kind == 1:
        return ''.join(rng.choice(letters + '0123456789' + MARKS + '  ') for _ in range(rng.randint(2, 30))).strip() or '-'
    if kind == 2:
        return ' '.join(rng.choice('?!.,' + MARKS) * rng.choice((1, 2, 3, 3, 5, 12)) for _ in range(rng.choice((1, 1, 2, 3))))
    if kind == 3:
        return rng.choice(letters + letters.upper()) * rng.choice((1, 1, 2, 3, 8, 20))
    if kind == 4:
        return ''.join(rng.choice('0123456789') for _ in range(rng.randint(3, 20)))
    return ' '.join(made_up_word(rng) for _ in range(rng.randint(1, 6))) + rng.choice(('', '?', '!'))


def code(rng):
    f, g = any_word(rng).replace(' ', '_'), any_word(rng).replace(' ', '_')
    return ' '.join(rng.choice(CODE).format(f=f, g=g, n=rng.randint(0, 99)) for _ in range(rng.choice((1, 1, 1, 2, 3))))


def word_salad(rng):
    """Small words and any words in no order, which keeps the model from trusting single words."""
    small = 'how do i the a what is my to can you of in and which why who for on it does with where'.split()
    return ' '.join(rng.choice(small) if rng.random() < 0.45 else any_word(rng) for _ in range(rng.randint(2, 10)))


def two_questions(rng):
    """Two questions of which at least one is unknown."""
    return frame(rng) + rng.choice((' and ', '? ', '. ', ', ')) + rng.choice((frame, everyday))(rng)


def about_names(rng):
    return talk_near_miss(rng, lambda kind: world_word(kind, rng))


# Each kind of refusal, its share, and whether the noise of typing is put on it.
KINDS = (
    (refused_sum, 24, False),
    (frame, 22, True),
    (everyday, 26, True),
    (replaced_nouns, 12, True),
    (about_names, 5, True),
    (prose, 5, True),
    (foreign, 7, False),
    (other_script, 2, False),
    (nonsense, 4, False),
    (code, 4, False),
    (word_salad, 3, True),
    (two_questions, 2, True),
)
WEIGHTS = [share for _, share, _ in KINDS]


def refused_question(rng):
    """(question, refusal)"""
    make, _, typed = rng.choices(KINDS, WEIGHTS)[0]
    question = make(rng)
    return (as_typed(question, rng) if typed else question), REFUSAL


def long_text(rng, words):
    """A text of about so many words: prose, code, numbers, repeated words, another language."""
    kind = rng.choice((sentence, sentence, sentence, prose, foreign, nonsense, code, frame, refused_sum, None))
    if kind is None:
        return ' '.join([any_word(rng)] * words)
    parts, size = [], 0
    while size < words:
        parts.append(kind(rng))
        size += len(parts[-1].split()) + len(parts[-1]) // 12
    joint = rng.choice((' ', ' ', ' ', '\n', '\n\n'))
    text = joint.join(parts)
    roll = rng.random()
    if roll < 0.25:
        return rng.choice(TASKS) + text
    if roll < 0.45:
        return text + ' ' + rng.choice((frame, prose, two_questions))(rng)
    return text


def refused_long_text(rng):
    return long_text(rng, int(40 * 10 ** rng.random())), REFUSAL
