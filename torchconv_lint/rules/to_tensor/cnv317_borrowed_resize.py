"""CNV317: A tensor that shares an array's memory is resized.

## What it does

Reports `.resize_()` and `.resize_as_()` on a tensor that was made by `torch.from_numpy`, `torch.as_tensor` or another
conversion without a copy.

What counts as evidence: the conversion in this file.

Silent, deliberately: tensors of their own memory, those whose `.numpy()` has been taken among them.

Confidence: *likely*: a tensor that shrinks is resized without complaint. *Possible* (not shown by default) where it is
given several sizes, or one from another tensor's shape: that is written to give the elements that are there another
shape, as `.reshape()` does, and nothing grows.

## Why is this bad?

It raises as soon as the tensor has to grow: the memory belongs to NumPy.

## Example

```python
import numpy as np
import torch


def padded(size):
    buffer = torch.from_numpy(np.zeros(4))
    return buffer.resize_(size)
```

## Use instead

```python
import numpy as np
import torch


def padded(size):
    buffer = torch.from_numpy(np.zeros(4)).clone()
    return buffer.resize_(size)
```

## Fix safety

No automatic fix yet. By hand: `.clone()` before, or a new tensor of the right size (`torch.zeros`), which unlike the
grown part of a resized one holds known numbers.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU: `torch.from_numpy(np.ones(4)).resize_(9)` and
`.resize_as_(torch.ones(9))`: `RuntimeError: Trying to resize storage that is not resizable`; the same of a tensor whose
`.numpy()` has been called. `.resize_(2)` works. Not yet run on CUDA.

## References

- torch.Tensor.resize_: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.resize_.html
- torch.from_numpy: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import Resized
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class BorrowedResize(Rule[Resized]):
    """A tensor that shares an array's memory is resized."""

    code = "CNV317"
    name = "borrowed-resize"
    hears = (Resized,)
    triggers = (("resize_",), ("resize_as_",))

    def judge(self, event: Resized) -> Iterator[Verdict]:
        """It shares memory with an array."""
        message = f"`{event.subject}` shares an array's memory: resizing it raises RuntimeError when it grows"
        told = tuple((site, text) for site, text in event.how if text)
        yield Verdict(event.site, f"{message} (use `.clone()` first)", min(Confidence.LIKELY, event.sure), told)
