"""Synthetic files that grow in one way each: in length, in depth, in one statement, or in what calls what."""

from __future__ import annotations

from collections.abc import Callable, Mapping

_ORDINARY = '''

class Net{n}(nn.Module):
    """A small model, number {n}."""

    def __init__(self, width: int, device: str = "cuda") -> None:
        super().__init__()
        self.device = torch.device(device)
        self.first = nn.Linear(width, 2 * width)
        self.second = nn.Linear(2 * width, 1)
        self.seen = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = F.relu(self.first(x))
        if self.training:
            hidden = F.dropout(hidden, 0.1)
        return self.second(hidden)

    def predict(self, batch: torch.Tensor) -> np.ndarray:
        with torch.no_grad():
            out = self(batch.to(self.device))
        return out.cpu().numpy()


def train{n}(model: Net{n}, loader: DataLoader, epochs: int = 3) -> list[float]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for epoch in range(epochs):
        total = 0.0
        for x, y in loader:
            x, y = x.to(model.device), y.to(model.device)
            optimizer.zero_grad()
            loss = F.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        history.append(total / len(loader))
        print(f"epoch {{epoch}}: {{total}}")
    return history


def evaluate{n}(model: Net{n}, loader: DataLoader) -> dict[str, float]:
    model.eval()
    outputs, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            outputs.append(model(x.to(model.device)).cpu())
            targets.append(y)
    predicted = torch.cat(outputs).numpy()
    wanted = torch.cat(targets).numpy()
    error = np.abs(predicted - wanted)
    return {{"mean": float(error.mean()), "worst": float(error.max())}}


def prepare{n}(path: str, shuffle: bool = False) -> torch.Tensor:
    """No tensors until the end, as in most code."""
    rows = []
    with open(path) as file:
        for number, line in enumerate(file):
            parts = line.strip().split(",")
            if number == 0 or not parts[0]:
                continue
            try:
                rows.append([float(part) for part in parts])
            except ValueError:
                print("skipped", number)
    table = np.asarray(rows)
    if shuffle:
        np.random.shuffle(table)
    return torch.from_numpy(table).float()
'''

_HEAD = """import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader
"""


def ordinary(lines: int) -> str:
    """Classes and functions as people write them."""
    return _repeated(_ORDINARY, lines)


def nested(depth: int, lines: int) -> str:
    """Functions of blocks in blocks, with a conversion in the innermost one."""

    def function(n: int) -> str:
        blocks = "".join(f"{' ' * (level + 1)}if a[{level}]:\n" for level in range(depth))
        return f"\n\ndef nested{n}(a, x):\n x = x.cuda()\n{blocks}{' ' * (depth + 1)}return x.detach().cpu().numpy()\n"

    return _HEAD + "".join(function(n) for n in range(max(1, lines // (depth + 5))))


def literal(elements: int) -> str:
    """One list, one element a line, that becomes a tensor."""
    rows = "".join(f"    {n}.5,\n" for n in range(elements))
    return f"{_HEAD}\nTABLE = [\n{rows}]\nx = torch.tensor(TABLE, device='cuda')\ny = x.cpu().numpy()\n"


def branches(ways: int) -> str:
    """One `if` with so many `elif`, in a function that converts."""
    cases = "".join(f"    elif kind == {n}:\n        x = x + {n}\n" for n in range(1, ways))
    return (
        f"{_HEAD}\n\ndef choose(kind, x):\n    x = x.cuda()\n    if kind == 0:\n        x = x - 1\n{cases}"
        "    return x.cpu().numpy()\n"
    )


def chain(functions: int) -> str:
    """Each function calls the next; the last one converts."""
    links = "".join(
        f"\n\ndef link{n}(x):\n    y = x * {n}\n    if y.sum() > 0:\n        y = link{n + 1}(y)\n    return y\n"
        for n in range(functions)
    )
    last = f"\n\ndef link{functions}(x):\n    return torch.from_numpy(x.detach().cpu().numpy())\n"
    return f"{_HEAD}{links}{last}\n\nprint(link0(torch.ones(3, device='cuda')))\n"


def recursion(groups: int) -> str:
    """Groups of functions that call each other, and themselves."""
    group = """

def even{n}(x, depth):
    if depth == 0:
        return x.cpu().numpy()
    return odd{n}(x.cuda(), depth - 1)


def odd{n}(x, depth):
    y = third{n}(x, depth)
    return even{n}(x, depth - 1) + y


def third{n}(x, depth):
    return even{n}(x, 0) if depth else third{n}(x, depth - 1)
"""
    return _HEAD + "".join(group.format(n=n) for n in range(groups))


def _repeated(block: str, lines: int) -> str:
    count = max(1, round((lines - _HEAD.count("\n")) / block.count("\n")))
    return _HEAD + "".join(block.format(n=n) for n in range(count))


#: The file that all others are compared with.
MEASURE = "1,000 lines"
#: Ordinary files, by their lines; these make the plot.
LENGTHS: Mapping[str, int] = {MEASURE: 1_000, "10,000 lines": 10_000, "50,000 lines": 50_000}
#: The other ways to grow.
SHAPES: Mapping[str, Callable[[], str]] = {
    "90 nested blocks": lambda: nested(90, 1_000),
    "90 nested blocks, 10,000 lines": lambda: nested(90, 10_000),
    "literal of 5,000 elements": lambda: literal(5_000),
    "2,000-way elif": lambda: branches(2_000),
    "chain of 200 calls": lambda: chain(200),
    "chain of 2,000 calls": lambda: chain(2_000),
    "mutual recursion, 100 groups": lambda: recursion(100),
    "mutual recursion, 1,000 groups": lambda: recursion(1_000),
}
