"""Sums inside the promised range with their answers, and sums outside it, which are refused.

The range: a + b and a − b for numbers of 0 to 99 with b ≤ a, a × b for numbers of 0 to 12.
"""

from vocabulary import ENGLISH, made_up_name, noun

# How each operation is written. {a} and {b} are in this order in the question.
EXPRESSIONS = {
    '+': ('{a} + {b}', '{a} + {b}', '{a}+{b}', '{a} plus {b}', '{a} plus {b}', '{a} and {b} added', '{a} added to {b}',
          'the sum of {a} and {b}', '{a} and {b} together', '{a} +{b}', 'the total of {a} and {b}', '{a} increased by {b}', '{a} with {b} added', '{b} more than {a}',
          'the total of {a} plus {b}', '{a} and then {b} more', '{a} & {b} added up',
          'sum of {a} and {b}', 'the addition of {a} and {b}', 'total of {a} and {b}', '{a} and {b} summed', '{a} and {b} combined', '{a} and {b} in total', '{a}+ {b}'),
    '-': ('{a} - {b}', '{a} - {b}', '{a}-{b}', '{a} minus {b}', '{a} minus {b}', '{a} take away {b}', '{a} − {b}', '{a} less {b}',
          'the difference between {a} and {b}', '{a} subtract {b}', '{a} –{b}', 'the difference of {a} and {b}', '{a} decreased by {b}',
          '{a} reduced by {b}', '{b} less than {a}', '{a} without {b}', '{a} with {b} taken away', 'the difference when {b} is taken from {a}',
          'difference between {a} and {b}', 'difference of {a} and {b}', '{b} from {a}', '{b} off {a}', '{b} subtracted from {a}', '{b} taken away from {a}',
          '{a} take {b}', '{a} minus the number {b}', '{a} diminished by {b}', '{a} −{b}', '{a}−{b}', '{a} -{b}', '{a} – {b}'),
    '*': ('{a} * {b}', '{a}*{b}', '{a} x {b}', '{a}x{b}', '{a} times {b}', '{a} times {b}', '{a} multiplied by {b}', '{a} × {b}',
          '{a}×{b}', 'the product of {a} and {b}', '{a} · {b}', '{a} lots of {b}', '{a} multiplied with {b}', '{a} by {b} multiplied', 'the product of {a} times {b}',
          'product of {a} and {b}', '{a} X {b}', '{a} ∗ {b}', '{a}·{b}', '{a}X{b}', '{a}* {b}', '{a} sets of {b}', '{a} groups of {b}', '{a} and {b} multiplied', 'the multiplication of {a} and {b}'),
}  # fmt: skip
# Whole requests that are a verb: "Add 3 and 4".
ORDERS = {
    '+': ('add {a} and {b}', 'add {a} to {b}', 'add {a} plus {b}', 'sum {a} and {b}', 'add up {a} and {b}', 'sum up {a} and {b}',
          'put {a} and {b} together', 'combine {a} and {b}', 'total {a} and {b}', 'count {a} and {b} together', 'increase {a} by {b}',
          'add {a} with {b}', 'add the numbers {a} and {b}', 'add {a} and {b} together', 'add {a} and {b} up', 'find the sum of {a} and {b}', 'raise {a} by {b}'),
    '-': ('subtract {b} from {a}', 'take {b} from {a}', 'take {b} away from {a}', 'deduct {b} from {a}',
          'remove {b} from {a}', 'reduce {a} by {b}', 'decrease {a} by {b}', 'take away {b} from {a}', 'subtract {b} off {a}',
          'take {b} off {a}', 'lower {a} by {b}', 'find the difference between {a} and {b}', 'subtract the number {b} from {a}', 'deduct the number {b} from {a}'),
    '*': ('multiply {a} by {b}', 'multiply {a} and {b}', 'multiply {a} with {b}', 'multiply {a} times {b}',
          'multiply the numbers {a} and {b}', 'find the product of {a} and {b}', 'multiply {a} and {b} together', 'take {a} times {b}'),
}  # fmt: skip
# Whole questions in which the numbers stand apart.
WHOLE = {
    '+': ('what do {a} and {b} make?', 'what do {a} and {b} add up to?', 'what do {a} and {b} make together?', 'how much do {a} and {b} make?',
          'how much would {a} and {b} be together?', 'how much are {a} and {b} together?', 'what do you get when you add {a} and {b}?',
          'what do you get if you add {b} to {a}?', 'if I add {a} and {b}, what do I get?', 'if you add {b} to {a}, what is the result?',
          'I have {a} and add {b}, how much is that?', 'start with {a} and add {b}', '{a}, add {b}', 'what number is {b} more than {a}?', 'how much is {a} when you add {b}?',
          'what is {a} and {b}?', 'how much is {a} and {b}?', 'what is the sum if I add {a} to {b}?', 'what is {a} if you add {b}?', 'adding {a} and {b} gives what?', 'when I add {a} to {b} I get?',
          'what is the total if I have {a} and get {b} more?', '{a} and {b}, what do they add up to?', 'which number do {a} and {b} make?', 'how many are {a} and {b}?', 'what is the sum of the numbers {a} and {b}?'),
    '-': ('what is left of {a} after taking {b}?', 'if you subtract {b} from {a} what remains?', 'if I take {b} from {a}, what is left?', 'how much is left if you take {b} from {a}?',
          'what remains when {b} is taken from {a}?', 'what do you get when you subtract {b} from {a}?', 'what do I get if I subtract {b} from {a}?',
          'how much more is {a} than {b}?', 'I have {a} and take away {b}, what is left?', 'start with {a} and take away {b}', '{a}, subtract {b}', 'what number is {b} less than {a}?',
          'how far is it from {b} to {a}?', 'what is {b} subtracted from {a}?', 'what is {b} taken from {a}?',
          'by how much is {a} bigger than {b}?', 'what is {a} if you take away {b}?', 'subtracting {b} from {a} gives what?', 'when I take {b} from {a} I get?', 'from {a} take {b}', 'from {a} subtract {b}',
          'what remains of {a} after subtracting {b}?', 'how many are left if I take {b} away from {a}?', 'how much remains when you take {b} off {a}?', 'what do I have left of {a} if I remove {b}?'),
    '*': ('what do you get when you multiply {a} by {b}?', 'what do you get if you multiply {a} and {b}?', 'if I multiply {a} by {b}, what do I get?', 'how much do {a} and {b} make when multiplied?',
          'what do {a} and {b} make multiplied?', '{a}, times {b}', 'how much is {a} when multiplied by {b}?', 'what is {a} taken {b} times?', 'what comes out when you multiply {a} by {b}?',
          'how many are {a} times {b}?', 'multiplying {a} by {b} gives what?', 'what is {a} if you multiply it by {b}?', 'when I multiply {a} and {b} I get?', 'what is the product if I multiply {a} by {b}?', '{b} times, the number {a}'),
}  # fmt: skip
QUESTIONS = (
    'what is {e}?', 'what is {e}?', 'what is {e}?', 'what is {e}', "what's {e}?", "what's {e}", 'whats {e}', 'calculate {e}',
    'calculate {e}.', '{e}', '{e}', '{e}', '{e} =', '{e}=', '{e} = ?', '{e}=?', '{e}?', '{e} ?', 'how much is {e}?', 'how much is {e}',
    'how many is {e}?', 'can you tell me {e}?', 'can you tell me what {e} is?', 'compute {e}', 'please calculate {e}.', 'tell me {e}',
    'solve {e}', 'what does {e} make?', 'what do you get for {e}?', 'what do I get for {e}?', 'I need {e}', 'work out {e}',
    'work out {e}, please', 'can you calculate {e}?', 'can you do {e}?', 'could you work out {e}?', 'what is the result of {e}?',
    'what is the answer to {e}?', 'do {e}', 'how much does {e} make?', 'give me {e}', 'give me the result of {e}',
    'give me the answer to {e}', '{e} is what?', '{e} makes what?', '{e} is?', 'I want to know {e}', 'I want to know what {e} is',
    '{e} equals?', '{e} equals', '{e} equals what?', 'what does {e} equal?', 'what does {e} come to?', 'what would {e} be?',
    'do you know what {e} is?', 'do you know {e}?', 'find {e}', 'evaluate {e}', 'the result of {e}', 'result of {e}', 'sum: {e}',
    'math: {e}', 'calc {e}', 'how do you solve {e}?', 'quick, what is {e}?', 'let me know what {e} is', "so what's {e} then?",
    'say what {e} is', 'now {e}', 'and {e}?', 'and what is {e}?', 'what about {e}?', 'how about {e}?', 'next: {e}', 'then {e}',
    'what number is {e}?', 'which number is {e}?', 'what is the value of {e}?', 'my homework says {e}', 'what will {e} give?',
    'what is {e}, please?', 'please tell me what {e} is', 'please solve {e}', 'please {e}', '{e} please', '{e}, please', '{e} thanks',
    "what's the answer for {e}", 'what is {e} equal to?', 'I would like to know how much {e} is', 'help me with {e}',
    'can you help me with {e}?', 'could you tell me how much {e} is?', 'would you calculate {e} for me?', 'can you add this: {e}',
    'any idea what {e} is?', 'if I calculate {e}, what do I get?', 'what comes out of {e}?', 'what is {e} in total?',
    'what is the solution of {e}?', 'solution to {e}', 'answer: {e}', 'just {e}', '{e} = please', '{e} =?', '({e})', '"{e}"', 'is {e} something you can do?', 'I wonder what {e} is',
    'could you do {e} for me?', 'can I have {e}?', 'show me {e}', 'figure out {e}', 'how big is {e}?', 'how large is {e}?', 'what do I have with {e}?', 'remind me what {e} is', "what'd be {e}?", 'wat is {e}', 'what is {e}??', 'what is {e} then', '{e} gives?',
    '{e}, what is it?', '{e}, how much is that?', '{e}, quickly', 'tell me what {e} makes', 'tell me how much {e} is', 'do you know how much {e} is?', 'what result does {e} have?', 'could you tell me {e}, please?', 'please work out {e} for me',
)  # fmt: skip
OPENINGS = ('Hi, ', 'Hello, ', 'Hey, ', 'Hello! ', 'Hi! ', 'Please, ', 'Ok, ', 'So, ', 'Good morning, ', 'Next one: ', 'Thanks! ', 'Now ',
            'Hello there, ', 'Quick question: ', 'Question: ', 'Tell me, ', 'Hey mini, ', 'Good evening! ', 'Good morning! ', 'One more: ', 'A sum: ', 'Math question: ', 'Maths: ', 'Easy one: ', 'hey ', 'hi ', 'ok ', 'Excuse me, ', 'Sorry, ')  # fmt: skip
