"""How a conversation becomes token ids, the same here and in the chat template that ships with the model."""

from tokenizer import TURN_END, TURN_START

# ChatML. A system message is left out: mini was not trained on any, and instructions would only mislead it.
TEMPLATE = (
    "{% for message in messages %}{% if message['role'] != 'system' %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] | trim + '<|im_end|>\n' }}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
IGNORED = -100
LONGEST_QUESTION = 1000


class ChatEncoder:
    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.start, self.end = tokenizer.vocabulary[TURN_START], tokenizer.vocabulary[TURN_END]
        self.newline = tokenizer.encode('\n')
        self.reply = [self.end, *self.newline, self.start, *tokenizer.encode('assistant\n')]

    def prompt(self, question):
        """One user turn up to where the answer begins."""
        asked = self.tokenizer.encode('user\n' + question.strip())[:LONGEST_QUESTION]
        return [self.start, *asked, *self.reply]

    def conversation(self, turns, learnt=None):
        """(ids, labels) of equal length. Labels cover the answers; `learnt(answer)` may limit the last one's tokens."""
        ids, labels = [], []
        for number, (question, answer) in enumerate(turns):
            prompt = self.prompt(question)
            reply = [*self.tokenizer.encode(answer), self.end]
            last = number == len(turns) - 1
            if last and learnt:
                reply = reply[: learnt(answer)]
            closing = [] if last else self.newline
            ids += prompt + reply + closing
            labels += [IGNORED] * len(prompt) + reply + [IGNORED] * len(closing)
        return ids, labels

    def history(self, turns, question):
        """The ids of finished turns and one open question: what a model is given to answer."""
        ids = [i for asked, answer in turns for i in (*self.prompt(asked), *self.tokenizer.encode(answer), self.end, *self.newline)]
        return ids + self.prompt(question)
