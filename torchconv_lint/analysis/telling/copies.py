"""Copies between host and accelerator that nobody has waited for: what they fill, and what they still read."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.underway import Copy, Underway
from torchconv_lint.analysis.domain.values import CPU, Tensor, guessed
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.telling.events import Race
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.values import Fact, Kind
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

_WAITING = re.compile(r"sync|wait|barrier|flush|drain|join", re.I)
"""Words in the names of functions that may wait for the accelerator."""
_NOT_YET = re.compile(r"async|non[_-]?blocking|enqueue", re.I)
"""How functions say, by their names or docstrings, that what they give has yet to arrive: their callers wait for it."""


def is_asked_for(node: cst.Call) -> bool:
    """Whether a call says `non_blocking=True`."""
    return any(
        argument.keyword is not None
        and argument.keyword.value == "non_blocking"
        and type(argument.value) is cst.Name
        and argument.value.value == "True"
        for argument in node.args
    )


def landed(frame: Frame, node: cst.Call, source: Tensor, result: Tensor, goal: Fact) -> Tensor:
    """`result` is on the host, filled by a copy that begins at `node`: not there yet, if it has not been waited for."""
    device = source.device
    if not frame.interpreter.wants.copies or not is_asked_for(node) or (device is not None and device.value == CPU):
        return result
    sure = min(goal.confidence, device.confidence if device is not None else Confidence.LIKELY)
    moved = type(node.func) is cst.Attribute and node.func.attr.value == "to"
    if moved and "cpu" not in frame.text(
        node
    ):  # a device kept under a name is where the work is done, most of the time
        sure = Confidence.POSSIBLE
    if goal.confidence is not Confidence.CERTAIN:
        if device is None:
            return result  # a tensor from anywhere, moved to where it is needed: an upload, most of the time
        sure = Confidence.POSSIBLE
    _begin(frame, Copy(node, False, frame.site(node), sure))
    return replace(result, landing=node)


def uploads(frame: Frame, node: cst.Call, source: Tensor, place: cst.BaseExpression) -> None:
    """A copy from pinned memory to the accelerator begins at `node`."""
    path = dotted_path(place)
    if frame.interpreter.wants.copies and source.pinned and path is not None and is_asked_for(node):
        _begin(frame, Copy(path, True, frame.site(node), Confidence.CERTAIN))


def _begin(frame: Frame, copy: Copy) -> None:
    underway = frame.state.underway
    frame.state.underway = Underway(underway.copies - {copy} | {copy}, underway.waits)


def waited(frame: Frame, node: cst.CSTNode) -> None:
    """The host has waited for the accelerator at `node`: all copies have arrived."""
    frame.has_waited = True
    underway = frame.state.underway
    if underway.copies:
        frame.state.underway = Underway(frozenset(), underway.waits | {node})


def may_wait(name: str) -> bool:
    """Whether a function of this name may wait for the accelerator."""
    return _WAITING.search(name) is not None


def is_for_later(frame: Frame) -> bool:
    """Whether the function at hand says that its callers wait for what it has begun: in words, or it is written for a
    stream of its caller's (`x.record_stream(stream)`)."""
    outline = frame.definition.outline_around if frame.definition is not None else None
    if outline is None:
        return False
    if any(node.attr == "record_stream" for node in outline.by_type[ast.Attribute]):
        return True
    return _NOT_YET.search(f"{outline.name} {ast.get_docstring(outline.node, clean=False)}") is not None


