"""Which values a program holds, and under which names: tensors and arrays reachable from its variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from torchconv_lint.verify.standin import NAME as STANDIN

_DEPTH = 4
_ENTRIES = 50


@dataclass(frozen=True, slots=True)
class Holder:
    """A place that holds a value: `slot` identifies it however it was reached, `kept` is False for a plain variable."""

    name: str
    slot: tuple[int, object]
    kept: bool
    value: Any


def on_host(value: Any) -> np.ndarray[Any, Any] | None:
    """The memory of `value` as an array (no copy for host memory); None for what has no plain memory."""
    if isinstance(value, np.ndarray):
        return None if value.dtype.hasobject else value
    with torch._C.DisableTorchFunction(), torch.no_grad():
        if value.is_meta or value.layout is not torch.strided or value.is_conj() or value.is_neg():
            return None
        tensor = value.detach()
        if tensor.device.type == STANDIN:
            from torchconv_lint.verify.standin.device import to_host

            tensor = to_host(tensor)
        elif tensor.device.type != "cpu":
            tensor = tensor.cpu()
        if tensor.dtype is torch.bfloat16:
            tensor = tensor.view(torch.int16)
        array: np.ndarray[Any, Any] = tensor.numpy()
        return array


def share(first: Any, second: Any) -> bool:
    """Whether two values lie on common memory."""
    one, other = on_host(first), on_host(second)
    return one is not None and other is not None and bool(np.shares_memory(one, other))


def holders(variables: Mapping[str, Any], frame: int, ours: str) -> Iterator[Holder]:
    """Every tensor and array reachable from `variables`; attributes are followed on classes of the module `ours`."""
    seen: set[int] = set()
    for name, value in list(variables.items()):
        if not name.startswith("__"):
            yield from _walk(Holder(name, (frame, name), False, value), ours, seen, 0)


def _walk(holder: Holder, ours: str, seen: set[int], depth: int) -> Iterator[Holder]:
    value = holder.value
    if isinstance(value, np.ndarray):
        yield holder
        return
    if isinstance(value, torch.Tensor):
        yield holder
        if value.is_leaf and value.grad is not None:
            yield Holder(f"{holder.name}.grad", (id(value), "grad"), True, value.grad)
        return
    if depth >= _DEPTH or id(value) in seen:
        return
    seen.add(id(value))
    for name, key, inner in _parts(holder.name, value, ours):
        yield from _walk(Holder(name, (id(value), key), True, inner), ours, seen, depth + 1)


def _parts(name: str, value: Any, ours: str) -> Iterator[tuple[str, object, Any]]:
    if isinstance(value, torch.optim.Optimizer):
        for index, state in enumerate(list(getattr(value, "state", {}).values())):
            yield f"{name}.state[{index}]", index, state
    elif isinstance(value, torch.nn.Module):
        for key, inner in [*value.named_parameters(), *value.named_buffers()]:
            yield f"{name}.{key}", id(inner), inner
    elif isinstance(value, Mapping):
        for key, inner in list(value.items())[:_ENTRIES]:
            yield f"{name}[{key!r}]" if isinstance(key, (str, int)) else f"{name}[…]", key, inner
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value[:_ENTRIES]):
            yield f"{name}[{index}]", index, inner
    elif type(value).__module__ == ours:
        for key, inner in list(vars(value).items()):
            yield f"{name}.{key}", key, inner
