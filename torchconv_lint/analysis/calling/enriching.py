"""What an unknown value is, as the uses of its name tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.doubts import Doubt
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import MANY, Fact, Kind, Module, Opaque, Tensor, Value
from torchconv_lint.analysis.telling.going_back import as_awaited
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.values import Step
    from torchconv_lint.analysis.syntax.evidence import Evidence


def enriched(value: Value, name: str, evidence: Evidence, line: int = 0) -> Value:
    """An unknown value as what its uses tell it is; `line`: where the code stands that gives it."""
    if name in evidence.awaited and (name, line) not in evidence.rebound:
        return tuple(alt._replace(kind=as_awaited(alt.kind)) for alt in value)
    if (name, line) in evidence.rebound:
        return value
    if name in evidence.needs_grad:
        value = tuple(alt._replace(kind=_confirmed(alt.kind)) for alt in value)
    if not any(isinstance(alt.kind, Opaque) for alt in value):
        return value
    if name in evidence.needs_grad:
        return tuple(alt._replace(kind=_as_tensor(alt.kind, True)) for alt in value)
    if name in evidence.losses:
        return tuple(alt._replace(kind=_as_loss(alt.kind)) for alt in value)
    if name in evidence.matrices:
        return tuple(alt._replace(kind=_as_matrix(alt.kind)) for alt in value)
    if name in evidence.modules:
        return tuple(alt._replace(kind=_as_module(alt.kind, name)) for alt in value)
    if name in evidence.tensors:
        return tuple(alt._replace(kind=_as_tensor(alt.kind, None)) for alt in value)
    return value


def supposed(kind: Kind) -> Kind:
    """An output of what is called like a module, in a function that calls backward: it may be of another one's."""
    if not isinstance(kind, Opaque) or kind.guess is None or kind.guess.grad is None or not kind.guess.grad.value:
        return kind
    grad = kind.guess.grad.weaker(Confidence.LIKELY).doubted(Doubt.UPSTREAM)
    return replace(kind, guess=replace(kind.guess, grad=grad))


def _confirmed(kind: Kind) -> Kind:
    """A tensor that was thought to require grad, now that backward goes through it."""
    if not isinstance(kind, Tensor) or kind.grad is None or not kind.grad.value:
        return kind
    return replace(kind, grad=replace(kind.grad, step=_undoubted(kind.grad), confidence=Confidence.CERTAIN))


def _as_tensor(kind: Kind, needs_grad: bool | None) -> Kind:
    if not isinstance(kind, Opaque) or (kind.array is not None and not needs_grad):
        return kind  # an element of an array is no tensor: what is one here is bound to the name elsewhere
    guess = kind.guess or Tensor(memory=kind.memory, path=kind.path)
    if needs_grad and (guess.grad is None or guess.grad.confidence < Confidence.CERTAIN):
        guess = replace(guess, grad=Fact(True, _undoubted(guess.grad)))
    return Opaque(kind.path, guess, kind.memory, kind.tensorish or bool(needs_grad))


def _as_loss(kind: Kind) -> Kind:
    """An unknown part of a loss: it requires grad, as far as its name tells, or what it is computed from."""
    if not isinstance(kind, Opaque):
        return kind
    guess = kind.guess or Tensor(memory=kind.memory, path=kind.path)
    known = guess.grad
    if known is not None and (not known.value or (known.confidence > Confidence.POSSIBLE and not known.is_doubted)):
        return kind
    grad = Fact(True, _undoubted(known), Confidence.LIKELY)
    return replace(kind, guess=replace(guess, grad=grad), tensorish=True)


def _undoubted(grad: Fact | None) -> Step | None:
    """How a tensor came to its graph, now that its doubts are no longer any."""
    return None if grad is None or grad.is_doubted else grad.step


def _as_matrix(kind: Kind) -> Kind:
    kind = _as_tensor(kind, None)
    if isinstance(kind, Opaque) and kind.guess is not None and kind.guess.count is None:
        count = Fact(MANY, confidence=Confidence.LIKELY)
        return replace(kind, guess=replace(kind.guess, count=count), tensorish=True)
    return kind


def _as_module(kind: Kind, name: str) -> Kind:
    if isinstance(kind, Opaque):
        return Module(None, kind.guess.device if kind.guess else None, path=kind.path or name)
    return kind