def is_sent_off(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether `node` is (a part of) what a copy to an accelerator takes, which nobody waits for: `x.copy_(staging,
    non_blocking=True)`. What is written before, through whatever handle, is written for that copy."""
    origin = frame.segment.origin(node)
    return frame.outline is not None and any(
        origin is part for taken in _without_waiting(frame.outline, "copy_") for part in ast.walk(taken)
    )


def _without_waiting(outline: FunctionOutline, method: str) -> Iterator[ast.expr]:
    """The first argument of each call of a method in the function that names `non_blocking=`."""
    for call in outline.by_type[ast.Call]:
        named = isinstance(call.func, ast.Attribute) and call.func.attr == method
        if named and call.args and any(keyword.arg == "non_blocking" for keyword in call.keywords):
            yield call.args[0]


def tell_unawaited(frame: Frame, node: cst.Call) -> None:
    """`state[key] = x.to("cpu", non_blocking=True)` in a function that waits for nothing; and `rows[i] = x.to(where,
    non_blocking=True)` where others are copied to another device: one of the two is the host."""
    outline = frame.outline
    if outline is None or frame.depth or not is_asked_for(node) or is_for_later(frame):
        return
    seen = bool(frame.interpreter.outline.calls.get(outline.name)) and outline.name != "cpu"  # callers are followed
    if _goes_to_host(node) and _is_given_on(outline, frame.segment.origin(node), returned=not seen):
        site = frame.site(node)
        frame.emit(Race(site, frame.text(node), site, False, Confidence.LIKELY, unseen=True))
        return
    origin, goal = frame.segment.origin(node), frame.text(node.args[0].value)
    if not any(
        each.value is origin and isinstance(each.targets[0], ast.Subscript) for each in outline.by_type[ast.Assign]
    ):
        return  # what becomes of a local name is followed
    if "cpu" not in goal and all(ast.unparse(place) == goal for place in _without_waiting(outline, "to")):
        return
    calls = (getattr(call.func, "attr", getattr(call.func, "id", "")) for call in outline.by_type[ast.Call])
    if not any(may_wait(name) or name in _READS for name in calls):
        site = frame.site(node)
        frame.emit(Race(site, frame.text(node), site, False, Confidence.LIKELY, unseen=True))


def _goes_to_host(node: cst.Call) -> bool:
    """Whether the CPU is named as the goal."""
    named = (each.value for each in node.args if each.keyword is None or each.keyword.value == "device")
    return any(type(each) is cst.SimpleString and each.evaluated_value == "cpu" for each in named)


def _is_given_on(outline: FunctionOutline, node: object, *, returned: bool) -> bool:
    """Whether it is handed to a function as it is, or returned: who gets it has nothing to wait for."""
    for call in outline.by_type[ast.Call]:
        if any(each is node for each in (*call.args, *(keyword.value for keyword in call.keywords))):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            return name not in ("append", "extend", "update", "copy_")
    return returned and any(each.value is node for each in outline.by_type[ast.Return])


_READS = frozenset({"item", "tolist", "query"})
"""Methods that wait for the accelerator, whatever they read."""


def tell_host_read(frame: Frame, read: Iterable[Kind], subject: cst.CSTNode, node: cst.CSTNode) -> None:
    """The host looks at what these hold."""
    copies = frame.state.underway.copies
    for kind in read if copies else ():
        tensor = guessed(kind)
        if tensor is None or tensor.landing is None or (tensor.device is not None and tensor.device.value != CPU):
            continue
        for copy in copies:
            if copy.key is tensor.landing:
                frame.emit(Race(frame.site(node), frame.text(subject), copy.site, False, copy.sure))
                underway = frame.state.underway
                frame.state.underway = Underway(underway.copies - {copy}, underway.waits)


def tell_host_write(frame: Frame, target: cst.CSTNode, node: cst.CSTNode) -> None:
    """The host writes to what is at `target`."""
    path = dotted_path(target)
    for copy in frame.state.underway.copies:
        if copy.upload and copy.key == path:
            frame.emit(Race(frame.site(node), frame.text(target), copy.site, True, copy.sure))


def forget_upload(frame: Frame, path: str) -> None:
    """The name (or dotted path) means something else from now on."""
    underway = frame.state.underway
    if underway.copies:
        kept = frozenset(copy for copy in underway.copies if not (copy.upload and copy.key == path))
        frame.state.underway = Underway(kept, underway.waits)
