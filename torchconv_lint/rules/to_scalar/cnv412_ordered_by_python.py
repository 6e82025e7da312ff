"""CNV412: Tensors are ordered by Python's `max`, `min` or `sorted`.

## What it does

Reports `max`, `min` and `sorted` of tensors with more than one element: `max(a, b)` of two vectors, `max(matrix)`,
`sorted(rows)`, `min(losses)` of unreduced losses.

Silent, deliberately: tensors with one element or of unknown size, a vector (`max(vector)` is right, if slow), a `key=`.

Confidence: *certain* when the sizes are in the code.

## Why is this bad?

Python orders by `<` and asks for the truth of each outcome, which is a tensor. `max(a, b)` works with numbers and with
one-element tensors, and raises with the first batch of two.

## Example

```python
import torch


def clipped():
    advantages = torch.tensor([1.0, -2.0])
    return max(advantages, torch.zeros(2))
```

## Use instead

```python
import torch


def clipped():
    advantages = torch.tensor([1.0, -2.0])
    return torch.maximum(advantages, torch.zeros(2))
```

## Fix safety

No automatic fix. By hand: `torch.maximum(a, b)` element by element, `a.clamp(min=0)` against a number, `x.max(dim=0)`
over rows, `x.amax()` over everything, `torch.sort`; `max(xs, key=…)` to choose one of several tensors.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `max(v, w)`, `max(matrix)`, `sorted(matrix)`, `max([v, w])`: `RuntimeError: Boolean value of Tensor with more than one
  value is ambiguous`;
- `max(vector)`, `sorted(vector)` and `max` of one-element tensors work, element by element;
- not yet run on CUDA.

## References

- torch.maximum: https://docs.pytorch.org/docs/stable/generated/torch.maximum.html
- torch.amax: https://docs.pytorch.org/docs/stable/generated/torch.amax.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import ElementsCompared
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class OrderedByPython(Rule[ElementsCompared]):
    """Tensors are ordered by Python's `max`, `min` or `sorted`."""

    code = "CNV412"
    name = "ordered-by-python"
    hears = (ElementsCompared,)

    def judge(self, event: ElementsCompared) -> Iterator[Verdict]:
        """Tensors with several elements, ordered one by one by Python."""
        if event.via in ("max", "min", "sorted"):
            message = f"`{event.subject}` orders tensors with more than one element: that raises RuntimeError"
            message += " (use torch's own `sort`, `max` or `min`)"
            yield Verdict(event.site, message, event.sure, steps(event.tensor.count) if event.tensor.count else ())
