"""A small Llama: RMSNorm, rotary positions, grouped-query attention, SwiGLU, embedding tied to the output.

Written for training on one CPU core, so related projections are one matrix (`qkv`, `gate_up`). `export.py` writes the
same arithmetic as an ONNX graph; the two must be changed together.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Shape:
    """The sizes of the model. `config.json` is written from this."""

    vocabulary: int
    hidden: int = 160
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    head_size: int = 32
    feed: int = 448
    positions: int = 2048
    rope_theta: float = 10000.0
    norm_epsilon: float = 1e-5

    @property
    def query_size(self):
        return self.heads * self.head_size

    @property
    def kv_size(self):
        return self.kv_heads * self.head_size


def rotary_tables(shape):
    """Cosines and sines of every position, each [positions, head_size / 2] (RoFormer, arXiv:2104.09864)."""
    frequencies = shape.rope_theta ** (-torch.arange(0, shape.head_size, 2).double() / shape.head_size)
    angles = torch.arange(shape.positions).double()[:, None] * frequencies[None]
    return angles.cos().float(), angles.sin().float()


def rotate(x, cos, sin):
    """Turns the pair (x[i], x[i + half]) by its position's angle: the layout Llama and onnxruntime use."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class RMSNorm(nn.Module):
    def __init__(self, size, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.epsilon = epsilon

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.epsilon))


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.attention_norm = RMSNorm(shape.hidden, shape.norm_epsilon)
        self.qkv = nn.Linear(shape.hidden, shape.query_size + 2 * shape.kv_size, bias=False)
        self.out = nn.Linear(shape.query_size, shape.hidden, bias=False)
        self.feed_norm = RMSNorm(shape.hidden, shape.norm_epsilon)
        self.gate_up = nn.Linear(shape.hidden, 2 * shape.feed, bias=False)
        self.down = nn.Linear(shape.feed, shape.hidden, bias=False)

    def forward(self, x, cos, sin, mask):
        x = x + self.attend(self.attention_norm(x), cos, sin, mask)
        gate, up = self.gate_up(self.feed_norm(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)

    def attend(self, x, cos, sin, mask):
        shape, (batch, length, _) = self.shape, x.shape
        group = shape.heads // shape.kv_heads
        query, key, value = self.qkv(x).split((shape.query_size, shape.kv_size, shape.kv_size), dim=-1)
        query = rotate(query.view(batch, length, shape.heads, shape.head_size).transpose(1, 2), cos, sin)
        key = rotate(key.view(batch, length, shape.kv_heads, shape.head_size).transpose(1, 2), cos, sin)
        value = value.view(batch, length, shape.kv_heads, shape.head_size).transpose(1, 2)
        # The queries that share a key head become rows of one matrix, so that keys are never copied.
        query = query.reshape(batch, shape.kv_heads, group * length, shape.head_size)
        scores = torch.matmul(query, key.transpose(2, 3)) * (1 / math.sqrt(shape.head_size))
        scores = scores.view(batch, shape.kv_heads, group, length, length) + mask
        weights = torch.softmax(scores, dim=-1).view(batch, shape.kv_heads, group * length, length)
        mixed = torch.matmul(weights, value).view(batch, shape.heads, length, shape.head_size)
        return self.out(mixed.transpose(1, 2).reshape(batch, length, shape.query_size))


class Mini(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.hidden)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.final_norm = RMSNorm(shape.hidden, shape.norm_epsilon)
        cos, sin = rotary_tables(shape)
        self.register_buffer('cos', cos, persistent=False)
        self.register_buffer('sin', sin, persistent=False)
        for name, weight in self.named_parameters():
            if weight.dim() > 1:
                # The embedding is also the output matrix: small enough that first guesses are near uniform.
                spread = 0.08 if name.startswith('embedding') else 0.7 / math.sqrt(weight.shape[1])
                nn.init.normal_(weight, 0.0, spread)

    def hidden(self, ids):
        """ids [batch, length] -> the last hidden states [batch, length, hidden], before the output matrix."""
        length = ids.shape[1]
        mask = torch.full((length, length), -1e9).triu(1)
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, self.cos[:length], self.sin[:length], mask)
        return self.final_norm(x)

    def logits(self, hidden):
        return F.linear(hidden, self.embedding.weight)
