"""The device itself: memory that is hidden from the program, and one kernel that runs every operation on it.

A stand-in tensor's storage *is* host memory, marked as belonging to the stand-in. An operation is run on host tensors
over that same memory; a result that shares memory with an argument therefore becomes a view of the same stand-in
storage, and writes through any view reach the base.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._pytree import tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from torchconv_lint.verify.standin import NAME, late

# Operations whose result the host has to wait for, by the name under which the wait is counted.
_WAITS = {
    "aten::_local_scalar_dense": "read one element",
    "aten::equal": "compare on the host",
    "aten::nonzero": "count elements",
    "aten::masked_select": "count elements",
    "aten::_unique2": "count elements",
    "aten::unique_dim": "count elements",
}
# Index tensors may live on the host, as they may with CUDA.
_TAKES_HOST_TENSORS = ("aten::index", "aten::_index_put_impl_", "aten::copy_", "aten::_copy_from", "aten::set_")
_CPU_KERNEL = torch._C.DispatchKeySet(torch._C.DispatchKey.CPU)

on_wait: list[Callable[[str], None]] = []
"""Who is told of what would have made a real accelerator's host wait."""

# First byte of a storage -> (the host's storage, the stand-in's storage over the same bytes). Never emptied: the
# stand-in storage does not own its bytes. A process runs one program and ends.
_memory: dict[int, tuple[torch.UntypedStorage, torch.UntypedStorage]] = {}
_libraries: list[torch.library.Library] = []


def _wait(what: str) -> None:
    late.wait()
    for listener in on_wait:
        listener(what)


def is_ours(value: object) -> bool:
    """Whether `value` is a tensor on the stand-in."""
    with torch._C.DisableTorchFunction():
        return isinstance(value, torch.Tensor) and value.device.type == NAME


def to_ours(host: torch.Tensor) -> torch.Tensor:
    """The same memory as a stand-in tensor: a view if the memory is the stand-in's already."""
    return _show(torch._C._acc.create_empty_tensor([0], host.dtype), host)


def _show(ours: torch.Tensor, host: torch.Tensor) -> torch.Tensor:
    """Make `ours` show the memory of `host`, with its shape and strides."""
    host = host.detach().resolve_conj().resolve_neg()
    if host.untyped_storage().nbytes() == 0:
        host = torch.empty(1, dtype=host.dtype).as_strided(host.shape, host.stride())
    address = host.untyped_storage().data_ptr()
    if address not in _memory:
        storage = host.untyped_storage()
        twin = torch._C._construct_storage_from_data_pointer(address, torch.device(NAME, 0), storage.nbytes())
        _memory[address] = storage, twin
    return torch.ops.aten.set_.source_Storage_storage_offset.redispatch(
        _CPU_KERNEL, ours, _memory[address][1], host.storage_offset(), list(host.shape), list(host.stride())
    )


def to_host(ours: torch.Tensor) -> torch.Tensor:
    """A host tensor over the memory of a stand-in tensor. Nothing is copied, nothing counted."""
    with torch._C.DisableTorchFunction():
        storage, _ = _memory[ours.untyped_storage().data_ptr()]
        empty = torch.empty(0, dtype=ours.dtype)
        return empty.set_(storage, ours.storage_offset(), ours.shape, ours.stride())


def _argument(value: Any) -> Any:
    if is_ours(value):
        # An empty tensor is what out= is given to be resized: it gets memory that nobody else knows.
        return to_host(value) if value.numel() else torch.empty(value.shape, dtype=value.dtype)
    return torch.device("cpu") if isinstance(value, torch.device) and value.type == NAME else value


def _result(value: Any) -> Any:
    return to_ours(value) if isinstance(value, torch.Tensor) and value.device.type == "cpu" else value


def _refuse_mixed(name: str, values: list[Any]) -> None:
    tensors = [value for value in values if isinstance(value, torch.Tensor)]
    if name.startswith(_TAKES_HOST_TENSORS):
        return
    if any(map(is_ours, tensors)) and any(not is_ours(tensor) and tensor.dim() for tensor in tensors):
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but found at least two devices, {NAME}:0 and cpu!"
        )


