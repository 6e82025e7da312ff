"""What a branch or a function is meant for, as its words tell: other frameworks, the host, arrays."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

import libcst as cst

from torchconv_lint.analysis.domain.conditions import equal_to
from torchconv_lint.analysis.domain.doubts import Doubt
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import Tensor
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.syntax.outline import dotted

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.values import Fact, When

_FRAMEWORKS = re.compile(
    r"tf2?|tensorflow2?|tflite|keras|jax|flax|paddle(paddle)?|mxnet|mindspore|cupy|numpy|np|onnx(runtime)?|ort|openvino|"
    r"theano|chainer",
    re.IGNORECASE,
)
"""What a flag is asked for in a branch that handles the values of another framework."""

_TORCH = re.compile(r"pt|th|torch|pytorch", re.IGNORECASE)
"""The same, for torch."""

_FLAGS = re.compile(
    r"((use|using|is|has|have|on|enable|with|run_on|want|no|not)_?)?(gpus?|cuda|mps|accelerator)"
    r"(_?(enabled|available|is_available|mode|flag|on|ids?|idx|index|\w+_enabled))?",
    re.IGNORECASE,
)
"""Names of flags that tell whether the code runs on an accelerator."""

_ON_ARRAYS = re.compile(r"\w_(np|numpy|nd)$")
"""How functions are called that do the same as others, on arrays."""


_OF_RESULTS = re.compile(r"output|result")
"""Names of what tells the form of what a function gives, not of what it was given."""


def for_another_framework(path: When) -> bool:
    """Whether the code is reached only where a name equals that of another framework, or does not equal torch's:
    `if backend == "tf":`, `if framework == "pt": … else: …`."""
    for key, truth in path:
        equal = equal_to(key)
        wanted = _FRAMEWORKS if truth else _TORCH
        if equal is not None and _OF_RESULTS.search(_name(equal[0])):
            continue  # a tensor becomes what is wanted here
        if equal is not None and all(isinstance(one, str) and wanted.fullmatch(one) for one in equal[1]):
            return True
    return False


def for_the_host(path: When) -> bool:
    """Whether the code is reached only where a flag says that there is no accelerator (`if use_gpu: … else: …`), or
    where a name equals "cpu"."""
    for key, truth in path:
        equal = equal_to(key) if truth else None
        if equal is not None and set(equal[1]) == {"cpu"}:
            return True
        if isinstance(key, tuple) and key[:1] == ("Is",) and key[2:] == (("const", "NoneType", None),):
            key, truth = key[1], not truth
        name = _name(key)
        if _FLAGS.fullmatch(name) and truth is name.lower().startswith("no"):
            return True
    return False


_FOR_ARRAYS = re.compile(r"(as|to|return|in|convert(_to)?)_?(np|numpy|ndarrays?|arrays?)", re.IGNORECASE)


def asked_for(frame: Frame, device: Fact | None) -> bool:
    """Whether the caller chooses the device, and asks for an array as well (`as_numpy=True`): both go together."""
    here = frame.outline
    begins = device.begins_at() if device is not None else None
    if here is None or begins is None or type(begins.node) is not cst.Call:
        return False
    if not any(dotted_path(argument.value) in here.parameters for argument in begins.node.args):
        return False
    asked = (_name(key) for key, truth in frame.state.path if truth)
    return any(name in here.parameters and _FOR_ARRAYS.fullmatch(name) for name in asked)


def _name(key: Any) -> str:
    """The last name by which a condition knows a flag."""
    if isinstance(key, tuple) and key[:1] == ("made",):
        key = key[1]
    elif isinstance(key, tuple):
        key = key[-1]
    return key.rpartition(".")[2] if isinstance(key, str) else ""


def for_arrays(frame: Frame, device: Fact | None) -> bool:
    """Whether a function that is named after arrays converts what its object holds: it is used where that is on the
    host. What it puts on a device itself is another matter."""
    here = frame.outline
    if here is None or here.owner is None or not _ON_ARRAYS.search(here.name) or device is None:
        return False
    begins = device.begins_at()
    return begins is not None and begins.segment is not frame.segment


def spared(frame: Frame, tensor: Tensor, node: cst.CSTNode) -> Tensor:
    """The tensor, which the code at hand does not expect on an accelerator."""
    device = tensor.device
    if device is None or not tensor.on_accelerator:
        return tensor
    story = "is not expected there: a flag says so"
    return replace(tensor, device=device.doubted_since(frame.site(node), story, Doubt.SPARED))


_BFLOAT16 = re.compile(r"bf(loat)?16")


def sorted_out(frame: Frame, tensor: Tensor, node: cst.CSTNode) -> Tensor:
    """The tensor, which the function converts knowing of dtypes that NumPy lacks: it has a branch for one, around the
    conversion, or before it for what is converted."""
    dtype, here = tensor.dtype, frame.outline
    if dtype is None or here is None or not isinstance(dtype.value, str) or not _BFLOAT16.fullmatch(dtype.value):
        return tensor
    origin = frame.segment.origin(node)
    if not isinstance(origin, ast.Call) or not any(_sorts(branch, origin) for branch in here.by_type[ast.If]):
        return tensor
    story = "the function has a branch for this dtype"
    return replace(tensor, dtype=dtype.doubted_since(frame.site(node), story, Doubt.SORTED_OUT))


def _sorts(branch: ast.If, call: ast.Call) -> bool:
    """Whether a branch that asks for bfloat16 holds the conversion, or binds anew what that converts."""
    asked = (part for part in ast.walk(branch.test) if isinstance(part, ast.Compare))
    if not any(_BFLOAT16.search(_said(side)) for each in asked for side in (each.left, *each.comparators)):
        return False
    if branch.lineno <= call.lineno <= (branch.end_lineno or 0):
        return True
    converted = {part.id for part in ast.walk(call) if isinstance(part, ast.Name)}
    stored = (part for each in ast.walk(branch) if isinstance(each, ast.Assign) for part in each.targets)
    return any(isinstance(part, ast.Name) and part.id in converted for part in stored)


def _said(node: ast.expr) -> str:
    """A string that is written down, or the last part of a dotted name: `torch.bfloat16`, `"bf16"`."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return (dotted(node) or "").rpartition(".")[2]
