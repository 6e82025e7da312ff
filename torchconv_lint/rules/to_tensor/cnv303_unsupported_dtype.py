"""CNV303: Data that torch has no dtype for becomes a tensor.

## What it does

Reports arrays of objects, strings, bytes, dates, time spans, records and long doubles that become a tensor, and
iterables that have no length or no index (`map`, `zip`, generators, sets, the views of a dict) given to `torch.tensor`,
directly or through `np.array`, which wraps them into an object.

What counts as evidence: `dtype=object` (or `str`, `"datetime64"`, …) in this file; literals (`np.array(["a", "b"])`,
`np.array([1, None])`, `np.array(None)`); dicts and iterators known to be such.

Silent, deliberately: arrays whose contents are not known (`df["label"].values`); lists of lists of unknown lengths;
what is cast on the way (`.astype(np.float32)`); unsigned integers of 16, 32 and 64 bits, which current torch takes.

Confidence: *certain*; *likely* where only one branch or some elements make it so.

## Why is this bad?

The conversion raises. `np.array` itself accepts anything, so the mistake is found one line too late.

## Example

```python
from collections import Counter

import numpy as np
import torch


def histogram(words):
    counts = Counter(words)
    return torch.from_numpy(np.array(counts.values()))
```

## Use instead

```python
from collections import Counter

import numpy as np
import torch


def histogram(words):
    counts = Counter(words)
    return torch.from_numpy(np.array(list(counts.values())))
```

## Fix safety

No automatic fix yet: only you know what the data should be. `list(…)` for iterators; `.astype(np.float32)` where all
objects are numbers; padding for rows of different lengths; an index per word for strings; `.astype("int64")` for dates.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `from_numpy`, `tensor`, `as_tensor` and `Tensor` of arrays of `object`, `str`, `bytes`, `datetime64`, `timedelta64`,
  `longdouble` and of records: `TypeError: can't convert np.ndarray of type numpy.object_.` and so on;
- `np.array(map(int, "12"))` and the same of a generator, `zip`, `filter`, `reversed`, `set`, `dict` or
  `dict.values()` is an array of one object; `range` is not;
- `torch.tensor(map(int, "12"))`: `RuntimeError: Could not infer dtype of map`; `torch.Tensor(…)` of it: `TypeError:
  new(): data must be a sequence`;
- `np.array([[1, 2], [3]])` raises by itself since NumPy 1.24; with `dtype=object` it does not.
- versions: `from_numpy`, `tensor` and `as_tensor` of `uint16`, `uint32` and `uint64` work from torch 2.3; before
  (seen on 1.13) they raise the same TypeError. The rule is silent about them.
- not yet run on CUDA.

## References

- torch.from_numpy: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
- torch.tensor: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
- numpy data types: https://numpy.org/doc/stable/user/basics.types.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import Array, Mapping, Sequence
from torchconv_lint.analysis.telling.events import ToTensor
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.rules.to_tensor.wording import CONSTRUCTORS, called, pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_TENSOR = {
    "object": "an array of objects",
    "str": "an array of strings",
    "bytes": "an array of bytes objects",
    "datetime64": "an array of dates",
    "timedelta64": "an array of time spans",
    "longdouble": "an array of long doubles",
    "void": "an array of records",
}


class UnsupportedDtype(Rule[ToTensor]):
    """Data that torch has no dtype for becomes a tensor."""

    code = "CNV303"
    name = "unsupported-dtype"
    hears = (ToTensor,)
    default = False
    triggers = (("tensor(iterable)",), *pairs(CONSTRUCTORS, ("array(objects)",)))

    def judge(self, event: ToTensor) -> Iterator[Verdict]:
        """The dtype is known, and torch has none like it."""
        source = event.source
        if isinstance(source, Array) and source.dtype is not None and source.dtype.value in _NO_TENSOR:
            what = _NO_TENSOR[str(source.dtype.value)]
            message = f"`{event.subject.text}` is {what}: {called(event)} raises TypeError"
            yield Verdict(event.site, message, min(event.sure, source.dtype.confidence), steps(source.dtype))
        elif event.via == "from_numpy":
            return
        elif isinstance(source, Mapping) or (isinstance(source, Sequence) and source.lazy):
            what = source.lazy if isinstance(source, Sequence) else "dict"
            message = f"`{event.subject.text}` is a {what}, not a sequence: {called(event)} raises"
            if isinstance(source, Sequence):
                message += " (make a list of it)"
            yield Verdict(event.site, message, event.sure)
