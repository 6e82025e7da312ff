"""Where torch lacks what the stand-in rests on: a program that says "cuda" runs on PyTorch's `meta` device.

Tensors of that device have shapes and dtypes but no values, and refuse to become arrays with the TypeError that
accelerators give. So the mapping shows which conversions are refused, and that the twins convert something else; it
knows nothing of values, waits and races. What is brought to the host is made up.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

from torchconv_lint.verify.standin.patches import Patched

NAME = "meta"
_CUDA = torch.device("cuda", 0)
_READS = {
    torch.Tensor.item,
    torch.Tensor.tolist,
    torch.Tensor.__bool__,
    torch.Tensor.__float__,
    torch.Tensor.__int__,
    torch.Tensor.__index__,
}
"""What waits for a value on an accelerator, and gets one."""


def _is_mapped(value: Any) -> bool:
    with torch._C.DisableTorchFunction():
        return isinstance(value, torch.Tensor) and value.device.type == NAME


def _onto_meta(value: Any) -> Any:
    if isinstance(value, str) and value.partition(":")[0] == "cuda":
        return NAME
    if isinstance(value, torch.device) and value.type == "cuda":
        return torch.device(NAME)
    return value


def _names_host(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return not _is_mapped(value)
    return isinstance(value, str | torch.device) and torch.device(value).type == "cpu"


def _on_host(tensor: torch.Tensor) -> torch.Tensor:
    values = torch.zeros(tensor.shape, dtype=tensor.dtype)
    if tensor.is_floating_point():  # Statistics of nothing but zeros warn.
        values = torch.arange(values.numel()).reshape(tensor.shape).to(tensor.dtype)
    return values.requires_grad_(tensor.requires_grad)


class Mapped(Patched, TorchFunctionMode):  # type: ignore[misc]
    """`with Mapped(): program()`: "cuda" means the meta device, and its tensors say that they are on "cuda:0"."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func == torch.Tensor.device.__get__ and _is_mapped(args[0]):
            return _CUDA
        if func == torch.Tensor.is_cuda.__get__:
            return _is_mapped(args[0])
        if func is torch.Tensor.cuda:
            return args[0].to(NAME)
        if func is torch.Tensor.pin_memory:
            return args[0].clone()
        kwargs.pop("pin_memory", None)
        if args and _is_mapped(args[0]) and _reaches_host(func, (*args[1:], *kwargs.values())):
            args = (_on_host(args[0]), *args[1:])
        return func(*tree_map(_onto_meta, args), **tree_map(_onto_meta, kwargs))


def _reaches_host(func: Any, rest: tuple[Any, ...]) -> bool:
    if func is torch.Tensor.to:
        return any(map(_names_host, rest))
    return func is torch.Tensor.cpu or func in _READS
