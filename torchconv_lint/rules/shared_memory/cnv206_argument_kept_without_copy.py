"""CNV206: What a caller handed over is kept after a conversion that copies only now and then.

## What it does

Reports a method that puts its argument, or a part or view of it, into a list or dict of the object through `.detach()`,
`.cpu()`, `.to(…)`, `.numpy()`, `.float()` or `.contiguous()`: `self.predictions.append(y_pred.detach().cpu())`.
Where device and dtype fit already, that is the caller's own memory.

Silent, deliberately: what is appended without a conversion, which nobody takes for a copy; `.clone()`; results of
computations; tensors that are surely on an accelerator.

Confidence: *likely*: whether the caller writes into its tensor again is not in sight. Off by default for that
reason.

## Why is this bad?

On CUDA `.cpu()` copies, and everything works. On the CPU the list holds the caller's tensor: a caller that reuses
its buffer, or normalises a batch in place, changes every prediction that was collected from it, and the metric with
them.

## Example

```python
import torch


class Collect:
    def __init__(self):
        self.predictions = []

    def update(self, output: torch.Tensor):
        self.predictions.append(output.detach().cpu())
```

## Use instead

```python
import torch


class Collect:
    def __init__(self):
        self.predictions = []

    def update(self, output: torch.Tensor):
        self.predictions.append(output.detach().cpu().clone())
```

## Fix safety

Unsafe: adds `.clone()` (`.copy()` for an array), which costs a copy where the conversion has made one already.
`.to(…, copy=True)` in its place copies once.

## Proof

Run with torch 2.13.0 (CPU build) on the CPU: a tensor that was appended through `.detach().to(dtype=torch.float32,
device="cpu")`, `.cpu()` or `.detach().numpy()` holds what the caller writes into its own tensor afterwards; its
clone does not. On an accelerator simulated on the CPU `.cpu()` copies. Not yet run on CUDA.

## References

- torch.Tensor.to: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html
- torch.Tensor.detach: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import ArgumentKept
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.shared_memory.copies import copy_kept

if TYPE_CHECKING:
    from collections.abc import Iterator


class ArgumentKeptWithoutCopy(Rule[ArgumentKept]):
    """What a caller handed over is kept after a conversion that copies only now and then."""

    code = "CNV206"
    name = "argument-kept-without-copy"
    hears = (ArgumentKept,)
    default = False
    triggers = (
        *((f"append&{name}",) for name in ("detach", "cpu", "to", "numpy", "float", "contiguous")),
        *((f"extend&{name}",) for name in ("detach", "cpu", "to")),
        ("detach&cpu",),
    )

    def judge(self, event: ArgumentKept) -> Iterator[Verdict]:
        """Nothing tells that the caller leaves it alone."""
        message = f"`{event.target}` may hold the caller's `{event.argument}` itself: `.{event.how}()` need not copy"
        yield Verdict(event.site, message, Confidence.LIKELY, (), copy_kept(event.site, event.form))
