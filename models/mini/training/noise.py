"""How people really type: without capitals, with slips, with a greeting before and a word too much after."""

import re

OPENINGS = (
    'please tell me: ', 'can you tell me: ', 'hey, ', 'hi, ', 'hello, ', 'hi! ', 'hello! ', 'so ', 'so, ', 'ok, ', 'okay, ',
    'excuse me, ', 'and ', 'but ', 'now ', 'well, ', 'sorry, ', 'please, ', 'I have a question: ', 'one question: ',
    'quick question: ', 'by the way, ', 'hm, ', 'um, ', 'mesh, ', 'good morning, ', 'good evening, ', 'hi there, ', 'yo, ',
    'dear mini, ', 'question: ', 'also, ', 'listen, ', 'say, ', 'just wondering: ',
)  # fmt: skip
CLOSINGS = (
    ' please', ' now', ' then', ' thanks', ', please', ' exactly', ' again', ', thanks', ' today', ', thank you',
    ' right now', ' quickly', ' asap', ' pls', ', hm', ', or not', ' anyway', ' actually',
)  # fmt: skip
DROPPABLE = set('the a an my do is to of are does i can for this in on that'.split())
SHORTHANDS = {
    'you': 'u', 'are': 'r', 'please': 'pls', 'what is': 'whats', "what's": 'whats', 'with': 'w/', 'because': 'cuz',
    "don't": 'dont', "can't": 'cant', "doesn't": 'doesnt', "won't": 'wont', "I'm": 'im', 'and': '&', 'want to': 'wanna',
    'do not': "don't", 'cannot': "can't", 'does not': "doesn't", 'is not': "isn't", 'I would': "I'd", 'my': 'me',
}  # fmt: skip
NEIGHBOURS = {'a': 'sq', 'e': 'rw', 'i': 'uo', 'o': 'ip', 'u': 'yi', 's': 'ad', 't': 'ry', 'n': 'bm', 'r': 'et', 'l': 'kp'}
QUESTION = re.compile(
    r'(?i)(how|what|which|where|who|why|is|are|do|does|did|can|could|would|will|when|am|should|may|has|have|any)\b'
)


def slip(text, rng):
    """One letter lost, doubled, swapped with the next, or its neighbour on the keyboard. Digits are left alone."""
    places = [i for i in range(1, len(text) - 1) if text[i].isalpha() and text[i + 1].isalpha()]
    if not places:
        return text
    i = rng.choice(places)
    kind = rng.randrange(4)
    if kind == 0:
        return text[:i] + text[i + 1 :]
    if kind == 1:
        return text[:i] + text[i] + text[i:]
    if kind == 2:
        return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    return text[:i] + rng.choice(NEIGHBOURS.get(text[i], 'e')) + text[i + 1 :]


def drop_words(text, rng):
    """Leaves out some of the small words, as in a search box."""
    return ' '.join(word for word in text.split(' ') if word.lower() not in DROPPABLE or rng.random() < 0.4)


def shorten(text, rng):
    """One shorthand, such as `u` for `you`."""
    found = [long for long in SHORTHANDS if re.search(rf'\b{re.escape(long)}\b', text)]
    if not found:
        return text
    long = rng.choice(found)
    return re.sub(rf'\b{re.escape(long)}\b', lambda _: SHORTHANDS[long], text)


def as_typed(text, rng):
    """A sentence as somebody may type it: opening, closing, slips, capitals and the mark at the end."""
    asks = bool(QUESTION.match(text)) and len(text.split()) > 2
    roll = rng.random()
    if roll < 0.10:
        text = rng.choice(OPENINGS) + (text if text.startswith(('I ', "I'")) else text[:1].lower() + text[1:])
    elif roll < 0.15:
        text += rng.choice(CLOSINGS)
    if rng.random() < 0.07 and len(text.split()) > 3:
        text = drop_words(text, rng) or text
    if rng.random() < 0.06:
        text = shorten(text, rng)
    for _ in range(rng.choice((0,) * 17 + (1, 1, 2))):
        text = slip(text, rng)
    roll = rng.random()
    if roll < 0.30:
        text = text.lower()
    elif roll < 0.92:
        text = text[:1].upper() + text[1:]
    elif roll < 0.93:
        text = text.upper()
    if text.endswith(('?', '.', '!')):
        return text
    return text + rng.choice(('?', '?', '?', '?', '', '', '??', ' ?') if asks else ('', '', '', '.', '.', '!', '?'))
