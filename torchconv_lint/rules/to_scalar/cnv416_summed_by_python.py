"""CNV416: Python's `sum`, `min` or `max` goes through a tensor.

## What it does

Reports `sum(x)`, `min(x)` and `max(x)` where `x` is a tensor of known size: Python takes it apart, element by element
or row by row. (`max` and `min` of several rows raise: CNV412.)

What counts as evidence: the argument is a tensor, and its size is in the code, or where it is (an accelerator).

Silent, deliberately: lists of tensors (`sum(losses)`); tensors of unknown size and place; `max(a, b)`.

Confidence: *certain*. Off by default: it is about speed, not about results.

## Why is this bad?

Each element becomes a tensor of its own, and each step is an operation of its own: on a tensor of a thousand elements
it takes hundreds of times as long as `.sum()`. For `min` and `max` on an accelerator the host also waits for each
comparison. `sum` keeps a node of the graph per element where the tensor requires grad.

## Example

```python
import torch


def total():
    counts = torch.arange(1000)
    return sum(counts)
```

## Use instead

```python
import torch


def total():
    counts = torch.arange(1000)
    return counts.sum()
```

## Fix safety

No automatic fix. By hand: `x.sum(0)`, which is what `sum(x)` gives, `x.min()`, `x.max()`. The order of summation
differs, so that the last digits of floats may.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `sum(torch.arange(1000))` gives the tensor 499500, as `.sum()` does, and takes hundreds of times as long;
- `max(torch.arange(1000))` and `min(…)` the same.
- not yet run on CUDA.

## References

- torch.sum: https://docs.pytorch.org/docs/stable/generated/torch.sum.html
- sum: https://docs.python.org/3/library/functions.html#sum
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import MANY
from torchconv_lint.analysis.telling.events import TakenApart
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class SummedByPython(Rule[TakenApart]):
    """Python's `sum`, `min` or `max` goes through a tensor."""

    code = "CNV416"
    name = "summed-by-python"
    hears = (TakenApart,)
    default = False
    triggers = (("sum",), ("min",), ("max",))

    def judge(self, event: TakenApart) -> Iterator[Verdict]:
        """A tensor of several elements, or one that is read from afar."""
        tensor = event.tensor
        many = tensor.count is not None and tensor.count.value == MANY
        if many or tensor.on_accelerator:
            message = f"`{event.via}` takes the tensor `{event.subject}` apart, element by element"
            yield Verdict(event.site, f"{message} (use `.{event.via}()`)", Confidence.CERTAIN)
