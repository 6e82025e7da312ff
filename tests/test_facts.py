"""One fact apart: pairs of programs that differ in a device, a dtype, a count, a guard or a grad mode, and in the verdict."""

# ruff: noqa: E501 (a snippet on one line is easier to read than one folded to fit)

from __future__ import annotations

import pytest
from snippets import HEADER, found, reported

from torchconv_lint.lint import lint_source
from torchconv_lint.model import Confidence
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

OPTIONAL = "def c(k: bool):\n    return {} if k else None\ndef f():\n    s = c(True)\n    if s:\n        return s"
W = "def f():\n    w = torch.ones(2, requires_grad=True)\n"
FED = "def f(a: list):\n    return nn.Linear(3, 1)(torch.from_numpy({}))"
TWO = "def f(a: list, c: bool):\n    x = np.array(a, np.float32) if c else np.array(a)\n    return nn.Linear(3, 1)(torch.{}(x)){}"
HOOK = "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.net = nn.Linear(3, 1)\n    def {}(self, batch: torch.Tensor):\n        return self.net(batch).numpy()"
WHO = "def f(x: torch.Tensor, mode, who):\n    x = x.cuda() if mode == {} else x.cpu()\n    if mode == 'a':\n        return x.numpy()"
LENGTH = (
    "def f():\n    x, known = torch.ones(3), {}\n    if len(known) > 0:\n        x = x.cuda()\n    return x.numpy()"
)
TYPE = "def f(x: torch.Tensor):\n    x = x.cuda()\n    if type(x) == {}:\n        return x.numpy()"
CLASS = "def f(x):\n    x = x.cuda()\n    if isinstance(x, ({}, list)):\n        return np.asarray(x)"
VIEW = "def f():\n    return torch.ones(4).view({}).sum(1).item()"
ARRAY = "def c(k):\n    return np.ones({}) if k else None\ndef f(k):\n    a = c(k)\n    if a:\n        return a"
HELPER = "def get(m):\n    return m.weight.detach().numpy()\ndef f(x):\n    m = nn.Linear(3, 1)\n    opt = torch.optim.SGD(m.parameters(), 0.1)\n    old = get(m)\n    m(x).sum().backward()\n    opt.step()\n    new = get(m)\n    return {}"
CAST = "def f():\n    with torch.autocast({}), torch.no_grad():\n        return (torch.ones(2, 2) @ torch.ones(2, 2)).numpy()"
GRAPH = "@torch.compile(fullgraph=True)\ndef f(x: torch.Tensor):\n    {}\n    return x"

