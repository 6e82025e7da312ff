"""CNV304: `torch.from_numpy` gets something that is no array.

## What it does

Reports NumPy numbers (`a.sum()`, `a[0]` of an array with one dimension), Python numbers, lists, tuples, dicts and
tensors that are given to `torch.from_numpy`.

What counts as evidence: reductions over all elements, an index into an array whose number of dimensions is known,
literals, lists and tensors made in this file.

Silent, deliberately: `a[0]` where the number of dimensions is not known; reductions with `axis=`; arrays with no
dimension (`np.array(1.0)`), which work.

Confidence: *certain*. *Possible* (not shown by default) adds values that may be an array on another branch.

The rule is off by default: what it reports raises at once, on every device, and code that is published has been run. In
public code that nobody had looked at before, 1 of 16 findings were true (docs/precision.md).

## Why is this bad?

It raises. `a.sum()` looks like an array, prints like one and has a dtype, but it is none.

## Example

```python
import numpy as np
import torch


def total(values: np.ndarray):
    return torch.from_numpy(values.sum())
```

## Use instead

```python
import numpy as np
import torch


def total(values: np.ndarray):
    return torch.as_tensor(values.sum())
```

## Fix safety

Unsafe: for numbers, lists and tuples `torch.from_numpy` becomes `torch.as_tensor`, which takes arrays too and keeps
NumPy's dtype; Python's numbers become torch's default dtypes. It copies what is no array: nothing shares memory then. A
tensor needs no conversion at all, which is for you to take away.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU: `TypeError: expected np.ndarray (got numpy.float64)`, and
the same with `list`, `tuple`, `int`, `float`, `Tensor` and `NoneType`. `torch.as_tensor(np.float64(2))` and
`torch.from_numpy(np.array(2.0))` work. Not yet run on CUDA.

## References

- torch.from_numpy: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
- torch.as_tensor: https://docs.pytorch.org/docs/stable/generated/torch.as_tensor.html
- numpy scalars: https://numpy.org/doc/stable/reference/arrays.scalars.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import Const, Kind, Mapping, Number, Sequence, Tensor
from torchconv_lint.analysis.telling.events import ToTensor
from torchconv_lint.fixing.proposal import Proposal, instead
from torchconv_lint.model import Confidence, Safety
from torchconv_lint.rules.base import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class NoArrayToFromNumpy(Rule[ToTensor]):
    """`torch.from_numpy` gets something that is no array."""

    code = "CNV304"
    name = "no-array-to-from-numpy"
    hears = (ToTensor,)
    default = False
    triggers = (("from_numpy",),)

    def judge(self, event: ToTensor) -> Iterator[Verdict]:
        """The kind is known, and it is no array."""
        what = _what(event.source) if event.via == "from_numpy" else ""
        if what:
            message = f"`{event.subject.text}` is {what}, not an array: `torch.from_numpy` raises TypeError"
            if not isinstance(event.source, Tensor):
                message += " (use `torch.as_tensor`)"
            # A value that may also be an array has been told apart by a test that was not understood.
            sure = event.sure if event.alone and event.sure == Confidence.CERTAIN else Confidence.POSSIBLE
            yield Verdict(event.site, message, sure, fix=_taken(event))


def _taken(event: ToTensor) -> Proposal | None:
    """Unsafe: what calls it without an error has given an array, whose memory `as_tensor` shares as well."""
    callee = event.site.callee
    word = isinstance(event.source, Const) and not isinstance(event.source.value, int | float)
    if callee is None or word or not isinstance(event.source, Number | Const | Sequence):
        return None
    name = "torch.as_tensor"
    return Proposal(f"call `{name}`", Safety.UNSAFE, (instead(callee, name),), names=(name,))


def _what(kind: Kind) -> str:
    """What the kind is, if it is surely no array."""
    if isinstance(kind, Number):
        return "a NumPy number" if kind.numpy else "a number"
    if isinstance(kind, Const) and kind.value is not None:  # None is what a test has ruled out, or a missing return
        return f"`{kind.value!r}`"
    if isinstance(kind, Sequence):
        return "a list" if kind.mutable else "a tuple"
    if isinstance(kind, Mapping):
        return "a dict"
    # Without a device, that it is a tensor was only concluded from its uses.
    return "a tensor already" if isinstance(kind, Tensor) and kind.device is not None else ""
