"""Copies that are not waited for (CNV611, CNV612): what counts as waiting, reading and writing."""

from __future__ import annotations

import textwrap

import pytest
from snippets import HEADER

from torchconv_lint.lint import lint_source
from torchconv_lint.model import Confidence
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source


def found(code: str, confidence: Confidence = Confidence.LIKELY) -> set[str]:
    """The codes of the two rules that are reported in `code`."""
    outcome = lint_source(Source("x.py", HEADER + textwrap.dedent(code)), Settings(confidence=confidence))
    assert not outcome.problems
    return {finding.code for finding in outcome.findings if finding.code.startswith("CNV61")}


def download(*lines: str) -> str:
    """A function that begins a copy `h` of `x` to the host, and goes on with `lines`."""
    body = ["x = x.cuda()", "h = x.to('cpu', non_blocking=True)", *lines]
    return "def f(x: torch.Tensor, other, stream, out: torch.Tensor, a: np.ndarray):\n    " + "\n    ".join(body)


READ = ["h.item()", "float(h)", "h.tolist()", "h + 1", "1 - h", "print(h)", "if h > 1: pass", "h.clone()"]
READ += ["h.float().sum()"]
READ += ["torch.cat([h, h])", "torch.exp(h)", "np.asarray(h)", "out[0] = h", "a[0] = h", "total = 0; total += h"]
READ += ["h.view(-1).sum()", "g = h.detach(); g.sum()", "if stream: stream.x()\n    h.sum()"]


@pytest.mark.parametrize("line", READ)
def test_read_too_early(line: str) -> None:
    assert found(download(line)) == {"CNV611"}


WAITED = [
    "torch.cuda.synchronize()",
    "stream.synchronize()",
    "stream.wait_event(other)",
    "other.barrier()",
    "x.sum().item()",
]
WAITED += ["while not other.query():\n        pass", "if not other.query():\n        return"]
WAITED += ["if out is None or not other.query():\n        return"]
WAITED += ["y = x.cpu()", "synchronize()", "if x.is_cuda:\n        torch.cuda.synchronize()"]


@pytest.mark.parametrize("line", WAITED)
def test_waited_for(line: str) -> None:
    assert found(download(line, "h.sum()")) == set()


NOT_READ = [
    "return h",
    "h.shape",
    "h.view(-1)",
    "d = {}; d['a'] = h",
    "h.to('cuda')",
    "other[0] = h",
    "h.numel()",
    "return h.float()",
]


LATER = {
    "numbers": ("def numbers(x):", {"CNV611"}),
    "by its name": ("def numbers_async(x):", set()),
    "by its docstring": (
        'def numbers(x):\n        """Enqueue the copy; the event tells when it has arrived."""',
        set(),
    ),
}


@pytest.mark.parametrize("name", LATER)
def test_callers_wait(name: str) -> None:
    begin, shown = LATER[name]
    assert found(begin + "\n        return x.to('cpu', non_blocking=True).numpy()") == shown
    assert found(begin + "\n        return x.to('cpu', non_blocking=True).sum().item()") == {"CNV611"}


@pytest.mark.parametrize("line", NOT_READ)
def test_not_read(line: str) -> None:
    assert found(download(line)) == set()


NO_COPY = {
    "an upload": "def f(x, device):\n    y = x.to(device, non_blocking=True)\n    return (y + 1).sum().item()",
    "an upload to one of two devices": """
        class Estimator:
            def __init__(self, gpu):
                if gpu:
                    self.device = torch.device("cuda")
                else:
                    self.device = torch.device("cpu")
            def fit(self, x: torch.Tensor):
                x = x.to(self.device, non_blocking=True)
                return (x + 1).sum().item()
    """,
    "blocking": "def f(x: torch.Tensor):\n    return x.cuda().to('cpu', non_blocking=False).numpy()",
    "asked by somebody else": "def f(x: torch.Tensor, flag):\n    return x.cuda().to('cpu', non_blocking=flag).numpy()",
    "on the cpu already": "def f():\n    return torch.ones(2).to('cpu', non_blocking=True).numpy()",
    "ordinary memory": """
        def f(x: torch.Tensor):
            h = torch.empty(2)
            h.copy_(x.cuda(), non_blocking=True)
            return h.sum()
    """,
}


