"""What NumPy functions do with a torch tensor where an array is meant."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from torchconv_lint.knowledge.numpy_inputs import ARRAYS, calls

np: Any = importlib.import_module("numpy")
torch: Any = importlib.import_module("torch")

SAMPLES = ("vector", "matrix", "square", "batch", "int", "number", "whole number")


class Calls:
    """Counts how often a method of tensors is called, whether or not the answer is an exception. `__array__` asks a
    tensor for its array, `__array_wrap__` to make a tensor of a result."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0

    def __enter__(self) -> Calls:
        self.original = getattr(torch.Tensor, self.name)

        def counting(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            self.count += 1
            return self.original(tensor, *args, **kwargs)

        setattr(torch.Tensor, self.name, counting)
        return self

    def __exit__(self, *exception: object) -> None:
        setattr(torch.Tensor, self.name, self.original)


def _replaced(args: tuple[Any, ...], new: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    """The argument list with its first array (or list of arrays) replaced; None if it has none."""
    for place, item in enumerate(args):
        if isinstance(item, np.ndarray):
            return (*args[:place], new(item), *args[place + 1 :])
        if isinstance(item, list) and item and isinstance(item[0], np.ndarray):
            return (*args[:place], [new(part) for part in item], *args[place + 1 :])
    return None


def _run(call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The outcome of a call: tensor, wrapped tensor, value, TypeError, or error; `+` in front when a tensor was
    converted."""
    with Calls("__array__") as conversions, Calls("__array_wrap__") as wraps:
        try:
            result = call(*args, **kwargs)
            outcome = "tensor" if isinstance(result, torch.Tensor) else "value"
            if outcome == "tensor" and wraps.count:
                outcome = "wrapped tensor"
        except TypeError:
            outcome = "TypeError"
        except BaseException:
            outcome = "error"
    return ("+" if conversions.count else "") + outcome


def _graph(array: Any) -> Any:
    """The array as a tensor in the graph, where its dtype allows that."""
    tensor = torch.from_numpy(array.copy())
    return tensor.requires_grad_() if tensor.is_floating_point() else tensor


def _works(call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether the call is right for arrays at all."""
    try:
        call(*args, **kwargs)
    except BaseException:
        return False
    return True


def _parts(array: Any) -> list[Any]:
    """A list of graph tensors in place of an array."""
    return list(_graph(array)) if array.ndim else [_graph(array)]


def tensor_outcomes(call: Callable[..., Any]) -> dict[str, list[tuple[str, int]]]:
    """(outcome, number of arguments) with a graph tensor, a plain one, and lists of graph tensors.

    Only calls that are right for arrays are tried with tensors.
    """
    found: dict[str, list[tuple[str, int]]] = {"graph": [], "plain": [], "list": []}
    for sample in SAMPLES:
        for args, kwargs in calls(ARRAYS[sample]):
            plain = _replaced(args, lambda array: torch.from_numpy(array.copy()))
            graph = _replaced(args, _graph)
            parts = _replaced(args, _parts)
            if plain is None or graph is None or parts is None or not _works(call, args, kwargs):
                continue
            count = len(args) + len(kwargs)
            if any(isinstance(item, list) and item and isinstance(item[0], torch.Tensor) for item in graph):
                found["list"].append((_run(call, graph, kwargs), count))
                continue
            found["plain"].append((_run(call, plain, kwargs), count))
            found["list"].append((_run(call, parts, kwargs), count))
            if "int" not in sample and "whole" not in sample:
                found["graph"].append((_run(call, graph, kwargs), count))
    return found
