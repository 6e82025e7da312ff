"""Copies that nobody waits for arrive as late as they may: a download when the host waits for the device, an upload
when the device is about to compute. So a program that looks too early sees what was there before, every time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

Copy = Callable[[], Any]

_downloads: list[Copy] = []
_uploads: list[Copy] = []
_pinned: list[torch.Tensor] = []  # Kept alive: an address must not be given to other memory.


def download(copy: Copy) -> None:
    """Begin a copy to the host."""
    _downloads.append(copy)


def upload(copy: Copy) -> None:
    """Begin a copy from pinned memory to the device."""
    _uploads.append(copy)


def before_kernel() -> None:
    """The device computes next: what has been sent to it is there."""
    _finish(_uploads)


def wait() -> None:
    """The host waits for the device."""
    _finish(_uploads)
    _finish(_downloads)


def _finish(copies: list[Copy]) -> None:
    pending = copies[:]
    copies.clear()
    with torch._C.DisableTorchFunction(), torch.no_grad():
        for copy in pending:
            copy()


def pin(host: torch.Tensor) -> torch.Tensor:
    """The tensor, its memory noted as pinned."""
    _pinned.append(host)
    return host


def is_pinned(host: torch.Tensor) -> bool:
    """Whether the memory of a host tensor has been pinned."""
    with torch._C.DisableTorchFunction():
        address = host.untyped_storage().data_ptr()
        return any(other.untyped_storage().data_ptr() == address for other in _pinned)


class Event:
    """`torch.cuda.Event`: waiting for it is waiting for everything."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.recorded = False

    def record(self, *_: Any) -> None:
        """Everything that has been begun belongs to it."""
        self.recorded = True

    def synchronize(self) -> None:
        """Wait, if there is something to wait for."""
        if self.recorded:
            wait()
