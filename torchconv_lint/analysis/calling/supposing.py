"""Methods of tensors that something unknown is asked for: what they give looks at its memory, if it is a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.calling.tensor_methods import call_tensor_method
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import Opaque, Tensor, Value, each, guessed, just
from torchconv_lint.analysis.nodes.names import receiver_of
from torchconv_lint.knowledge import torch_ops

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Arguments, Frame
    from torchconv_lint.analysis.domain.values import Kind, Memory

_OF_TENSORS_ALONE = frozenset({"detach", "unsqueeze", "permute", "expand", "expand_as", "view_as", "narrow", "unfold"})
"""Views that neither arrays nor anything else of Python's has."""

_BUILTIN = frozenset(name for type_ in (str, bytes, list, dict, set) for name in dir(type_))

_MODULES_TOO = frozenset(
    {"requires_grad_", "share_memory_", "set_", "add_", "map_", "format_", "to_", "apply_", "rename_"}
)
"""Methods that end as those of tensors do which write, and that modules, sets and tables have, too."""


def supposed(memory: Memory | None) -> Memory | None:
    """The memory, of which it is only supposed that it is a tensor's."""
    return memory if memory is None or memory.supposed else replace(memory, supposed=True)


def as_tensor(kind: Opaque) -> Tensor:
    """What something unknown is if it is a tensor, with its memory."""
    guess = kind.guess or Tensor()
    return guess if guess.memory is not None else replace(guess, memory=supposed(kind.memory))


def _is_data(func: cst.BaseExpression) -> bool:
    """Whether it is a method of `x.data`, which is asked for in order to be written."""
    owner = receiver_of(func)
    return type(owner) is cst.Attribute and owner.attr.value == "data"


def call_method(
    frame: Frame, kind: Opaque, name: str, arguments: Arguments, node: cst.Call, func: cst.BaseExpression
) -> Kind | Value | None:
    """`kind.name(...)`, where memory is followed and a method of tensors gives a view of it, or writes it."""
    if not frame.tracks or kind.memory is None or kind.guess is not None or kind.array is not None:
        return None
    ops = torch_ops().method
    summed = name == "add_" and (frame.interpreter.eager or "alpha" in arguments.keywords)
    of_tensors = summed or name not in _MODULES_TOO
    if name in ops.inplace and of_tensors and not _is_data(func):
        return call_tensor_method(frame, as_tensor(kind), name, arguments, node, func, kind)
    if name in _BUILTIN or (name != "detach" and name not in ops.view and name not in ops.maybe_view):
        return None
    made = call_tensor_method(frame, as_tensor(kind), name, arguments, node, func, kind)
    value: Value = made if isinstance(made, tuple) else just(made)

    def unknown(one: Kind) -> Kind:
        tensor = guessed(one)
        if tensor is None:
            return one
        return Opaque(None, tensor if name in _OF_TENSORS_ALONE else None, tensor.memory)

    return each(value, unknown)
