"""CNV322: Unsigned integers of 16, 32 or 64 bits are computed with.

## What it does

Reports `x + 1`, `x - y`, `x > 0`, `x.max()`, `x.mean()`, `x.flip(0)`, `x.clamp(0, 9)` and others where the tensor `x`
is uint16, uint32 or uint64, such as what `torch.from_numpy` makes of a 16-bit image.

What counts as evidence: the dtype is in the code (`.astype(np.uint16)`, `dtype=np.uint16`, `torch.uint16`).

Silent, deliberately: what these dtypes can do: be stored, copied, indexed, stacked, multiplied, divided, summed,
compared for equality and cast; operands of another dtype, which the result takes over.

Confidence: *certain*.

## Why is this bad?

torch has these dtypes since 2.3, to exchange data, and implements few operations for them. Before 2.3 the conversion
itself raised; since then it works, and the line after it raises.

## Example

```python
import numpy as np
import torch


def nearest(millimetres: np.ndarray):
    depth = torch.from_numpy(millimetres.astype(np.uint16))
    return depth.min()
```

## Use instead

```python
import numpy as np
import torch


def nearest(millimetres: np.ndarray):
    depth = torch.from_numpy(millimetres.astype(np.int32))
    return depth.min()
```

## Fix safety

No automatic fix. By hand: cast first, to a signed dtype that is wide enough (`.int()` for 16 bits, `.long()` for 32),
or to float32.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `x + 1`, `x - 1`, `x > 1`, `x.max()`, `x.min()`, `x.argmax()`, `x.flip(0)`, `x.abs()`, `x.clamp(0, 2)`, `x.nonzero()`,
  `x.topk(1)`, `-x`: `NotImplementedError: "add_stub" not implemented for 'UInt16'` and so on, the same for 32 and 64
  bits; `x.mean()`: `RuntimeError: mean(): could not infer output dtype`;
- `x * 2`, `x / 2`, `x == 1`, `x.sum()`, `x.sort()`, `torch.stack`, `x[mask]`, `torch.ones(3) + x` work.
- versions: `uint16`, `uint32` and `uint64` exist from torch 2.3; torch 1.13 has no such dtypes, and raises TypeError
  for arrays of them (seen).
- not yet run on CUDA.

## References

- Tensor Attributes (torch.dtype): https://docs.pytorch.org/docs/stable/tensor_attributes.html
- torch.from_numpy: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import UnsignedComputed
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class UnsignedIntegersComputed(Rule[UnsignedComputed]):
    """Unsigned integers of 16, 32 or 64 bits are computed with."""

    code = "CNV322"
    name = "unsigned-computed"
    hears = (UnsignedComputed,)
    since = (2, 3)
    triggers = (("uint16",), ("uint32",), ("uint64",))

    def judge(self, event: UnsignedComputed) -> Iterator[Verdict]:
        """torch has no such operation for them."""
        dtype = event.tensor.dtype
        if dtype is not None:
            message = f"`{event.subject}`: torch has no `{event.via}` for {dtype.value}, it raises (cast it first)"
            yield Verdict(event.site, message, dtype.confidence, steps(dtype))
