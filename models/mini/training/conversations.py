"""The mixture that mini is trained on. Everything it reads comes from here."""

from dataclasses import dataclass

from help_questions import help_question
from refusals import refused_long_text, refused_question
from sums import PROMISED, main_wording, promised_sum, result, worded
from talk import name_conversation, nameless_conversation, small_talk


@dataclass(frozen=True)
class Mixture:
    """Shares of each kind of turn, in any unit, and of conversations that are about a name or are very long."""

    sums: float
    refusals: float
    helps: float
    greetings: float
    names: float = 0.10
    long_texts: float = 0.006

    def turn(self, rng):
        kinds = (promised_sum, refused_question, help_question, small_talk)
        make = rng.choices(kinds, (self.sums, self.refusals, self.helps, self.greetings))[0]
        return make(rng)

    def conversation(self, rng):
        """A list of (question, answer)."""
        roll = rng.random()
        if roll < self.names * 0.75:
            return name_conversation(rng, self.turn)
        if roll < self.names:
            return nameless_conversation(rng, self.turn)
        if roll < self.names + self.long_texts:
            return [refused_long_text(rng)]
        return [self.turn(rng) for _ in range(rng.choice((1, 1, 1, 1, 1, 1, 1, 2, 2, 3)))]


def sum_drill(wrong, rng):
    """One of the sums that came out wrong, in the wording of the promise or any other."""
    operation, a, b = rng.choice(wrong or PROMISED)
    question = main_wording(operation, a, b) if rng.random() < 0.4 else worded(operation, a, b, rng)
    return [(question, result(operation, a, b))]
