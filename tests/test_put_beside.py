"""What CNV101 and CNV111 say without being asked: only of what the function itself has put on the device."""

from __future__ import annotations

import textwrap

import pytest
from snippets import codes_shown

from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

HEADER = """
import numpy as np
import torch
from torch import nn

device = "cuda" if torch.cuda.is_available() else "cpu"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        return self.layer(x)


def placed(x):
    return x.to(device)

"""

SHOWN = {
    "moved here": "def f(x):\n    y = x.to(device)\n    return y.numpy()",
    "made here, and computed with": "def f():\n    y = torch.ones(3, device=device)\n    return torch.exp(y).numpy()",
    "outside of all functions": "y = torch.ones(3).to(device)\nprint(y.numpy())",
    "through a function of the file": (
        "def double(x):\n    return 2 * x\n\ndef f(x):\n    return double(x.to(device)).numpy()"
    ),
    "through a module of the file": (
        "def f():\n    net = Net().to(device)\n    return net(torch.ones(1, 3, device=device)).detach().numpy()"
    ),
    "through one that is moved where it stands": (
        "def f(net, x):\n    net.to(device).eval()\n    return net(x.to(device)).detach().numpy()"
    ),
    "through what has no weights": (
        "def f(x, y):\n    loss = nn.MSELoss()(x.to(device), y.to(device))\n    return loss.detach().numpy()"
    ),
}
ON_REQUEST = {
    "moved by another function": "def f(x):\n    return placed(x).numpy()",
    "moved by a caller": "def f(x):\n    return x.numpy()\n\ndef g(x):\n    return f(x.to(device))",
    "outside of all functions, converted in one": (
        "net = Net().to(device)\n\ndef f():\n    return next(net.parameters()).data.numpy()"
    ),
    "through a module that nobody moves": "def f(net, x):\n    return net(x.to(device)).detach().numpy()",
    "through a layer that nobody moves": (
        "class Scorer(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.layer = nn.Linear(3, 3)\n    def score(self, x):\n"
        "        return self.layer(x.to(device)).detach().numpy()"
    ),
}


@pytest.mark.parametrize("snippet", SHOWN.values(), ids=SHOWN.keys())
def test_shown(snippet: str) -> None:
    assert codes_shown(snippet + "\n", HEADER) == ["CNV101"]


@pytest.mark.parametrize("snippet", ON_REQUEST.values(), ids=ON_REQUEST.keys())
def test_shown_on_request(snippet: str) -> None:
    assert codes_shown(snippet + "\n", HEADER) == []
    assert codes_shown(snippet + "\n", HEADER, "CNV101") == ["CNV101"]


def test_so_it_is_with_what_converts_by_itself() -> None:
    made = "def made():\n    return torch.ones(3, device=device)\n\n"
    assert codes_shown("def f():\n    return np.histogram(torch.ones(3, device=device))\n", HEADER) == ["CNV111"]
    assert codes_shown(made + "def f():\n    return np.histogram(made())\n", HEADER) == []
    assert codes_shown(made + "def f():\n    return np.histogram(made())\n", HEADER, "CNV111") == ["CNV111"]


def test_what_a_call_gives_has_the_story_of_that_call() -> None:
    """Results are remembered for arguments of which the same is known; lines are none of what is known."""
    code = HEADER + textwrap.dedent("""
        def first():
            net = Net().to(device)
            return net(torch.ones(1, 3).to(device)).detach().cpu().numpy()

        def second():
            net = Net().to(device)
            return net(torch.ones(1, 3).to(device)).detach().numpy()
    """)
    (finding,) = lint_source(Source("x.py", code), Settings()).findings
    line = finding.span.line
    assert finding.because[0].span.line == line
    assert finding.because[-1].span.line == line
