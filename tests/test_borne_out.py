"""Annotations that call something a tensor: shown to everybody only where the code uses it as one."""

from __future__ import annotations

import textwrap

import pytest
from snippets import codes_shown, reported

from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

HEAD = """\
from typing import Optional
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from elsewhere import describe, Wrapper

"""

USED = {
    "a method": "if x:\n        return x.unsqueeze(0)",
    "its shape, elsewhere": "if x:\n        y = 1\n    return None if x is None else x.shape[0]",
    "computed with": "if x:\n        y = y * x\n    return y",
    "inverted": "if x:\n        y = describe(~x)\n    return y",
    "handed to torch": "if x:\n        y = torch.log(x)\n    return y",
    "joined": "if x:\n        y = torch.cat([y, x])\n    return y",
    "an index": "if x:\n        y = y[x]\n    return y",
    "a mask": "if x:\n        y = describe(y[x == 1])\n    return y",
    "indexed by two": "if x:\n        return x[:, 0]",
    "its items": "if not x:\n        x = describe(y)\n    rows = x[y]\n    return rows.isnan()",
    "items handed over": "if not x:\n        x = describe(y)\n    return torch.cumsum(x[y], dim=1)",
    "replaced": "return describe(x or torch.ones(3))",
    "replaced by a chain": "z = x or torch.tensor([1.0]).repeat(y, 1)\n    return describe(z)",
    "replaced by a condition": "z = x if x else torch.zeros_like(y)\n    return describe(z)",
    "replaced by a statement": "if not x:\n        x = torch.zeros(3)\n    return describe(x)",
    "replaced by a function": "x = x or workspace(y)\n    return describe(x)",
    "replaced where it is None": "if x:\n        y = 1\n    return describe(torch.zeros(3) if x is None else x)",
    "replaced by a method": "return describe(x or self.compute()[0])",
    "replaced by what is used as one": "z = y.unsqueeze(0)\n    return describe(x or y)",
    "replaced by one of several": "if not x:\n        x = self.compute()[1]\n    return describe(x)",
    "bound to one elsewhere": "if y:\n        x = torch.zeros(3)\n    else:\n        x = x or y\n    describe(x)",
    "used under another name": "z = x or describe(y)\n    return torch.relu(z)",
    "made a parameter": "if x:\n        return nn.Parameter(x)",
}

NOT_USED = {
    "handed on": "return describe(x if x else None)",
    "asked for what no tensor has": "x = x or y\n    return describe(x.input_ids)",
    "replaced by several": "if x:\n        x = self.compute()\n    return describe(x)",
    "replaced by text": "x = x or ''\n    return describe(x)",
    "replaced by a number": "return float(x or 0.0) + 1",
    "replaced by a list": "x = x or []\n    return torch.cat([y, x])",
    "replaced by an object": "if not x:\n        x = torch.Size()\n    return torch.zeros(3) + x[0]",
    "made a tensor": "if x:\n        return torch.tensor(x, device=y.device)",
    "iterated over": "for one in x or y:\n        describe(one)",
    "only asked": "if x or y is None:\n        raise ValueError",
}


def function(body: str) -> str:
    return (
        "def workspace(n) -> torch.Tensor:\n    return torch.empty(n)\n\n"
        "class Score:\n    def compute(self) -> tuple[torch.Tensor, torch.Tensor]:\n        ...\n\n"
        f"def f(y, x: Optional[torch.Tensor] = None):\n    {body}\n"
    )


@pytest.mark.parametrize("body", USED.values(), ids=USED)
def test_what_is_used_as_a_tensor_is_meant_to_be_one(body: str) -> None:
    assert codes_shown(function(body), HEAD) == ["CNV402"]


@pytest.mark.parametrize("body", NOT_USED.values(), ids=NOT_USED)
def test_what_is_not_is_shown_on_request(body: str) -> None:
    assert codes_shown(function(body), HEAD) == []
    assert "CNV402" in codes_shown(function(body), HEAD, "CNV402")


def test_who_lists_several_types_means_each() -> None:
    code = (
        "def f(x, y: torch.Tensor | list[str] | None = None):\n    if y:\n        describe(torch.zeros(3).numpy(), y)\n"
    )
    assert codes_shown(code, HEAD) == ["CNV402"]
    assert codes_shown(code.replace(" | list[str]", ""), HEAD) == []
    assert codes_shown(code.replace("list[str]", "list[torch.Tensor]"), HEAD) == []


def test_what_a_forward_is_given_needs_no_use() -> None:
    code = """
    class Net(nn.Module):
        def forward(self, x, mask: torch.Tensor = None):
            return describe(x, mask or None)
    """
    assert codes_shown(code, HEAD) == ["CNV402"]
    assert codes_shown(code.replace("or None", "or []"), HEAD) == []


def test_what_is_kept_is_used_by_the_other_methods() -> None:
    code = """
    class Head(nn.Module):
        def __init__(self, weight: Optional[torch.Tensor] = None):
            super().__init__()
            if not weight:
                weight = describe(self)
            self.weighting = weight

        def forward(self, x):
            return x * self.weighting
    """
    assert codes_shown(code, HEAD) == ["CNV402"]
    assert codes_shown(code.replace("return x * self.weighting", "return x"), HEAD) == []


def test_an_attribute_is_used_by_any_method() -> None:
    code = """
    class State:
        mask: Optional[torch.Tensor]

        def ask(self, x):
            if self.mask:
                return x.detach().numpy()

        def use(self, x):
            return {use}
    """
    assert codes_shown(code.format(use="x * self.mask.long()"), HEAD) == ["CNV402"]
    assert codes_shown(code.format(use="x"), HEAD) == []


