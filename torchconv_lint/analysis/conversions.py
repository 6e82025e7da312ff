"""Where tensors turn into arrays and Python numbers: the events that most rules hear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import ToNumpy, ToScalar
from torchconv_lint.analysis.iteration import flat
from torchconv_lint.analysis.values import MANY, Kind, Mapping, Opaque, Sequence, Tensor, Value, guessed, just
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.frame import Frame


def tell_numpy_method(frame: Frame, kind: Kind, subject: cst.CSTNode, node: cst.CSTNode, forced: bool) -> None:
    """`kind.numpy()`: calling it at all says that an opaque object is a tensor."""
    tensor = guessed(kind)
    if tensor is not None:
        sure = Confidence.CERTAIN if isinstance(kind, Tensor) else Confidence.LIKELY
        text, mode = frame.text(subject), frame.state.grad
        frame.emit(ToNumpy(frame.site(node), tensor, text, "", False, mode, sure, forced))


def tell_implicit(
    frame: Frame, value: Value, subject: cst.CSTNode, via: str, node: cst.CSTNode, *, lists: bool = True
) -> None:
    """`via(value)` converts a tensor, or a list of tensors, to an array by itself."""
    site, mode = frame.site(node), frame.state.grad
    for kind, _ in value:
        if isinstance(kind, Tensor):
            frame.emit(ToNumpy(site, kind, frame.text(subject), via, False, mode, Confidence.CERTAIN))
        elif isinstance(kind, Opaque) and kind.guess is not None:
            sure = Confidence.LIKELY if kind.tensorish else Confidence.POSSIBLE
            frame.emit(ToNumpy(site, kind.guess, frame.text(subject), via, False, mode, sure))
        elif isinstance(kind, Sequence | Mapping) and lists:
            _tell_held(frame, kind, subject, via, node)


def _tell_held(frame: Frame, kind: Sequence | Mapping, subject: cst.CSTNode, via: str, node: cst.CSTNode) -> None:
    held = kind if isinstance(kind, Sequence) else Sequence(tuple(item for _, item in kind.items), kind.element)
    for inner, _ in flat(just(held)):
        tensor = guessed(inner)
        if tensor is None:
            continue
        sure = Confidence.CERTAIN if isinstance(inner, Tensor) else Confidence.POSSIBLE
        if isinstance(inner, Opaque) and inner.tensorish:
            sure = Confidence.LIKELY
        frame.emit(ToNumpy(frame.site(node), tensor, frame.text(subject), via, True, frame.state.grad, sure))


def row_into_array(frame: Frame, value: Value, node: cst.CSTNode) -> None:
    """`array[i] = tensor`: one element goes through `item`, a row through an array."""
    for kind, _ in value:
        if isinstance(kind, Tensor) and kind.count is not None and kind.count.value == MANY:
            site, text = frame.site(node), frame.text(node)
            mode = frame.state.grad
            frame.emit(ToNumpy(site, kind, text, "assignment into an ndarray", False, mode, Confidence.CERTAIN))


def tell_scalar(frame: Frame, value: Value, subject: cst.CSTNode, via: str, node: cst.CSTNode) -> None:
    """`via(value)` makes a Python number of a tensor."""
    for kind, _ in value:
        tensor = guessed(kind)
        if tensor is not None:
            sure = Confidence.CERTAIN if isinstance(kind, Tensor) else Confidence.LIKELY
            if isinstance(kind, Opaque) and not kind.tensorish:
                sure = Confidence.POSSIBLE
            frame.emit(ToScalar(frame.site(node), tensor, frame.text(subject), via, sure))


