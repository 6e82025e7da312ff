"""CNV115: NumPy is to make an array of a tensor without copying, and refuses.

## What it does

Reports `np.array(x, copy=False)` and `np.asarray(x, copy=False)` where `x` is a tensor, or a list of tensors.

What counts as evidence: `copy=False` is written out, and the argument is known to be a tensor. Only what NumPy 2 does:
silent where `target-numpy` is older.

Silent, deliberately: `copy=None`, which copies if need be; arguments that are not known to be tensors.

Confidence: *certain* where the argument is a tensor for sure, *likely* for the output of a module. *Possible* (not
shown by default) adds values that may be tensors.

## Why is this bad?

Until NumPy 1.26 `copy=False` meant "only if need be". Since NumPy 2.0 it means "never", and raises if a copy cannot be
ruled out. Tensors do not tell NumPy that they need none, so that the line raises even for a float32 tensor on the CPU,
whose memory could be shared.

## Example

```python
import numpy as np
import torch


def frame(image: torch.Tensor):
    return np.array(image, copy=False)
```

## Use instead

```python
import torch


def frame(image: torch.Tensor):
    return image.numpy()
```

## Fix safety

No automatic fix. By hand: `x.numpy()`, or `np.asarray(x)`, both of which share a CPU tensor's memory in every version
of NumPy; `np.stack` for a list.

## Proof

Run with torch 2.13.0 (CPU build), on the CPU:

- NumPy 2.0.2, 2.3.5 and 2.4.6: `np.array(x, copy=False)`, with and without `dtype=`, and of `[x]`: `ValueError: Unable
  to avoid copy while creating an array as requested.`; NumPy 2.4.6: `np.asarray(x, copy=False)` as well;
- versions: NumPy 1.26.4: `np.array(x, copy=False)` gives an array; `np.asarray` does not know the keyword (TypeError);
  `copy=None` raises `ValueError: NoneType copy mode not allowed.`
- not yet run on CUDA.

## References

- numpy.array: https://numpy.org/doc/stable/reference/generated/numpy.array.html
- NumPy 2.0 migration guide: https://numpy.org/doc/stable/numpy_2_0_migration_guide.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import CopyForbidden
from torchconv_lint.rules.base import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class CopyRefused(Rule[CopyForbidden]):
    """NumPy is to make an array of a tensor without copying."""

    code = "CNV115"
    name = "copy-refused"
    hears = (CopyForbidden,)
    since_numpy = (2, 0)
    triggers = (("copy=", "np.array"), ("copy=", "np.asarray"))

    def judge(self, event: CopyForbidden) -> Iterator[Verdict]:
        """Any tensor: none says that it can do without a copy."""
        what = "a list of tensors" if event.held else "a tensor"
        cure = "stack them" if event.held else "use `.numpy()` or `np.asarray`"
        message = (
            f"`{event.subject}` is {what}: `{event.via}(…, copy=False)` raises ValueError since NumPy 2.0 ({cure})"
        )
        yield Verdict(event.site, message, event.sure)
