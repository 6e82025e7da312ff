"""What `torch.cuda` answers a program that is run without CUDA."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from unittest import mock

import torch

from torchconv_lint.verify.standin import late

_ANSWERS: dict[str, Any] = {
    "is_available": lambda: True,
    "device_count": lambda: 1,
    "current_device": lambda: 0,
    "get_device_name": lambda device=None: "stand-in",
    "synchronize": lambda device=None: late.wait(),
    "Event": late.Event,
    "empty_cache": lambda: None,
    "memory_allocated": lambda device=None: 0,
}


class Patched:
    """A context in which `torch.cuda` says that there is one device. To be mixed in before another context."""

    def __enter__(self) -> Any:
        self._patches = ExitStack()
        for name, answer in _ANSWERS.items():
            self._patches.enter_context(mock.patch.object(torch.cuda, name, answer))
        return super().__enter__()  # type: ignore[misc]

    def __exit__(self, *exc: Any) -> Any:
        self._patches.close()
        return super().__exit__(*exc)  # type: ignore[misc]
