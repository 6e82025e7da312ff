"""Functions under torch.compile, vmap, trace, script, export and graph capture (CNV7xx): how they get there."""

from __future__ import annotations

import textwrap

import pytest
from snippets import HEADER

from torchconv_lint.lint import lint_source
from torchconv_lint.model import Confidence
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source


def found(code: str) -> set[str]:
    """The codes of the family that are reported in `code` by default confidence, all rules switched on."""
    source = Source("x.py", HEADER + "import functools\n" + textwrap.dedent(code))
    outcome = lint_source(source, Settings(confidence=Confidence.LIKELY, opt_in=("ALL",)))
    assert not outcome.problems
    assert outcome == lint_source(source, Settings(confidence=Confidence.LIKELY, opt_in=("ALL",), sieve=False))
    return {finding.code for finding in outcome.findings if finding.code.startswith("CNV7")}


HANDED_OVER = {
    "decorator": "@torch.compile\ndef f(x):\n    return x.sum().item()",
    "decorator with arguments": "@torch.compile(dynamic=True)\ndef f(x):\n    return x.sum().item()",
    "partial": "@functools.partial(torch.compile, dynamic=True)\ndef f(x):\n    return x.sum().item()",
    "call": "def f(x):\n    return x.sum().item()\ng = torch.compile(f)",
    "keyword": "def f(x):\n    return x.sum().item()\ng = torch.compile(model=f)",
    "transformer kept": "def f(x):\n    return x.sum().item()\ncompiled = torch.compile()\ng = compiled(f)",
    "lambda": "g = torch.compile(lambda x: x.sum().item())",
    "nested function": """
        def outer():
            @torch.compile
            def f(x):
                return x.sum().item()
            return f
    """,
    "helper": """
        def h(x: torch.Tensor):
            return x.sum().item()
        @torch.compile
        def f(x: torch.Tensor):
            return h(x)
    """,
    "module": """
        class Net(nn.Module):
            def forward(self, x):
                return x.sum().item()
        net = torch.compile(Net())
    """,
    "module, in place": """
        class Net(nn.Module):
            def forward(self, x):
                return x.sum().item()
        net = Net()
        net.compile(dynamic=True)
    """,
    "membership": "@torch.compile\ndef f(x: torch.Tensor):\n    return 0.0 in x",
    "method": """
        class Runner:
            def __init__(self):
                self.fast = torch.compile(self.slow)
            def slow(self, x):
                return x.sum().item()
    """,
    "inner module": """
        class Block(nn.Module):
            def forward(self, x):
                return x * x.max().item()
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.block = Block()
            def forward(self, x):
                return self.block(x)
        net = torch.compile(Net())
    """,
    "print": "@torch.compile\ndef f(x: torch.Tensor):\n    print(x)",
    "list": "@torch.compile\ndef f(x: torch.Tensor):\n    return x.tolist()",
    "mask": "@torch.compile\ndef f(x: torch.Tensor):\n    return x[x > 0]",
    "unknown object": "@torch.compile\ndef f(batch):\n    return batch['x'].item()",
}


@pytest.mark.parametrize("name", HANDED_OVER)
def test_handed_over(name: str) -> None:
    assert found(HANDED_OVER[name]) == {"CNV702"}


