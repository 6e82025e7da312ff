"""Measure the whole NumPy table."""

from __future__ import annotations

import importlib
from typing import Any

numpy: Any = importlib.import_module("numpy")


def numpy_table() -> dict[str, Any]:
    """Everything in `numpy.json`."""
    return {"versions": {"numpy": numpy.__version__}, "function": {}, "method": {}}
