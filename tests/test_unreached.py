"""Statements before which the program surely raises: what they would show is never seen."""

from __future__ import annotations

import textwrap

import pytest
import torch

from torchconv_lint.analysis.calling.calls import _NO_METHODS
from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

HEADER = """\
import numpy as np
import torch
from torch import nn
"""


def lines(code: str, path: str = "x.py", header: str = HEADER) -> list[int]:
    """The lines of `code` with a finding."""
    outcome = lint_source(Source(path, header + textwrap.dedent(code)), Settings(opt_in=("CNV1",)))
    assert not outcome.problems
    return [finding.span.line - header.count("\n") for finding in outcome.findings]


PLACES = {
    "a statement": "print(missing)",
    "a condition": "if missing: print(1)",
    "a later condition": "if b: print(1)\n    elif missing: print(1)\n    else: print(missing)",
    "a text": "print(f'{missing}')",
    "both branches of an expression": "z = missing if b else missing",
    "what a loop goes through": "for _ in missing: pass",
    "what a while loop asks": "while missing: pass",
    "a context": "with missing: pass",
    "an assertion": "assert missing",
    "the first operand": "z = missing or b",
    "the first operand of a test": "if missing or b: pass",
    "elements of a comprehension": "z = [missing for _ in range(3)]",
    "a name of another function": "print(elsewhere_only)",
    "an attribute of a class": "print(konst)",
}


@pytest.mark.parametrize("name", PLACES)
def test_nothing_is_reached_after_a_name_that_nothing_binds(name: str) -> None:
    ends = name == "a later condition"  # the first branch comes through
    code = f"""
def other():
    elsewhere_only = 1
class A:
    konst = 3
def f(b):
    x = torch.ones(3).cuda()
    {PLACES[name]}
    return x.numpy()
"""
    assert bool(lines(code)) is ends
    assert lines(code.replace("missing", "b").replace("elsewhere_only)", "b)").replace("konst)", "b)"))


MAYBE = {
    "the other branch": "z = missing if b else 1",
    "a second operand": "z = b or missing",
    "a second operand of a test": "if b and missing: pass",
    "what a comprehension asks for": "z = [missing for k in b if k]",
    "caught": "try:\n        missing\n    except NameError:\n        pass",
    "a builtin": "print(len)",
    "Python 2's builtin": "print(xrange)",
    "a builtin whose result is written": "vars(b)['x'] = 1",
    "a parameter": "print(b)",
    "bound below": "print(below)\n    below = 1",
    "bound by a function inside": "def g():\n        inside = 1\n    print(inside)",
    "the name of an error": "try:\n        pass\n    except ValueError as error:\n        pass\n    print(error)",
    "matched": "match b:\n        case {'a': 1, **rest}: pass\n        case [*c] as d: pass\n    print(rest, c, d)",
    "made global": "print(made_global)",
    "imported": "import os.path as p\n    print(p)",
    "the module's": "print(of_module)",
    "a function's": "print(other)",
    "dunder": "print(__spec__)",
}


@pytest.mark.parametrize("name", MAYBE)
def test_what_may_be_bound_ends_nothing(name: str) -> None:
    code = f"""
if True:
    of_module = 1
def other():
    global made_global
    made_global = 1
def f(b):
    x = torch.ones(3).cuda()
    {MAYBE[name]}
    return x.numpy()
"""
    assert lines(code)


@pytest.mark.parametrize("header", ["from somewhere import *\n", "exec('missing = 1')\n", "globals()['missing'] = 1\n"])
def test_what_binds_names_that_nobody_sees_leaves_everything_open(header: str) -> None:
    code = "def f():\n    x = torch.ones(3).cuda()\n    print(missing)\n    return x.numpy()\n"
    assert lines(code, header=HEADER + header) == [4]
    assert lines(code) == []
    assert lines(code, path="x.ipynb") == [4]


def test_a_name_that_is_missing_in_the_module_itself() -> None:
    assert lines("x = torch.ones(3).cuda()\nprint(missing)\nx.numpy()\n") == []
    assert lines("x = torch.ones(3).cuda()\nprint(there)\nx.numpy()\ndef there(): pass\n") == [3]


def test_a_name_that_is_missing_in_a_function_inside() -> None:
    code = """
        def f():
            def g():
                x = torch.ones(3).cuda()
                print({})
                return x.numpy()
            outer = 1
            return g()
    """
    assert lines(code.format("outer")) == [6]
    assert lines(code.format("missing")) == []


@pytest.mark.parametrize("name", sorted(_NO_METHODS))
def test_what_a_tensor_has_and_cannot_be_called(name: str) -> None:
    with pytest.raises(TypeError, match="not callable"):
        getattr(torch.ones(2), name)()
    code = f"def f():\n    x = torch.ones(3).cuda()\n    y = x.{name}()\n    return x.numpy()\n"
    assert lines(code) == []
    assert lines(code.replace(f"{name}()", name)) == [4]


def test_what_one_of_several_refuses_the_others_need_not() -> None:
    code = """
        def f(flag):
            x = torch.ones(2, 3).cuda()
            net = nn.Linear(3, 3)
            if flag:
                net = nn.Linear(3, 3).cuda()
            y = net(x)
            return np.histogram(x)
    """
    assert lines(code) == [8]
    assert lines(code.replace("3).cuda()\n            y", "3)\n            y")) == []


def test_a_function_that_surely_raises_ends_its_callers() -> None:
    code = """
        def g(x):
            return x + missing
        def f():
            x = torch.ones(3).cuda()
            g(x)
            return x.numpy()
    """
    assert lines(code) == []
    assert lines(code.replace("missing", "1")) == [7]


def test_a_keyword_that_is_refused_is_told_of_once() -> None:
    code = """
        def f(x: torch.Tensor):
            a = torch.Tensor([1.0], device=x.device, dtype=x.dtype)
            b = torch.Tensor([2.0], dtype=x.dtype)
            return a + b
    """
    assert lines(code) == [3]
    with pytest.raises(TypeError):
        torch.Tensor([1.0], device=torch.device("cpu"), dtype=torch.float32)
