"""Items of dicts that are added to: `weights[name] += other`, where the items are tensors that somebody else has."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import Mapping, Opaque, Tensor, Value, just, part_of
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.telling.events import RenamedWrite
from torchconv_lint.analysis.telling.sharing import memories_of, written

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.syntax.outline import FunctionOutline


def item_written(frame: Frame, owner: Value, item: Value, target: cst.Subscript, node: cst.AugAssign) -> None:
    """`target op= value`, where `target` is an `item` of `owner`."""
    outline = frame.outline
    if outline is None:
        return
    if frame.interpreter.wants.renames and any(isinstance(kind, Mapping) for kind, _ in owner):
        _tell_state_written(frame, outline, item, target, node)
    elif all(isinstance(kind, Opaque) and kind.guess is None for kind, _ in owner) and _is_tensor(outline, target):
        for kind, _ in owner:
            memory = part_of(kind.memory, "item") if isinstance(kind, Opaque) else None
            if memory is not None and memory.origin == "parameter":
                value = just(Tensor(memory=replace(memory, supposed=True)))
                written(frame, value, target, node, fills=False)


def _tell_state_written(
    frame: Frame, outline: FunctionOutline, item: Value, target: cst.Subscript, node: cst.AugAssign
) -> None:
    """The tensors of a module's state are its parameters: what is added to them is added to the module, unless it is
    the module that gets the sum."""
    for memory in memories_of(item):
        if memory.origin == "module" and memory.side and not _loads(outline, memory.name):
            frame.emit(RenamedWrite(frame.site(node), frame.text(target), memory.name))
            return


def _loads(outline: FunctionOutline, module: str) -> bool:
    """Whether the function loads a state into the module of that name."""
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "load_state_dict"
        and ast.unparse(call.func.value) == module
        for call in outline.by_type[ast.Call]
    )


_MAKES = frozenset({"torch.tensor", "torch.as_tensor", "torch.from_numpy", "torch.Tensor"})


def _is_tensor(outline: FunctionOutline, target: cst.Subscript) -> bool:
    """Whether the function hands the item, as it is written here, to a function of torch that takes tensors."""
    key = target.slice[0].slice if len(target.slice) == 1 else None
    if type(key) is not cst.Index or type(key.value) is not cst.Name or type(target.value) is not cst.Name:
        return False
    text = f"{target.value.value}[{key.value.value}]"
    for call in outline.by_type[ast.Call]:
        name = dotted(call.func) or ""
        if call.args and name.startswith("torch.") and name not in _MAKES and ast.unparse(call.args[0]) == text:
            return True
    return False
