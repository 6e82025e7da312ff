"""State that somebody else holds as well: restored without a copy, or kept beside what goes on changing."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.values import Array, Const, Instance, Opaque, Tensor, guessed
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.syntax.handed_over import last_bound
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.patterns import is_snapshot
from torchconv_lint.analysis.telling.events import AliasKept, ArgumentKept, StateAdopted
from torchconv_lint.analysis.telling.loops import bound_in, steps
from torchconv_lint.analysis.telling.sharing import form_of, memories
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Arguments, Frame
    from torchconv_lint.analysis.domain.values import Value
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

_RESTORING = frozenset(
    {"load_state_dict", "set_state_dict", "load_state", "set_state", "__setstate__", "set_extra_state"}
)
"""Methods that are given a state which the caller keeps."""

_KEEPING = frozenset({"detach", "cpu", "numpy", "view", "squeeze", "unsqueeze", "contiguous", "flatten"})
"""Methods after which the memory may still be the same."""


def tell_adopted(frame: Frame, target: str, value: Value, node: cst.CSTNode) -> None:
    """`self.target = value`: a tensor out of the state that is restored, or a handle on another attribute."""
    if not isinstance(frame.this, Instance):
        return
    name = target.rpartition(".")[2]
    written = frame.interpreter.classes.written_attributes(frame.this.definition)
    if frame.definition is not None and frame.definition.name in _RESTORING and name in written:
        data = all(type(kind) is Opaque for kind, _ in value) and _is_data(frame, frame.this, name)
        tensors = tuple(alt for alt in value if data or guessed(alt.kind) is not None)
        for memory in memories(tensors):  # of `x.clone() if torch.is_tensor(x) else x`, the tensor is a copy
            if memory.origin == "parameter":
                why = "it is the tensor in the state that was loaded, and the class writes it in place"
                frame.emit(StateAdopted(frame.site(node), f"`{target}`", why, Confidence.LIKELY, form_of(value)))
                return
    source = _kept_attribute(frame, node) if is_snapshot(name) else None
    if source is not None and source != name and source in written:
        why = f"`self.{source}`, whose memory it shares on the CPU, is written in place"
        frame.emit(AliasKept(frame.site(node), f"`{target}`", why, (), Confidence.LIKELY, form_of(value) or "tensor"))


def _is_data(frame: Frame, this: Instance, name: str) -> bool:
    """Whether the attribute is a tensor or an array, by what the class stores there, or because items of it are
    written."""
    if any(isinstance(kind, Tensor | Array) for kind, _ in frame.interpreter.attributes.value(this.definition, name)):
        return True
    return any(
        isinstance(node.ctx, ast.Store) and dotted(node.value) == f"self.{name}"
        for method in this.definition.methods.values()
        for node in method.by_type[ast.Subscript]
    )


def _kept_attribute(frame: Frame, node: cst.CSTNode) -> str | None:
    """`x` of `self.x.detach().cpu()`, unless `self.x` is surely on an accelerator."""
    converted = False
    while True:
        if type(node) is cst.Call and type(node.func) is cst.Attribute and node.func.attr.value in _KEEPING:
            node, converted = node.func.value, True
        elif type(node) is cst.Attribute and node.attr.value == "data":
            node, converted = node.value, True
        else:
            break
    path = dotted_path(node)
    if not converted or path is None or path.count(".") != 1 or path.partition(".")[0] != "self":
        return None
    tensors = [kind for kind, _ in frame.quietly(node) if isinstance(kind, Tensor)]  # type: ignore[arg-type]
    if tensors and _all_elsewhere(tensors):
        return None
    return path.rpartition(".")[2]


def tell_argument_kept(frame: Frame, target: cst.BaseExpression, part: cst.CSTNode) -> None:
    """`self.kept.append(given.detach().cpu())`: on the CPU this is what the caller goes on with."""
    outline = frame.outline
    owner = dotted_path(target)
    if outline is None or outline.owner is None or owner is None or "." not in owner:
        return
    node: cst.CSTNode = part
    how = ""
    while type(node) is cst.Call and type(node.func) is cst.Attribute and node.func.attr.value in _CONVERTING:
        how = how or node.func.attr.value
        node = node.func.value
    if type(node) is not cst.Name:
        return
    name, given = node.value, outline.given
    if not how:  # `given = given.detach().cpu()` before
        how, name = _converted_before(outline, name, getattr(frame.segment.origin(part), "lineno", 0))
        given = given | (outline.parameters & {node.value})  # nothing else has been bound to it
    if not how or name not in given:
        return
    tensors = [tensor for kind, _ in frame.quietly(node) if (tensor := guessed(kind)) is not None]
    if _all_elsewhere(tensors) if tensors else how in _OTHERS_TOO:
        return
    form = "array" if how == "numpy" else "tensor"
    frame.emit(ArgumentKept(frame.site(part), name, owner, how, form))


def _converted_before(outline: FunctionOutline, name: str, line: int) -> tuple[str, str]:
    """How what is called `name` has been converted when it got that name, and the name of what was."""
    last = last_bound(outline, name, line)
    value = last.value if last is not None else None
    how = ""
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in _CONVERTING:
        how = how or value.func.attr
        value = value.func.value
    return (how, value.id) if isinstance(value, ast.Name) else ("", "")


_OTHERS_TOO = frozenset({"float", "double", "long", "numpy"})
"""Those that numbers and frames of data have as well."""

_CONVERTING = frozenset({"detach", "cpu", "to", "numpy", "float", "contiguous", "double", "long"})
"""Methods that copy now and then, and look as if they always did."""


def _all_elsewhere(tensors: list[Tensor]) -> bool:
    """Whether all of them are surely on an accelerator."""
    return all(tensor.on_accelerator for tensor in tensors)


def tell_reloaded(frame: Frame, arguments: Arguments, *, module: bool) -> None:
    """`load_state_dict(kept)` in every round of a loop that trains: what was kept is trained, too.

    Optimisers take the tensors of the state as they are; modules copy them, unless told to `assign`.
    """
    given = arguments.get(0, "state_dict")
    if given is None or not frame.rounds or (module and not _assigns(arguments)):
        return
    path = dotted_path(given.node)
    if path is None:
        return
    for loop in frame.rounds:
        if path not in bound_in(loop) and path.partition(".")[0] not in bound_in(loop) and steps(loop):
            what = "the module" if module else "the optimiser"
            why = f"{what} goes on with its tensors and changes them, so the next round loads something else"
            frame.emit(StateAdopted(frame.site(given.node), f"`{frame.text(given.node)}`", why, Confidence.LIKELY, ""))
            return


def _assigns(arguments: Arguments) -> bool:
    flag = arguments.value(2, "assign")
    return any(isinstance(kind, Const) and kind.value is True for kind, _ in flag)
