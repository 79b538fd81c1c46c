"""Greetings, mini's own name, and the name of the person: asked, told and recalled."""

from vocabulary import ENGLISH, made_up_name, noun, person_name

HELLO = 'Hello! I am the small built-in model of mesh. Ask me a sum, or how to use mesh.'
THANKS = 'You are welcome!'
GOODBYE = 'Goodbye!'
IDENTITY = 'I am mini, the small built-in model of mesh.'
ABILITY = 'I can do small sums and say how to use mesh.'
NAME_UNKNOWN = 'You have not told me your name.'

SMALL_TALK = {
    HELLO: (
        'hello', 'hello', 'hello', 'hi', 'hi', 'hi', 'hey', 'hey', 'good morning', 'good morning', 'good evening', 'good afternoon',
        'good day', 'greetings', 'howdy', 'hiya', 'yo', 'hello there', 'hi there', 'hey there', 'hello again', 'hi again',
        'hello mini', 'hi mini', 'hey mini', 'hello mesh', 'hi mesh', 'hey mesh', 'good morning mini', 'hello, mini', 'hello, mesh',
        'hello my friend', 'hi friend', 'hello you', 'hey you', 'hi hi', 'hello hello', 'morning', 'evening', 'hi everyone', 'hello everybody',
        'good morning to you', 'good morning, mesh', 'hello, model', 'hi, model', 'hello computer', 'hi, nice to meet you', 'nice to meet you',
        'hey buddy', 'heya', 'hello, nice to see you', 'hi, good morning', 'hello, good evening', 'hello, anyone there', 'hi, is anybody there',
        'welcome', 'good to see you', 'hello, friend', 'helo', 'hallo mesh', 'hullo', 'hey, good morning', 'pleased to meet you', 'hello world mesh',
        'I just wanted to say hello', 'I say hello', 'I wanted to say hi', 'just saying hi', 'saying hello', 'a very good morning', 'morning mini',
        'good afternoon mini', 'hi bot', 'hello bot', 'hey bot', 'hello ai', 'hi ai', 'hello sir', 'hello dear model', 'oh hello', 'well hello',
    ),
    THANKS: (
        'thanks', 'thanks', 'thank you', 'thank you', 'thx', 'ty', 'thanks a lot', 'many thanks', 'thank you very much', 'thank you so much',
        'thanks so much', 'thanks for your help', 'thanks for that', 'thank you for the answer', 'thanks for the answer', 'thanks for helping me',
        'thank you for your help', 'thanks for everything', 'ok thanks', 'ok, thank you', 'okay thanks', 'great, thanks', 'great, thank you',
        'cool, thanks', 'perfect, thank you', 'good, thanks', 'thanks mini', 'thank you mini', 'thanks, mini', 'thanks, mesh', 'thank you, mesh',
        'much appreciated', 'cheers', 'I appreciate it', 'thanks, that helped', 'thanks, that is all', 'thank you kindly', 'that was helpful, thanks',
        'thanks again', 'thank you again', 'alright, thanks', 'nice, thanks', 'wonderful, thank you', 'thanks friend', 'thanks a bunch',
        'thanks a million', 'I thank you', 'oh thanks', 'thanks for the help', 'thank you for that', 'thanks for the sum', 'big thanks', 'tysm',
    ),
    GOODBYE: (
        'bye', 'bye', 'goodbye', 'goodbye', 'bye bye', 'see you', 'see you later', 'see you soon', 'good night', 'see ya', 'farewell', 'cya',
        'take care', 'have a nice day', 'have a good day', 'have a good evening', 'until tomorrow', 'until later', 'until next time', 'talk to you later',
        'I have to go', 'I must go now', 'I am leaving, bye', 'see you tomorrow', 'see you next week', 'ok bye', 'okay, goodbye', 'thanks, bye',
        'thank you, goodbye', 'well, goodbye', 'bye mini', 'bye mesh', 'goodbye mini', 'goodbye, mesh', 'bye for now', 'so long', 'later',
        'good bye', 'that is all, bye', 'I am off, bye', 'have a nice evening', 'have a great day', 'goodnight', 'bye then', 'cheerio', 'ciao for now',
        'catch you later', 'have a nice weekend', 'that was all, goodbye', 'I am done, bye', 'gotta go', 'got to go, bye', 'see you around', 'ttyl',
    ),
    IDENTITY: (
        'who are you', 'who are you', 'what are you', 'what are you', "what's your name", 'what is your name', 'what is your name', 'who are you exactly',
        'what are you exactly', 'tell me who you are', 'tell me what you are', 'tell me your name', 'say your name', 'do you have a name',
        'what do I call you', 'what should I call you', 'what can I call you', 'how should I call you', 'how are you called', 'what are you called',
        'introduce yourself', 'please introduce yourself', 'can you introduce yourself', 'tell me about yourself', 'who is this', 'who is there',
        'who am I talking to', 'who am I speaking with', 'who am I chatting with', 'what am I talking to', 'what model are you', 'which model are you',
        'what kind of model are you', 'what AI are you', 'which AI is this', 'what is the name of this model', 'may I know your name', 'may I ask your name',
        'can you tell me your name', 'could you tell me who you are', 'are you mini', 'is your name mini', 'so who are you', 'and who are you', 'and you are',
        'hello, who are you', 'hi, who are you', 'hi, what is your name', 'your name', 'your name please', 'I am curious who you are', 'what is mini',
        'who is mini', 'what kind of thing are you', 'do you know who you are', 'what exactly are you', 'please tell me your name', 'who r u', 'whats ur name',
        'I want to know who you are', 'which model am I talking to', 'what model is answering me', 'with whom am I speaking', 'what sort of model are you',
        'give me your name', 'state your name', 'who answers here', 'got a name', 'what name do you have', 'how do they call you', 'describe yourself',
    ),
    ABILITY: (
        'what can you do', 'what can you do', 'what can you do for me', 'what can I ask you', 'what can I ask', 'what are you able to do',
        'what are you good at', 'what are your abilities', 'what are your skills', 'what is your purpose', 'what are you for', 'what can you answer',
        'what can you help me with', 'what can you help with', 'how can you help me', 'how can you help', 'tell me what you can do', 'show me what you can do',
        'what questions can you answer', 'which questions can I ask you', 'what should I ask you', 'what do you do', 'what kind of questions can I ask',
        'what is it you can do', 'what things can you do', 'what sort of things can I ask you', 'explain what you can do', 'what are your capabilities',
    ),
}  # fmt: skip

