"""Devices: which a name, a number or an object can stand for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.doubts import Doubt
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    CPU,
    OPAQUE,
    Alt,
    Const,
    Device,
    External,
    Fact,
    Instance,
    Kind,
    Module,
    Number,
    Opaque,
    Step,
    Tensor,
    Value,
    each,
    guessed,
    join,
    just,
)
from torchconv_lint.mentions import KNOWN_ACCELERATORS
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.nodes.site import Site

_DEVICE_NAME = re.compile(
    r"(^|[._]|\[')(device|dev|devices|gpu|gpus|cuda|rank|local_rank|gpu_id|gpu_ids|device_id)('\])?$", re.I
)
"""Names that speak of a device. A device somebody else chooses (`args.device`, `config["device"]`) may be any."""

PARAMETERS = ".parameters()"
"""The path of a module's parameters ends so, after the path of the module."""

_OPTIONS = re.compile(
    r"(args|arg|opts?|options?|cfg|conf|config|flags|hparams|hps|params|settings|accelerator|fabric|trainer|runner)$",
    re.I,
)
"""Names of what tells how to run."""


def names_device(path: str | None) -> bool:
    """Whether a dotted path reads like a device."""
    return path is not None and _DEVICE_NAME.search(path) is not None


def any_device(
    frame: Frame,
    path: str,
    node: cst.CSTNode,
    sure: Confidence = Confidence.LIKELY,
    *,
    message: str = "",
    doubt: Doubt | None = None,
) -> Value:
    """A device that code elsewhere chooses: the CPU or an accelerator, the same one wherever the path is read."""
    written = path.replace(".[", "[")
    step = Step(frame.site(node), message or f"`{written}` may be an accelerator", doubt=doubt)
    accelerator = Fact(ACCELERATOR, step, sure)
    key = ("accelerator", path)
    return (
        Alt(Device(accelerator), frozenset({(key, True)})),
        Alt(Device(Fact(CPU, None, Confidence.LIKELY)), frozenset({(key, False)})),
    )


def somewhere(value: Value, name: str, site: Site) -> Value:
    """What reaches NumPy in a function that puts its results where `name` is: a tensor there, or on the CPU."""
    key = ("accelerator", f"{name}.device")
    message = f"`{name}` may be on an accelerator: results are put on `{name}.device`"
    there = Fact(ACCELERATOR, Step(site, message, doubt=Doubt.ECHOED), Confidence.LIKELY)
    facts = {True: there, False: Fact(CPU, None, Confidence.LIKELY)}
    parts = []
    for kind, when in value:
        guess = guessed(kind) or (Tensor(path=kind.path, memory=kind.memory) if isinstance(kind, Opaque) else None)
        if guess is None or guess.device is not None:
            parts.append((Alt(kind, when),))
            continue
        for truth, fact in facts.items():
            placed = replace(guess, device=fact)
            known = Opaque(kind.path, placed, kind.memory, True) if isinstance(kind, Opaque) else placed
            parts.append((Alt(known, when | {(key, truth)}),))
    return join(*parts) if parts else value


def as_device(frame: Frame, value: Value, node: cst.CSTNode) -> Value:
    """The value as what `.to()`, `device=` or `torch.device()` takes it for: Devices, or something else unchanged."""
    if any(isinstance(kind, Number) for kind, _ in value) and not all(_may_be_index(kind) for kind, _ in value):
        # What is looked up may be a number or anything else: a dtype, as a rule, where tensors are told to become it.
        value = each(value, lambda kind: OPAQUE if isinstance(kind, Number) else kind)
    return each(value, lambda kind: _as_device(frame, kind, node))


def _may_be_index(kind: Kind) -> bool:
    return isinstance(kind, Number | Const | Device)


def _as_device(frame: Frame, kind: Kind, node: cst.CSTNode) -> Kind | Value:
    if isinstance(kind, Const):
        return _named(frame, kind.value, node)
    if isinstance(kind, Number):
        return Device(
            Fact(ACCELERATOR, Step(frame.site(node), "a number is an accelerator's index"), Confidence.LIKELY)
        )
    if isinstance(kind, Opaque) and names_device(kind.path):
        return any_device(frame, kind.path or "", node)
    if isinstance(kind, External) and kind.name == "accelerate.Accelerator().device":
        return any_device(frame, frame.text(node), node)
    if isinstance(kind, External) and names_device(kind.name) and not kind.name.startswith("torch."):
        return any_device(frame, kind.name, node)
    return kind


def _named(frame: Frame, name: object, node: cst.CSTNode) -> Kind:
    if isinstance(name, bool) or name is None:
        return Const(name)
    if isinstance(name, int):
        return Device(Fact(ACCELERATOR, Step(frame.site(node), f"device {name} is an accelerator")))
    text = str(name).split(":")[0]
    if text == "cpu":
        return Device(Fact(CPU))
    if text in KNOWN_ACCELERATORS:
        step = Step(frame.site(node), f'`{frame.text(node)}` puts it on "{name}"', stated=True)
        return Device(Fact(ACCELERATOR, step))
    return Device(None) if text == "meta" else Const(name)


def device_of(frame: Frame, kind: Kind, node: cst.CSTNode) -> Value:
    """`x.device`."""
    path = getattr(kind, "path", None)
    owner = path or frame.text(node).removesuffix(".device")
    is_output = owner in frame.evidence.outputs  # who asks where a module's output is expects it anywhere
    if isinstance(kind, Tensor) and (kind.device is not None or not ((path or "").endswith(PARAMETERS) or is_output)):
        return just(Device(kind.device))
    if isinstance(kind, Module | Instance) and kind.device is not None:
        return just(Device(kind.device))
    # What this code has made itself, of things nobody knows, is on the CPU as well as anywhere; options are chosen.
    made_here = owner.partition(".")[0] in frame.state.names and not is_output
    known = path is not None or isinstance(kind, Module | Instance) or not made_here
    written = frame.text(node).partition(".")[0]
    if frame.depth and written in frame.state.names and isinstance(kind, Opaque | Tensor) and not is_output:
        known = False  # a caller's: it is where that has put it
    known = known or _OPTIONS.search(owner) is not None
    sure = Confidence.LIKELY if known else Confidence.POSSIBLE
    chosen = is_output or _OPTIONS.search(owner) is not None  # a module is where it is; of many nobody moves any
    return any_device(frame, f"{owner}.device", node, sure, doubt=None if chosen else Doubt.ECHOED)
