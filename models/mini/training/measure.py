"""How good a checkpoint is, in torch: quick to run while training. The published numbers come from ../evaluate.mjs."""

import torch

from sums import PROMISED, main_wording, result, worded

BATCH = 512


@torch.no_grad()
def right(model, encoder, conversations):
    """For each conversation whether greedy decoding would give exactly its last answer.

    One pass does: greedy decoding gives the answer if and only if each of its tokens is the likeliest after the ones
    before it.
    """
    examples = []
    for turns in conversations:
        ids, _ = encoder.conversation(turns)
        examples.append((ids, len(encoder.tokenizer.encode(turns[-1][1])) + 1))
    verdicts = [False] * len(examples)
    order = sorted(range(len(examples)), key=lambda i: len(examples[i][0]))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        longest = len(examples[chosen[-1]][0])
        ids = torch.zeros(len(chosen), longest, dtype=torch.long)
        for row, i in enumerate(chosen):
            ids[row, : len(examples[i][0])] = torch.tensor(examples[i][0])
        hidden = model.hidden(ids)
        for row, i in enumerate(chosen):
            whole, size = examples[i]
            at = len(whole) - size
            best = model.logits(hidden[row, at - 1 : len(whole) - 1]).argmax(-1)
            verdicts[i] = best.tolist() == whole[at:]
    return verdicts


def sum_turns(operation, a, b, rng=None):
    question = worded(operation, a, b, rng) if rng else main_wording(operation, a, b)
    return [(question, result(operation, a, b))]


def wrong_sums(model, encoder, rng, sample=len(PROMISED)):
    """Of some promised sums, in the main wording or another, those that are answered wrongly; [(operation, a, b)]."""
    drawn = rng.sample(PROMISED, sample)
    conversations = [sum_turns(*which, rng.choice((None, rng))) for which in drawn]
    return [which for which, good in zip(drawn, right(model, encoder, conversations)) if not good]


@torch.no_grad()
def answer(model, encoder, turns, question, limit=48):
    """The greedy answer to a question after finished turns."""
    ids, reply = encoder.history(turns, question), []
    while len(reply) < limit:
        best = int(model.logits(model.hidden(torch.tensor([ids + reply]))[0, -1]).argmax())
        if best == encoder.end:
            break
        reply.append(best)
    return encoder.tokenizer.decode(reply)
