"""Functions elsewhere whose name says that they move what they are given: `to_device(batch, device)`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.computing.tensors import moved
from torchconv_lint.analysis.domain.devices import any_device, as_device
from torchconv_lint.analysis.domain.product import combine
from torchconv_lint.analysis.domain.values import (
    NOTHING,
    Device,
    Fact,
    Instance,
    Kind,
    Module,
    Opaque,
    Tensor,
    Value,
    deeply,
    just,
)

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Arguments, Frame

_CARRIES = re.compile(r"(^|_)to_(device|cuda|gpu)$", re.I)


def carries(name: str) -> bool:
    """Whether people call a function so that moves what it is given."""
    return _CARRIES.search(name) is not None


def carried(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    """What such a function gives, NOTHING if that cannot be told: it moves whatever can be moved, at any depth."""
    goal = arguments.get(1, "device")
    if not arguments.positional or arguments.count > 2:
        return NOTHING
    if goal is None:
        name = frame.text(node.func)
        goals = any_device(frame, name, node, message=f"`{name}` moves it to the accelerator, if there is one")
    else:
        goals = as_device(frame, goal.value, goal.node)
    if not goals or not all(isinstance(kind, Device) for kind, _ in goals):
        return NOTHING

    def put(kind: Kind, device: Kind) -> Kind | Value:
        place = device.fact if isinstance(device, Device) else None
        return deeply(just(kind), lambda one: _put(frame, one, place, node))

    return combine([arguments.value(0), goals], put)


def _put(frame: Frame, kind: Kind, place: Fact | None, node: cst.Call) -> Kind:
    if isinstance(kind, Tensor | Module | Instance):
        return moved(frame, kind, place, node)
    if isinstance(kind, Opaque):
        there = moved(frame, kind.guess or Tensor(), place, node)
        return Opaque(kind.path, there, None, True) if isinstance(there, Tensor) else kind
    return kind
