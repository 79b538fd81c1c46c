"""Trains mini, stage by stage, on one CPU core. `python3 train.py BUILD_FOLDER [--minutes N] [--resume]`

Every stage has its own mixture. The first learns a bit of everything, the second leans on what comes last (sums), the
third brings the rest level, the fourth polishes at a falling rate; both of these drill the sums that are still wrong.
A checkpoint is kept at every report, so a run that is broken off leaves a model.
"""

import argparse
import json
import random
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F

from chat import IGNORED, ChatEncoder
from conversations import Mixture, sum_drill
from help_questions import ANSWERS
from measure import wrong_sums
from model import Mini, Shape
from optimizer import Optimizer
from refusals import REFUSAL
from talk import SMALL_TALK
from tokenizer import Tokenizer

# Fixed answers are mostly decided by their first tokens; the rest is rote and need not be paid for every time.
ROTE = {REFUSAL, *ANSWERS.values(), *SMALL_TALK}
ROTE_TOKENS, ROTE_IN_FULL = 7, 0.15
DIGIT_WEIGHT = 3.0
TOKENS_PER_BATCH = 3200
POOL = 1200
WARM_UP_STEPS = 100
REPORT_SECONDS = 60
DRILL_SECONDS = 120


@dataclass(frozen=True)
class Stage:
    mixture: Mixture
    share: float
    """Of the whole training time."""
    first_rate: float
    last_rate: float
    drills: float = 0.0
    """Share of conversations that are sums answered wrongly a moment ago."""


STAGES = (
    Stage(Mixture(sums=34, refusals=36, helps=26, greetings=4, names=0.12), share=0.35, first_rate=1.0, last_rate=0.6),
    Stage(Mixture(sums=64, refusals=18, helps=15, greetings=3, names=0.10), share=0.2, first_rate=0.6, last_rate=0.5),
    Stage(Mixture(sums=36, refusals=33, helps=27, greetings=4, names=0.15), share=0.2, first_rate=0.5, last_rate=0.3, drills=0.12),
    Stage(Mixture(sums=30, refusals=31, helps=42, greetings=3, names=0.10, long_texts=0.003), share=0.25, first_rate=0.3, last_rate=0.0, drills=0.15),
)


def pad(group):
    """A batch of (ids, labels) of different length as two tensors, shifted by one for next-token loss."""
    longest = max(len(ids) for ids, _ in group)
    ids = torch.zeros(len(group), longest, dtype=torch.long)
    labels = torch.full((len(group), longest), IGNORED)
    for row, (some_ids, some_labels) in enumerate(group):
        ids[row, : len(some_ids)] = torch.tensor(some_ids)
        labels[row, : len(some_labels)] = torch.tensor(some_labels)
    return ids[:, :-1], labels[:, 1:]


def by_length(examples, rng, tokens=TOKENS_PER_BATCH):
    """Batches of examples of like length, in random order."""
    groups, group = [], []
    for example in sorted(examples, key=lambda example: len(example[0]) + rng.random()):
        if group and (len(group) + 1) * len(example[0]) > tokens:
            groups.append(group)
            group = []
        group.append(example)
    groups.append(group)
    rng.shuffle(groups)
    return groups


class Trainer:
    def __init__(self, build, seed, muon_rate, adam_rate, half):
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self.rng = random.Random(seed)
        self.build = build
        tokenizer = Tokenizer.load(build / 'tokenizer.json')
        self.encoder = ChatEncoder(tokenizer)
        self.model = Mini(Shape(vocabulary=len(tokenizer.vocabulary)))
        self.optimizer = Optimizer(self.model, muon_rate, adam_rate)
        self.token_weights = torch.ones(len(tokenizer.vocabulary))
        self.token_weights[[tokenizer.vocabulary[digit] for digit in '0123456789']] = DIGIT_WEIGHT
        # Twice as fast where the processor has bfloat16, with no loss that we could measure.
        self.precision = (lambda: torch.autocast('cpu', dtype=torch.bfloat16)) if half else nullcontext
        self.steps = self.tokens = 0
        self.loss = 0.0

    def learnt_tokens(self, answer):
        return ROTE_TOKENS if answer in ROTE and self.rng.random() > ROTE_IN_FULL else None

    def examples(self, stage, wrong):
        for _ in range(POOL):
            drill = self.rng.random() < stage.drills
            turns = sum_drill(wrong, self.rng) if drill else stage.mixture.conversation(self.rng)
            yield self.encoder.conversation(turns, self.learnt_tokens)

    def step(self, group, rate):
        ids, labels = pad(group)
        with self.precision():
            hidden = self.model.hidden(ids)
            asked = labels != IGNORED
            logits = self.model.logits(hidden[asked])
        targets = labels[asked]
        weights = self.token_weights[targets]
        loss = (F.cross_entropy(logits.float(), targets, reduction='none') * weights).sum() / weights.sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step(rate * min(1.0, (self.steps + 1) / WARM_UP_STEPS))
        self.steps += 1
        self.tokens += ids.numel()
        self.loss = loss.item() if self.steps == 1 else 0.98 * self.loss + 0.02 * loss.item()

    def run(self, stage, seconds):
        began = reported = drilled = time.time()
        wrong = self.wrong_sums() if stage.drills else []
        while True:
            for group in by_length(self.examples(stage, wrong), self.rng):
                now = time.time()
                done = (now - began) / seconds
                if done >= 1:
                    return self.report(now - began, wrong)
                self.step(group, stage.first_rate + (stage.last_rate - stage.first_rate) * done)
                if now - reported > REPORT_SECONDS:
                    reported = now
                    self.report(now - began, wrong)
            if stage.drills and time.time() - drilled > DRILL_SECONDS:
                wrong = self.wrong_sums()
                drilled = time.time()

    def wrong_sums(self):
        with self.precision():
            return wrong_sums(self.model, self.encoder, self.rng)

    def report(self, seconds, wrong):
        self.save()
        facts = {'seconds': round(seconds), 'step': self.steps, 'tokens': self.tokens, 'loss': round(self.loss, 4), 'wrong sums': len(wrong)}
        print(json.dumps(facts), flush=True)

    def save(self):
        """Written beside and renamed, so that a reader never sees half a file."""
        draft = self.build / 'model.pt.draft'
        torch.save(self.model.state_dict(), draft)
        draft.rename(self.build / 'model.pt')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('build', type=Path, help='folder with tokenizer.json; model.pt is written there')
    parser.add_argument('--minutes', type=float, default=60)
    parser.add_argument('--seed', type=int, default=7)
    parser.add_argument('--muon', type=float, default=0.02, help='full rate of Muon')
    parser.add_argument('--adam', type=float, default=0.003, help='full rate of AdamW')
    parser.add_argument('--full-precision', action='store_true', help='float32 throughout, at half the speed')
    parser.add_argument('--resume', action='store_true', help='start from BUILD/model.pt')
    parser.add_argument('--stages', default='1,2,3,4', help='which stages to run, their shares scaled to the minutes')
    options = parser.parse_args()
    trainer = Trainer(options.build, options.seed, options.muon, options.adam, not options.full_precision)
    if options.resume:
        trainer.model.load_state_dict(torch.load(options.build / 'model.pt'))
    stages = [STAGES[int(number) - 1] for number in options.stages.split(',')]
    total = sum(stage.share for stage in stages)
    for number, stage in zip(options.stages.split(','), stages):
        print(f'stage {number}', flush=True)
        trainer.run(stage, options.minutes * 60 * stage.share / total)


if __name__ == '__main__':
    main()
