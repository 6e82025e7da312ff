"""CNV113: An operator has an array on its left and a tensor on its right.

## What it does

Reports `array * tensor` and the other arithmetic operators but `/`, where the left side is an ndarray and the right
side a tensor.

What counts as evidence: both sides are known, the array by the NumPy function that made it, the tensor by what made it.

Silent, deliberately: `tensor * array`, which works on the CPU (CNV111 and CNV112 report it where it does not);
`array / tensor` and `==`, which work; NumPy numbers (`np.float64(2) * tensor`), which work; sides that may be either.

Confidence: *certain* where both sides are made in the code, *likely* where the tensor is known as the output of a
module. *Possible* (not shown by default) adds values that may be tensors.

The rule is off by default: what it reports raises at once, on every device, and code that is published has been run. In
public code that nobody had looked at before, 3 of 9 findings were true (docs/precision.md).

## Why is this bad?

Python asks the left side first, and an array refuses a tensor: TypeError, on the CPU as well. With the sides the other
way round the same line works, so it looks right to everybody.

## Example

```python
import numpy as np
import torch


def weigh(size):
    window = np.hanning(size)
    noise = torch.randn(size)
    return window * noise
```

## Use instead

```python
import numpy as np
import torch


def weigh(size):
    window = torch.from_numpy(np.hanning(size))
    noise = torch.randn(size)
    return window * noise
```

## Fix safety

No automatic fix: the result may be wanted as a tensor (make one of the array) or as an array (make one of the tensor:
`.detach().cpu().numpy()`).

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `*`, `-`, `@`, `**`, `//`, `%`, `&`: `TypeError: unsupported operand type(s) for *: 'numpy.ndarray' and 'Tensor'`;
- `+`: `TypeError: Concatenation operation is not implemented for NumPy arrays, use np.concatenate() instead.`;
- arrays without dimensions (`np.array(2.0)`) and tensors of one element raise the same;
- `array / tensor`, `tensor * array` and `np.multiply(array, tensor)` work and give a float64 tensor.
- not yet run on CUDA.

## References

- torch.from_numpy: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
- Python's data model, binary arithmetic operations:
  https://docs.python.org/3/reference/datamodel.html#emulating-numeric-types
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import ArrayFirst
from torchconv_lint.rules.base import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class ArrayBeforeTensor(Rule[ArrayFirst]):
    """An operator has an array on its left and a tensor on its right."""

    code = "CNV113"
    name = "array-before-tensor"
    hears = (ArrayFirst,)
    default = False
    triggers = (("meeting",),)

    def judge(self, event: ArrayFirst) -> Iterator[Verdict]:
        """The array refuses."""
        message = f"`{event.subject}` is an ndarray, and `{event.operator}` with a tensor on its right raises TypeError"
        message += " (make a tensor of it: `torch.from_numpy`)"
        yield Verdict(event.site, message, event.sure)
