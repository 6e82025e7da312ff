"""What a branch that asks for devices brings to the host: `if "cpu" not in device: y = y.cpu()`.

Whether such a question fits the way in which the value got to its device is often decided where nobody sees it. But it
shows that its author has thought of the value and of where it is.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.computing.tensors import operands_in
from torchconv_lint.analysis.domain.doubts import Doubt
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import NOTHING, Kind, Opaque, Tensor, Value, deeply, possible
from torchconv_lint.analysis.nodes.names import dotted_path, receiver_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.state import State
    from torchconv_lint.analysis.nodes.site import Site

_DEVICES = re.compile(r"device|cuda|gpu|cpu|mps|xpu|npu|accelerator|host", re.IGNORECASE)
"""What a question about devices has in it."""


def spare_the_others(frame: Frame, branch: cst.If, before: State) -> None:
    """The state is that in which the branch is not taken, `before` the one before the question: what the branch brings
    to the host may be on an accelerator here as well, but not unnoticed. Where the question is known to fit, what the
    answer tells is enough."""
    state = frame.state
    for path, call in _brought(branch.body):
        value = state.names.get(path, NOTHING)
        if not any(tensor.on_accelerator for tensor in operands_in([value])):
            continue
        fits = possible(value, state.path) != possible(before.names.get(path, NOTHING), before.path)
        if not fits and _DEVICES.search(frame.segment.text(branch.test)):
            state.put(path, deeply(value, partial(_spared, frame.site(call))))


def _brought(body: cst.BaseSuite) -> Iterator[tuple[str, cst.Call]]:
    """The names and dotted paths that the statements of a block bring to the host, each with the call."""
    for statement in body.body:
        node = statement.value if type(statement) in (cst.Assign, cst.Return) else None  # type: ignore[union-attr]
        found: cst.Call | None = None
        while type(node) is cst.Call:
            if type(node.func) is cst.Attribute and node.func.attr.value == "cpu":
                found = node
            node = receiver_of(node.func)
        path = dotted_path(node) if found is not None and node is not None else None
        if path is not None and found is not None:
            yield path, found


def _spared(site: Site, kind: Kind) -> Kind | Value:
    if isinstance(kind, Tensor) and kind.device is not None and kind.on_accelerator:
        story = "is brought to the host in this branch only"
        return replace(kind, device=kind.device.doubted_since(site, story, Doubt.SPARED))
    if isinstance(kind, Opaque) and kind.guess is not None:
        return replace(kind, guess=_spared(site, kind.guess))
    return kind
