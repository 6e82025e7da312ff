"""What reading an attribute gives."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.calling.module_calls import module_memory
from torchconv_lint.analysis.calling.tensor_methods import detached, of_a_tensor
from torchconv_lint.analysis.computing import distributions
from torchconv_lint.analysis.computing.tensors import NO_GRAD
from torchconv_lint.analysis.domain.conditions import atom
from torchconv_lint.analysis.domain.devices import device_of
from torchconv_lint.analysis.domain.doubts import Doubt
from torchconv_lint.analysis.domain.dtypes import attribute_of_external
from torchconv_lint.analysis.domain.forms import formed
from torchconv_lint.analysis.domain.layout import SOME_AXIS
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    LEAF,
    NO_GRAPH,
    Array,
    Bound,
    Class,
    Device,
    Distribution,
    Dtype,
    External,
    Fact,
    Instance,
    Kind,
    Mapping,
    Memory,
    Module,
    Number,
    Opaque,
    Sequence,
    Tensor,
    Truth,
    Value,
    just,
    part_of,
)
from torchconv_lint.analysis.nodes.names import dotted_path, longer_path
from torchconv_lint.analysis.semantics import classes
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.telling.sharing import converted
from torchconv_lint.knowledge import torch_ops
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Frame


def attribute_of(frame: Frame, kind: Kind, name: str, node: cst.Attribute) -> Kind | Value:
    """The attribute `name` of one alternative."""
    if isinstance(kind, External):
        return frame.interpreter.imports.value(f"{kind.name}.{name}") or attribute_of_external(kind, name)
    if isinstance(kind, Tensor):
        return _of_tensor(frame, kind, name, node)
    if isinstance(kind, Array):
        return _of_array(kind, name)
    if isinstance(kind, Opaque):
        return _of_opaque(frame, kind, name, node)
    if isinstance(kind, Instance):
        return classes.attribute(frame, kind, name, node)
    if isinstance(kind, Class):
        return classes.class_attribute(frame, kind, name)
    if isinstance(kind, Device) and name == "type":  # the name of the device stands for it
        return kind
    if isinstance(kind, Mapping):  # a SimpleNamespace
        return kind.get(name) or Bound(just(kind), name)
    if isinstance(kind, Module):
        return _of_module(frame, kind, name, node)
    if isinstance(kind, Distribution):
        return distributions.attribute(frame, kind, name)
    if isinstance(kind, Bound) and _may_be_weight(frame, name):  # of a part of a module
        return _weight(frame, name, node, None)
    return Bound(just(kind), name)


def _of_tensor(frame: Frame, kind: Tensor, name: str, node: cst.Attribute) -> Kind | Value:
    if name == "data":
        return detached(frame, kind, node.value, node, "`.data` shares its memory")
    if name in ("T", "mT", "H", "mH", "real", "imag"):
        return formed(frame, replace(kind, path=None), name, kind, node, view=True)
    if name == "grad":
        return Tensor(device=kind.device, grad=NO_GRAD, memory=_grad_memory(frame, node))
    if name in ("shape", "ndim", "itemsize", "nbytes"):
        return Sequence(None, just(Number())) if name == "shape" else Number()
    if name == "device":
        return _device_of_tensor(frame, kind, node)
    if name == "is_cuda":
        if kind.device is not None:
            return just(Truth(atom(("placed", kind.device.value == ACCELERATOR))))
        return just(Opaque(longer_path(kind.path, name)))
    if name == "dtype":
        return Dtype(str(kind.dtype.value)) if kind.dtype is not None else just(Opaque(longer_path(kind.path, name)))
    if name in ("requires_grad", "is_leaf", "is_sparse", "layout", "grad_fn", "names", "is_quantized"):
        return just(Opaque(longer_path(kind.path, name)))
    if not of_a_tensor(name):  # what somebody has put there
        return Opaque(longer_path(kind.path, name))
    return Bound(just(kind), name)


def _grad_memory(frame: Frame, node: cst.Attribute) -> Memory | None:
    text = frame.text(node)
    return Memory(("grad", text), "grad", text) if frame.tracks else None


def _device_of_tensor(frame: Frame, kind: Tensor, node: cst.Attribute) -> Value:
    return device_of(frame, kind, node)


def _of_array(kind: Array, name: str) -> Kind | Value:
    if name in ("T", "mT", "real", "imag", "flat"):
        turned = kind.reversed
        if turned is not None and name not in ("real", "imag"):
            turned = replace(turned, value=SOME_AXIS) if name != "flat" else None
        return replace(kind, path=None, reversed=turned)
    if name == "shape":
        return Sequence(None, just(Number()))
    if name in ("size", "ndim", "nbytes", "itemsize"):
        return Number()
    if name == "dtype":
        return Dtype(str(kind.dtype.value)) if kind.dtype is not None else just(Opaque(longer_path(kind.path, name)))
    return Bound(just(kind), name)


_MADE_FOR_THE_HOST = frozenset({"images", "frames", "audios", "text", "texts"})
"""What the output of a pipeline, which may look like a module, holds: no longer tensors."""


def _of_opaque(frame: Frame, kind: Opaque, name: str, node: cst.Attribute) -> Kind | Value:
    if name == "device":
        return device_of(frame, kind, node)
    if name == "A" and kind.array is not None:  # of a sparse matrix
        return kind.array
    path = longer_path(kind.path, name)
    if name == "batch_sizes":  # of a packed sequence: on the CPU, wherever that is
        return Opaque(path)
    if name == "grad" and frame.tracks and kind.guess is None:
        return Opaque(path, memory=_grad_memory(frame, node))
    ops = torch_ops().method
    if kind.guess is not None and (name == "data" or name in ops.tensor or name in ops.python or name in ops.tuple):
        if name == "data":  # many a class has one
            inner = _of_tensor(frame, kind.guess, name, node)
            if isinstance(inner, Tensor) and inner.graph.cuts:  # a packed sequence's is its tensor, graph and all
                inner = replace(inner, grad=None, graph=NO_GRAPH)
            return Opaque(None, inner, kind.memory, kind.tensorish) if isinstance(inner, Tensor) else inner
        if name in ("T", "mT", "H", "grad"):
            return _of_tensor(frame, kind.guess, name, node)
        return Bound(just(kind), name)
    if name in ("shape", "ndim", "dtype", "requires_grad", "is_cuda", "grad_fn"):
        return Sequence(None, just(Number())) if name == "shape" else Opaque(path)
    if kind.guess is None and _may_be_weight(frame, name):
        return _weight(frame, name, node, path)
    if name == "data" and kind.guess is None and kind.memory is not None and kind.memory.origin == "module":
        return Opaque(path, memory=converted(frame, kind.memory, node, "`.data` shares its memory"))
    if kind.guess is not None and kind.tensorish:
        if name in _MADE_FOR_THE_HOST:
            return Opaque(path)
        # What was moved as a whole may be a model, and its attribute a number: an output has a story of a module.
        return Opaque(path, kind.guess, None, not _was_moved(kind.guess))
    if frame.interpreter.eager and kind.array is None and not kind.tensorish:
        seen = frame.interpreter.likely.having(name, kind.path, frame.this)
        if seen is not None:
            return classes.attribute(frame, seen, name, node)
    return Opaque(path, None, kind.memory if name == "data" else part_of(kind.memory, name))


_LAYERS = re.compile(
    r"(emb|embeddings?|fc|conv|linear|layer|norm|proj|head|wte|wpe|bn|wrapped|classifier|model|net|encoder|decoder)\d*$",
    re.I,
)
"""How layers and models are called that have a weight."""

_WEIGHTS = frozenset({"weight", "bias"})


def _may_be_weight(frame: Frame, name: str) -> bool:
    """Whether an attribute is called like a weight, and it matters here whether it is one."""
    return name in _WEIGHTS and (frame.tracks or frame.interpreter.eager)


def _weight(frame: Frame, name: str, node: cst.Attribute, path: str | None) -> Kind:
    """What is called so is that of a layer, as a rule; surely, if the function puts a parameter into its place."""
    memory = module_memory(frame, node.value)
    memory = replace(memory, part=name, supposed=True) if memory is not None else None
    if frame.interpreter.eager and _gets_parameter(frame, node):
        grad = Fact(True, confidence=Confidence.LIKELY)
        grad = grad.then(frame.site(node), f"`{frame.text(node)}` is a parameter, as what takes its place")
        return Tensor(grad=grad, memory=memory, graph=LEAF)
    if not frame.interpreter.eager or not _LAYERS.search(frame.text(node.value)):
        return Opaque(path, memory=memory)
    grad = Fact(True).then(frame.site(node), f"`{frame.text(node)}` is a parameter")
    return Opaque(path, Tensor(grad=grad.doubted(Doubt.LAYERED), memory=memory), memory, True)


def _gets_parameter(frame: Frame, node: cst.Attribute) -> bool:
    """Whether the function assigns an nn.Parameter to the attribute: `layer.bias = nn.Parameter(b.view(-1))`."""
    path = dotted_path(node)
    return frame.outline is not None and any(
        isinstance(assign.value, ast.Call)
        and (dotted(assign.value.func) or "").rpartition(".")[2] == "Parameter"
        and any(dotted(target) == path for target in assign.targets)
        for assign in frame.outline.by_type[ast.Assign]
    )


def _was_moved(guess: Tensor) -> bool:
    """Whether an unknown object is only known for having been moved to a device."""
    return guess.grad is None and guess.graph is NO_GRAPH


def _of_module(frame: Frame, kind: Module, name: str, node: cst.Attribute) -> Kind | Value:
    if name == "device":
        return device_of(frame, kind, node)
    if name in ("weight", "bias"):
        grad = Fact(True).then(frame.site(node), f"`{frame.text(node)}` is a parameter") if kind.trainable else NO_GRAD
        memory = module_memory(frame, node.value)
        memory = replace(memory, part=name) if memory is not None else None
        return Tensor(device=kind.device, grad=grad, memory=memory, graph=LEAF if kind.trainable else NO_GRAPH)
    if name in ("training", "config"):
        return just(Opaque(longer_path(kind.path, name)))
    return Bound(just(kind), name)
