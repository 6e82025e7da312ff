"""The few facts that cannot be measured on a CPU, each with its reason; all else in the tables is measured."""

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

# NumPy function -> properties to add to the measured ones.
NUMPY_ADDITIONS: dict[str, dict[str, Any]] = {
    # Uninitialised memory holds anything, so that "one value throughout" cannot be seen.
    "empty": {"blank": True},
    "empty_like": {"blank": True},
    # Between numbers, as they are nearly always written; between float32 arrays they keep float32.
    "linspace": {"float64": True},
    "logspace": {"float64": True},
    "geomspace": {"float64": True},
}

# ndarray method -> the properties that replace the measured ones.
NUMPY_METHOD_ADDITIONS: dict[str, dict[str, Any]] = {
    # Refuses an array that anything else refers to, as the probe does; on others it changes shape and memory in place.
    "resize": {"inplace": True},
}
