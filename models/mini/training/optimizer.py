"""Muon for the matrices of the blocks, AdamW for everything else.

Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/) makes every update orthogonal. A step costs a
fifth more than one of AdamW.
"""

import torch


def orthogonal(update, steps=5):
    """The nearest orthogonal matrix, roughly, by Newton-Schulz; coefficients from the reference implementation."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = update.bfloat16() if update.shape[0] <= update.shape[1] else update.bfloat16().T
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x if update.shape[0] <= update.shape[1] else x.T).to(update.dtype)


class Muon(torch.optim.Optimizer):
    def __init__(self, matrices, rate=0.02, momentum=0.95, weight_decay=0.0):
        super().__init__(matrices, {'lr': rate, 'momentum': momentum, 'weight_decay': weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for matrix in group['params']:
                memory = self.state[matrix].setdefault('momentum', torch.zeros_like(matrix))
                memory.lerp_(matrix.grad, 1 - group['momentum'])
                update = orthogonal(matrix.grad.lerp(memory, group['momentum']))
                scale = max(1.0, matrix.shape[0] / matrix.shape[1]) ** 0.5
                matrix.mul_(1 - group['lr'] * group['weight_decay']).add_(update, alpha=-group['lr'] * scale)


class Optimizer:
    """Both, with one rate: `rate` is 1 at full speed and falls to 0."""

    def __init__(self, model, muon_rate, adam_rate):
        blocks = [weight for name, weight in model.named_parameters() if name.startswith('blocks') and weight.dim() == 2]
        inside = {id(weight) for weight in blocks}
        others = [weight for weight in model.parameters() if id(weight) not in inside]
        self.parts = [
            (Muon(blocks, momentum=0.95, weight_decay=0.02), muon_rate),
            (torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=0.01), adam_rate),
        ]

    def step(self, rate):
        for optimizer, full in self.parts:
            for group in optimizer.param_groups:
                group['lr'] = full * rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
