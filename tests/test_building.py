"""Nodes built from Python's ast against those of libcst's own parser: the same trees in the same places."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libcst as cst
import pytest
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from torchconv_lint.analysis.nodes.building import MAX_DEPTH, Builder, children
from torchconv_lint.analysis.nodes.site import Segment, Site, Unlocatable
from torchconv_lint.model import Span
from torchconv_lint.source import Source

ROOT = Path(__file__).parent.parent
FILES = sorted([*ROOT.glob("fixtures/**/*.py"), *ROOT.glob("torchconv_lint/**/*.py")])[::8]

SHAPES = r'''
import a.b as c, d
from ..e import f as g, h
from .i import *
@j.k(1)
async def l(m, /, n: int = 2, *o, p=None, **q) -> None:
    """docstring"""
    global r
    async for s in t: await s
    async with u as (v, w), x: pass
    yield
    yield from m
    return m
def y(*, z): return lambda a, *b, c=1, **d: (a, b)
class A(B, metaclass=C): x = 1; y = 2
a = b = 1, 2
(a, b), *c = [d, *e], {f, g}
(a), (b) = (1), (2)
a.b[c:d, ::-1, ..., None] = x[()] = x[1,]
a += 1; b @= 2; c **= 3
a: int = 3
b: "x"
del a, b[0]
del c
while a: break
else: b
for i, in j: continue
if a: b
elif c: d
elif e: f
else: g
if a: b
else:
    if c: d
try: a
except (B, C) as e: raise D from e
except E: raise
else: f
finally: g
assert a, b
with (a as b, c): d
with a: b
match a:
    case [b, *_] if c: d
    case {"x": 1}: e
f(a, *b, c=d, **e)
f(x for x in y)
f(k=1, *l)
[i for i in j if k if l for m in n], {i for i in j}, {i: j for k in l}, ( i for i in j )
{"a": 1, **b}
not a, -a, +a, ~a
a and b and c or d
a < b <= c != d == e > f >= g is h is not i in j not in k
a + b - c * d / e // f % g ** h @ i << j >> k & l | m ^ n
(a if b else c)
(a := b)
f"x{a}y{b!r:>{c}}" "z" f"{d=}"
"a" "b", b"c", 1, 1.5, 2j, True, None, ...
"ä" + (ä.ö)(ü)
"""two
lines""" % (a,
            b)
(
    # a comment
    a
    .b
)
'''


_SIMPLER: dict[type, type] = {
    cst.SimpleStatementSuite: cst.IndentedBlock,
    cst.TryStar: cst.Try,
    cst.ExceptStarHandler: cst.ExceptHandler,
}
"""Nodes that mean the same to the analysis."""


def same(built: Any, parsed: Any, where: str = "") -> Iterator[tuple[Any, Any]]:
    """The pairs of nodes that stand for the same; fails where the trees differ."""
    if isinstance(parsed, cst.ConcatenatedString):
        if isinstance(built, cst.FormattedString):
            pairs = zip(parts(built), parts(parsed), strict=True)
            for one, other in pairs:
                yield from same(one, other, where)
        return
    if isinstance(parsed, cst.Else) and isinstance(built, cst.If):  # `else: if …` is an `elif`
        (parsed,) = statements(parsed.body)
    kind = _SIMPLER.get(type(parsed), type(parsed))
    assert type(built) is kind, where
    yield built, parsed
    where += f"/{type(built).__name__}"
    if isinstance(built, cst.SimpleString | cst.Integer | cst.Float | cst.Imaginary):
        assert ast.literal_eval(built.value) == ast.literal_eval(parsed.value), where
    elif isinstance(built, cst.Name):
        assert built.value == parsed.value, where
    elif isinstance(built, cst.FormattedString):
        for one, other in zip(parts(built), parts(parsed), strict=True):
            yield from same(one, other, where)
    elif isinstance(built, cst.ImportFrom):
        assert len(built.relative) == len(parsed.relative), where
    elif isinstance(built, cst.IndentedBlock):
        for one, other in zip(built.body, statements(parsed), strict=True):
            yield from same(one, other, where)
    elif isinstance(built, cst.ImportAlias):
        assert built.name.value == cst.Module([]).code_for_node(parsed.name), where
    else:
        if isinstance(built, cst.Arg):
            assert built.star == parsed.star, where
        below = {id(child) for child in children(built)}
        for name in built.__slots__:
            try:
                value = getattr(built, name)
            except AttributeError:  # not set
                continue
            other = getattr(parsed, name)
            if isinstance(built, cst.Subscript) and name == "slice":
                other = keys(other)
            if isinstance(value, list):
                assert len(value) == len(other), where
                for one, another in zip(value, other, strict=True):
                    yield from same(one, another, f"{where}.{name}")
            elif id(value) in below:
                yield from same(value, other, f"{where}.{name}")
            elif value is None:
                assert other is None, where


def keys(elements: Any) -> Any:
    """`x[(a, b)]` is `x[a, b]` with parentheses."""
    only = elements[0].slice.value if len(elements) == 1 and isinstance(elements[0].slice, cst.Index) else None
    return (
        [cst.SubscriptElement(cst.Index(e.value)) for e in only.elements] if isinstance(only, cst.Tuple) else elements
    )


def statements(suite: Any) -> list[Any]:
    """The statements of a block of libcst's, those of one line apart, without those that are not built."""
    found = []
    for line in suite.body:
        found += line.body if isinstance(line, cst.SimpleStatementLine) else [line]
    return [node for node in found if not isinstance(node, cst.Pass | cst.Global | cst.Nonlocal)]


