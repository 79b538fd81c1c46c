"""Words to ask about: lists by kind, made-up words, made-up names, and text in other languages and scripts."""

from grammar import lines_of, read_sections


def word_lists(path):
    """{kind: [word, …]}; in the file `_` stands for a space inside a word."""
    return {
        kind: [word.replace('_', ' ') for word in ' '.join(lines).split()]
        for kind, lines in read_sections(path).items()
    }


ENGLISH = word_lists('words/english.txt')
FOREIGN = word_lists('words/foreign.txt')
NAMES = ' '.join(lines_of('words/names.txt')).split()

NOUN_KINDS = ('thing', 'thing', 'nature', 'animal', 'food', 'person', 'abstract', 'abstract')

ONSETS = 'b bl br c ch cl cr d dr f fl fr g gl gr h j k kl kr l m n p ph pl pr qu r s sch sh sk sl sm sn sp st str t th tr tw v w wh x y z'.split()
VOWELS = 'a a a e e e i i o o u ai au ea ee ei ie io oa oo ou y'.split()
CODAS = ['', '', '', *'b ck d f ft g l ld ll lt m mp n nd ng nk nt p r rd rk rm rn rt s sh ss st t th tt x z'.split()]
ENDINGS = ['', '', '', '', *'s ed ing er ers ly ness tion able less ful ism ist ity ment ous al ic ive age ship'.split()]
PREFIXES = ['', '', '', '', '', '', *'un re dis pre over under anti inter non sub super micro'.split()]

ACCENTS = {'a': 'áäåàâã', 'e': 'éèëêę', 'i': 'íîïì', 'o': 'öóøôõ', 'u': 'üúûů', 'c': 'çčć', 'n': 'ñńň', 's': 'šśş', 'z': 'žźż', 'l': 'ł', 'r': 'ř'}

# Where the letters of a script lie in Unicode; the first of each pair to the last.
SCRIPTS = {
    'cyrillic': (0x430, 0x44F),
    'chinese': (0x4E00, 0x9000),
    'hiragana': (0x3041, 0x3096),
    'katakana': (0x30A1, 0x30FA),
    'hangul': (0xAC00, 0xD7A3),
    'arabic': (0x621, 0x64A),
    'greek': (0x3B1, 0x3C9),
    'hebrew': (0x5D0, 0x5EA),
    'devanagari': (0x905, 0x939),
    'thai': (0xE01, 0xE2E),
    'georgian': (0x10D0, 0x10F0),
    'armenian': (0x561, 0x586),
    'emoji': (0x1F300, 0x1F64F),
    'symbols': (0x2190, 0x27BF),
    'latin': (0xC0, 0x17F),
}


def syllable(rng):
    return rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS)


def made_up_word(rng):
    """A word that sounds English and means nothing: `plaushing`, `undrent`."""
    stem = ''.join(syllable(rng) for _ in range(rng.choice((1, 1, 2, 2, 3))))
    return rng.choice(PREFIXES) + stem + rng.choice(ENDINGS)


def made_up_name(rng):
    """A first name nobody has: `Broanet`, `Zei`."""
    letters = [rng.choice('b c d f g h j k l m n p r s t v w y z br ch dr gr kr th tr sh st'.split()) for _ in range(3)]
    vowels = [rng.choice('a a a e e e i i i o o u ai ee ia ei'.split()) for _ in range(3)]
    parts = [letter + vowel for letter, vowel in zip(letters, vowels)][: rng.choice((1, 2, 2, 2, 3))]
    end = rng.choice(('', '', 'n', 'l', 'r', 's', 't', 'm', 'na', 'la', 'ra', 'lo', 'to', 'ne', 'us', 'x', 'k', 'tte', 'rd', 'nd'))
    start = rng.choice(('', '', '', '', rng.choice('aeiou')))
    name = start + ''.join(parts) + end
    if rng.random() < 0.12:
        letter = rng.choice(list(ACCENTS))
        name = name.replace(letter, rng.choice(ACCENTS[letter]))
    return name.capitalize()


def blended_name(rng):
    """The beginning of one name and the end of another: `Thornika`, `Samette`."""
    first, second = rng.choice(NAMES), rng.choice(NAMES)
    return first[: max(2, rng.randint(1, len(first)))] + second[rng.randint(1, max(1, len(second) - 2)) :].lower()


def person_name(rng):
    """A name to be remembered: mostly made up, sometimes double, rarely in small letters or another script."""
    kind = rng.random()
    if kind < 0.03:
        low, high = SCRIPTS[rng.choice(('cyrillic', 'chinese', 'katakana', 'greek', 'hangul', 'arabic'))]
        return ''.join(chr(rng.randint(low, high)) for _ in range(rng.randint(2, 5))).capitalize()
    if kind < 0.25:
        name = rng.choice(NAMES)
    elif kind < 0.55:
        name = blended_name(rng)
    else:
        name = made_up_name(rng)
    shape = rng.random()
    if shape < 0.04:
        return f'{name}-{made_up_name(rng)}'
    if shape < 0.10:
        return f'{name} {rng.choice(NAMES) if rng.random() < 0.3 else made_up_name(rng)}'
    if shape < 0.17:
        return name.lower()
    if shape < 0.19:
        return name.upper()
    if shape < 0.21:
        return rng.choice(("O'", 'Mc', "D'", 'Mac')) + name
    return name


def noun(rng):
    return rng.choice(ENGLISH[rng.choice(NOUN_KINDS)])


def world_word(kind, rng):
    """Fills a slot of the phrase files: a word kind, `noun` (any kind of noun), `adj`, or `made_up`."""
    if kind == 'made_up' or rng.random() < 0.12:
        word = made_up_word(rng)
        return word.capitalize() if kind in ('place', 'famous') else word
    if kind == 'noun':
        return noun(rng)
    return rng.choice(ENGLISH['adjective' if kind == 'adj' else kind])


def any_word(rng):
    """Any word at all."""
    pick = rng.random()
    if pick < 0.2:
        return made_up_word(rng)
    return noun(rng) if pick < 0.6 else rng.choice(ENGLISH[rng.choice(list(ENGLISH))])