UNITS = 'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split()
TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split()

PROMISED = (
    [('+', a, b) for a in range(100) for b in range(100)]
    + [('-', a, b) for a in range(100) for b in range(a + 1)]
    + [('*', a, b) for a in range(13) for b in range(13)]
)


def result(operation, a, b):
    """The answer as mini gives it: the bare number."""
    return str(a + b if operation == '+' else a - b if operation == '-' else a * b)


def in_words(number):
    """0 to 99 in English words."""
    if number < 20:
        return UNITS[number]
    ten, unit = divmod(number, 10)
    return TENS[ten - 2] + (f'-{UNITS[unit]}' if unit else '')


def capitalised(text, rng):
    return text[:1].upper() + text[1:] if rng.random() < 0.6 else text


def worded(operation, a, b, rng):
    """A question for the expression, in one of many wordings."""
    if rng.random() < 0.12:
        a = in_words(a) if isinstance(a, int) and a < 100 and rng.random() < 0.85 else a
        b = in_words(b) if isinstance(b, int) and b < 100 and rng.random() < 0.85 else b
        symbols = [form for form in EXPRESSIONS[operation] if any(letter.isalpha() for letter in form.format(a='', b=''))]
        expression = rng.choice(symbols).format(a=a, b=b)
    elif rng.random() < 0.12:
        order = rng.choice(ORDERS[operation]).format(a=a, b=b)
        frame = rng.choice(('{e}', '{e}', '{e}.', 'please {e}', 'can you {e}?', '{e}, please', 'could you {e}?', 'what do I get if I {e}?'))
        return capitalised(frame.format(e=order), rng)
    elif rng.random() < 0.12:
        return capitalised(rng.choice(WHOLE[operation]).format(a=a, b=b), rng)
    else:
        expression = rng.choice(EXPRESSIONS[operation]).format(a=a, b=b)
    question = rng.choice(QUESTIONS).format(e=expression)
    if rng.random() < 0.08:
        return rng.choice(OPENINGS) + question
    return capitalised(question, rng)


