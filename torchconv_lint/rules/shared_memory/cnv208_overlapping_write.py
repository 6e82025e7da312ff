"""CNV208: A tensor is written whose elements share memory with each other.

## What it does

Reports an in-place write to what `.expand(…)`, `.expand_as(…)` or `.broadcast_to(…)` gave (`phi[mask] = 0`,
`phi += 1`), a part of a tensor that is written with another part which overlaps it (`x[..., 1:] = x[..., :-1]`) or with
its own transpose (`x[1] = x[1].t()`), and a mask that is written at places that it names itself (`open[open] = x > 0`).

Silent, deliberately: `.clone()`, `.contiguous()`, `.repeat(…)` and every operation in between that makes memory of its
own; arrays, which NumPy copies where they overlap; parts that are not shifted by the same number (`x[n:] = x[:-n]`);
`mask[mask] = False`.

Confidence: *likely*: an expanded dimension may have had that size before. Off by default: new.

## Why is this bad?

An expanded tensor has one element in memory for many in its shape. Operations in place refuse it with a RuntimeError; a
mask or a single index writes them all at once, with a warning at most, and the tensor that was expanded changes as
well. Shifting a part of a tensor onto itself is refused for some shapes, and for others what is read has been
overwritten already: the first column is copied into all. A square matrix that is written with its own transpose, and a
mask that is written where it is true, are refused.

## Example

```python
import torch


def angles(r):
    phi = r.acos().unsqueeze(-1).expand(r.shape[0], 3)
    phi[r > 0.999] = 0.0
    return phi
```

## Use instead

```python
import torch


def angles(r):
    phi = r.acos().unsqueeze(-1).expand(r.shape[0], 3).clone()
    phi[r > 0.999] = 0.0
    return phi
```

## Fix safety

By hand: `.clone()` after `.expand(…)`, or `.repeat(…)` in its place; `x[..., 1:] = x[..., :-1].clone()`. It costs the
memory of the whole shape.

## Proof

Run with torch 2.13.0 (CPU build) on the CPU:

- `a.expand(3, 4)` of a 3 × 1 tensor: `+= 1` and `clamp_` raise RuntimeError ("more than one element of the written-to
  tensor refers to a single memory location"); `a[0, 1] = 9` writes all of the first row, and the 3 × 1 tensor.
- `x[1:] = x[:-1]` of six numbers raises RuntimeError ("some elements of the input tensor and the written-to tensor
  refer to a single memory location"); `x[..., 1:] = x[..., :-1]` of a 2 × 3 × 4 tensor gives other values than with
  `.clone()`.
- not yet run on CUDA.

## References

- torch.Tensor.expand: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.expand.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import OverlapWritten
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class OverlappingWrite(Rule[OverlapWritten]):
    """A tensor is written whose elements share memory with each other."""

    code = "CNV208"
    name = "overlapping-write"
    hears = (OverlapWritten,)
    default = False
    triggers = (("expand",), ("expand_as",), ("broadcast_to",), ("shifted",))

    def judge(self, event: OverlapWritten) -> Iterator[Verdict]:
        """The sizes are not known: an expanded dimension may have had its size before."""
        if event.expanded:
            message = f"`{event.subject}` is expanded: many of its elements are one in memory (use `.clone()` first)"
        elif event.named:
            name = event.subject
            message = f"`{name}` is written at places that it names itself (use `{name}[{name}.clone()]`)"
        else:
            message = f"one part of `{event.subject}` is written with another that overlaps it (use `.clone()`)"
        yield Verdict(event.site, message, Confidence.LIKELY)
