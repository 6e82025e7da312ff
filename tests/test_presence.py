"""What the branch of a test, an attribute registered by name, an imported device and the like tell."""

from __future__ import annotations

import textwrap

import pytest
from snippets import codes_shown

from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

FOUND = {
    "not": (
        "CNV402",
        "def f(x, mask):\n    if not mask:\n        return x\n    else:\n        return mask.unsqueeze(0)",
    ),
    "and": (
        "CNV402",
        "def f(x, mask):\n    if mask and x.masked_fill(~mask, 0.0).any():\n        x = 2 * x\n    return x",
    ),
    "expression": ("CNV402", "def f(x, mask):\n    return torch.sum(mask) if mask else x"),
    "a gradient": ("CNV402", "def f(p):\n    if p.grad:\n        p.grad.zero_()"),
    "its data": ("CNV402", "def f(m):\n    if m.bias:\n        m.bias.data.zero_()"),
    "filled": ("CNV402", "def f(m):\n    if m.bias:\n        constant_(m.bias, 0.0)"),
    "copied": ("CNV402", "def f(a, b):\n    if a.bias:\n        b.bias.data.copy_(a.bias.data)"),
    "registered": (
        "CNV402",
        """
        class Scale(nn.Module):
            def __init__(self, size):
                super().__init__()
                self.register_buffer("scale", torch.ones(size) if size else None)
            def forward(self, x):
                if self.scale:
                    x = x * self.scale
                return x
        """,
    ),
    "an imported device": (
        "CNV101",
        """
        def predict(model: nn.Module, batches):
            model.to(DEVICE)
            with torch.no_grad():
                return [model(batch).numpy() for batch in batches]
        """,
    ),
    "saved as the best": (
        "CNV203",
        """
        def fit(model: nn.Module, optimizer, batches):
            for x in batches:
                loss = model(x).mean()
                loss.backward()
                optimizer.step()
                if loss.item() < 1:
                    best_weights = model.state_dict()
            torch.save(best_weights, "best.pt")
        """,
    ),
    "an attribute that a subclass fills": (
        "CNV203",
        """
        class Trainer:
            def __init__(self):
                self.model = None
            def fit(self, optimizer, batches):
                for x in batches:
                    loss = self.model(x).mean()
                    loss.backward()
                    optimizer.step()
                    if loss.item() < 1:
                        self.best_weights = self.model.state_dict()
        """,
    ),
}

FOUND |= {
    "an optional input of a forward": (
        "CNV402",
        "class Net(nn.Module):\n    def forward(self, x, router_logits=None):\n"
        "        return (x, x) if router_logits else x",
    ),
}

SILENT = {
    "a size has elements, too": "def f(shape):\n    return shape.numel() if shape else 1",
    "a class with a method norm": (
        "class A:\n    def f(self, x):\n        if self.rms:\n            x = self.rms.norm(x)"
    ),
    "bound anew first": (
        "def f(x, mask):\n    if mask:\n        mask = torch.as_tensor(mask)\n        x.masked_fill(mask, 0)"
    ),
    "a number before": "def f(x):\n    y = 0\n    if x > 1:\n        y = helper(x)\n    if y:\n        y.unsqueeze(0)",
    "one number": "def f(loss):\n    if loss:\n        loss.backward()",
    "an index may copy": (
        "def f(x: torch.Tensor, i, j):\n    picked = x[i, j]\n    picked.neg_()\n    return picked.sum()"
    ),
    "saved at once": (
        "def f(model: nn.Module, optimizer):\n    weights = model.state_dict()\n    optimizer.step()\n"
        "    torch.save(weights, 'last.pt')"
    ),
    "a device of torch itself": (
        "def f(model: nn.Module, x):\n    model.to(torch.cuda)\n    return model(x).detach().numpy()"
    ),
    "a flag about logits": (
        "class Net(nn.Module):\n    def forward(self, x, output_router_logits=None):\n"
        "        return (x, x) if output_router_logits else x"
    ),
    "the last element": "def f(xs):\n    if isinstance(xs[-1], np.ndarray):\n        return torch.tensor(xs)",
}

HEAD = """
import numpy as np
import torch
from torch import nn
from torch.nn.init import constant_
from config import DEVICE
"""


def codes(code: str) -> list[str]:
    """The codes of what is shown by default, and of lists of arrays."""
    return codes_shown(code, HEAD, "CNV311")


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    expected, code = FOUND[name]
    assert codes(code) == [expected]


@pytest.mark.parametrize("name", SILENT)
def test_silent(name: str) -> None:
    assert codes(SILENT[name]) == []


ANY_THINGS = """
def f(inputs, **kwargs):
    for name, value in kwargs.items():
        if torch.is_tensor(value):
            kwargs[name] = value.cuda()
    if kwargs.get("verbose"):
        print(inputs)
"""


def test_what_a_dict_of_any_things_holds_under_a_name() -> None:
    source = Source("x.py", HEAD + ANY_THINGS)
    assert lint_source(source, Settings(sieve=False)).findings == ()


NEVER_GIVEN = """\
import torch


class Embedding:
    def dropped(self, words, {scale}):
        weight = self.weight
        if scale:
            weight = scale.expand_as(weight) * weight
        return weight[words]

    def __call__(self, words):
        return self.dropped(words{given})
"""


@pytest.mark.parametrize(
    ("scale", "given", "codes"),
    [
        ("scale=None", "", []),
        ("scale=None", ", self.scale", ["CNV402"]),
        ("scale=None", ", scale=self.scale", ["CNV402"]),
        ("scale: torch.Tensor | None = None", "", ["CNV402"]),
    ],
)
def test_an_argument_that_nothing_speaks_of_and_no_call_gives_is_told_of_on_request(
    scale: str, given: str, codes: list[str]
) -> None:
    code = NEVER_GIVEN.format(scale=scale, given=given)
    assert codes_shown(code, "") == codes
    assert codes_shown(code, "", "CNV402") == ["CNV402"]


def test_a_method_that_only_uses_what_it_is_given_may_give_an_array() -> None:
    """`act` and the like often give what the world outside understands; `encode` computes."""
    code = """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def f(agent, state):
        action = agent.model.{method}(torch.as_tensor([state]).to(device)).squeeze()
        if len(action.shape) == 0:
            action = np.array([action])
        return action
    """
    head = "import numpy as np\nimport torch\n"
    code = textwrap.dedent(code)
    assert codes_shown(code.format(method="act"), head) == []
    assert codes_shown(code.format(method="act"), head, "CNV121") == ["CNV121"]
    assert codes_shown(code.format(method="encode"), head) == ["CNV121"]


@pytest.mark.parametrize(
    ("given", "chosen"),
    [("model, x, device", "device"), ("model, x", "DEVICE"), ("model, x, settings", "settings.device")],
)
def test_who_chooses_the_device_by_an_argument_knows_what_an_unseen_module_gives(given: str, chosen: str) -> None:
    head = "import torch\nfrom elsewhere import DEVICE\n"
    code = f"def f({given}):\n    return model(x.to({chosen})).detach().numpy()\n"
    assert codes_shown(code, head) == []
    assert codes_shown(code, head, "CNV101") == ["CNV101"]
    known = f"def f({given}):\n    return torch.exp(x.to({chosen})).numpy()\n"
    assert codes_shown(known, head) == ["CNV101"]