def test_a_caller_that_hands_over_a_tensor_needs_no_use() -> None:
    code = function("return describe(x or None)") + "\ndef g(y):\n    return f(y, torch.ones(3))\n"
    assert codes_shown(code, HEAD) == ["CNV402"]


def test_an_item_of_an_annotated_dict_may_be_something_else() -> None:
    code = (
        "def plot(sample: dict[str, torch.Tensor]):\n    if sample.get('names'):\n        describe(sample['names'][0])"
    )
    assert codes_shown(code, HEAD) == []


ENGINE = """
def train(model, loader, optimizer, engine=None):
    for x, y in loader:
        loss = F.mse_loss(model(x), y)
        if engine:
            engine.backward(loss)
        else:
            loss.backward()
"""


def test_who_is_given_a_loss_to_go_backward_through_is_no_tensor() -> None:
    assert "CNV402" not in reported(ENGINE)


INITIALISER = """
def fill(m):
    if m.__class__.__name__.find("Linear") != -1:
        nn.init.normal_(m.weight)
        if m.bias:
            nn.init.zeros_(m.bias)

"""


@pytest.mark.parametrize(
    ("use", "codes"),
    [
        ("", []),  # to be applied by others
        ("def f(net):\n    net.apply(fill)", ["CNV402"]),
        ("head = nn.Linear(2, 3, bias=False)\nhead.apply(fill)", []),
        ("head = nn.Linear(2, 3, bias=False)\nbody = nn.Linear(2, 3)\nhead.apply(fill)", []),
        ("head = nn.Linear(2, 3, bias=False)\nnorm = nn.BatchNorm1d(3)\nhead.apply(fill)\nnorm.apply(fill)", []),
        ("head = nn.Linear(2, 3, bias=False)\nfill(head)", []),
        ("head = nn.Linear(2, 3)\nhead.apply(fill)", ["CNV402"]),
        ("head = nn.Linear(2, 3)\nhead.apply(fill)\nhead = nn.Linear(2, 3, bias=False)", ["CNV402"]),
        ("head = nn.Linear(2, 3, bias=False)\nbody = nn.Linear(2, 3)\nhead.apply(fill)\ndescribe(fill)", ["CNV402"]),
        ("body = nn.Linear(2, 3, bias=False)\ndef f(net):\n    net.apply(fill)", []),  # none in the file has one
    ],
)
def test_who_initialises_layers_without_a_bias_may_ask_for_it(use: str, codes: list[str]) -> None:
    assert codes_shown(INITIALISER + use, HEAD) == codes


def test_layers_of_the_class_that_is_asked_for_have_no_bias() -> None:
    code = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3, bias=False)
            self.head = nn.Linear(2, 3)
            for m in self.modules():
                if isinstance(m, nn.{}):
                    if m.bias:
                        nn.init.zeros_(m.bias)
    """
    assert codes_shown(code.format("Conv2d"), HEAD) == []
    assert codes_shown(code.format("Linear"), HEAD) == ["CNV402"]


def test_a_layer_made_like_one_without_a_bias_has_none() -> None:
    code = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(3, 4{0})

        def resize(self, size):
            head = nn.Linear(3, size, self.head.bias)
            if self.head.bias:
                head.bias.data[:4] = self.head.bias[:4]
            self.head = head
    """
    assert codes_shown(code.format(", bias=False"), HEAD) == []
    assert codes_shown(code.format(""), HEAD) == ["CNV402"]


@pytest.mark.parametrize(
    ("instead", "codes"), [("0", []), ("0.0", []), ("y", ["CNV402"]), ("1", ["CNV402"]), ("False", ["CNV402"])]
)
def test_a_term_that_may_be_none_is_one_number(instead: str, codes: list[str]) -> None:
    code = f"""
    def term(y: torch.Tensor, way):
        if way:
            return None
        return y.log()

    def f(y: torch.Tensor, way):
        x = term(y, way)
        y = y.cpu() + (x if x else {instead})
        return y.numpy()
    """
    assert codes_shown(code, HEAD) == codes
    assert "CNV402" in codes_shown(code, HEAD, "CNV402")


def test_of_what_a_function_converts_or_leaves_the_keys_tell_which() -> None:
    code = """
    def found(item):
        if isinstance(item, np.generic):
            return torch.as_tensor(np.asarray(item))
        return {}

    def f(options, other):
        options = {{key: found(value) for key, value in options.items()}}
        keep = options.pop("keep", None)
        if keep:
            return torch.sum(other.numpy())
    """
    assert codes_shown(code.format("item"), HEAD) == []
    assert codes_shown(code.format("torch.zeros(3)"), HEAD) == ["CNV402"]


def test_a_tensor_is_compared_with_a_tuple_as_a_whole() -> None:
    code = """
    def f(size):
        shape = torch.arange(2)
        if shape == size:
            return 1
    """
    assert codes_shown(code, HEAD) == []
    assert codes_shown(code.replace("== size", "< size"), HEAD) == ["CNV402"]


def test_on_the_branch_for_what_is_no_tensor_there_are_numbers() -> None:
    code = """
    def f(parts):
        total = used = None
        for part, mask in parts:
            if not isinstance(mask, torch.Tensor):
                total = part if mask and not used else 0.0
                used = mask
            else:
                total = torch.where(mask.bool(), part, torch.zeros_like(part))
                used = torch.isnan(part)
        return total
    """
    assert shown(code) == []
    assert "CNV402" in reported(code)
    assert shown(code.replace("not isinstance(mask, torch.Tensor)", "describe(mask)")) == ["CNV402"]


def shown(code: str) -> list[str]:
    """The codes that everybody sees, of functions that the sieve would leave out, too."""
    outcome = lint_source(Source("x.py", HEAD + textwrap.dedent(code)), Settings(sieve=False))
    return [finding.code for finding in outcome.findings]
