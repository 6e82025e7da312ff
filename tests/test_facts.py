"""One fact apart: pairs of programs that differ in a device, a dtype, a count, a guard or a grad mode, and in the verdict."""

# ruff: noqa: E501 (a snippet on one line is easier to read than one folded to fit)

from __future__ import annotations

import pytest
from snippets import HEADER, found

from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

OPTIONAL = "def c(k: bool):\n    return {} if k else None\ndef f():\n    s = c(True)\n    if s:\n        return s"
W = "def f():\n    w = torch.ones(2, requires_grad=True)\n"
FED = "def f(a: list):\n    return nn.Linear(3, 1)(torch.from_numpy({}))"

PAIRS = {
    "a cast to floats keeps grad": ("CNV102", W + "    return w.double().numpy()", W + "    return w.long().numpy()"),
    "inference mode that is off": (
        "CNV102",
        W + "    with torch.inference_mode(False):\n        return (w * 2).numpy()",
        W + "    with torch.inference_mode(True):\n        return (w * 2).numpy()",
    ),
    "set_grad_enabled as a decorator": (
        "CNV102",
        "@torch.set_grad_enabled(True)\n" + W + "    return (w * 2).numpy()",
        "@torch.set_grad_enabled(False)\n" + W + "    return (w * 2).numpy()",
    ),
    "written in place with what requires grad": (
        "CNV102",
        W + "    b = torch.zeros(2)\n    b.add_(w)\n    return b.numpy()",
        W + "    b = torch.zeros(2)\n    b.add_(w.detach())\n    return b.numpy()",
    ),
    "full": (
        "CNV401",
        "def f():\n    return torch.full((3,), 1.0).item()",
        "def f():\n    return torch.full((1,), 3.0).item()",
    ),
    "sizes one by one": (
        "CNV401",
        "def f():\n    return torch.zeros(1, 3).item()",
        "def f():\n    return torch.zeros(1, 1).item()",
    ),
    "a function that reduces all": (
        "CNV402",
        OPTIONAL.format("torch.abs(torch.ones(3))"),
        OPTIONAL.format("torch.sum(torch.ones(3))"),
    ),
    "a method that reduces all": (
        "CNV402",
        OPTIONAL.format("torch.ones(3, 2).sum(0)"),
        OPTIONAL.format("torch.ones(3, 2).sum()"),
    ),
    "compared with a device": (
        "CNV101",
        "def f(x: torch.Tensor, device):\n    x = x.to(device)\n    if x.device == torch.device('cuda'):\n        return x.numpy()",
        "def f(x: torch.Tensor, device):\n    x = x.to(device)\n    if x.device == torch.device('cpu'):\n        return x.numpy()",
    ),
    "the device's type": (
        "CNV101",
        "def f(x: torch.Tensor, device):\n    x = x.to(device)\n    if x.device.type == 'cuda':\n        return x.numpy()",
        "def f(x: torch.Tensor, device):\n    x = x.to(device)\n    if x.device.type == 'cpu':\n        return x.numpy()",
    ),
    "one of several classes": (
        "CNV101",
        "def f(x: torch.Tensor):\n    x = x.cuda()\n    if isinstance(x, (list, torch.Tensor)):\n        return x.numpy()",
        "def f(x: torch.Tensor):\n    x = x.cuda()\n    if isinstance(x, (list, np.ndarray)):\n        return np.asarray(x)",
    ),
    "the meta device": (
        "CNV101",
        "def f():\n    return torch.ones(2, device='cuda').numpy()",
        "def f():\n    return torch.ones(2, device='meta').numpy()",
    ),
    "division of integers": (
        "CNV305",
        FED.format("np.sqrt(np.arange(3))"),
        FED.format("np.sqrt(np.ones(3, np.float32))"),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_fact_decides(name: str) -> None:
    code, hazard, twin = PAIRS[name]
    assert code in found(hazard)
    assert code not in found(twin)


@pytest.mark.parametrize(
    "call",
    [
        *("zeros((2, 3), {})", "ones((2, 3), {})", "empty((2, 3), {})", "full((2, 3), 1.0, {})", "identity(3, {})"),
        *("array(a, {})", "asarray(a, {})", "fromiter(a, {})", "frombuffer(a, {})", "fromfile(a, {})"),
        *("ascontiguousarray(a, {})", "asanyarray(a, {})", "asfortranarray(a, {})"),
    ],
)
def test_the_dtype_by_position(call: str) -> None:
    assert "CNV305" in found(FED.format("np." + call.format("np.float64")))
    assert "CNV305" not in found(FED.format("np." + call.format("np.float32")))


@pytest.mark.parametrize(
    "call",
    [
        *("normal(0, 1{})", "uniform(0, 1{})", "beta(1, 1{})", "gamma(1, 1{})", "laplace(0, 1{})", "exponential(1{})"),
        "lognormal(0, 1{})",
    ],
)
def test_the_size_by_position(call: str) -> None:
    """With it NumPy gives an array, of which a list is read number by number; without it a number."""

    def reported(size: str) -> bool:
        source = Source("x.py", f"{HEADER}def f():\n    return torch.tensor([np.random.{call.format(size)}])\n")
        return "CNV311" in {each.code for each in lint_source(source, Settings(opt_in=("CNV311",))).findings}

    assert reported(", 3")
    assert not reported("")
