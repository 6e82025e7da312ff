"""CNV414: A floating-point tensor is used as an index or a size.

## What it does

Reports a tensor of floating-point numbers, or one that requires grad, where Python asks for an integer: `range(x)`,
`xs[x]`, `xs[:x]`, `t[x]`, `array[x]`.

Silent, deliberately: integer and boolean tensors, `.long()`, `int(x)`, and tensors of unknown dtype.

Off by default (`opt-in = ["CNV414"]` or `--select CNV414`): on real code it was wrong more often than right.

Confidence: as for what makes it floating-point.

## Why is this bad?

Integer tensors with one element are integers to Python, floating-point ones are not, whatever their value is. `/`
makes floats of integers, and so do `mean()`, `linspace` and a round trip through a float tensor: the index that used to
work raises.

## Example

```python
import torch


def padded():
    lengths = torch.tensor([3.0, 5.0, 4.0])
    return [0 for _ in range(lengths.max())]
```

## Use instead

```python
import torch


def padded():
    lengths = torch.tensor([3, 5, 4])
    return [0 for _ in range(lengths.max())]
```

## Fix safety

No automatic fix. By hand: `//` instead of `/`; `int(x)`, which truncates; `x.round().long()` for the nearest.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `range(f)`, `[1, 2, 3][f]`, `[1, 2, 3][:f]`, `t[:f]` for a floating-point tensor: `TypeError: only integer tensors of
  a single element can be converted to an index`; `t[f]`: `IndexError: tensors used as indices must be long, int,
  byte or bool tensors`;
- `range(i)` and `[1, 2, 3][i]` work for an integer tensor with one element;
- not yet run on CUDA.

## References

- object.__index__: https://docs.python.org/3/reference/datamodel.html#object.__index__
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import UsedAsIndex
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class FloatAsIndex(Rule[UsedAsIndex]):
    """A floating-point tensor is used as an index or a size."""

    code = "CNV414"
    name = "float-as-index"
    hears = (UsedAsIndex,)
    default = False

    def judge(self, event: UsedAsIndex) -> Iterator[Verdict]:
        """A tensor of floating-point numbers is no integer to Python."""
        tensor = event.tensor
        facts = [fact for fact in (tensor.dtype, tensor.grad) if fact is not None and fact.step is not None]
        what = f"{tensor.dtype.value} tensor" if tensor.dtype is not None else "tensor that requires grad"
        error = "IndexError or TypeError" if event.via == "index" else "TypeError"
        message = f"`{event.subject}` is a {what}: as an index or size it raises {error} (use `.long()` first)"
        yield Verdict(event.site, message, min([event.sure, *(fact.confidence for fact in facts)]), steps(*facts))
