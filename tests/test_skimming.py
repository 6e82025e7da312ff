"""What a module's text tells of the names in it, and of the functions that convert what they are given."""

from __future__ import annotations

import ast

import pytest

from torchconv_lint.analysis.elsewhere.sinks import converts, methods
from torchconv_lint.analysis.elsewhere.skimming import Skimmed
from torchconv_lint.analysis.semantics.unbound import Bindings
from torchconv_lint.source import lines_with, split_lines

ASSIGNED = [
    "x = 1",
    "a, x = 1, 2",
    "(x, b) = 1",
    "x: str = 'cpu'",
    "if a:\n    x = 2",
    "import x",
    "import os as x",
    "for x in y:",
    "with y as x:",
    "try:\n    def x(): pass",
    "x=3",
]
NOT_ASSIGNED = [
    "",
    "y = f(x)",
    "def f(x=1):\n    pass",
    "from a import x",
    "    __all__ = ['x']",
    "x == 3",
    "def x():\n    pass",
    "y = f(a,\n    b)",
]


@pytest.mark.parametrize("text", ASSIGNED)
def test_what_may_be_assigned(text: str):
    assert Skimmed(text).may_assign("x")


@pytest.mark.parametrize("text", NOT_ASSIGNED)
def test_what_is_not(text: str):
    assert not Skimmed(text).may_assign("x")


def test_definitions():
    text = Skimmed("def f(\n    x,\n):\n    pass\n\n\n@g\nclass A:\n    def f(self):\n        pass\n\nB = 1\n")
    assert text.definition("f") == "def f(\n    x,\n):\n    pass\n\n\n"
    assert text.definition("A") == "class A:\n    def f(self):\n        pass\n\n"
    assert text.definition("B") is None
    assert text.defines("A")
    assert not text.defines("B")


def test_what_is_passed_on():
    text = Skimmed("from .a import (\n    x,\n    y as z,\n)\nfrom . import b\nfrom c import *\n")
    assert [*text.passed_on("x")] == [".a.x"]
    assert [*text.passed_on("z")] == [".a.y"]
    assert [*text.passed_on("b")] == [".b"]
    assert [*text.passed_on("q")] == []
    assert text.stars == ["c"]


def test_names_of_converting_packages():
    text = Skimmed("import numpy as np\nfrom sklearn.metrics import (\n    f1_score as f1,\n)\nimport os\n")
    assert {"np", "f1"} <= text.converting
    assert "os" not in text.converting


MODULE = Skimmed("import numpy as np\nimport matplotlib.pyplot as plt\ndef to_array(x):\n    return x.numpy()\n")
CONVERTING = [
    "def f(x):\n    return x.numpy()",
    "def f(x):\n    y = x.softmax(1)\n    return np.asarray(y)",
    "def f(x):\n    return x.cpu().numpy()",
    "def f(x):\n    return x.detach().numpy()",
    "def f(xs):\n    for x in xs:\n        plt.plot(x)",
    "def f(xs):\n    return np.mean([x.sum() for x in xs])",
    "def f(ax, x):\n    ax.imshow(x)",
    "def f(x, y):\n    a, b = x, y\n    np.save('f', b)",
    "def f(x):\n    return np.clip(a=x, a_min=0)",
    "def f(x):\n    return to_array(x * 2)",
]
NOT_CONVERTING = [
    "def f(x):\n    return x",
    "def f(x):\n    return x.detach().cpu().numpy()",
    "def f(x):\n    x = x.detach().cpu()\n    return np.asarray(x)",
    "def f(x):\n    return np.zeros(x)",
    "def f(x):\n    return np.asarray(len(x))",
    "def f(x):\n    return np.asarray(x.shape)",
    "def f(x):\n    y = np.ones(3)\n    return np.sum(y)",
    "def f(x):\n    return np.asarray(x.tolist())",
    "def f(x:\n    return np.asarray(x)",
    "y = np.asarray(x)",
    "def f(x):\n    return to_array(x.detach().cpu())",
]


@pytest.mark.parametrize("code", CONVERTING)
def test_what_converts(code: str):
    assert converts(MODULE, code)


@pytest.mark.parametrize("code", NOT_CONVERTING)
def test_what_does_not(code: str):
    assert not converts(MODULE, code)


def test_methods():
    code = (
        "class A:\n    def f(self, x):\n        return x.numpy()\n\n    @property\n    def g(self):\n        return 1\n"
    )
    found = dict(methods(code, frozenset({"f"})))
    assert found == {"f": "    def f(self, x):\n        return x.numpy()\n\n"}
    assert converts(Skimmed(""), found["f"])


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\nb\n", ["a\n", "b\n"]),
        ("a\r\nb", ["a\r\n", "b"]),
        ("a\rb\n", ["a\r", "b\n"]),
        ("a\fb\n", ["a\fb\n"]),
        ("a\u2028b\nc", ["a\u2028b\n", "c"]),
        ("\n\n", ["\n", "\n"]),
    ],
)
def test_lines_are_those_of_python(text: str, lines: list[str]):
    """`str.splitlines` ends them at more."""
    assert split_lines(text) == lines


def test_lines_with_a_word():
    text = "ab\nb a\n\nc\nab ab"
    assert [text[start:].partition("\n")[0] for start in lines_with(text, "ab")] == ["ab", "ab ab"]
    assert list(lines_with("", "ab")) == []


@pytest.mark.parametrize(
    ("line", "may"),
    [
        ("from a import *", True),
        ("exec(code)", True),
        ("globals()['x'] = 1", True),
        ("vars()['x'] = 1", True),
        ("import builtins", True),
        ("sys.modules[name]", True),
        ("executor.exec_all()", False),
        ("my_exec = 1", False),
        ("vars(x)", False),
        ("_locals()", False),
    ],
)
def test_what_may_bind_names_unseen(line: str, may: bool):
    assert Bindings(line, ast.parse(line), "x.py").lacks("missing", None) != may