def parts(string: Any) -> list[Any]:
    if isinstance(string, cst.ConcatenatedString):
        return parts(string.left) + parts(string.right)
    return [part.expression for part in getattr(string, "parts", ()) if isinstance(part, cst.FormattedStringExpression)]


def as_span(where: CodeRange) -> Span:
    return Span(where.start.line, where.start.column + 1, where.end.line, where.end.column + 1)


def compare(text: str) -> None:
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    places = wrapper.resolve(PositionProvider)
    segment = Segment(Source("x.py", text), ast.parse(text).body)
    in_strings: set[Any] = set()
    for statement, parsed in zip(segment.body, statements(wrapper.module), strict=True):
        for node, twin in same(statement, parsed):
            if isinstance(node, cst.FormattedString) and sys.version_info < (3, 12):
                in_strings.update(below(node))  # Python itself does not know exactly where these are
            comparable = isinstance(node, cst.BaseExpression) and not isinstance(node, cst.BooleanOperation)
            if comparable and segment.origin(node) is not None and node not in in_strings:
                assert segment.span(node) == as_span(places[twin]), cst.Module([]).code_for_node(twin)
                assert segment.code(node) == cst.Module([]).code_for_node(twin)


def below(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in children(node):
        yield from below(child)


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_files(path: Path) -> None:
    compare(path.read_text(encoding="utf-8"))


def test_every_shape() -> None:
    compare(SHAPES)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups of exceptions")
def test_groups_of_exceptions() -> None:
    compare("try: a\nexcept* B: c\nx[*a]\n")


def test_an_expression_that_is_too_deep_is_unknown() -> None:
    (tree,) = ast.parse("-" * (MAX_DEPTH + 5) + "x").body
    (node,) = Builder().block([tree])
    assert isinstance(node, cst.Expr)
    kinds = [type(child) for child in below(node.value)]
    assert cst.FormattedString in kinds
    assert cst.Name not in kinds


def test_long_chains_are_not_deep() -> None:
    sums, conditions = "+".join("a" * 800), " and ".join("a" * 5000)
    branches = "".join(f"elif x == {number}: pass\n" for number in range(900))
    text = f"x = {sums}\nif {conditions}: pass\n{branches}"
    first, second = Builder().block(ast.parse(text).body)
    assert isinstance(first, cst.Assign)
    assert isinstance(first.value, cst.BinaryOperation)
    assert isinstance(second, cst.If)
    assert isinstance(second.orelse, cst.If)


def test_a_number_longer_than_python_writes_is_unknown() -> None:
    tree = ast.Expr(ast.Constant(10**5000))
    (node,) = Builder().block([ast.fix_missing_locations(tree)])
    assert isinstance(node, cst.Expr)
    assert isinstance(node.value, cst.FormattedString)


def test_text_leaves_comments_and_parentheses_out() -> None:
    source = Source("x.py", "(\n    a  # why\n    # because\n    .b(c)\n)\n")
    segment = Segment(source, ast.parse(source.text).body)
    (statement,) = segment.body
    assert isinstance(statement, cst.Expr)
    assert Site(segment, statement.value).text == "a # why .b(c)"


def test_the_text_of_an_operator() -> None:
    segment = Segment(Source("x.py", "a @ b"), ast.parse("a @ b").body)
    (statement,) = segment.body
    assert isinstance(statement, cst.Expr)
    assert isinstance(statement.value, cst.BinaryOperation)
    assert segment.text(statement.value.operator).strip() == "@"


def test_what_libcst_cannot_parse_cannot_be_changed() -> None:
    text = "x" + ".a()" * 450
    segment = Segment(Source("x.py", text), ast.parse(text).body)
    (statement,) = segment.body
    assert isinstance(statement, cst.Expr)
    assert segment.span(statement.value).end_column == len(text) + 1
    with pytest.raises(Unlocatable):
        segment.outer_span(statement.value)