LEAF = """
def f(self, t: torch.Tensor):
    with torch.no_grad():
        x = torch.relu(t)
    x.requires_grad = True
    {}
    return x
"""
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
    "a reduction that gives a question's answer": (
        "CNV305",
        FED.format("np.ones(3, np.float32) * np.ones(3).sum()"),
        FED.format("np.ones(3, np.float32) * np.ones(3).any()"),
    ),
    "a scalar type of NumPy": (
        "CNV305",
        FED.format("np.ones(3, np.float32) * np.float64(2.0)"),
        FED.format("np.ones(3, np.float32) * np.float32(2.0)"),
    ),
    "a dtype that nobody knows": (
        "CNV305",
        FED.format("np.asarray(np.ones(3), dtype=float)"),
        FED.replace("a: list", "a: list, k").format("np.asarray(np.ones(3), dtype=k)"),
    ),
    "a dtype as a code": ("CNV305", FED.format("np.asarray(a, '<f8')"), FED.format("np.asarray(a, '<f4')")),
    "written float32 on one branch, beside float64": (
        "CNV305",
        TWO.format("from_numpy", ""),
        TWO.format("from_numpy", "  # not np.float64"),
    ),
    "written float32 on one branch, and copied": ("CNV305", TWO.format("from_numpy", ""), TWO.format("as_tensor", "")),
    "what goes backward, and what is only called after it": (
        "CNV519",
        LEAF.format("self.backward(x)"),
        LEAF.format("x = self._backward_error(x)"),
    ),
    "a hook that Lightning calls without grad": ("CNV102", HOOK.format("training_step"), HOOK.format("test_step")),
    "what equals a constant, and what equals who knows what": ("CNV101", WHO.format("who"), WHO.format("'b'")),
    "a list of known length": ("CNV101", LENGTH.format("[1]"), LENGTH.format("[]")),
    "the type itself": ("CNV101", TYPE.format("torch.Tensor"), TYPE.format("np.ndarray")),
    "one of several classes, of something unknown": ("CNV111", CLASS.format("torch.Tensor"), CLASS.format("tuple")),
    "view": ("CNV401", VIEW.format("2, 2"), VIEW.format("1, 4")),
    "view with a list": ("CNV401", VIEW.format("[2, 2]"), VIEW.format("[1, 4]")),
    "view with a shape that nobody knows": (
        "CNV311",
        "def f(s):\n    return torch.tensor([row for row in torch.ones(4).view(2, 2).numpy()])",
        "def f(s):\n    return torch.tensor([row for row in torch.ones(4).view(s).numpy()])",
    ),
    "an array that is compared": (
        "CNV405",
        "def f(x):\n    if np.ones(3) == 1:\n        return 1",
        "def f(x):\n    if np.ones(3) == x:\n        return 1",
    ),
    "an array of one element, or None": ("CNV405", ARRAY.format(3), ARRAY.format(1)),
    "a module on an accelerator": (
        "CNV101",
        "def f(m: nn.Module):\n    m.cuda()\n    with torch.no_grad():\n        return m(torch.ones(3)).numpy()",
        "def f(m: nn.Module):\n    m.cpu()\n    with torch.no_grad():\n        return m(torch.ones(3)).numpy()",
    ),
    "something unknown that is written": (
        "CNV204",
        "def f(x: np.ndarray):\n    x += 1\n    return x",
        "def f(x):\n    x += 1\n    return x",
    ),
    "a leaf, and what may be one": (
        "CNV517",
        W + "    w.add_(1)",
        W + "    w.contiguous().add_(1)",
    ),
    "weights that a helper gives before and after a step": ("CNV203", HELPER.format("old"), HELPER.format("new")),
    "an allocation of each round": (
        "CNV201",
        "def f(n):\n    kept, a = [], np.zeros(3)\n    for i in range(n):\n        a += 1\n        kept.append(torch.from_numpy(a))\n    return kept",
        "def f(n):\n    kept = []\n    for i in range(n):\n        a = np.zeros(3)\n        a += 1\n        kept.append(torch.from_numpy(a))\n    return kept",
    ),
    "printed in a single graph": ("CNV701", GRAPH.format("print(x)"), GRAPH.format("repr(x)")),
    "printed, and no tensor": ("CNV701", GRAPH.format("print(x)"), GRAPH.format("print(3)")),
    "the square root of a tensor in a single graph": (
        "CNV701",
        GRAPH.format("math.sqrt(x.sum())"),
        GRAPH.format("math.sqrt(3)"),
    ),
    "summed by Python, on an accelerator or many": (
        "CNV416",
        "def f(x: torch.Tensor):\n    return sum(x.cuda())",
        "def f(x: torch.Tensor):\n    return sum(x)",
    ),
    "autocast, with its own dtype and with another": (
        "CNV103",
        CAST.format("'cpu'"),
        CAST.format("'cpu', torch.float16"),
    ),
    "the size of randint": (
        "CNV401",
        "def f():\n    return torch.randint(0, 5, (3,)).item()",
        "def f():\n    return torch.randint(0, 5, (1,)).item()",
    ),
    "a size behind a star": (
        "CNV401",
        "def f(a):\n    return torch.randint(0, 5, (3,)).item()",
        "def f(a):\n    return torch.randint(0, (3,), *a).item()",
    ),
    "a module that holds one on an accelerator": (
        "CNV101",
        "def f(x: torch.Tensor):\n    m = nn.Sequential(nn.Linear(3, 3).cuda())\n    with torch.no_grad():\n        return m(x).numpy()",
        "def f(x: torch.Tensor):\n    m = nn.Sequential(nn.Linear(3, 3))\n    with torch.no_grad():\n        return m(x).numpy()",
    ),
    "a module that holds one of float64": (
        "CNV305",
        "def f():\n    return nn.Sequential(nn.Linear(3, 1))(torch.from_numpy(np.ones(3)))",
        "def f():\n    return nn.Sequential(nn.Linear(3, 1, dtype=torch.float64))(torch.from_numpy(np.ones(3)))",
    ),
    "a type by its name": (
        "CNV103",
        "def f():\n    return torch.ones(3).bfloat16().numpy()",
        "def f():\n    return torch.ones(3).bfloat16().type('torch.FloatTensor').numpy()",
    ),
    "the dimension that a function reduces": (
        "CNV401",
        "def f():\n    return torch.sum(torch.ones(3, 1), 1).item()",
        "def f():\n    return torch.sum(torch.ones(3, 1), 0).item()",
    ),
    "looked at in a shape that nobody knows": (
        "CNV401",
        "def f(s):\n    return torch.ones(3).view(s).item()",
        "def f(s):\n    return torch.ones(1).view(s).item()",
    ),
    "a view of all, and of a part": (
        "CNV401",
        "def f():\n    return torch.ones(3, 3).t().item()",
        "def f():\n    return torch.ones(3).select(0, 1).item()",
    ),
    "made on the host, to be moved": (
        "CNV605",
        "def f():\n    return torch.zeros(3).to(torch.device('cuda'))",
        "def f():\n    return torch.zeros(3).to(torch.device('cpu'))",
    ),
    "integers that are divided and rounded stay integers": (
        "CNV414",
        "def f():\n    return [1, 2, 3][torch.div(torch.arange(6), 2)[0]]",
        'def f():\n    return [1, 2, 3][torch.div(torch.arange(6), 2, rounding_mode="floor")[0]]',
    ),
    "what is rounded has no fraction": (
        "CNV406",
        "def f():\n    return int(torch.arange(6).div(4)[0])",
        'def f():\n    return int(torch.arange(6).div(4, rounding_mode="trunc")[0])',
    ),
    "of integers a float32 keeps whether they are zero": (
        "CNV308",
        "def f():\n    return torch.Tensor(np.arange(5)).long()",
        "def f():\n    return torch.Tensor(np.arange(5)).bool()",
    ),
    "chosen by a condition": (
        "CNV101",
        "def f(c):\n    return torch.where(c, torch.ones(3).cuda(), torch.ones(3).cuda()).numpy()",
        "def f(c):\n    return torch.where(c, 1.0, 2.0).numpy()",
    ),
    "gradients lie where the inputs do": (
        "CNV101",
        "def f():\n    w = torch.ones(3, requires_grad=True, device='cuda')\n    return torch.autograd.grad(w.sum(), [w])[0].numpy()",
        "def f():\n    w = torch.ones(3, requires_grad=True)\n    return torch.autograd.grad(w.sum(), [w])[0].numpy()",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_fact_decides(name: str) -> None:
    code, hazard, twin = PAIRS[name]
    assert code in reported(hazard)
    assert code not in reported(twin)


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


SURE = {
    "both sides are used": ("np.zeros(3)", "t = torch.from_numpy(a)", "a, t", Confidence.CERTAIN),
    "the written side is given up": ("np.zeros(3)", "t = torch.from_numpy(a)", "t", Confidence.LIKELY),
    "a placeholder, both used": ("np.empty(3)", "t = torch.from_numpy(a)", "a, t", Confidence.LIKELY),
    "a placeholder, seen by a younger one": ("np.empty(3)", "t = torch.from_numpy(a)", "t", Confidence.LIKELY),
    "a placeholder, filled through another": (
        "torch.empty(3).numpy()",
        "t = torch.empty(3)\n    a, b = t.numpy(), t.numpy()",
        "b",
        Confidence.POSSIBLE,
    ),
}


@pytest.mark.parametrize(("made", "shared", "used", "sure"), SURE.values(), ids=SURE)
def test_how_sure_a_write_to_shared_memory_is_a_mistake(made: str, shared: str, used: str, sure: Confidence) -> None:
    code = f"def f():\n    a = {made}\n    {shared}\n    a += 1\n    return {used}\n"
    outcome = lint_source(Source("x.py", HEADER + code), Settings(confidence=Confidence.POSSIBLE, sieve=False))
    assert [each.confidence for each in outcome.findings if each.code == "CNV201"] == [sure]
