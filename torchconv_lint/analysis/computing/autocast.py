"""What `torch.autocast` runs in its lower precision. Measured on the CPU: its documentation names operations that it
leaves alone there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.doubts import Doubt
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import Fact
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.values import Tensor

_MODULES = frozenset(
    ["Linear", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "LSTM", "RNN"]
) | {"MultiheadAttention"}

_PRODUCTS = frozenset(
    ["matmul", "mm", "bmm", "baddbmm", "addmm", "addbmm", "einsum", "tensordot", "chain_matmul", "inner"]
) | {"linalg.multi_dot", "linalg.vecdot"}
_CONVOLUTIONS = frozenset(
    f"{prefix}{name}{dims}d"
    for prefix in ("", "nn.functional.")
    for name in ("conv", "conv_transpose")
    for dims in (1, 2, 3)
)
_OPERATIONS = _PRODUCTS | _CONVOLUTIONS | {"nn.functional.linear", "nn.functional.scaled_dot_product_attention"}
_LEFT_ALONE = frozenset({"float64", "int64", "int32", "bool", "complex64", "complex128"})


def by_module(frame: Frame, result: Tensor, kind: str | None, name: str, node: cst.CSTNode) -> Tensor:
    """The output of a module that is written as `name`: one of torch.nn, or one that cannot be seen (None), in which
    the last operation has the say."""
    if frame.autocast is None or (kind is not None and kind not in _MODULES):
        return result
    lowered = _lowered(frame, result, name, node)
    if kind is None and lowered.dtype is not None and lowered is not result:
        return replace(lowered, dtype=lowered.dtype.weaker(Confidence.LIKELY).doubted(Doubt.LEFT_OPEN))
    return lowered


def by_operation(frame: Frame, result: Tensor, name: str, node: cst.CSTNode) -> Tensor:
    """The result of an operation, "@" or the name of a method or function."""
    return _lowered(frame, result, name, node) if frame.autocast is not None and name in _OPERATIONS | {"@"} else result


def _lowered(frame: Frame, result: Tensor, name: str, node: cst.CSTNode) -> Tensor:
    if result.dtype is not None and result.dtype.value in _LEFT_ALONE:
        return result
    dtype = str(frame.autocast)
    return replace(result, dtype=Fact(dtype).then(frame.site(node), f"autocast runs `{name}` in {dtype}"))