@pytest.mark.parametrize("name", NO_COPY)
def test_no_copy(name: str) -> None:
    assert found(NO_COPY[name]) == set()


def test_a_copy_between_unknown_devices() -> None:
    code = """
        def f(grad, state, memory, index: torch.Tensor):
            there = (memory[index].to(grad.device) * 2).to(state.device, non_blocking=True)
            {}
    """
    # That the target may be the CPU is a guess: shown only when asked for.
    assert found(code.format("memory[index] = there")) == set()
    assert found(code.format("memory[index] = there"), Confidence.POSSIBLE) == {"CNV611"}
    assert found(code.format("return there + 1")) == set()
    assert found(code.format("return there + 1"), Confidence.POSSIBLE) == {"CNV611"}


def test_across_functions() -> None:
    helpers = """
        def start(x: torch.Tensor):
            return x.to("cpu", non_blocking=True)
        def finish():
            torch.cuda.synchronize()
        def read(h):
            return h.numpy()
    """
    begin = "    h = start(x.cuda())\n"
    assert found(textwrap.dedent(helpers) + "def f(x: torch.Tensor):\n" + begin + "    return h.numpy()") == {"CNV611"}
    assert found(textwrap.dedent(helpers) + "def f(x: torch.Tensor):\n" + begin + "    return read(h)") == {"CNV611"}
    assert (
        found(textwrap.dedent(helpers) + "def f(x: torch.Tensor):\n" + begin + "    finish()\n    return h.numpy()")
        == set()
    )


def upload(*lines: str) -> str:
    """A function that begins an upload of the pinned `b`, and goes on with `lines`."""
    body = ["b = torch.zeros(3, pin_memory=True)", "g = b.cuda(non_blocking=True)", *lines]
    return "def f(x: torch.Tensor):\n    " + "\n    ".join(body)


@pytest.mark.parametrize("line", ["b[:] = x", "b += 1", "b.zero_()", "b.copy_(x)"])
def test_rewritten_too_early(line: str) -> None:
    assert found(upload(line)) == {"CNV612"}


@pytest.mark.parametrize("line", ["torch.cuda.synchronize(); b[:] = x", "b = b + 1", "b = x; b[:] = 0", "b.sum()"])
def test_not_rewritten(line: str) -> None:
    assert found(upload(line)) == set()


LOOPS = {
    "in the next round": ("b.copy_(x)\n        g = b.to('cuda', non_blocking=True)", True),
    "waited in between": ("b.copy_(x)\n        g = b.to('cuda', non_blocking=True)\n        g.sum().item()", False),
    "waited before": ("torch.cuda.synchronize()\n        b.copy_(x)\n        g = b.cuda(non_blocking=True)", False),
    "fresh memory": ("b = x.pin_memory()\n        b.add_(1)\n        g = b.cuda(non_blocking=True)", False),
    "kept on the object": (
        "self.b = x.pin_memory()\n        self.b.add_(1)\n        self.b.cuda(non_blocking=True)",
        False,
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_in_a_loop(name: str) -> None:
    body, hazard = LOOPS[name]
    head = "class A:\n  def f(self, xs: List[torch.Tensor]):\n    b = torch.empty(3, pin_memory=True)"
    assert found(f"{head}\n    for x in xs:\n        {body}") == ({"CNV612"} if hazard else set())


def test_a_buffer_of_the_object() -> None:
    code = """
        class Sender:
            def __init__(self):
                self.buffer = torch.empty_like(torch.ones(3), pin_memory=True)
                self.there = torch.empty(3, device="cuda")
            def send(self, x: torch.Tensor):
                self.there.copy_(self.buffer, non_blocking=True)
                self.buffer.copy_(x)
    """
    assert found(code) == {"CNV612"}
