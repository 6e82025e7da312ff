"""CNV116: A function of NumPy is given a tensor, and makes a tensor of its result.

## What it does

Reports `np.sqrt(x)`, `np.add(x, y)`, `np.isnan(x)`, `np.argmax(x)`, `np.clip(x, 0, 1)` and others where an argument is
a tensor on the CPU that does not require grad. (Elsewhere they raise: CNV111, CNV112.)

What counts as evidence: the argument is known to be a tensor. Which functions do it is measured. It is about what
NumPy 2 does: silent where `target-numpy` is older.

Silent, deliberately: functions that give an array (`np.median`, `np.concatenate`) or a view of the tensor
(`np.squeeze`); arguments that may also be arrays.

Confidence: *certain* where the argument is a tensor for sure, *likely* for the output of a module. *Possible* (not
shown by default) adds values that may be tensors. Off by default: it warns, it does not fail yet.

## Why is this bad?

The result is a tensor, though the line speaks of NumPy, and the way in which NumPy makes it one is deprecated since
NumPy 2.0: the line warns now and is announced to fail. What are booleans for an array (`np.isnan`, `np.greater`) come
out as bytes. The day the tensor moves to an accelerator, or requires grad, the line raises.

## Example

```python
import numpy as np
import torch


def spread(scores: torch.Tensor):
    return np.sqrt(scores.var(dim=0))
```

## Use instead

```python
import torch


def spread(scores: torch.Tensor):
    return torch.sqrt(scores.var(dim=0))
```

## Fix safety

No automatic fix. By hand: torch's function of the same name, which also works on accelerators and in the graph.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `np.sqrt(x)`, `np.add(x, y)`, `np.add(array, x)`, `np.round(x)`, `np.argmax(x)`: a tensor, and `DeprecationWarning:
  __array_wrap__ must accept context and return_scalar arguments (positionally) in the future. (Deprecated NumPy 2.0)`;
- `np.isnan(x)`: the same, and the tensor is uint8; `torch.isnan(x)` is bool;
- `np.squeeze(x)`, `np.swapaxes(x, 0, 1)`: a tensor, no warning;
- versions: NumPy 2.0.2 and 2.3.5 warn as well, NumPy 1.26.4 does not.
- not yet run on CUDA.

## References

- Universal functions: https://numpy.org/doc/stable/reference/ufuncs.html
- NumPy 2.0 release notes: https://numpy.org/doc/stable/release/2.0.0-notes.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import ACCELERATOR
from torchconv_lint.analysis.telling.events import WrappedByNumpy
from torchconv_lint.rules.base import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class ResultWrappedByNumpy(Rule[WrappedByNumpy]):
    """A function of NumPy is given a tensor, and makes a tensor of its result."""

    code = "CNV116"
    name = "wrapped-by-numpy"
    hears = (WrappedByNumpy,)
    default = False
    triggers = (("implicit",),)
    since_numpy = (2, 0)

    def judge(self, event: WrappedByNumpy) -> Iterator[Verdict]:
        """A tensor that NumPy can convert: the others raise, which is told by other rules."""
        device, grad = event.tensor.device, event.tensor.grad
        if (device is not None and device.value == ACCELERATOR) or (grad is not None and grad.value):
            return
        message = f"`{event.subject}` is a tensor: `{event.via}` gives a tensor, and warns since NumPy 2.0"
        yield Verdict(event.site, f"{message} (use torch's own function)", event.sure)
