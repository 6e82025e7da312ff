"""CNV314: `.view(dtype)` reads the same bytes as other numbers where a conversion is meant.

## What it does

Reports `.view(dtype)` of a tensor or an array when no meaning can be given to the bytes: between floats of different
widths, from an unsigned integer to a wider one, from integers to floats of another width and back; and where the new
dtype is looked up by the old one (`x.view(TABLE[x.dtype])`) and has another width.

What counts as evidence: both dtypes are known in this file.

Silent, deliberately: dtypes of the same width (`uint16` as `int16`, `float32` as `int32`), which are used to carry bits
on purpose; bytes (`uint8`, `int8`) on either side; complex numbers; dtypes that are not known; memory from
`torch.empty`, which holds no values yet.

Confidence: *certain*; *likely* where the dtype is looked up. Where it is not, the bits were always wanted in code that
is in use: this is shown to those who ask for the rule. *Possible* (not shown by default) adds dtypes that are one
of several.

## Why is this bad?

Two numbers become one, or one becomes two: the values are nonsense and the last dimension has another size. Nothing is
raised as long as the sizes divide.

## Example

```python
import torch

SIGNED = {torch.uint16: torch.int32, torch.uint32: torch.int64}


def signed(pixels: torch.Tensor):
    return pixels.view(SIGNED[pixels.dtype])
```

## Use instead

```python
import torch

SIGNED = {torch.uint16: torch.int32, torch.uint32: torch.int64}


def signed(pixels: torch.Tensor):
    return pixels.to(SIGNED[pixels.dtype])
```

## Fix safety

No automatic fix yet. By hand: `.astype(dtype)` for arrays, `.to(dtype)` for tensors. Both copy and keep the values as
far as the dtype can.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU: `np.ones(2).view(np.float32)` and
`torch.ones(2, dtype=torch.float64).view(torch.float32)` have four elements, two of them 0.0 and two 1.875;
`np.ones(4, np.uint16).view(np.int32)` has two elements, both 65537. Not yet run on CUDA.

- versions: torch has `uint16`, `uint32` and `uint64` from 2.3 on; 1.13 has not (seen). Bits are the same everywhere.

## References

- torch.Tensor.view: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view.html
- numpy.ndarray.view: https://numpy.org/doc/stable/reference/generated/numpy.ndarray.view.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import Reinterpreted
from torchconv_lint.rules.base import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTHS = {"float16": 16, "bfloat16": 16, "float32": 32, "float64": 64, "int16": 16, "int32": 32, "int64": 64}
_WIDTHS |= {"uint16": 16, "uint32": 32, "uint64": 64}


class BitsReinterpreted(Rule[Reinterpreted]):
    """`.view(dtype)` reads the same bytes as other numbers where a conversion is meant."""

    code = "CNV314"
    name = "bits-reinterpreted"
    hears = (Reinterpreted,)
    triggers = (("view(dtype)",),)

    def judge(self, event: Reinterpreted) -> Iterator[Verdict]:
        """The widths differ, and neither side is bytes."""
        old, new = _WIDTHS.get(event.dtype), _WIDTHS.get(event.into)
        if old is None or new is None or old == new:
            return
        both_signed = event.dtype.startswith("int") and event.into.startswith("int")
        if both_signed and not event.looked_up:  # the halves of an integer are sometimes wanted
            return
        message = (
            f"`.view` reads the bytes of `{event.subject}` ({event.dtype}) as {event.into}: the values become others"
        )
        # Who names the dtype mostly wants the bits.
        yield Verdict(event.site, f"{message} (use `.astype` or `.to`)", event.sure, on_request=not event.looked_up)