def _run(op: Any, *args: Any, **kwargs: Any) -> Any:
    """Every operation without a kernel of its own."""
    name = op.name().partition(".")[0]
    leaves, _ = torch.utils._pytree.tree_flatten((args, kwargs))
    _refuse_mixed(name, leaves)
    late.before_kernel()
    if name in _WAITS:
        _wait(_WAITS[name])
    host_args, host_kwargs = tree_map(_argument, args), tree_map(_argument, kwargs)
    with torch._C._AutoDispatchBelowAutograd():
        out = op(*host_args, **host_kwargs)
    if not op._schema.is_mutable:
        return tree_map(_result, out)
    written = []
    for index, argument in enumerate(op._schema.arguments):
        if argument.alias_info and argument.alias_info.is_write:
            by_place = index < len(args)
            given = args[index] if by_place else kwargs[argument.name]
            host = host_args[index] if by_place else host_kwargs[argument.name]
            if is_ours(given) and host.shape != given.shape:
                _show(given, host)
            written.append(given)
    if not op._schema.returns:
        return None
    return written[0] if len(written) == 1 else tuple(written)


def _convolution(*args: Any, **kwargs: Any) -> Any:
    return _run(torch.ops.aten.convolution.default, *args, **kwargs)


def _convolution_backward(gradient: Any, x: Any, weight: Any, *rest: Any) -> Any:
    *settings, mask = rest
    with torch._C._AutoDispatchBelowAutograd():
        out = torch.ops.aten.convolution_backward.default(
            *map(_argument, (gradient, x, weight)), [weight.shape[0]], *settings, mask
        )
    return tree_map(_result, out)


def _to_copy(
    self: torch.Tensor, *, dtype: Any = None, device: Any = None, non_blocking: bool = False, **_: Any
) -> torch.Tensor:
    target = torch.device(device).type if device is not None else self.device.type
    values = _argument(self)
    if non_blocking and target == NAME and not is_ours(self) and late.is_pinned(self):
        there = torch.zeros_like(values, dtype=dtype)
        late.upload(lambda: there.copy_(values))
        return to_ours(there)
    late.before_kernel()
    copy = values.to(dtype or values.dtype, copy=True)
    if target == NAME:
        return to_ours(copy)
    if non_blocking:
        here = torch.zeros_like(copy)
        late.download(lambda: here.copy_(copy))
        return here
    _wait("copy to the host")
    return copy


def _copy_from(self: torch.Tensor, dst: torch.Tensor, non_blocking: bool = False) -> torch.Tensor:
    host = dst if is_ours(self) else self
    to_host = is_ours(self) and not is_ours(dst)
    if non_blocking and not is_ours(host) and late.is_pinned(host):
        there = _argument(dst)
        if to_host:
            late.before_kernel()
            values = _argument(self).clone()
            late.download(lambda: there.copy_(values))
        else:
            late.upload(lambda: there.copy_(self))
        return dst
    late.before_kernel()
    if to_host:
        _wait("copy to the host")
    _argument(dst).copy_(_argument(self))
    return dst


def _empty(size: Any, *, dtype: Any = None, **_: Any) -> torch.Tensor:
    return to_ours(torch.empty(size, dtype=dtype or torch.get_default_dtype()))


def _empty_strided(size: Any, stride: Any, *, dtype: Any = None, **_: Any) -> torch.Tensor:
    return to_ours(torch.empty_strided(size, stride, dtype=dtype or torch.get_default_dtype()))


def install() -> None:
    """Make the device known to this process. Raises `AttributeError` or `ImportError` on a PyTorch without the API."""
    if _libraries:
        return
    _setup_privateuseone_for_python_backend(NAME)
    everything = torch.library.Library("_", "IMPL")
    everything.fallback(_run, "PrivateUse1")
    aten = torch.library.Library("aten", "IMPL")
    # PyTorch hands these two to a foreign backend under names of their own.
    aten.impl("convolution_overrideable", _convolution, "PrivateUse1")
    aten.impl("convolution_backward_overrideable", _convolution_backward, "PrivateUse1")
    aten.impl("_to_copy", _to_copy, "PrivateUse1")
    aten.impl("_copy_from", _copy_from, "PrivateUse1")
    aten.impl("empty.memory_format", _empty, "PrivateUse1")
    aten.impl("empty_strided", _empty_strided, "PrivateUse1")
    _libraries.extend((everything, aten))