# Sentences near the ones above that mean something else.
NEAR_MISSES = (
    'how are you', 'how are you', 'how are you', 'how are you today', 'how are you doing', 'how is it going', 'how old are you', 'how old are you', 'where are you', 'where are you from',
    'why are you so {adj}', 'are you {adj}', 'you are {adj}', 'you are so {adj}', 'what are you doing', 'what are you {adj} at', 'how {adj} are you', 'when were you born', 'who made you',
    'who created you', 'how were you made', 'are you a {person}', 'are you a {noun}', 'do you like {noun}', 'what do you like', "what's your favourite {noun}", 'do you have a {noun}',
    'hello is a word in which language', 'how do I say hello in {place}', 'what is his name', 'what is her name', 'what is the name of the {noun}',
    'who is he', 'who is she', 'who are they', 'who were they', 'what are they', 'what are we', 'what is my {noun}', 'what is my age', 'how old am I', 'where am I',
    "what is my {person}'s name", "what's my {animal}'s name", 'what is your {noun}', 'what is your age', 'what is your favourite {noun}', 'what is your job',
    'what was your name before', 'who is your {person}', "what's the name of your {animal}", 'what can a {animal} do', 'what can {person}s do', 'what can the {noun} do',
    'what is a good name for a {animal}', 'what is a good name for my {noun}', 'my {animal} is called {name}', 'my {person} is called {name}', "my {person}'s name is {name}",
    'her name is {name}', 'his name is {name}', 'the name of the {noun} is {name}', 'who is {name}', 'what is {name}', 'tell me about {name}', 'do you know {name}',
    'where is {name}', '{name} is my {person}', '{name} is {adj}', '{name} said hello', 'call {name}', 'call a {person}', 'I am {adj}', 'I am a {person}', "I'm a {adj} {person}",
    'I am from {place}', "I'm from {place}", 'I am in {place}', 'I am so {adj}', "I'm {adj}", 'I am not {adj}', 'this is a {noun}', 'this is {adj}', 'this is not {adj}',
    'what does the name {name} mean', 'is {name} a good name', 'where does the name {name} come from', 'write a poem about {name}', 'how old is {name}', 'did {name} call',
    'what is my favourite {noun}', 'do you remember my {noun}', 'do you remember the {noun}', 'do you know my {person}', 'what is my phone number', 'what is my address',
    'what day is my birthday', 'what did I {verb} {time}', 'what did I eat', 'who was I in a former life', 'how do I change my name', 'is my name {adj}', 'how do I spell {name}',
    'what rhymes with my name', 'my name is too long', 'how many letters has my name', 'thank God it is {adj}', 'thank my {person} for the {noun}', 'say goodbye to the {noun}',
    'good morning in {place}', 'have you a {noun}', 'how do I thank a {person}', 'write a thank you letter', 'the night was good', 'who said hello first', 'is hello a {noun}',
    'goodbye is the hardest word', 'hello kitty', 'hi-fi systems', 'what is a greeting', 'thanks to the {noun} we {verb}', 'what are you doing {time}', 'who are your {person}s',
)  # fmt: skip