LEFT_OUT = {
    "not compiled": "def f(x):\n    return x.sum().item()",
    "re.compile": "import re\ndef f(x: torch.Tensor):\n    re.compile('a')\n    return x.sum().item()",
    "disabled helper": """
        @torch.compiler.disable
        def h(x: torch.Tensor):
            return x.sum().item()
        @torch.compile
        def f(x: torch.Tensor):
            return h(x)
    """,
    "asked first": """
        @torch.compile
        def f(x: torch.Tensor):
            if not torch.compiler.is_compiling():
                print(x.sum().item())
            return x
    """,
    "asked first, and": """
        @torch.compile
        def f(x: torch.Tensor):
            if not torch.compiler.is_compiling() and x.max() > 1:
                print("large")
            return x
    """,
    "array": "@torch.compile\ndef f(x: torch.Tensor):\n    return x.numpy()",
    "shape": "@torch.compile\ndef f(x: torch.Tensor):\n    return x if x.shape[0] > 1 else -x",
    "flag": "@torch.compile\ndef f(x, flag):\n    return x if flag else -x",
    "assertion": "@torch.compile\ndef f(x: torch.Tensor):\n    assert (x > 0).all()\n    return x",
    "f-string": "@torch.compile\ndef f(x: torch.Tensor):\n    return f'{x}'",
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_left_out(name: str) -> None:
    assert found(LEFT_OUT[name]) == set()


UNDER = {
    "fullgraph if": ("@torch.compile(fullgraph=True)\ndef f(x):\n    return x if x.sum() > 0 else -x", "CNV701"),
    "fullgraph equal": (
        "@torch.compile(fullgraph=True)\ndef f(x: torch.Tensor):\n    return torch.equal(x, x)",
        "CNV701",
    ),
    "fullgraph print": ("@torch.compile(fullgraph=True)\ndef f(x: torch.Tensor):\n    print(x)", "CNV701"),
    "fullgraph math": ("@torch.compile(fullgraph=True)\ndef f(x: torch.Tensor):\n    math.sqrt(x)", "CNV701"),
    "fullgraph item": ("@torch.compile(fullgraph=True)\ndef f(x):\n    return x * x.max().item()", None),
    "fullgraph bool kept": ("@torch.compile(fullgraph=True)\ndef f(x: torch.Tensor):\n    y = bool(x)", None),
    "fullgraph off": ("@torch.compile(fullgraph=False)\ndef f(x):\n    return x if x.sum() > 0 else -x", "CNV702"),
    "vmap all": ("def f(x, y):\n    return y.item()\ndef g(a):\n    return torch.vmap(f)(a, a)", "CNV703"),
    "vmap first": (
        "def f(x, y):\n    return y.item()\ndef g(a):\n    return torch.vmap(f, in_dims=(0, None))(a, a)",
        None,
    ),
    "vmap along the second": (
        "def f(x):\n    return x.item()\ndef g(a):\n    return torch.vmap(f, in_dims=1)(a)",
        "CNV703",
    ),
    "vmap along what is not known": (
        "def f(x):\n    return x.item()\ndef g(a, dims):\n    return torch.vmap(f, in_dims=dims)(a)",
        None,
    ),
    "vmap text": ("def f(x):\n    return f'{x}'\ndef g(a):\n    return torch.vmap(f)(a)", "CNV703"),
    "vmap print": ("def f(x):\n    print(x)\n    return x\ndef g(a):\n    return torch.vmap(f)(a)", None),
    "vmap of grad": (
        "def f(x):\n    return -x if x > 0 else x\ndef g(a):\n    return torch.vmap(torch.func.grad(f))(a)",
        "CNV703",
    ),
    "trace": ("def f(x):\n    return x * int(x.max())\ng = torch.jit.trace(f, torch.ones(2))", "CNV704"),
    "trace of what it did not get": (
        "def f(x):\n    return x * torch.ones(2).max().item()\ng = torch.jit.trace(f, torch.ones(2))",
        None,
    ),
    "trace of text": ("def f(x):\n    print(f'{x}')\n    return x\ng = torch.jit.trace(f, torch.ones(2))", None),
    "script": ("@torch.jit.script\ndef f(x: torch.Tensor):\n    return x.numpy()", "CNV705"),
    "script item": ("@torch.jit.script\ndef f(x: torch.Tensor):\n    return x.item()", None),
    "export item": (
        "class N(nn.Module):\n    def forward(self, x):\n        return x * x.max().item()\n"
        "p = torch.export.export(N(), (torch.ones(2),))",
        None,
    ),
    "export number tested": (
        "class N(nn.Module):\n    def forward(self, x):\n        return x if x.max().item() > 0 else -x\n"
        "p = torch.export.export(N(), (torch.ones(2),))",
        "CNV706",
    ),
    "export assertion": (
        "class N(nn.Module):\n    def forward(self, x):\n        assert x.max() > 0\n        return x\n"
        "p = torch.export.export(N(), (torch.ones(2),))",
        "CNV706",
    ),
    "capture": (
        "def f(x: torch.Tensor):\n    with torch.cuda.graph(torch.cuda.CUDAGraph()):\n        y = x.cuda()\n"
        "        y.sum().item()",
        "CNV707",
    ),
    "capture on the cpu": (
        "def f(graph):\n    with torch.cuda.graph(graph):\n        torch.ones(2).sum().item()",
        None,
    ),
    "backward": (
        "class F(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n        return torch.exp(x)\n"
        "    @staticmethod\n    def backward(ctx, grad):\n"
        "        return grad * grad.max().item()",
        "CNV708",
    ),
    "backward once": (
        "class F(torch.autograd.Function):\n    @staticmethod\n    @torch.autograd.function.once_differentiable\n"
        "    def backward(ctx, grad):\n        return grad * grad.max().item()",
        None,
    ),
    "grad": ("def f(x):\n    return x * x.item()\ng = torch.func.grad(f)", "CNV709"),
    "grad, in two steps": ("def f(x):\n    n = float(x) * 2\n    return x * n\ng = torch.func.grad(f)", "CNV709"),
    "grad by the second": (
        "def f(x, y):\n    return y * y.item()\ng = torch.func.grad(f, argnums=1)",
        "CNV709",
    ),
    "grad by several": (
        "def f(x, y):\n    return y * y.item()\ng = torch.func.grad(f, argnums=(0, 1))",
        "CNV709",
    ),
    "grad by what is not known": (
        "def f(x, y):\n    return y * y.item()\ndef h(n):\n    return torch.func.grad(f, argnums=n)",
        None,
    ),
    "vjp": ("def f(x, y):\n    return y * y.item()\ndef h(a):\n    return torch.func.vjp(f, a, a)", "CNV709"),
    "jacobian": (
        "def f(x):\n    return x * x.item()\ndef h(a):\n    return torch.autograd.functional.jacobian(f, a)",
        "CNV709",
    ),
    "grad by the other": ("def f(x, y):\n    return y * y.item()\ng = torch.func.grad(f)", None),
    "grad, array": ("def f(x):\n    return np.sin(x.numpy())\ng = torch.func.jacrev(f)", "CNV709"),
    "grad, shown": ("def f(x):\n    print(x.item())\n    return x\ng = torch.func.hessian(f)", None),
    "grad, detached": ("def f(x):\n    return x * x.detach().item()\ng = torch.func.grad(f)", None),
    "grad, tested": ("def f(x):\n    return x if x > 0 else -x\ng = torch.func.grad(f)", None),
    "backward, shown": (
        "class F(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n        return torch.exp(x)\n"
        "    @staticmethod\n    def backward(ctx, grad):\n        print(grad.max().item())\n        return grad",
        None,
    ),
    "backward of something else": ("class F:\n    def backward(self, grad):\n        return grad.max().item()", None),
}


@pytest.mark.parametrize("name", UNDER)
def test_under(name: str) -> None:
    code, expected = UNDER[name]
    assert found(code) == ({expected} if expected else set())


def test_what_a_transform_gives_is_followed_where_it_is_the_function_again() -> None:
    code = """
        def f():
            net = torch.compile(nn.Linear(2, 2).cuda())
            return net(torch.ones(1, 2).cuda()).detach().numpy()
    """
    outcome = lint_source(Source("x.py", HEADER + textwrap.dedent(code)), Settings(opt_in=("CNV101",)))
    assert [finding.code for finding in outcome.findings] == ["CNV101"]


def test_other_findings_do_not_depend_on_transforms() -> None:
    code = """
        def inner(x):
            return x.numpy()
        @torch.compile
        def f(x: torch.Tensor):
            return inner(x.to("cuda"))
    """
    source = Source("x.py", HEADER + textwrap.dedent(code))
    plain = lint_source(source, Settings(opt_in=("CNV101",))).findings
    assert [finding.code for finding in plain] == ["CNV101"]
    everything = lint_source(source, Settings(opt_in=("CNV101", "CNV7"))).findings
    assert [finding for finding in everything if not finding.code.startswith("CNV7")] == list(plain)
