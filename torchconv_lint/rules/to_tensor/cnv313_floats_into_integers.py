"""CNV313: Fractions are stored in a buffer of integers.

## What it does

Reports an item of an integer tensor or array that is assigned a floating value, where the code did not ask for
integers: the buffer is made of literals without a decimal point (`torch.tensor([0, 0])`, `np.array([1, 2])`) or is
`zeros_like` or `ones_like` of such a one.

What counts as evidence: literals with fractions, results of divisions, means, square roots, random numbers, softmax.

Silent, deliberately: buffers made with `dtype=`, `.long()`, `LongTensor` or `np.arange`, which ask for integers; whole
numbers (`a[0] = 1.0`); values whose dtype is not known.

Confidence: *certain*. *Possible* (not shown by default) adds buffers that may be made in several ways.

## Why is this bad?

The fraction is cut off, silently: `a[0] = 0.9` stores 0.

## Example

```python
import numpy as np
import torch


def scores():
    best = np.array([0, 0, 0])
    best[0] = 0.75
    return torch.from_numpy(best)
```

## Use instead

```python
import numpy as np
import torch


def scores():
    best = np.array([0.0, 0.0, 0.0])
    best[0] = 0.75
    return torch.from_numpy(best)
```

## Fix safety

No automatic fix yet. By hand: a decimal point in the literal, or `dtype=`. Where the fraction should go, say so:
`int(value)`, `.long()`.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU: `a = torch.tensor([0, 0]); a[0] = 1.7` stores 1, and
`a[0:2] = torch.tensor([1.7, 2.7])` stores 1 and 2, without a warning; NumPy does the same. `a += 0.5` raises for both,
and so does an index tensor as the key of a torch buffer. Not yet run on CUDA.

## References

- torch.tensor: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
- numpy assigning values to indexed arrays: https://numpy.org/doc/stable/user/basics.indexing.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import ItemStored
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTEGERS = frozenset({"int16", "int32", "int64"})
_FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})


class FloatsIntoIntegers(Rule[ItemStored]):
    """Fractions are stored in a buffer of integers."""

    code = "CNV313"
    name = "floats-into-integers"
    hears = (ItemStored,)
    default = False
    triggers = (("stored(integers)",),)

    def judge(self, event: ItemStored) -> Iterator[Verdict]:
        """The buffer holds integers by accident, the value has a fraction."""
        dtype = event.dtype
        if event.wanted or event.into.value not in _INTEGERS or dtype is None or dtype.value not in _FLOATS:
            return
        message = f"`{event.subject}` holds {event.into.value}: the fraction of what `{event.value}` gets is cut off"
        yield Verdict(event.site, message, min(event.sure, dtype.confidence), steps(event.into, dtype))
