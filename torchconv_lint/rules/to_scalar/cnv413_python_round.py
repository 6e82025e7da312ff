"""CNV413: Python's `round` is called on a tensor.

## What it does

Reports `round(x)` and `round(x, 2)` of a tensor, with one element or many, with or without grad.

Silent, deliberately: `round(x.item(), 2)`, `round(float(x), 2)`, `torch.round`, `x.round()`, and whatever is not known
to be a tensor.

Confidence: *certain* for a tensor, *likely* for what is one by its use.

## Why is this bad?

Tensors have no `__round__`. The line is usually the last one before a report, and raises after an epoch of training.

## Example

```python
import torch.nn.functional as F


def report(output, target):
    loss = F.mse_loss(output, target)
    return round(loss, 3)
```

## Use instead

```python
import torch.nn.functional as F


def report(output, target):
    loss = F.mse_loss(output, target)
    return round(loss.item(), 3)
```

## Fix safety

No automatic fix. By hand: `round(x.item(), 3)` for a number, `x.round(decimals=3)` for a tensor.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `round(t)`, `round(t, 2)` for one element, for several, with grad: `TypeError: type Tensor doesn't define __round__
  method`; `t.round(decimals=2)` works;
- not yet run on CUDA.

## References

- torch.round: https://docs.pytorch.org/docs/stable/generated/torch.round.html
- round: https://docs.python.org/3/library/functions.html#round
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import Rounded
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class PythonRound(Rule[Rounded]):
    """Python's `round` is called on a tensor."""

    code = "CNV413"
    name = "python-round"
    hears = (Rounded,)
    triggers = (("round(tensor)",),)

    def judge(self, event: Rounded) -> Iterator[Verdict]:
        """Any tensor: none has `__round__`."""
        message = f"`{event.subject}` is a tensor: `round` raises TypeError (use `.round()`, or `round` of `.item()`)"
        yield Verdict(event.site, message, event.sure, steps())
