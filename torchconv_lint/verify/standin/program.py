"""Running a program that says "cuda" on the stand-in, without changing it."""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

from torchconv_lint.verify.standin import NAME, late
from torchconv_lint.verify.standin.device import install, is_ours
from torchconv_lint.verify.standin.patches import Patched

_CUDA = torch.device("cuda", 0)


def _onto_standin(value: Any) -> Any:
    if isinstance(value, str) and value.partition(":")[0] == "cuda":
        return NAME
    if isinstance(value, torch.device) and value.type == "cuda":
        return torch.device(NAME)
    return value


class Simulated(Patched, TorchFunctionMode):  # type: ignore[misc]
    """`with Simulated(): program()`: "cuda" means the stand-in, and its tensors say that they are on "cuda:0"."""

    def __init__(self) -> None:
        super().__init__()
        install()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func == torch.Tensor.device.__get__ and is_ours(args[0]):
            return _CUDA
        if func == torch.Tensor.is_cuda.__get__:
            return is_ours(args[0])
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.cuda:
            return args[0].to(NAME, non_blocking=kwargs.get("non_blocking", False))
        if func is torch.Tensor.pin_memory:
            return late.pin(args[0].clone())
        pinned = kwargs.pop("pin_memory", False)
        result = func(*tree_map(_onto_standin, args), **tree_map(_onto_standin, kwargs))
        return late.pin(result) if pinned else result
