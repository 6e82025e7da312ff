"""CNV703: A tensor's value is read inside a function under `vmap`.

## What it does

Reports `.item()`, `float()`, `int()`, `bool()`, `.tolist()`, `.numpy()`, functions of `math` and NumPy, `if`,
`while`, `assert`, f-strings, and results whose size depends on the data (`x[mask]`, `nonzero`, `unique`), of a
tensor that depends on what `vmap` maps over.

Found: functions of the file that are decorated (`@torch.vmap`, also through `functools.partial`) or handed over
(`torch.vmap(f)`), lambdas, methods, modules of the file (their `forward`), and the functions of the file that they
call.

Silent, deliberately: tensors that do not depend on the mapped arguments (`in_dims=None`, globals), shapes, dtypes,
`print`.

Confidence: *certain*.

## Why is this bad?

Inside `vmap` a tensor stands for the whole batch, so there is no one number, truth value or array to give: it
raises, on every device.

## Example

```python
import torch


def normalised(row):
    peak = row.abs().max()
    if peak > 0:
        row = row / peak
    return row


def normalise(rows: torch.Tensor):
    return torch.vmap(normalised)(rows)
```

## Use instead

```python
import torch


def normalised(row):
    peak = row.abs().max()
    return row / torch.where(peak > 0, peak, 1.0)


def normalise(rows: torch.Tensor):
    return torch.vmap(normalised)(rows)
```

## Fix safety

No automatic fix. By hand: `torch.where` for branches (both sides are computed), tensor operations for numbers,
masks that keep the size, or a plain Python loop over the rows.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `.item()`, `float()`, `int()`, f-strings: `RuntimeError: vmap: It looks like you're calling .item() on a Tensor`;
- `if`, `and`, `bool()`, `while`, `assert`: `RuntimeError: vmap: It looks like you're attempting to use a Tensor in
  some data-dependent control flow`;
- `.numpy()`, `np.asarray`, `.tolist()`: `RuntimeError: Cannot access data pointer of Tensor that doesn't have
  storage`;
- `x[mask]`, `nonzero`, `unique`: `RuntimeError: vmap: We do not support batching operators that can …`;
- iterating over a tensor and `print` work.
- versions: `torch.func` exists from torch 2.0 (before, it was a package of its own, functorch).
- not yet run on CUDA.

## References

- torch.vmap: https://docs.pytorch.org/docs/stable/generated/torch.vmap.html
- UX limitations of torch.func: https://docs.pytorch.org/docs/stable/func.ux_limitations.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.terms import ARRAY, LIST, NUMBER, SIZE, TEXT, TRUTH, VMAP
from torchconv_lint.analysis.telling.events import TracedRead
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.tracing.under import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class ReadUnderVmap(Rule[TracedRead]):
    """A tensor's value is read inside a function under `vmap`."""

    code = "CNV703"
    name = "read-under-vmap"
    hears = (TracedRead,)
    triggers = (("torch.vmap",),)

    def judge(self, event: TracedRead) -> Iterator[Verdict]:
        """A batched tensor has no value of its own."""
        if event.how.kind != VMAP or event.tensor.traced is None:
            return
        if event.what in (NUMBER, TRUTH, ARRAY, LIST, SIZE) or (event.what == TEXT and event.via != "print"):
            yield verdict(event, f"`{event.subject}` is read ({event.via}) inside a function under `vmap`: it raises")
