"""What torch and NumPy operations do, as measured data.

`torch.json` and `numpy.json` beside this file are written by `python -m torchconv_lint.knowledge.generate`, the only
module here that imports torch or NumPy. The linter reads the tables through the two functions below.
"""

from __future__ import annotations

import functools

from torchconv_lint.knowledge.tables import NumpyTable, TorchTable, load_numpy, load_torch

__all__ = ["NumpyTable", "TorchTable", "numpy_ops", "torch_ops"]


@functools.cache
def torch_ops() -> TorchTable:
    """The torch table, read on first use."""
    return load_torch()


@functools.cache
def numpy_ops() -> NumpyTable:
    """The NumPy table, read on first use."""
    return load_numpy()
