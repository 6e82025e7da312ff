"""Sizes that are made data, as far as the code around a constructor tells what was meant."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.telling.events import ShapeGiven

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

_LITERALS = ast.Tuple | ast.List
_SHAPE = re.compile(r"(^|_)shape$")
_SIZE = re.compile(r"(^|_)(shape|size|sizes|dims)$")


def tell_shape(frame: Frame, argument: cst.CSTNode, via: str, node: cst.CSTNode, *, floating: bool) -> None:
    """`torch.tensor(shape, dtype=torch.float32)`: who wants the sizes as numbers takes them of a tensor's shape.
    `floating`: it is asked for numbers that sizes are not."""
    outline = frame.outline
    call, given = frame.segment.origin(node), frame.segment.origin(argument)
    if outline is None or not isinstance(call, ast.Call) or not isinstance(given, ast.expr):
        return
    meant = floating and (_is_a_shape(outline, given) or _is_written_by_rows(outline, call, given))
    if meant or _is_an_empty_one(outline, call, given):
        frame.emit(ShapeGiven(frame.site(node), ast.unparse(given), via))


def _is_a_shape(outline: FunctionOutline, given: ast.expr) -> bool:
    """Whether it is a parameter that is called a shape, or a tuple that such a shape is a part of."""
    if isinstance(given, ast.Name):
        return given.id in outline.parameters and _SHAPE.search(given.id) is not None
    if isinstance(given, ast.BinOp) and isinstance(given.op, ast.Add):
        sides = (given.left, given.right)
        return any(isinstance(side, ast.Tuple) for side in sides) and any(_names(side, _SHAPE) for side in sides)
    parts = given.elts if isinstance(given, _LITERALS) else ()
    return any(isinstance(part, ast.Starred) and _names(part.value, _SHAPE) for part in parts)


def _names(node: ast.expr, kind: re.Pattern[str]) -> bool:
    """Whether an expression is, by its name, of this kind: `self.obs_shape`, `tuple(obs_shape)`."""
    if isinstance(node, ast.Call) and len(node.args) == 1 and dotted(node.func) in ("tuple", "list"):
        node = node.args[0]
    return kind.search((dotted(node) or "").rpartition(".")[2]) is not None


def _is_written_by_rows(outline: FunctionOutline, call: ast.Call, given: ast.expr) -> bool:
    """Whether what is made of sizes is written by two indices or more, `out[i, :n] = x`: it was to have that many
    dimensions."""
    if not _names(given, _SIZE):
        return False
    names = {dotted(target) for bound in outline.by_type[ast.Assign] if bound.value is call for target in bound.targets}
    targets = (target for bound in outline.by_type[ast.Assign] for target in bound.targets)
    return any(
        isinstance(target, ast.Subscript)
        and isinstance(target.slice, ast.Tuple)
        and len(target.slice.elts) > 1
        and dotted(target.value) in names
        for target in targets
    )


def _is_an_empty_one(outline: FunctionOutline, call: ast.Call, given: ast.expr) -> bool:
    """Whether one of literal sizes is zero, in a branch for what is not there: `else: boxes = torch.tensor((0, 4))`,
    beside one that makes the same name of data. A list, which data are as a rule, has to stand beside that."""
    if not isinstance(given, _LITERALS) or len(given.elts) < 2 or not any(map(_is_zero, given.elts)):
        return False
    sizes = [part.value for part in given.elts if isinstance(part, ast.Constant)]
    if any(type(size) is not int or size < 0 for size in sizes):
        return False
    if all(size in (0, 1) for size in sizes):
        return len(sizes) < len(given.elts) and isinstance(given, ast.Tuple) and _is_left_with(outline, call)
    if sizes == list(range(len(given.elts))):
        return False  # indices
    beside = list(_beside(outline, call))
    if beside:
        return not any(isinstance(each, _LITERALS) for each in map(_data_of, beside))
    return isinstance(given, ast.Tuple) and _is_left_with(outline, call)


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and node.value == 0


def _data_of(node: ast.expr) -> ast.expr:
    """What a call is given first, unless that is a list of what has names."""
    first = node.args[0] if isinstance(node, ast.Call) and node.args else node
    named = isinstance(first, _LITERALS) and any(isinstance(part, ast.Name) for part in first.elts)
    return node if named else first


def _is_left_with(outline: FunctionOutline, call: ast.Call) -> bool:
    """Whether a branch gives it back at once."""
    returned = {id(each.value) for each in outline.by_type[ast.Return]}
    lines = (range(each.lineno, (each.end_lineno or 0) + 1) for each in outline.by_type[ast.If])
    return id(call) in returned and any(call.lineno in span for span in lines)


def _beside(outline: FunctionOutline, call: ast.Call) -> Iterator[ast.expr]:
    """What the other branch makes of the name that the call is bound to."""
    bound = next((each for each in outline.by_type[ast.Assign] if each.value is call), None)
    names = set(map(dotted, bound.targets)) if bound is not None else set()
    for branch in outline.by_type[ast.If]:
        for mine, other in ((branch.body, branch.orelse), (branch.orelse, branch.body)):
            if bound in mine:
                assigned = (each for each in other if isinstance(each, ast.Assign))
                yield from (each.value for each in assigned if not names.isdisjoint(map(dotted, each.targets)))
