"""Where the host looks at what a tensor holds: it waits for an accelerator, and a tracer cannot follow it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.iteration import flat
from torchconv_lint.analysis.domain.terms import ARRAY, COPY, NUMBER, SIZE, TEXT, TRUTH
from torchconv_lint.analysis.domain.values import (
    CPU,
    Kind,
    Mapping,
    Opaque,
    Sequence,
    Tensor,
    Value,
    guessed,
    just,
)
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.telling.copies import is_for_later, tell_host_read, waited
from torchconv_lint.analysis.telling.events import TracedRead, Wait
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Arguments, Frame
    from torchconv_lint.analysis.telling.loops import Loop


def tell_read(
    frame: Frame,
    kind: Kind,
    subject: cst.CSTNode,
    node: cst.CSTNode,
    what: str,
    via: str,
    sure: Confidence | None = None,
) -> None:
    """The host reads the tensor `kind` at `node`."""
    if frame.state.underway.copies and not (via == "numpy" and is_for_later(frame)):  # which looks at no values
        tell_host_read(frame, [kind], subject, node)
        read = guessed(kind)
        if read is not None and (read.device is None or read.device.value != CPU) and what != SIZE:
            waited(frame, node)
    if not frame.loops and frame.trace is None:
        return
    tensor = guessed(kind)
    if tensor is None:
        telling = frame.trace is not None or _is_of_a_step(frame)
        telling = telling or (frame.interpreter.eager and via == "item" and not _is_bound_by_loop(frame, subject))
        if not telling or what in (TRUTH, TEXT) or not isinstance(kind, Opaque):
            return
        tensor = Tensor()  # only tensors (and arrays) have the method that is called
    if sure is None:
        sure = Confidence.CERTAIN
        if isinstance(kind, Opaque):
            known = kind.tensorish or what in (ARRAY, COPY) or via == "item"
            sure = Confidence.LIKELY if known else Confidence.POSSIBLE
    if frame.trace is not None:
        text = frame.text(subject)
        asking = (frame.asking or (what == TRUTH and via != "bool")) and not frame.asserting
        frame.emit(TracedRead(frame.site(node), tensor, text, what, via, frame.trace, sure, asking, frame.asserting))
    if frame.loops:
        _tell_wait(frame, tensor, subject, node, what, via, sure)


def tell_text(frame: Frame, value: Value, subject: cst.CSTNode, node: cst.CSTNode, via: str) -> None:
    """A text is made of the value, or of the tensors it holds."""
    if not frame.loops and frame.trace is None and not frame.state.underway.copies:
        return
    for kind, _ in value:
        if isinstance(kind, Tensor) or (isinstance(kind, Opaque) and kind.guess is not None and kind.tensorish):
            tell_read(frame, kind, subject, node, TEXT, via)
        elif isinstance(kind, Sequence | Mapping):
            held = kind if isinstance(kind, Sequence) else Sequence(tuple(item for _, item in kind.items), kind.element)
            for inner, _ in flat(just(held)):
                if isinstance(inner, Tensor):
                    tell_read(frame, inner, subject, node, TEXT, via)


def _tell_wait(
    frame: Frame, tensor: Tensor, subject: cst.CSTNode, node: cst.CSTNode, what: str, via: str, sure: Confidence
) -> None:
    device = tensor.device
    if device is not None and device.value == CPU:
        return
    if device is None:
        # Nothing says where it is: a finding only where the file is written for accelerators, or for whoever trains.
        of_others = frame.interpreter.facts.knows_accelerators or _is_of_a_step(frame)
        sure = min(sure, Confidence.LIKELY if of_others else Confidence.POSSIBLE)
    single = what in (NUMBER, TRUTH) and via not in ("equal", "allclose")
    element = _loop_over(frame, subject) if single else None
    loops = () if frame.seldom else frame.loops
    if element is not None or any(isinstance(loop.node, cst.For | cst.While | cst.FunctionDef) for loop in loops):
        frame.emit(Wait(frame.site(node), tensor, frame.text(subject), what, via, loops, element, sure))


def _is_bound_by_loop(frame: Frame, subject: cst.CSTNode) -> bool:
    """Whether it is made of what a loop goes through: elements of whatever that is, or what a loader gives."""
    while isinstance(subject, cst.Attribute | cst.Call):
        subject = subject.value if isinstance(subject, cst.Attribute) else subject.func
    return type(subject) is cst.Name and any(subject.value in loop.targets for loop in frame.loops)


def _is_of_a_step(frame: Frame) -> bool:
    """Whether the code at hand is what somebody else runs on every step of training."""
    return any(type(loop.node) is cst.FunctionDef for loop in frame.loops)


def _loop_over(frame: Frame, subject: cst.CSTNode) -> Loop | None:
    """The loop that goes through the elements of the tensor which `subject` is (computed from) one of."""
    node = subject
    while True:
        if type(node) is cst.Subscript:
            loop = _indexing(frame, node)
            if loop is not None:
                return loop
            node = node.value
        elif type(node) is cst.Attribute:
            node = node.value
        elif type(node) is cst.Call:
            node = node.func
        elif isinstance(node, cst.BinaryOperation | cst.Comparison):
            node = node.left
        else:
            break
    if type(node) is cst.Name:
        for loop in reversed(frame.loops):
            if node.value in loop.targets:
                return loop if node.value in loop.elements else None
    return None


def _root(node: cst.CSTNode) -> str:
    """The name at the bottom of a chain of attributes and subscripts."""
    while isinstance(node, cst.Attribute | cst.Subscript):
        node = node.value
    return node.value if type(node) is cst.Name else ""


def _indexing(frame: Frame, node: cst.Subscript) -> Loop | None:
    """The loop whose variable is an index of the tensor at `node`."""
    names = {
        element.slice.value.value
        for element in node.slice
        if type(element.slice) is cst.Index and type(element.slice.value) is cst.Name
    }
    if not names:
        return None
    for loop in reversed(frame.loops):
        if names & loop.targets:
            if not loop.written.isdisjoint([_root(node.value)]):
                return None  # computed on the way: it cannot be read beforehand
            owner = frame.quietly(node.value)
            known = (Tensor, Opaque) if frame.interpreter.eager and len(names) > 1 else Tensor
            return loop if owner and all(isinstance(kind, known) for kind, _ in owner) else None
    return None


def tell_arguments(frame: Frame, arguments: Arguments, node: cst.CSTNode, via: str) -> None:
    """All arguments of a call are made a text, or read otherwise."""
    for argument in (*arguments.positional, *arguments.keywords.values()):
        tell_text(frame, argument.value, argument.node, node, via)


_LOGGING = re.compile(r"^(debug|info|warning|warn|error|critical|exception|log)$")
_BARS = frozenset(
    {"set_postfix", "set_description", "set_postfix_str", "set_description_str", "add_scalar", "add_scalars"}
)


def writes_text(func: cst.Attribute) -> bool:
    """Whether a method makes a text of what it is given: of a logger, a progress bar, a summary writer, a string."""
    name = func.attr.value
    if _LOGGING.match(name):
        return "log" in (dotted_path(func.value) or "").lower()
    return name in _BARS or (name == "format" and type(func.value) is cst.SimpleString)
