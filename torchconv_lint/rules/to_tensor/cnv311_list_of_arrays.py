"""CNV311: A list of arrays becomes a tensor, element by element.

## What it does

Reports lists and tuples of ndarrays given to `torch.tensor`, `torch.as_tensor`, `torch.Tensor` and its relatives. An
opt-in rule: it is about time.

What counts as evidence: lists, comprehensions and accumulators whose elements are arrays made in this file, or the
coordinates of SciPy's sparse matrices (`[adjacency.row, adjacency.col]`); a list whose first element has been asked for
(`isinstance(samples[0], np.ndarray)`).

Those who ask for the rule are also told of observations that a memory has kept (`[t.obs for t in batch]`).

Silent, deliberately: lists of unknown things, of rows of unknown length, of numbers.

Confidence: *certain*; *likely* where the elements may be something else on another branch.

## Why is this bad?

torch reads the arrays number by number and warns that this is extremely slow: for a batch of images it takes many times
as long as stacking the arrays first. The warning is shown once.

## Example

```python
import numpy as np
import torch


def collate(count):
    images = [np.zeros((3, 64, 64)) for _ in range(count)]
    return torch.tensor(images)
```

## Use instead

```python
import numpy as np
import torch


def collate(count):
    images = [np.zeros((3, 64, 64)) for _ in range(count)]
    return torch.from_numpy(np.stack(images))
```

## Fix safety

Unsafe: `torch.tensor(np.array(images))`; the dtype may change where arrays and numbers are mixed. By hand:
`torch.from_numpy(np.stack(images))` keeps the dtype of the arrays and copies once. `torch.tensor(images)` keeps it
too; `torch.Tensor(images)` makes float32: add `.float()`.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU: `UserWarning: Creating a tensor from a list of
numpy.ndarrays is extremely slow. Please consider converting the list to a single numpy.ndarray`, from `torch.tensor`,
`as_tensor`, `Tensor` and `FloatTensor`, for lists, tuples and nested lists of arrays; a list of NumPy numbers gives
none. Not yet run on CUDA.

## References

- torch.tensor: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
- numpy.stack: https://numpy.org/doc/stable/reference/generated/numpy.stack.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import Array, Sequence, Value
from torchconv_lint.analysis.telling.events import ToTensor
from torchconv_lint.fixing.proposal import Proposal, around
from torchconv_lint.model import Confidence, Safety
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.to_tensor.wording import called

if TYPE_CHECKING:
    from collections.abc import Iterator


class ListOfArrays(Rule[ToTensor]):
    """A list of arrays becomes a tensor, element by element."""

    code = "CNV311"
    name = "list-of-arrays"
    hears = (ToTensor,)
    default = False
    triggers = (("tensor(list)",),)
    triggers_on_request = (("torch.tensor",),)

    def judge(self, event: ToTensor) -> Iterator[Verdict]:
        """Some element is an array."""
        source = event.source
        if not isinstance(source, Sequence) or source.lazy or event.via in ("from_numpy", "indexing"):
            return
        sure = _holds_arrays(source, 0)
        if sure is not None:
            message = f"`{event.subject.text}` holds arrays: {called(event)} reads them number by number"
            message += " (use `np.stack` first)"
            yield Verdict(event.site, message, min(event.sure, sure), fix=_stacked(event))


def _stacked(event: ToTensor) -> Proposal:
    change = around(event.subject, "numpy.array(", ")")
    return Proposal("make one array first", Safety.UNSAFE, (change,), names=("numpy.array",))


def _holds_arrays(source: Sequence, depth: int) -> Confidence | None:
    """How sure it is that an element is an array, at any depth; None if none is known to be."""
    elements: tuple[Value, ...] = source.items if source.items is not None else (source.element,)
    for element in elements:
        for kind, _ in element:
            if isinstance(kind, Array) and kind.ndim != 0:
                return Confidence.CERTAIN if len(element) == 1 else Confidence.LIKELY
            if isinstance(kind, Sequence) and depth < 3:
                inner = _holds_arrays(kind, depth + 1)
                if inner is not None:
                    return inner
    return None
