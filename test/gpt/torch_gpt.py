"""The model, optimiser, batches and schedule of examples/gpt in torch.

    python3 test/gpt/torch_gpt.py --minutes 15 input.txt

prints the same columns, so that losses over time can be compared.
"""

import argparse
import math
import random
import time

import torch
import torch.nn.functional as F
from torch import nn


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.gamma


class Block(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = Norm(width), Norm(width)
        self.query, self.key, self.value, self.output = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate, self.up = nn.Linear(width, hidden, bias=False), nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x, cos, sin, hidden):
        n, t, width = x.shape
        split = lambda y: y.view(n, t, self.heads, -1).transpose(1, 2)

        def turn(y):
            a, b = y[..., 0::2], y[..., 1::2]
            return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2)

        z = self.norm1(x)
        q, k, v = turn(split(self.query(z))), turn(split(self.key(z))), split(self.value(z))
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + hidden
        y = (F.softmax(scores, -1) @ v).transpose(1, 2).reshape(n, t, width)
        x = x + self.output(y)
        z = self.norm2(x)
        return x + self.down(F.silu(self.gate(z)) * self.up(z))


class Decoder(nn.Module):
    def __init__(self, vocab, width, layers, heads, context):
        super().__init__()
        hidden = (8 * width // 3 + 15) // 16 * 16
        self.embedding = nn.Embedding(vocab, width)
        self.blocks = nn.ModuleList(Block(width, heads, hidden) for _ in range(layers))
        self.norm = Norm(width)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                last = ".output." in name or ".down." in name
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * layers) if last else 0.02)
        size = width // heads
        speed = 10000.0 ** (-torch.arange(0, size, 2) / size)
        angle = torch.arange(context)[:, None] * speed
        self.cos, self.sin = angle.cos(), angle.sin()
        self.hidden = torch.full((context, context), -1e9).triu(1)

    def forward(self, x):
        x = self.embedding(x)
        for block in self.blocks:
            x = block(x, self.cos, self.sin, self.hidden)
        return self.norm(x) @ self.embedding.weight.t()


def one_cycle(top, share, warm=0.05, start=25, final=100):
    anneal = lambda a, b, t: b + (a - b) * (1 + math.cos(math.pi * t)) / 2
    if share < warm:
        return anneal(top / start, top, share / warm)
    return anneal(top, top / final, min(1, (share - warm) / (1 - warm)))


def main():
    a = argparse.ArgumentParser()
    a.add_argument("path")
    a.add_argument("--minutes", type=float, default=15)
    a.add_argument("--width", type=int, default=128)
    a.add_argument("--layers", type=int, default=4)
    a.add_argument("--heads", type=int, default=4)
    a.add_argument("--context", type=int, default=256)
    a.add_argument("--batch", type=int, default=8)
    a.add_argument("--rate", type=float, default=2e-3)
    a.add_argument("--threads", type=int, default=0)
    o = a.parse_args()
    if o.threads:
        torch.set_num_threads(o.threads)
    torch.manual_seed(1)
    random.seed(1)
    text = open(o.path).read()
    vocab = sorted(set(text))
    index = {c: i for i, c in enumerate(vocab)}
    ids = torch.tensor([index[c] for c in text])
    cut = len(ids) * 9 // 10
    train, validation = ids[:cut], ids[cut:]
    model = Decoder(len(vocab), o.width, o.layers, o.heads, o.context)
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    optimiser = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0}], lr=o.rate, betas=(0.9, 0.99))

    def pick(part, at):
        rows = torch.stack([part[i:i + o.context + 1] for i in at])
        return rows[:, :-1], rows[:, 1:]

    def loss_of(x, y):
        return F.cross_entropy(model(x).flatten(0, 1), y.flatten())

    def evaluate(at):
        total = 0.0
        with torch.no_grad():
            for i in range(0, len(at), o.batch):
                part = at[i:i + o.batch]
                total += loss_of(*pick(validation, part)).item() * len(part)
        return total / len(at)

    print(f"{sum(p.numel() for p in model.parameters())} parameters, {len(text)} characters, {len(vocab)} different, {torch.get_num_threads()} threads")
    print(f"{'seconds':>8} {'step':>7} {'training':>10} {'validation':>10}")
    budget, start, shown, losses, n = o.minutes * 60, time.time(), 0, [], 0
    windows = list(range(0, len(validation) - o.context, o.context))
    while True:
        spent = time.time() - start
        done = spent >= budget
        if done or int(spent / (budget / 20)) > shown:
            shown = int(spent / (budget / 20))
            mean = sum(losses) / max(1, len(losses))
            print(f"{spent:8.0f} {n:7d} {mean:10.4f} {evaluate(windows if done else windows[:64]):10.4f}", flush=True)
            losses = []
            if done:
                return
        x, y = pick(train, [random.randrange(len(train) - o.context) for _ in range(o.batch)])
        for group in optimiser.param_groups:
            group["lr"] = one_cycle(o.rate, spent / budget)
        loss = loss_of(x, y)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
        n += 1


if __name__ == "__main__":
    main()
