"""What is stored in buffers and read out of bytes: events about values that silently change."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.array_dtypes import INTEGERS
from torchconv_lint.analysis.domain.dtypes import dtype_of
from torchconv_lint.analysis.domain.values import Array, Const, Dtype, Fact, Mapping, Opaque, Sequence, Tensor, just
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.nodes.site import Site
from torchconv_lint.analysis.telling.events import (
    CastBack,
    DataOverwritten,
    ItemStored,
    Reinterpreted,
    Resized,
    Unfilled,
)
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Arguments, Frame
    from torchconv_lint.analysis.domain.values import Memory, Value

FILLS = frozenset({"uniform_", "normal_", "zero_", "fill_", "random_", "bernoulli_", "exponential_", "trunc_normal_"})
LEGACY = frozenset({"Tensor", "FloatTensor", "DoubleTensor", "LongTensor", "IntTensor", "HalfTensor", "ByteTensor"})
_CONSTRUCTORS = LEGACY | {"tensor", "as_tensor"}


def tell_stored(frame: Frame, owner: Value, target: cst.Subscript, value: Value) -> None:
    """An item of a tensor or array is assigned."""
    for kind, _ in owner:
        if not isinstance(kind, Tensor | Array) or kind.dtype is None:
            continue
        made = _made_at(kind.dtype)
        for one, _ in value:
            dtype = _dtype(one)
            untold = dtype is None and not isinstance(one, Tensor)
            if untold and not (frame.interpreter.eager and isinstance(one, Opaque)):
                continue
            sure = Confidence.CERTAIN if len(owner) == 1 and len(value) == 1 else Confidence.POSSIBLE
            site, text = frame.site(target), frame.text(target.value)
            like = _placed_like(made)
            if frame.interpreter.eager and (untold or sure is Confidence.POSSIBLE):
                untold, sure = True, Confidence.LIKELY
            told = frame.text(target)
            frame.emit(ItemStored(site, text, kind.dtype, dtype, told, _asks(made), like, sure, untold))


def _dtype(kind: object) -> Fact | None:
    if isinstance(kind, Tensor | Array):
        return kind.dtype
    if isinstance(kind, Const) and isinstance(kind.value, float):
        return None if kind.value.is_integer() else Fact("float64")
    return None


def _made_at(fact: Fact) -> Site | None:
    """The call that gave the dtype, the last one."""
    site = fact.step.site if fact.step is not None else None
    return site if site is not None and type(site.node) is cst.Call else None


def _asks(made: Site | None) -> bool:
    """Whether the call names a dtype, in whatever way: `dtype=`, `.long()`, `LongTensor`. Taken for granted of a call
    that is not known."""
    if made is None or "dtype" in made.keywords:
        return True
    name = made.method
    return name in LEGACY or name in ("long", "int", "short", "astype", "to", "type", "randint", "arange", "randperm")


def _placed_like(made: Site | None) -> str:
    """What a buffer was given the device of without being given the dtype."""
    if made is None or _asks(made) or type(made.node) is not cst.Call:
        return ""
    for argument in made.node.args:
        value = argument.value
        if argument.keyword is not None and argument.keyword.value == "device" and type(value) is cst.Attribute:
            return Site(made.segment, value.value).text if value.attr.value == "device" else ""
    return ""


def tell_reinterpreted(
    frame: Frame, kind: Tensor | Array, arguments: Arguments, node: cst.CSTNode, subject: cst.CSTNode
) -> None:
    """`x.view(dtype)`."""
    given = arguments.get(0, "dtype")
    if given is None or (kind.memory is not None and kind.memory.origin == "blank"):
        return  # a workspace: there are no values in it yet
    site, text = frame.site(node), frame.text(subject)
    own = f"{text}.dtype"
    if type(given.node) is cst.Subscript and any(
        type(part.slice) is cst.Index and frame.text(part.slice.value) == own for part in given.node.slice
    ):
        for table, _ in frame.quietly(given.node.value):
            for old, value in table.items if isinstance(table, Mapping) else ():
                new = dtype_of(value)
                if isinstance(old, Dtype) and new is not None and (kind.dtype is None or kind.dtype.value == old.name):
                    frame.emit(Reinterpreted(site, text, old.name, new.name, True, Confidence.LIKELY))
        return
    for one, _ in given.value if kind.dtype is not None else ():
        new = dtype_of(just(one))
        if new is not None:
            # Of several dtypes each mostly goes with one of the tensor's own.
            # What has just been put side by side is packed into wider numbers.
            plain = len(given.value) == 1 and not _is_put_together(subject)
            sure = Confidence.CERTAIN if plain else Confidence.POSSIBLE
            frame.emit(Reinterpreted(site, text, str(kind.dtype and kind.dtype.value), new.name, False, sure))


_JOINING = frozenset({"cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack", "column_stack"})


def _is_put_together(node: cst.CSTNode) -> bool:
    return type(node) is cst.Call and (dotted_path(node.func) or "").rpartition(".")[2] in _JOINING


def tell_overwritten(frame: Frame, made: cst.CSTNode, fill: str, node: cst.CSTNode) -> None:
    """Something is filled in place; `made` is the expression that gives it."""
    name = _constructor(made)
    if type(made) is not cst.Call or not name or not made.args or made.args[0].keyword or made.args[0].star:
        return
    data = frame.quietly(made.args[0].value)
    literal = any(isinstance(kind, Sequence) and kind.items is not None for kind, _ in data)
    if literal or (name not in LEGACY and any(isinstance(kind, Sequence) for kind, _ in data)):
        frame.emit(DataOverwritten(frame.site(made), frame.text(made.args[0].value), name, fill))


def _constructor(node: cst.CSTNode) -> str:
    """The constructor of torch that a call calls; "" for anything else."""
    if type(node) is not cst.Call or type(node.func) is not cst.Attribute:
        return ""
    name = node.func.attr.value
    root = node.func.value
    return name if name in _CONSTRUCTORS and type(root) is cst.Name and root.value == "torch" else ""


def tell_cast_back(frame: Frame, kind: Tensor, into: str, node: cst.CSTNode, subject: cst.CSTNode) -> None:
    """A tensor is cast to integers."""
    made = _made_at(kind.dtype) if kind.dtype is not None else None
    if kind.dtype is None or kind.dtype.value != "float32" or made is None:
        return
    if _constructor(made.node) in LEGACY and into in INTEGERS and into != "bool":  # what is not zero stays so
        frame.emit(CastBack(frame.site(node), frame.text(subject), kind.dtype, into))


def tell_unfilled(frame: Frame, node: cst.Call) -> None:
    """An operand that is written as a legacy constructor of sizes alone."""
    if not node.args or _constructor(node) not in LEGACY:
        return
    sizes = [frame.quietly(one.value) for one in node.args if one.keyword is None and not one.star]
    whole = [kind.value for value in sizes for kind, _ in value if isinstance(kind, Const)]
    if len(whole) == len(node.args) and all(isinstance(one, int) and one > 0 for one in whole):
        frame.emit(Unfilled(frame.site(node), frame.text(node)))


def tell_resized(frame: Frame, memory: Memory | None, node: cst.Call, subject: cst.CSTNode) -> None:
    """`x.resize_(...)` or `x.resize_as_(other)` of memory that has crossed the border to NumPy."""
    if memory is not None and any(crosses for _, crosses in memory.side):
        sure = Confidence.POSSIBLE if _is_given_another_shape(frame, node) else memory.sure
        frame.emit(Resized(frame.site(node), frame.text(subject), memory.how, sure))


def _is_given_another_shape(frame: Frame, node: cst.Call) -> bool:
    """Whether `resize_` stands, as it does as a rule, for `reshape`, after which there are as many elements: by several
    sizes, or by one that is computed or taken from a shape. A single number or name need not be that."""
    call = frame.segment.origin(node)
    if not isinstance(call, ast.Call) or getattr(call.func, "attr", "") == "resize_as_":
        return False
    sizes = list(call.args)
    if len(sizes) == 1 and isinstance(sizes[0], ast.Tuple | ast.List):
        sizes = list(sizes[0].elts)
    return len(sizes) != 1 or not isinstance(sizes[0], ast.Constant | ast.Name)