def main_wording(operation, a, b):
    """The wording that the promise is measured in."""
    return f'What is {a} {({"*": "times"}).get(operation, operation)} {b}?'


def draw_sum(rng):
    """A promised sum. Small ones come often: two-digit sums are learnt from the one-digit sums inside them."""
    operation = rng.choice('+++++-----**')
    if operation == '*':
        return operation, rng.randint(0, 12), rng.randint(0, 12)
    first, second = rng.choice(((9, 9), (99, 9), (99, 99), (99, 99), (99, 99)))
    a, b = rng.randint(0, first), rng.randint(0, second)
    if rng.random() < 0.5:
        a, b = b, a
    return (operation, max(a, b), min(a, b)) if operation == '-' else (operation, a, b)


def promised_sum(rng):
    operation, a, b = draw_sum(rng)
    return worded(operation, a, b, rng), result(operation, a, b)


# ---------------------------------------------------------------- outside the promise

OTHER_EXPRESSIONS = (
    '{a} / {b}', '{a}/{b}', '{a} divided by {b}', '{a} : {b}', '{a} ÷ {b}', '{a}^{b}', '{a} ** {b}', '{a} to the power of {b}',
    '{a} squared', '{a} cubed', 'the square root of {a}', 'sqrt({a})', '{a}!', '{a} mod {b}', '{a} % {b}', '{a}% of {b}',
    '{a} percent of {b}', 'half of {a}', 'a third of {a}', 'log({a})', 'sin({a})', 'double {a}', 'twice {a}', '{a}.{b} + {b}', '{a} + {b}.{c}',
    '{a}.{b} - {c}.{b}', '{a}.{b} x {c}', '{a}.{b}', '{a},{b} + {c}', '-{a} + {b}', '-{a} - {b}', '{a} + -{b}', '{a} over {b}',
    'the average of {a} and {b}', 'the bigger of {a} and {b}', 'the factorial of {a}', '{a} {b}', '{a}', '{a} > {b}', '{a} = {b}',
    'the remainder of {a} by {b}', 'the quotient of {a} and {b}', '{a} or {b}', '{a} & {b}', '{a} +', '+ {a}', '{a} -', '{a} plus', 'plus {a}',
    '{a} + {b} = {c}', '{a} + x', 'x + {a} = {b}', '{a}x + {b} = {c}', '{a} - x = {b}', '{a} + y', 'a + b', 'x + y', '{a}a + {b}b',
    '{a} + ? = {b}', '{a} + {b} + {c}', '{a} - {b} - {c}', '{a} * {b} * {c}', '{a} + {b} - {c}', '{a} plus {b} plus {c}',
    '{a} times {b} plus {c}', '{a}+{b}+{c}', '{a}-{b}+{c}', '({a} + {b}) * {c}', '{a} * ({b} - {c})', '{a} + {b} + {c} + {d}',
    '{a} plus {b} minus {c}', '{a} minus {b} minus {c}', 'the sum of {a}, {b} and {c}', '{a} and {b} and {c} added', '{a} + {b} * {c}',
    '{a} + {b} and {c} + {d}', '{a} plus {b} and {c} minus {d}', '{a} plus {b} divided by {c}', '{a} {n} plus {b} {n}', '{a} {n} minus {b}',
    '{a} {n} and {b} {m}', '{a} plus {n}', '{n} plus {m}', '{n} minus {a}', '{n} times {a}', '{a} {u}s in {u}s', '{a} + {n}', '{a}:{b}0',
    'the root of {a}', 'the cube of {a}', 'the digits of {a}', '{a} in binary', '{a} in hex', '{a} in Roman numerals', '{a} degrees in Fahrenheit',
    '1/{a} + 1/{b}', 'a hundred plus {a}', 'one hundred minus {a}', 'two hundred and {a}', 'a thousand times {a}', 'a million plus {a}', 'a dozen plus {a}', '{a}/{b} + {c}/{d}', '{a}/{b}', '{a} 1/2 + {b}', '{a}e{b}', '0x{a} + {b}', '${a} + ${b}', '{a}% + {b}%', '{a} ++ {b}', '{a} -- {b}',
)  # fmt: skip
WORD_PROBLEMS = (
    'If I have {a} {n}s and {p} gives me {b}, how many {n}s do I have?', '{p} has {a} {n}s and eats {b}. How many are left?',
    '{p} has {a} {n}s and gets {b} more. How many {n}s?', 'There are {a} {n}s in a {m}. {b} leave. How many remain?',
    'I have {a} {n}s and lose {b}', 'How many {n}s are in {a} {m}s?', 'Convert {a} {u}s to {u}s', 'What is {a} {u}s in {u}s?',
    'A {n} costs {a} {u}s. What do {b} {n}s cost?', 'Is {a} a prime number?', 'Is {a} bigger than {b}?', 'Is {a} + {b} = {c}?',
    'Is {a} + {b} more than {c}?', 'Which is bigger, {a} or {b}?', 'Is {a} odd or even?', 'Count to {a}', 'Count from {a} to {b}',
    'What number comes after {a}?', 'What comes before {a}?', 'Why is {a} + {b} {c}?', 'Who invented {a} + {b}?', 'Prove that {a} + {b} = {c}',
    'What is {a}?', 'Solve {a}x + {b} = {c}', 'x + {a} = {b}. What is x?', 'Add {a}, {b} and {c}', 'Subtract {a} and {b} from {c}',
    'Sum of the first {a} numbers', 'Sum of the numbers from {a} to {b}', 'A {n} drives {a} {u}s in {b} {u}s. How fast is it?',
    'I am {a} years old and my sister is {b}. How old are we together?', 'I am {a}. How old will I be in {b} years?', 'My phone number is {a} {b} {c}',
    'It is {a} o\'clock, what time is it in {b} hours?', 'What is {a} times the {n}?', 'Multiply {a}, {b} and {c}', 'Divide {a} by {b}',
    'Divide {a} {n}s among {b} {m}s', 'Round {a}.{b}', 'What are the factors of {a}?', 'Is {a} divisible by {b}?', 'Write {a} in words',
    'What is the {n} of {a} and {b}?', 'Roll {a} dice', 'Pick a number between {a} and {b}', 'Guess a number from {a} to {b}', '{n} {a}', '{a} {n}s',
    'Remember the number {a}', 'The year {c}{d}', 'Was {a} + {b} ever {c}?', 'How do I add {a} {n}s to {b} {m}s?', 'Chapter {a}, page {b}',
    'Explain {a} + {b} to a child', 'Write a poem about {a} + {b}', 'What is {a} + {b} and who is {p}?', 'What is {a} + {b} and what is {c} + {d}?',
    '{a} + {b}, {c} - {d}', 'How many times does {a} go into {b}?', 'If x = {a}, what is x + {b}?', 'What is {a} + {b} in French?',
    'The bus leaves at {a}:{b}', 'I had {a} {n}s, then bought {b} and sold {c}', 'Set a timer for {a} minutes', 'How far is {a} {u}s?',
)  # fmt: skip


