"""The eight pitfalls on which the neighbours were compared: all are found, none of their safe twins is.

Two need rules that are not on by default: `float(loss)` costs time, and warns, but works; of implicit conversions too
many were false in code that nobody had looked at.
"""

from __future__ import annotations

import textwrap

import pytest

from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

HEADER = """
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

device = "cuda" if torch.cuda.is_available() else "cpu"
"""

LOOP = """
def train(model: nn.Module, loader, optimizer):
    model.to(device)
    total = 0.0
    for x, y in loader:
        loss = F.mse_loss(model(x.to(device)), y.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        {}
    return total
"""

# The codes that must be among the findings, the pitfall, its safe twin.
PITFALLS = {
    ".numpy() on CUDA": (
        {"CNV101"},
        "def f():\n    scores = torch.ones(3, device=device)\n    return scores.numpy()",
        "def f():\n    scores = torch.ones(3, device=device)\n    return scores.cpu().numpy()",
    ),
    ".numpy() on a tensor that requires grad": (
        {"CNV102"},
        "def f():\n    w = torch.ones(3, requires_grad=True)\n    return (w * 2).numpy()",
        "def f():\n    w = torch.ones(3, requires_grad=True)\n    return (w * 2).detach().numpy()",
    ),
    "from_numpy, then the array is written": (
        {"CNV201"},
        "def f():\n    a = np.ones(3, np.float32)\n    t = torch.from_numpy(a)\n    a += 1\n    return t",
        "def f():\n    a = np.ones(3, np.float32)\n    t = torch.from_numpy(a)\n    a = a + 1\n    return t",
    ),
    "float(loss)": (
        {"CNV403", "CNV601"},
        LOOP.format("total += float(loss)"),
        LOOP.format("total += loss.detach()"),
    ),
    "np.asarray of a CUDA tensor": (
        {"CNV111"},
        "def f():\n    x = torch.ones(3, device=device)\n    return np.asarray(x)",
        "def f():\n    x = torch.ones(3, device=device)\n    return np.asarray(x.cpu())",
    ),
    "total += loss": (
        {"CNV501"},
        LOOP.format("total += loss"),
        LOOP.format("total += loss.detach()"),
    ),
    "a non-blocking copy is read": (
        {"CNV611"},
        'def f():\n    x = torch.ones(3, device=device)\n    y = x.to("cpu", non_blocking=True)\n    return y.numpy()',
        'def f():\n    x = torch.ones(3, device=device)\n    y = x.to("cpu", non_blocking=True)\n'
        "    torch.cuda.synchronize()\n    return y.numpy()",
    ),
    ".numpy(), then the tensor is written": (
        {"CNV201"},
        "def f():\n    t = torch.ones(3)\n    a = t.numpy()\n    t.add_(1)\n    return a",
        "def f():\n    t = torch.ones(3)\n    a = t.numpy()\n    t = t.add(1)\n    return a, t",
    ),
}
NOT_ON_BY_DEFAULT = {"float(loss)", ".numpy() on a tensor that requires grad"}


def codes(code: str, *opt_in: str) -> set[str]:
    outcome = lint_source(Source("x.py", HEADER + textwrap.dedent(code) + "\n"), Settings(opt_in=opt_in))
    assert outcome.problems == ()
    return {finding.code for finding in outcome.findings}


@pytest.mark.parametrize("name", PITFALLS)
def test_a_pitfall_is_found_and_its_twin_is_not(name: str) -> None:
    wanted, hazard, safe = PITFALLS[name]
    assert wanted <= codes(hazard, "ALL")
    assert codes(safe, "ALL") == set()
    assert (wanted <= codes(hazard)) is (name not in NOT_ON_BY_DEFAULT)


def test_there_are_eight() -> None:
    assert len(PITFALLS) == 8
