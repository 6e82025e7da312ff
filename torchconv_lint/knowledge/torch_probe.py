"""Try one torch operation with many inputs and write down what comes out."""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable
from typing import Any

from torchconv_lint.knowledge.torch_inputs import RECEIVERS, calls, list_calls, lone_calls

torch: Any = importlib.import_module("torch")
numpy: Any = importlib.import_module("numpy")

Observation = dict[str, Any]


def short(dtype: Any) -> str:
    """`float32` for `torch.float32`."""
    return str(dtype).removeprefix("torch.")


def _tensors(value: Any) -> list[Any]:
    """The tensors in an argument list, one level of nesting deep."""
    found = []
    for item in value:
        if isinstance(item, torch.Tensor):
            found.append(item)
        elif isinstance(item, list | tuple):
            found.extend(part for part in item if isinstance(part, torch.Tensor))
    return found


def _shares(one: Any, other: Any) -> bool:
    """Whether two tensors lie in the same storage (sparse and meta ones do not say)."""
    try:
        return bool(
            one.device.type != "meta"
            and one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()
            and one.untyped_storage().nbytes() > 0
        )
    except (RuntimeError, NotImplementedError):
        return False


def _content(tensor: Any) -> bytes | None:
    """The bytes of a tensor's storage, if it has one."""
    try:
        storage = tensor.untyped_storage()
        return ctypes.string_at(storage.data_ptr(), storage.nbytes()) if tensor.device.type == "cpu" else None
    except (AttributeError, RuntimeError, NotImplementedError):
        return None


def _differs(before: bytes | None, after: bytes | None) -> bool:
    """Whether memory was written; a change of its size alone does not count."""
    return before is not None and after is not None and len(before) == len(after) and before != after


def _constant(value: Any) -> bool:
    """Whether a result of several elements holds one value (or uninitialised NaN) throughout."""
    try:
        flat = value.detach().reshape(-1)
        return bool(flat.numel() > 1 and (torch.isnan(flat).all() or (flat == flat[0]).all()))
    except (RuntimeError, NotImplementedError, TypeError):
        return False


def _kind(result: Any) -> str:
    """The class of a result: tensor, several tensors, a NumPy array, or anything else."""
    if isinstance(result, torch.Tensor):
        return "tensor"
    if isinstance(result, list | tuple) and result and isinstance(result[0], torch.Tensor):
        if all(isinstance(item, torch.Tensor) for item in result):
            return "list" if isinstance(result, list) else "named" if type(result) is not tuple else "tuple"
        return "mixed"
    if isinstance(result, list | tuple) and _tensors(result):
        return "mixed"
    if isinstance(result, numpy.ndarray | numpy.generic):
        return "host"
    return "callable" if callable(result) else "python"


def _observe(call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Observation | None:
    """Run one call; None when it raises."""
    torch.default_generator.manual_seed(0)  # torch.manual_seed would format a stack trace for CUDA each time
    inputs = _tensors([*args, *kwargs.values()])
    first = inputs[0] if inputs else None
    before = _content(first)
    shapes = [tuple(item.shape) for item in inputs]
    dtypes = [short(item.dtype) for item in inputs]
    grads = any(item.requires_grad for item in inputs)
    try:
        result = call(*args, **kwargs)
        kind = _kind(result)
        outs = [result] if kind == "tensor" else _tensors([result]) if kind in ("list", "named", "tuple") else []
        try:
            broadcast = list(torch.broadcast_shapes(*shapes)) if shapes else None
        except RuntimeError:
            broadcast = None
        return {
            "kind": kind,
            "extra": len(args) + len(kwargs) - 1,
            "plain": not kwargs and all(isinstance(item, torch.Tensor) for item in args),
            "dim": any(type(item) is int for item in args[1:]) or "dim" in kwargs,
            "typed": any(isinstance(item, torch.dtype) for item in (*args, *kwargs.values())),
            "dim_keyword": "dim" in kwargs,
            "in_shape": shapes[0] if shapes else None,
            "broadcast": broadcast,
            "in_dtypes": dtypes,
            "grads": grads,
            "same": result is first and first is not None,
            "written": _differs(before, _content(first)),
            "dense": first is None or first.layout == torch.strided,
            "many": [item.numel() > 1 for item in outs],
            "shapes": [tuple(item.shape) for item in outs],
            "dtypes": [short(item.dtype) for item in outs],
            "out_grads": [item.requires_grad for item in outs],
            "shares": [first is not None and _shares(item, first) for item in outs],
            "constant": [_constant(item) for item in outs],
        }
    except Exception:
        return None


def _fill_uninitialised() -> None:
    """Let uninitialised memory read as NaN, which marks `empty` and its kin."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = True


def probe(call: Callable[..., Any], lone: bool) -> list[Observation]:
    """Every successful call of an operation: `lone` ones without a tensor too."""
    _fill_uninitialised()
    seen: list[Observation] = []
    for make in RECEIVERS.values():
        seen += filter(None, (_observe(call, args, kwargs) for args, kwargs in calls(make)))
    if lone:
        for args, kwargs in (*list_calls(), *lone_calls()):
            seen += filter(None, [_observe(call, args, kwargs)])
    return seen
