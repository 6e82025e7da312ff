"""CNV114: `np.mean`, `np.sum` and their relatives are given a tensor.

## What it does

Reports a tensor that is the first argument of `np.mean`, `np.sum`, `np.max`, `np.min`, `np.amax`, `np.amin`, `np.std`,
`np.var`, `np.prod`, `np.any` or `np.all`.

What counts as evidence: the argument is known to be a tensor. Which functions behave so is measured.

Silent, deliberately: lists of tensors, which NumPy converts (CNV121 and CNV122 report those that cannot be);
`np.median`, `np.percentile`, `np.nanmean`, `np.linalg.norm`, which convert the tensor (CNV111, CNV112); arguments that
may also be arrays.

Confidence: *certain* where the argument is a tensor for sure, *likely* for the output of a module and for what an
annotation alone calls a tensor: a function that treats it as an array means an array. *Possible* (not shown by default)
adds values that may be tensors. Only *certain* ones are shown by default: in public code that nobody had looked at
before 16 of 16 were true, all in one package, and neither of 2 *likely* ones.

## Why is this bad?

These functions call the method of the same name with NumPy's arguments (`axis`, `out`, `ddof`, …), and a tensor's
method does not take them: TypeError on every device.

## Example

```python
import numpy as np
import torch


def error(prediction: torch.Tensor, target: torch.Tensor):
    return np.mean(torch.abs(prediction - target))
```

## Use instead

```python
import numpy as np
import torch


def error(prediction: torch.Tensor, target: torch.Tensor):
    return torch.abs(prediction - target).mean().item()
```

## Fix safety

No automatic fix. By hand: the tensor's own method (`.mean()`, which gives a tensor), or
`np.mean(x.detach().cpu().numpy())`, which also takes the mean of integers.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU, each of the functions above, with and without `axis=`:

- `np.mean`, `np.sum`: `TypeError: mean() got an unexpected keyword argument 'axis'`;
- `np.max`, `np.min`, `np.prod`: `TypeError: max(): argument 'dim' must be int, not NoneType`;
- `np.std`, `np.var`, `np.any`, `np.all`: `TypeError: std() received an invalid combination of arguments`;
- `np.argmax`, `np.cumsum`, `np.round`, `np.sqrt` give a tensor, `np.median` a NumPy number.
- not yet run on CUDA.

## References

- numpy.mean: https://numpy.org/doc/stable/reference/generated/numpy.mean.html
- torch.mean: https://docs.pytorch.org/docs/stable/generated/torch.mean.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import NumpyRefuses
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


_REDUCTIONS = ("mean", "sum", "max", "min", "amax", "amin", "std", "var", "prod", "any", "all")


class NumpyReductionOfTensor(Rule[NumpyRefuses]):
    """`np.mean`, `np.sum` and their relatives are given a tensor."""

    code = "CNV114"
    name = "numpy-reduction-of-tensor"
    hears = (NumpyRefuses,)
    default_from = Confidence.CERTAIN
    triggers = tuple((f"np.{name}",) for name in _REDUCTIONS)
    triggers_on_request = (("implicit",),)

    def judge(self, event: NumpyRefuses) -> Iterator[Verdict]:
        """The tensor's method does not take NumPy's arguments."""
        message = f"`{event.subject}` is a tensor: `{event.via}` raises TypeError for every tensor"
        method = {"amax": "max", "amin": "min"}.get(event.via[3:], event.via[3:])
        yield Verdict(event.site, f"{message} (use the tensor's own `.{method}()`)", event.sure)