def too_big(rng):
    """A number past 99, often just past it."""
    return rng.choice((100, 100, 101, 110, 120, 150, 200, 300, 500, 1000, rng.randint(100, 999), rng.randint(100, 10 ** rng.randint(3, 8))))


def out_of_range(rng):
    """A sum of the right kind with a number that is too big, or a result below nought."""
    kind = rng.random()
    small = rng.randint(0, 99)
    if kind < 0.5:
        pair = rng.choice(((too_big(rng), small), (small, too_big(rng)), (too_big(rng), too_big(rng))))
        return worded(rng.choice('+-*'), *pair, rng)
    if kind < 0.75:
        pair = rng.choice(((rng.randint(13, 99), rng.randint(0, 99)), (rng.randint(0, 12), rng.randint(13, 99)), (rng.randint(13, 20), rng.randint(2, 12))))
        return worded('*', *pair, rng)
    a = rng.randint(0, 98)
    b = min(99, a + rng.randint(1, 12)) if rng.random() < 0.4 else rng.randint(a + 1, 99)
    return worded('-', a, b, rng)


def refused_sum(rng):
    """A question with numbers that is not a promised sum."""
    kind = rng.random()
    if kind < 0.50:
        return out_of_range(rng)
    values = {letter: rng.randint(0, rng.choice((9, 20, 99))) for letter in 'abcd'}
    words = {'n': noun(rng), 'm': noun(rng), 'p': made_up_name(rng), 'u': rng.choice(ENGLISH['unit'])}
    if kind < 0.75:
        question = rng.choice(QUESTIONS).format(e=rng.choice(OTHER_EXPRESSIONS).format(**values, **words))
        return capitalised(question, rng)
    return rng.choice(WORD_PROBLEMS).format(**values, **words)