INTRODUCTIONS = (
    'My name is {name}.', 'My name is {name}.', 'My name is {name}', "My name's {name}.", 'I am {name}.', "I'm {name}.", "I'm {name}", 'Call me {name}.',
    'You can call me {name}.', 'Please call me {name}.', 'Hi, I am {name}.', "Hi, I'm {name}.", 'Hello, my name is {name}.', 'Hi, my name is {name}.',
    'Hello, I am {name}.', "Hey, I'm {name}.", 'Hello! My name is {name}.', "Hi! I'm {name}.", 'The name is {name}.', 'This is {name}.', 'They call me {name}.',
    'People call me {name}.', 'My first name is {name}.', 'I am called {name}.', 'Good morning, my name is {name}.', 'Good evening, I am {name}.',
    'Let me introduce myself: my name is {name}.', 'Let me introduce myself, I am {name}.', 'Everyone calls me {name}.', 'My friends call me {name}.',
    'Nice to meet you, I am {name}.', 'Nice to meet you, my name is {name}.', 'Remember that my name is {name}.', 'Please remember my name: {name}.',
    'Note that my name is {name}.', 'By the way, my name is {name}.', 'By the way, I am {name}.', 'I go by {name}.', 'my name is {name}', 'i am {name}',
    'hello, i am {name}', 'hi my name is {name}', 'im {name}', 'You may call me {name}.', 'I was named {name}.', 'My name is {name}!', 'Hello, {name} here.',
    'My name is {name}, nice to meet you.', 'Just call me {name}.', 'so my name is {name}', 'For the record, my name is {name}.', 'I would like to be called {name}.',
)  # fmt: skip
RECALLS = (
    'What is my name?', 'What is my name?', 'What is my name?', "What's my name?", 'what is my name', 'whats my name', 'Who am I?', 'who am i',
    'Do you remember my name?', 'Do you know my name?', 'Do you still know my name?', 'Tell me my name.', 'Say my name.', 'What was my name again?', 'What was my name?',
    'What did I say my name was?', 'Can you recall my name?', 'Can you tell me my name?', 'What am I called?', 'How am I called?', 'And what is my name?',
    'Now what is my name?', 'So, what is my name?', 'Do you remember who I am?', 'Do you know who I am?', 'Please tell me my name.', 'Can you say my name?',
    'Can you remember my name?', 'What name did I give you?', 'What name did I tell you?', 'Which name did I tell you?', 'Have you forgotten my name?', 'Did you forget my name?',
    'My name?', 'my name is what?', 'Remember my name?', 'Tell me who I am.', 'Could you tell me what my name is?', 'I forgot my name, what is it?', 'Who is talking to you?',
    'Who are you talking to?', 'What do people call me?', 'How do you call me?', 'What should you call me?', 'Please say my name.', 'Ok, what is my name?', 'name of mine?',
    'Do you recall my name?', 'Do you recall what I am called?', 'You know my name, right?', "What's my name again?", 'What is my first name?', 'What do you call me?',
)  # fmt: skip


def nice_to_meet(name):
    return f'Nice to meet you, {name}.'


def your_name_is(name):
    return f'Your name is {name}.'


def small_talk(rng):
    """A greeting, thanks, goodbye, or a question about mini, with its answer; unchanged by any noise but the mark."""
    answer = rng.choice((HELLO, HELLO, HELLO, THANKS, GOODBYE, IDENTITY, IDENTITY, ABILITY))
    # The first wordings of each list are the usual ones.
    choices = SMALL_TALK[answer]
    text = rng.choice(choices[:10] if rng.random() < 0.35 else choices)
    asks = answer in (IDENTITY, ABILITY)
    text += rng.choice(('?', '?', '?', '') if asks else ('', '', '', '.', '!', '!', ' :)'))
    return (text if rng.random() < 0.4 else text[:1].upper() + text[1:]), answer


def introduction(name, rng):
    return rng.choice(INTRODUCTIONS).format(name=name)


def near_miss(rng, word):
    """A refused sentence in the words of this file. `word(kind)` supplies the slots."""
    text = rng.choice(NEAR_MISSES)
    slots = {kind: word(kind) for kind in (*ENGLISH, 'adj', 'made_up') if f'{{{kind}}}' in text}
    return text.format(name=made_up_name(rng), noun=noun(rng), **slots)


def name_conversation(rng, between):
    """A name told, perhaps other turns, and the name asked for. `between(rng)` gives one other turn."""
    name = person_name(rng)
    turns = [(introduction(name, rng), nice_to_meet(name))]
    turns += [between(rng) for _ in range(rng.choice((0, 0, 0, 0, 1, 1, 1, 2, 2, 3)))]
    if rng.random() < 0.06:
        name = person_name(rng)
        turns.append((introduction(name, rng), nice_to_meet(name)))
    turns.append((rng.choice(RECALLS), your_name_is(name)))
    return turns


def nameless_conversation(rng, between):
    """The name is asked for though nobody told it."""
    turns = [between(rng) for _ in range(rng.choice((0, 0, 0, 0, 1, 1, 2)))]
    return [*turns, (rng.choice(RECALLS), NAME_UNKNOWN)]
