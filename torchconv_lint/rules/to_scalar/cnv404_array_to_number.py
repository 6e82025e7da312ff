"""CNV404: An array that has a dimension is converted to a Python number.

## What it does

Reports `float(a)`, `int(a)`, `complex(a)`, `math.sqrt(a)` and its relatives, and `out[i] = a` for one element of an
array, where `a` is an array with at least one dimension, such as what `.numpy()` makes of a tensor of shape (1,). With
more than one element it never worked; with one it did until NumPy 2.4.

What counts as evidence: the shape of the tensor, or of the array, is written in the code (`torch.ones(1, 1)`,
`.view(-1)`, `np.array([x])`, `np.zeros((1, 1))`). Silent where `target-numpy` is older than 1.25.

Silent, deliberately: arrays without dimensions, which is what `.numpy()` makes of a loss; arrays of unknown shape; what
is converted where the error is caught.

Off by default (`opt-in = ["CNV404"]` or `--select CNV404`): its precision on real code is not yet measured to be 95 %.

Confidence: *certain*.

## Why is this bad?

NumPy 1.25 deprecated the conversion, NumPy 2.4 refuses it. Code that reads one value out of a batch of one
(`float(model(x).numpy())`) has worked for years and stops working with an upgrade. The tensor itself would do:
`float()` takes tensors of any shape with one element.

## Example

```python
import torch


def chance(logit: float):
    return float(torch.sigmoid(torch.tensor([logit])).numpy())
```

## Use instead

```python
import torch


def chance(logit: float):
    return torch.sigmoid(torch.tensor([logit])).item()
```

## Fix safety

No automatic fix. By hand: `.item()`, of the tensor or of the array, which takes any shape with one element; an index
(`a[0]`) where the first of several is meant.

## Proof

Run with torch 2.13.0 (CPU build), on the CPU, with arrays of shape (1,) and (1, 1):

- NumPy 2.4.6: `float(a)`, `int(a)`, `math.exp(a)`: `TypeError: only 0-dimensional arrays can be converted to Python
  scalars`; `out[0] = a`: `ValueError: setting an array element with a sequence.`;
- versions: NumPy 1.26.4, 2.0.2 and 2.3.5: `DeprecationWarning: Conversion of an array with ndim > 0 to a scalar is
  deprecated, and will error in future.`;
- `a.item()` and `float(tensor)` work in all of them; three elements raise in all of them.
- not yet run on CUDA.

## References

- numpy.ndarray.item: https://numpy.org/doc/stable/reference/generated/numpy.ndarray.item.html
- NumPy 1.25 release notes: https://numpy.org/doc/stable/release/1.25.0-notes.html
- NumPy 2.4 release notes: https://numpy.org/doc/stable/release/2.4.0-notes.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import MANY
from torchconv_lint.analysis.telling.events import ArrayToScalar
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class ArrayToNumber(Rule[ArrayToScalar]):
    """An array that has a dimension is converted to a Python number."""

    code = "CNV404"
    name = "array-to-number"
    hears = (ArrayToScalar,)
    default = False
    since_numpy = (1, 25)
    triggers = (("scalar",),)

    def judge(self, event: ArrayToScalar) -> Iterator[Verdict]:
        """It has a dimension, whatever the number of elements."""
        array = event.array
        call = f"`{event.via}()`" if " " not in event.via else event.via
        if array.count is not None and array.count.value == MANY:
            message = f"`{event.subject}` is an array with more than one element: {call} raises"
            yield Verdict(event.site, message, array.count.confidence, steps(array.count))
        elif array.ndim:
            message = f"`{event.subject}` is an array with at least one dimension: {call} raises since NumPy 2.4"
            yield Verdict(event.site, f"{message} (use `.item()`)", Confidence.CERTAIN)
