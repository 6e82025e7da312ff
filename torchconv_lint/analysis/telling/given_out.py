"""What an object keeps and `__getitem__` gives out, written in between: the next one who asks gets it rewritten."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.values import Array, Instance, Kind, Memory, Opaque, Tensor, Value, each, guessed
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.telling.events import BufferGiven, ForeignWrite
from torchconv_lint.analysis.telling.sharing import form_of, memories

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.state import State
    from torchconv_lint.analysis.syntax.outline import FunctionOutline


def tell_given_out(frame: Frame, prefix: str, final: State) -> None:
    """Memory that this method has put into an attribute (whose name begins with `prefix`), written and returned. What
    other methods have put there is told where it is written."""
    if frame.definition is None or frame.definition.name != "__getitem__" or not frame.tracks:
        return
    kept = {
        memory.key: name for name, value in final.names.items() if name.startswith(prefix) for memory in memories(value)
    }
    given = {memory.key: memory for value in frame.returns for memory in memories(value) if memory.origin == "fresh"}
    for key, writes in final.stale.items() if kept else ():
        if key[0] == "own" and key[1] in kept and key[1] in given:
            name = kept[key[1]]
            attribute = Memory(("attribute", name), "attribute", name, sure=given[key[1]].sure)
            for write in writes:
                frame.emit(ForeignWrite(write.site, write, attribute, True, "__getitem__", given=True))


_ON_DISK = re.compile(r"h5py|zarr|lmdb|netCDF4|xarray|tables|memmap|mmap_mode|pandas|load_dataset")
"""What gives a new array each time that it is read."""


def given_item(frame: Frame, owner: Value, target: cst.Subscript) -> Value:
    """In `__getitem__`, an unknown item of what the object keeps, whose columns are written: `boxes[:, 0] = …`. Nothing
    but an array or a tensor has any."""
    if not _is_in_getitem(frame) or not _has_columns(target) or _ON_DISK.search(frame.interpreter.source.text):
        return owner

    def item(kind: Kind) -> Kind:
        if isinstance(kind, Opaque) and kind.guess is None and _is_of_attribute(kind.memory):
            return Array(memory=kind.memory)
        return kind

    return each(owner, item)


def is_changed(frame: Frame, owner: Value, target: cst.Subscript, node: cst.CSTNode) -> bool:
    """Whether what is written into something that the object keeps is made of that very thing: into an item that
    `__getitem__` gives out, or row by row through a conversion (`rows[i] = rows[i] / total`)."""
    if type(target.value) is not cst.Name:
        return False
    if not _is_in_getitem(frame):
        shares = any(isinstance(kind, Tensor | Array) and _is_seen_through(kind.memory) for kind, _ in owner)
        return shares and frame.text(target) in frame.text(node)
    if _is_drawn(frame, target) or _is_drawn(frame, node):
        return True
    if not any(isinstance(kind, Tensor | Array) and _is_of_attribute(kind.memory) for kind, _ in owner):
        return False
    if type(node) is cst.Call and len(node.args) == 1 and "norm" in frame.text(node.func).lower():
        return frame.text(node.args[0].value) != frame.text(target)  # what is normalised already stays as it is
    return re.search(rf"\b{re.escape(target.value.value)}\b", frame.text(node)) is not None


_DRAWS = re.compile(r"rand|bernoulli|choice|shuffle|uniform|normal\(")


def _is_drawn(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether random numbers decide what is written, or where: another time it is something else."""
    outline = frame.outline
    if outline is None:
        return False
    if _DRAWS.search(frame.text(node)):
        return True
    origin = frame.segment.origin(node)
    names = {name.id for name in ast.walk(origin) if isinstance(name, ast.Name)} if origin is not None else set()
    drawn = (one for one in outline.by_type[ast.Assign] if _DRAWS.search(ast.unparse(one.value)))
    return any(isinstance(to, ast.Name) and to.id in names for one in drawn for to in one.targets)


def _is_in_getitem(frame: Frame) -> bool:
    return frame.tracks and frame.definition is not None and frame.definition.name == "__getitem__"


def _is_of_attribute(memory: Memory | None) -> bool:
    return memory is not None and memory.origin == "attribute"


def _is_seen_through(memory: Memory | None) -> bool:
    """Whether an attribute is seen through a conversion between torch and NumPy that shares its memory."""
    return memory is not None and memory.origin == "attribute" and any(crosses for _, crosses in memory.side)


def _has_columns(target: cst.Subscript) -> bool:
    """Several indices, one of them a slice; or a list of them."""
    parts = [element.slice for element in target.slice]
    if len(parts) == 1:
        return type(parts[0]) is cst.Index and type(parts[0].value) is cst.List
    return any(type(part) is cst.Slice for part in parts)


def tell_buffers_given(frame: Frame, returned: cst.BaseExpression) -> None:
    """`return self.observations, rewards`, after `self.observations[i] = …`: the next call overwrites what the caller
    has been given. A private method's callers know its object, and a cache is there to be looked at."""
    outline = frame.outline
    if outline is None or outline.owner is None or not isinstance(frame.this, Instance):
        return
    if outline.name.startswith("_") or frame.depth:
        return
    parts = [part.value for part in returned.elements] if type(returned) is cst.Tuple else [returned]
    for part in parts:
        path = dotted_path(part)
        if path is None or not _IS_OWN.match(path) or _CACHES.search(path):
            continue
        line = next(iter(_rewritten(outline, path)), 0)
        value = frame.quietly(part)
        if not line or not any(isinstance(kind, Array | Tensor) or guessed(kind) for kind, _ in value):
            continue
        frame.emit(BufferGiven(frame.site(part), path, outline.name, line, form_of(value)))


_IS_OWN = re.compile(r"self\.\w+$")
_CACHES = re.compile(r"cache|memo|running|weight|bias|param|grad", re.I)
"""Attributes that are looked at where they are, or are there to be trained."""


def _rewritten(function: FunctionOutline, path: str) -> Iterator[int]:
    """The lines in which the function writes an item of `path`, none if it binds `path` to something else."""
    nodes = function.by_type
    targets = [target for node in nodes[ast.Assign] for target in _flat(node.targets)]
    targets += [node.target for node in nodes[ast.AnnAssign]]
    if any(dotted(target) == path for target in targets):
        return
    targets += [node.target for node in nodes[ast.AugAssign]]
    for target in targets:
        if dotted(target.value if isinstance(target, ast.Subscript) else target) == path:
            yield target.lineno


def _flat(targets: list[ast.expr]) -> Iterator[ast.expr]:
    for target in targets:
        if isinstance(target, ast.Tuple | ast.List):
            yield from _flat(target.elts)
        else:
            yield target
