"""From proposals to edits: parentheses, comments, imports, and proposals that cannot be carried out."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Iterator

import libcst as cst
import pytest

from torchconv_lint.analysis.nodes.building import children
from torchconv_lint.analysis.nodes.site import Segment, Site
from torchconv_lint.fixing.edits import apply_edits
from torchconv_lint.fixing.proposal import Proposal, after, around, instead, keyword
from torchconv_lint.fixing.resolve import Patcher
from torchconv_lint.model import Safety
from torchconv_lint.source import Source


def marks(node: cst.CSTNode) -> Iterator[cst.Call]:
    """The calls of functions and methods called `mark`."""
    if isinstance(node, cst.Call):
        func = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
        if isinstance(func, cst.Name) and func.value == "mark":
            yield node
    for child in children(node):
        yield from marks(child)


def sites(source: Source) -> list[Site]:
    segment = Segment(source, ast.parse(source.text).body)
    return [Site(segment, call) for statement in segment.body for call in marks(statement)]


def fixed(code: str, propose: Callable[..., Proposal]) -> str | None:
    """`code` after what is proposed for its calls of `mark`; None if that is refused."""
    source = Source("x.py", code)
    fix = Patcher(source, ast.parse(code)).fix(propose(*sites(source)))
    if fix is None:
        return None
    result = apply_edits(code, fix.edits)
    ast.parse(result)
    return result


def proposal(*changes: object, names: tuple[str, ...] = ()) -> Proposal:
    return Proposal("do it", Safety.SAFE, changes, names)  # type: ignore[arg-type]


def on_argument(text: str) -> Callable[[Site], Proposal]:
    return lambda call: proposal(after(call.arguments[0], text))


def on_receiver(text: str) -> Callable[[Site], Proposal]:
    return lambda call: proposal(after(call.receiver, text))  # type: ignore[arg-type]


def to_method(call: Site) -> Proposal:
    return proposal(instead(call, call.arguments[0], ".item()"))


AFTER = {
    "a name": ("mark(x)", "mark(x.y())"),
    "a sum": ("mark(a + b)", "mark((a + b).y())"),
    "a sum in parentheses": ("mark((a + b))", "mark((a + b).y())"),
    "a call": ("mark(f(a)[0])", "mark(f(a)[0].y())"),
    "a sign binds less": ("mark(-x)", "mark((-x).y())"),
    "a power": ("mark(x ** 2)", "mark((x ** 2).y())"),
    "a number": ("mark(1)", "mark((1).y())"),
    "a condition": ("mark(a if b else c)", "mark((a if b else c).y())"),
    "await": ("async def f():\n    mark(await x)", "async def f():\n    mark((await x).y())"),
    "lambda": ("mark(lambda: x)", "mark((lambda: x).y())"),
    "assignment expression": ("mark(a := b)", "mark((a := b).y())"),
    "bare generator": ("mark(a for a in b)", "mark((a for a in b).y())"),
    "lines and a comment": ("mark(\n    x  # why\n)", "mark(\n    x.y()  # why\n)"),
    "lines of a chain": ("mark(x\n     .a()\n)", "mark(x\n     .a().y()\n)"),
    "wide characters": ("'é𝔘'; mark(ä)", "'é𝔘'; mark(ä.y())"),
    "an f-string": ("f'{mark(x)!r:>{w}} {y}'", "f'{mark(x.y())!r:>{w}} {y}'"),
    "tabs": ("if a:\n\tif b:\n\t\tmark(x)", "if a:\n\tif b:\n\t\tmark(x.y())"),
    "a form feed": ("a = 1\n\x0c\nmark(x)\n", "a = 1\n\x0c\nmark(x.y())\n"),
    "other line separators": ("a = '\u2028\x0b'\nmark(x)\n", "a = '\u2028\x0b'\nmark(x.y())\n"),
    "CRLF": ("a = 1\r\nmark(x)\r\n", "a = 1\r\nmark(x.y())\r\n"),
    "CR alone": ("a = 1\rmark(x)\r", "a = 1\rmark(x.y())\r"),
    "a backslash": ("a = \\\n    mark(x)", "a = \\\n    mark(x.y())"),
    "a decorator": ("@mark(x)\ndef f(): ...", "@mark(x.y())\ndef f(): ..."),
    "statements on one line": ("a = 1; mark(x); b = (\n2)", "a = 1; mark(x.y()); b = (\n2)"),
}


@pytest.mark.parametrize(("code", "expected"), AFTER.values(), ids=AFTER)
def test_after(code: str, expected: str) -> None:
    assert fixed(code, on_argument(".y()")) == expected


RECEIVER = {
    "a name": ("x.mark()", "x.y().mark()"),
    "a sum": ("(a + b).mark()", "(a + b).y().mark()"),
    "a chain over lines": (
        "z = (x\n     .a()  # one\n     .mark())",
        "z = (x\n     .a().y()  # one\n     .mark())",
    ),
    "a chain in brackets": ("z = [x\n  .mark()]", "z = [x.y()\n  .mark()]"),
    "a backslash": ("z = x \\\n    .mark()", "z = x.y() \\\n    .mark()"),
}


@pytest.mark.parametrize(("code", "expected"), RECEIVER.values(), ids=RECEIVER)
def test_receiver(code: str, expected: str) -> None:
    assert fixed(code, on_receiver(".y()")) == expected


INSTEAD = {
    "a name": ("z = mark(t)", "z = t.item()"),
    "a sum": ("z = mark(a - b)", "z = (a - b).item()"),
    "lines": ("z = mark(\n    t\n)", "z = t.item()"),
    "a chain over lines needs parentheses": ("z = mark(a\n    .b())", "z = (a\n    .b()).item()"),
    "calls that would become two statements": ("z = mark(a\n(b))", "z = (a\n(b)).item()"),
    "a trailing comma": ("z = mark(t,)", "z = t.item()"),
    "within a power": ("z = mark(t) ** 2", "z = t.item() ** 2"),
    "a keyword before": ("z = not mark(t)", "z = not t.item()"),
    "no blank between": ("z = 1 if mark(t)else 2", "z = 1 if t.item()else 2"),
}


@pytest.mark.parametrize(("code", "expected"), INSTEAD.values(), ids=INSTEAD)
def test_instead(code: str, expected: str) -> None:
    assert fixed(code, to_method) == expected


AROUND = {
    "an argument": "f({}, 1)",
    "a named argument": "f(k={})",
    "an item": "[1, {}, *z]",
    "behind a star": "f(*{})",
    "a value": "{{1: {}, **z}}",
    "behind two stars": "f(**{})",
    "an index": "z[{}]",
    "on the line of a condition": "if a: {}",
    "of another condition": "if a: pass\nelif {}: pass",
    "in a loop in a function": "def f():\n\tfor a in {}:\n\t\tpass",
    "a decorator": "@f({})\ndef g(): ...",
    "in an f-string among arguments": "f('é', f'{{{}}}', 1)",
    "with a comment behind": "f(\n  {}  # why\n)",
}
ONE_LINE = {name: pair for name, pair in INSTEAD.items() if pair[0].startswith("z = ") and "\n" not in pair[0]}


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
@pytest.mark.parametrize(("code", "expected"), ONE_LINE.values(), ids=ONE_LINE)
def test_where_it_stands_changes_nothing(around: str, code: str, expected: str) -> None:
    code, expected = (around.format(text.removeprefix("z = ")) for text in (code, expected))
    assert fixed(code, to_method) == expected


def test_only_what_is_around_a_change_is_parsed_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    code = f"z = [{', '.join(f'mark({n} + a)' for n in range(100))}]"
    source = Source("x.py", code)
    patcher, parsed, parse = Patcher(source, ast.parse(code)), [], ast.parse

    def counted(text: str) -> ast.Module:
        parsed.append(text)
        return parse(text)

    calls = sites(source)
    monkeypatch.setattr(ast, "parse", counted)
    assert all(patcher.fix(to_method(call)) for call in calls)
    assert max(map(len, parsed)) < 50


def test_a_comment_is_never_lost() -> None:
    assert fixed("z = mark(  # important\n    t)", to_method) is None


def test_new_text_that_binds_less_gets_parentheses() -> None:
    def propose(call: Site) -> Proposal:
        return proposal(instead(call, call.arguments[0], " is not None"))

    assert fixed("z = mark(a) + 1", propose) == "z = (a is not None) + 1"
    assert fixed("z = mark(a) and b", propose) == "z = a is not None and b"
    assert fixed("if mark(a or b): ...", propose) == "if (a or b) is not None: ..."


KEYWORD = {
    "first": ("mark()", "mark(d=1)"),
    "another": ("mark(a)", "mark(a, d=1)"),
    "behind a trailing comma's argument": ("mark(a,)", "mark(a, d=1,)"),
    "lines and a comment": ("mark(\n    a,\n    b  # last\n)", "mark(\n    a,\n    b, d=1  # last\n)"),
    "a list": ("mark([1, 2])", "mark([1, 2], d=1)"),
    "stars": ("mark(*a)", "mark(*a, d=1)"),
    "keyword": ("mark(b=2)", "mark(b=2, d=1)"),
    "a condition": ("mark(a if b else c)", "mark(a if b else c, d=1)"),
    "a generator": ("mark(a for a in b)", "mark((a for a in b), d=1)"),
}


@pytest.mark.parametrize(("code", "expected"), KEYWORD.values(), ids=KEYWORD)
def test_keyword(code: str, expected: str) -> None:
    assert fixed(code, lambda call: proposal(keyword(call, "d=1"))) == expected


@pytest.mark.parametrize("code", ["mark(**a)", "mark(d=2)"])
def test_no_argument_is_given_twice(code: str) -> None:
    assert fixed(code, lambda call: proposal(keyword(call, "d=1"))) is None


def test_lines_of_comments_stay() -> None:
    code = "z = (x\n     # why\n     .a()\n     .mark())"
    source = Source("x.py", code)
    (site,) = sites(source)
    receiver = site.receiver
    assert receiver is not None
    fix = Patcher(source, ast.parse(code)).fix(proposal(after(receiver, ".y()")))
    assert fix is not None
    assert apply_edits(code, fix.edits) == "z = (x\n     # why\n     .a().y()\n     .mark())"


def test_several_changes() -> None:
    def propose(outer: Site, inner: Site) -> Proposal:
        return proposal(after(outer, ".o()"), after(inner.arguments[0], ".i()"))

    assert fixed("mark(mark(a + b))", propose) == "mark(mark((a + b).i())).o()"


def test_what_does_not_parse_is_refused() -> None:
    assert fixed("mark(x)", on_argument(" b")) is None


def copied(call: Site) -> Proposal:
    return proposal(around(call, "copy.deepcopy(", ")"), names=("copy.deepcopy",))


IMPORTS = {
    "sorted among others": (
        "import argparse\nimport os\n\nimport torch\nmark()",
        "import argparse\nimport copy\nimport os\n\nimport torch\ncopy.deepcopy(mark())",
    ),
    "behind all others": (
        "import abc\n\nimport torch\nmark()",
        "import abc\nimport copy\n\nimport torch\ncopy.deepcopy(mark())",
    ),
    "before from": ("from os import path\nmark()", "import copy\nfrom os import path\ncopy.deepcopy(mark())"),
    "a section of its own": ("import torch\nmark()", "import copy\n\nimport torch\ncopy.deepcopy(mark())"),
    "docstring and future": (
        '"""Doc."""\nfrom __future__ import annotations\n\n# torch\nimport torch\nmark()',
        '"""Doc."""\nfrom __future__ import annotations\n\n# torch\nimport copy\n\nimport torch\ncopy.deepcopy(mark())',
    ),
    "no imports": ("#!/bin/x\n# coding: utf8\nmark()", "#!/bin/x\n# coding: utf8\nimport copy\ncopy.deepcopy(mark())"),
    "a decorated function first": ("@a\ndef f():\n    mark()", "import copy\n@a\ndef f():\n    copy.deepcopy(mark())"),
    "CRLF": ("import torch\r\nmark()\r\n", "import copy\r\n\r\nimport torch\r\ncopy.deepcopy(mark())\r\n"),
    "known": ("import copy\nmark()", "import copy\ncopy.deepcopy(mark())"),
    "known by another name": ("import copy as c\nmark()", "import copy as c\nc.deepcopy(mark())"),
    "the function itself": ("from copy import deepcopy\nmark()", "from copy import deepcopy\ndeepcopy(mark())"),
    "imported elsewhere in a function": (
        "import torch\ndef f():\n    import copy\ndef g():\n    mark()",
        "import copy\n\nimport torch\ndef f():\n    import copy\ndef g():\n    copy.deepcopy(mark())",
    ),
    "imported only below": (
        "import torch\nmark()\nimport copy",
        "import copy\n\nimport torch\ncopy.deepcopy(mark())\nimport copy",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), IMPORTS.values(), ids=IMPORTS)
def test_imports(code: str, expected: str) -> None:
    assert fixed(code, copied) == expected


NO_IMPORT = {
    "a variable": "import torch\ncopy = 1\nmark()",
    "a parameter": "import copy\ndef f(copy):\n    mark()",
    "a function": "import torch\ndef copy(): ...\nmark()",
    "a caught exception": "import torch\ntry: ...\nexcept E as copy: ...\nmark()",
    "a pattern": "import torch\nmatch a:\n    case {**copy}: ...\nmark()",
    "another module": "from .tools import copy\nmark()",
    "a star": "from numpy import *\nmark()",
    "not at the beginning of a line": "'doc'; import torch; mark()",
    "not at the end of a line": "import abc; mark()",
    "before a line that is a text": "import abc; a = '''\nb'''\nmark()",
}


@pytest.mark.parametrize("code", NO_IMPORT.values(), ids=NO_IMPORT)
def test_a_name_that_means_something_else_is_not_used(code: str) -> None:
    assert fixed(code, copied) is None


def test_a_package_is_imported_under_its_customary_name() -> None:
    def propose(call: Site) -> Proposal:
        return proposal(keyword(call, "dtype=numpy.float32"), names=("numpy.float32",))

    code = "import os\n\nimport torch\nmark(1)"
    assert fixed(code, propose) == "import os\n\nimport numpy as np\nimport torch\nmark(1, dtype=np.float32)"
    code = "import os\nmark(1)"
    assert fixed(code, propose) == "import os\n\nimport numpy as np\nmark(1, dtype=np.float32)"


def test_a_method_of_an_indented_segment() -> None:
    """Functions are parsed alone, as the body of a made-up class; places are those of the file."""
    code = textwrap.dedent("""\
        class A:
            def f(self):
                return mark(a +
                            b)
    """)
    source = Source("x.py", code)
    (definition,) = ast.parse(code).body
    assert isinstance(definition, ast.ClassDef)
    segment = Segment(source, definition.body)
    (call,) = marks(segment.body[0])
    change = after(Site(segment, call).arguments[0], ".y()")
    fix = Patcher(source, ast.parse(code)).fix(proposal(change))
    assert fix is not None
    expected = "mark((a +\n                    b).y())"
    assert expected in apply_edits(code, fix.edits)
