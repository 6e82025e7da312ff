"""A description of any returned value, as JSON, such that the same values have the same description."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from torchconv_lint.verify.memory import on_host, share

_SHOWN = 64
_DEPTH = 4


def describe(value: Any, depth: int = 0) -> Any:
    """Kind, type, shape and contents of tensors and arrays; other objects by the name of their class."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (float, complex)):
        return repr(value)
    if isinstance(value, torch.Tensor):
        with torch._C.DisableTorchFunction():
            return _block("tensor", str(value.dtype).removeprefix("torch."), value) | {"grad": value.requires_grad}
    if isinstance(value, (np.ndarray, np.generic)):
        return _block("array", str(value.dtype), np.asarray(value))
    if depth < _DEPTH and isinstance(value, dict):
        return {"dict": [[describe(k, depth + 1), describe(v, depth + 1)] for k, v in value.items()]}
    if depth < _DEPTH and isinstance(value, (list, tuple)):
        return {type(value).__name__: [describe(each, depth + 1) for each in value]}
    return {"object": type(value).__name__}


def sharing(value: Any) -> tuple[tuple[int, int], ...]:
    """Which of the tensors and arrays in a value, counted in order, lie on common memory."""
    blocks = list(_blocks(value))
    pairs = itertools.combinations(enumerate(blocks), 2)
    return tuple((first, second) for (first, one), (second, other) in pairs if share(one, other))


def _blocks(value: Any, depth: int = 0) -> Iterator[Any]:
    if isinstance(value, (torch.Tensor, np.ndarray)):
        yield value
    elif depth < _DEPTH and isinstance(value, (dict, list, tuple)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _blocks(each, depth + 1)


def _block(kind: str, dtype: str, value: Any) -> dict[str, Any]:
    array = on_host(value)
    known: dict[str, Any] = {"kind": kind, "dtype": dtype, "shape": list(value.shape)}
    if array is None:
        return known
    if array.size > _SHOWN:
        return known | {"sha256": hashlib.sha256(array.tobytes()).hexdigest()}
    return known | {"values": [repr(each) for each in array.ravel().tolist()]}
