"""The few facts that cannot be measured on a CPU, with the reason for each. Everything else in the tables is measured."""

from __future__ import annotations

from typing import Any

_MOVED = {"tensor": True, "maybe_view": True, "elementwise": True}

# (section, name) -> the properties that replace the measured ones.
TORCH_CORRECTIONS: dict[tuple[str, str], dict[str, Any]] = {
    # To another device these copy; on the CPU they are identities, so a CPU alone would show "always a view".
    ("method", "cpu"): _MOVED,
    ("method", "cuda"): _MOVED,
    ("method", "xpu"): _MOVED,
    ("method", "ipu"): _MOVED,
    ("method", "hpu"): _MOVED,
    ("method", "mtia"): _MOVED,
    ("method", "pin_memory"): _MOVED,
}
