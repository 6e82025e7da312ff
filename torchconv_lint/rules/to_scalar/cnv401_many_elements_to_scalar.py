"""CNV401: A tensor with several elements is converted to one Python number.

## What it does

Reports `.item()`, `float()`, `int()`, `complex()` and functions of `math` on a tensor that has more than one
element.

What counts as evidence: sizes written out (`torch.rand(3)`, `torch.tensor([1.0, 2.0])`, `nn.Linear(…, 2)`),
followed through indexing, reductions, broadcasting and calls within the file; `reduction="none"` on a loss module;
a model wrapped in `nn.DataParallel`, which gathers one value per device.

Silent, deliberately: every tensor whose size is not known (`torch.rand(n)`, an argument), and one-element tensors
of any number of dimensions: `.item()` takes shape `(1, 1)` too.

Confidence: *certain* when the size is in the code, *likely* for unreduced losses and for `DataParallel`. *Possible*
(not shown by default) adds values that are a tensor only by a guess. Only *certain* ones are shown by default: on
code that nobody had looked at, too many of the *likely* ones were false. Whoever opts in to the code sees both.

## Why is this bad?

It raises, often late: a batch size of 1 in the tests hides it, and so does a single GPU for `DataParallel`.

## Example

```python
import torch
from torch import nn


def score():
    head = nn.Linear(16, 2)
    logits = head(torch.ones(16))
    return logits.item()
```

## Use instead

```python
import torch
from torch import nn


def score():
    head = nn.Linear(16, 2)
    logits = head(torch.ones(16))
    return logits.max().item()
```

## Fix safety

No automatic fix yet: only you know which number is wanted. `.mean()`, `.sum()` or `.max()` reduce; an index takes
one element; `.tolist()` keeps them all (a copy, and a wait for an accelerator, as `.item()` is).

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU, with a tensor of three elements:

- `.item()`: `RuntimeError: a Tensor with 3 elements cannot be converted to Scalar` (a ValueError is often promised
  here);
- `float()`, `int()`, `complex()`, `math.sqrt()`: `ValueError: only one element tensors can be converted to Python
  scalars`;
- `torch.ones(1, 1).item()` is 1.0: nothing has to be squeezed.
- versions: `.item()` of torch 1.13 raises ValueError `only one element tensors can be converted to Python scalars`
  (seen) where that of 2.13 raises RuntimeError.
- not yet run on CUDA.

## References

- torch.Tensor.item: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.item.html
- torch.Tensor.tolist: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.tolist.html
- torch.nn.DataParallel: https://docs.pytorch.org/docs/stable/generated/torch.nn.DataParallel.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import MANY, weakest
from torchconv_lint.analysis.telling.events import ToScalar
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class ManyElementsToScalar(Rule[ToScalar]):
    """A tensor with several elements is converted to one Python number."""

    code = "CNV401"
    name = "many-elements-to-scalar"
    default_from = Confidence.CERTAIN
    hears = (ToScalar,)

    def judge(self, event: ToScalar) -> Iterator[Verdict]:
        """Several elements surely: the conversion raises."""
        count = event.tensor.count
        if count is None or count.value != MANY:
            return
        call = "`.item()`" if event.via == "item" else event.via if " " in event.via else f"`{event.via}()`"
        message = f"`{event.subject}` has more than one element: {call} raises (reduce it, or use `.tolist()`)"
        yield Verdict(event.site, message, min(event.sure, weakest([count])), steps(count))
