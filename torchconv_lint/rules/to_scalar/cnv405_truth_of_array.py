"""CNV405: The truth value of an array with several elements is asked for.

## What it does

Reports an array with more than one element where Python asks for one truth value (`if`, `while`, `assert`, `not`,
`and`, `or`, `bool()`), by itself or compared (`if a == b:`), and an array that may also be None tested by itself
(`if mask:`), where `is not None` was meant. The same of a tensor is CNV402.

What counts as evidence: sizes written in the code (`torch.ones(3).numpy()`, `np.zeros((2, 3))`, `np.array([1, 2])`),
followed through arithmetic; for "or None" an annotation such as `np.ndarray | None`, or branches that assign one.

Silent, deliberately: arrays of unknown size, unless they may be None; `.any()`, `.all()`, `len(a)`, `a.size`.

Confidence: *certain* when the size is in the code, *likely* for "or None".

## Why is this bad?

With several elements it raises. With one element it does not, but is False for a zero. An empty array raises as well
by now; it used to be False.

## Example

```python
import torch


def changed(before: torch.Tensor):
    after, before = torch.zeros(3).numpy(), before.numpy()
    if after == before:
        return False
    return True
```

## Use instead

```python
import numpy as np
import torch


def changed(before: torch.Tensor):
    after = torch.zeros(3).numpy()
    return not np.array_equal(after, before.numpy())
```

## Fix safety

No automatic fix: only you know whether all elements are meant or any. `.all()`, `.any()`, `np.array_equal` or
`np.allclose`; `is not None` for what may be missing.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `bool(a)`, `not a`, `a and b`, `if a == b` with several elements: `ValueError: The truth value of an array with more
  than one element is ambiguous. Use a.any() or a.all()`;
- `bool(np.zeros(0))`: `ValueError: The truth value of an empty array is ambiguous.`; False with a DeprecationWarning on
  NumPy 1.26.4;
- `bool(np.zeros(1))` is False.
- not yet run on CUDA.

## References

- numpy.array_equal: https://numpy.org/doc/stable/reference/generated/numpy.array_equal.html
- numpy.ndarray.any: https://numpy.org/doc/stable/reference/generated/numpy.ndarray.any.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import MANY, ONE
from torchconv_lint.analysis.telling.events import ArrayTested
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class TruthOfArray(Rule[ArrayTested]):
    """The truth value of an array with several elements is asked for."""

    code = "CNV405"
    name = "truth-of-array"
    hears = (ArrayTested,)
    triggers = (("array tested",),)  # what torch gets later is an array wherever it is tested

    def judge(self, event: ArrayTested) -> Iterator[Verdict]:
        """Several elements surely, or an array that may also be None, where `is not None` was meant."""
        count = event.array.count
        if count is not None and count.value == MANY:
            message = f"`{event.subject}` has more than one element: its truth value raises ValueError"
            yield Verdict(event.site, f"{message} (use `.any()` or `.all()`)", count.confidence, steps(count))
        elif event.or_none and (count is None or count.value != ONE):
            message = f"`{event.subject}` is an array or None: its truth value raises for more than one element"
            yield Verdict(event.site, f"{message} (use `is not None`)", Confidence.LIKELY)
