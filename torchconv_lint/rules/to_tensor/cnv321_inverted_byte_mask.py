"""CNV321: A mask of bytes is inverted, and selects everything.

## What it does

Reports `x[~mask]` where the tensor `mask` is uint8: made by `.byte()`, `dtype=torch.uint8`, a NumPy array of uint8, or
by a NumPy function such as `np.isnan` of a tensor, which gives bytes where booleans are meant.

What counts as evidence: the dtype is in the code.

Silent, deliberately: `mask == 0`, `1 - mask`, `~mask.bool()`; masks of unknown dtype.

Confidence: *certain*.

## Why is this bad?

`~` turns the bits of a byte over: 0 becomes 255 and 1 becomes 254. Both count as true when a tensor of bytes selects,
so `x[~mask]` is all of `x`, without an error. (Bytes as masks are deprecated: torch warns once per process.)

## Example

```python
import torch


def kept(scores: torch.Tensor):
    low = (scores < 0.5).byte()
    return scores[~low]
```

## Use instead

```python
import torch


def kept(scores: torch.Tensor):
    low = scores < 0.5
    return scores[~low]
```

## Fix safety

No automatic fix. By hand: leave out `.byte()`, or make booleans of it first (`~mask.bool()`); `torch.isnan` in place of
`np.isnan`.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `~torch.tensor([0, 1], dtype=torch.uint8)` is `[255, 254]`; `x[~mask]` gives all of `x`, and warns `indexing with
  dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead`;
- `np.isnan(x)` of a tensor is uint8, so that `x[~np.isnan(x)]` keeps the NaNs;
- `x[~mask] = 0` and `x.masked_fill(~mask, 0)` raise: `masked_fill_ only supports boolean masks`.
- not yet run on CUDA.

## References

- torch.bitwise_not: https://docs.pytorch.org/docs/stable/generated/torch.bitwise_not.html
- torch.isnan: https://docs.pytorch.org/docs/stable/generated/torch.isnan.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import InvertedMask
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class InvertedByteMask(Rule[InvertedMask]):
    """A mask of bytes is inverted, and selects everything."""

    code = "CNV321"
    name = "inverted-byte-mask"
    hears = (InvertedMask,)
    triggers = (("~", "byte"), ("~", "uint8"), ("~", "np.isnan"), ("~", "np.isfinite"), ("~", "np.isinf"))

    def judge(self, event: InvertedMask) -> Iterator[Verdict]:
        """The mask is known to be of bytes."""
        dtype = event.mask.dtype
        if dtype is not None and dtype.value == "uint8":
            message = f"`{event.subject}` is uint8: `~` makes 255 and 254 of 0 and 1, and selects everything"
            yield Verdict(event.site, f"{message} (use `.bool()`)", dtype.confidence, steps(dtype))
