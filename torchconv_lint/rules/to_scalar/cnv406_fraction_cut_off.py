"""CNV406: `int()` cuts off the fraction of a tensor.

## What it does

Reports `int(x)` where `x` is a mean, a quotient, a probability, a root or another result that has a fraction as a rule
(`int(x.mean())`, `int(total / count)`, `int(torch.sigmoid(x))`).

What counts as evidence: the tensor is the result of such an operation, moved or under another name perhaps.

Silent, deliberately: sums, maxima and what has been rounded (`.round()`, `.floor()`, `.ceil()`, `torch.trunc`), which
are whole numbers where the elements are; tensors of integers.

Confidence: *certain* for a tensor, *likely* for the output of a module. Off by default: cutting off may be what is
meant.

## Why is this bad?

`int()` does not round: 0.999 becomes 0, and -0.999 as well. A rate of 99 % is reported as 0, silently.

## Example

```python
import torch


def percentage(correct: torch.Tensor):
    return int(correct.float().mean()) * 100
```

## Use instead

```python
import torch


def percentage(correct: torch.Tensor):
    return round(correct.float().mean().item() * 100)
```

## Fix safety

No automatic fix: only you know what is meant. By hand: `round(x.item())`, `math.floor(x)`, or the number as it is
(`x.item()`).

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `int(torch.tensor(1.7))` is 1, `int(torch.tensor(-1.7))` is -1, `round(torch.tensor(1.7).item())` is 2; nothing warns.
- not yet run on CUDA.

## References

- int: https://docs.python.org/3/library/functions.html#int
- torch.round: https://docs.pytorch.org/docs/stable/generated/torch.round.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import FractionCutOff
from torchconv_lint.rules.base import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class IntOfFraction(Rule[FractionCutOff]):
    """`int()` cuts off the fraction of a tensor."""

    code = "CNV406"
    name = "fraction-cut-off"
    hears = (FractionCutOff,)
    default = False
    triggers = (("int",),)

    def judge(self, event: FractionCutOff) -> Iterator[Verdict]:
        """What has a fraction as a rule, unless it has been made an integer already."""
        dtype = event.tensor.dtype
        if dtype is not None and "int" in str(dtype.value):
            return
        message = f"`{event.subject}` has a fraction, and `int` cuts it off (to round, use `round` of `.item()`)"
        yield Verdict(event.site, message, event.sure)
