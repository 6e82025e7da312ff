"""CNV302: An array with the bytes in the other order becomes a tensor.

## What it does

Reports an array whose dtype names the other byte order than the machine's (`">f4"`, `np.dtype(">i2")`,
`.astype(">f8")`) and that becomes a tensor.

What counts as evidence: the dtype is written out in this file, for `np.frombuffer`, `np.array`, `np.asarray` or
`astype`, and only views and copies lie between it and the conversion. The machine is taken for little-endian.

Silent, deliberately: `"<f4"`, `"=f4"`; what has been cast to a native dtype on the way (`.astype(np.float32)`) or
computed with; single bytes, which have no order; arrays read from files whose dtype is not written here (FITS and some
WAV and NetCDF readers give such arrays).

Confidence: *certain*; *likely* where only one branch makes the array so.

## Why is this bad?

The conversion raises. The data usually come from files of another machine, so tests with made-up arrays pass.

## Example

```python
import numpy as np
import torch


def read_labels(path):
    data = open(path, "rb").read()
    return torch.from_numpy(np.frombuffer(data, dtype=">i4"))
```

## Use instead

```python
import numpy as np
import torch


def read_labels(path):
    data = open(path, "rb").read()
    return torch.from_numpy(np.frombuffer(data, dtype=">i4").astype(np.int32))
```

## Fix safety

Unsafe: `.astype` to the native dtype of the same width is written behind the array, where its width is known. It keeps
the values, and copies: a tensor that shared an array's memory no longer does. Do not use `.byteswap()` alone: it swaps
the bytes and keeps the dtype, so that the values are wrong.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU of a little-endian machine:

- `from_numpy`, `tensor`, `as_tensor` and `Tensor` of a `">f8"` array: `ValueError: given numpy array has byte order
  different from the native byte order. Conversion between byte orders is currently not supported.`;
- the order survives `.copy()`, slices and `np.ascontiguousarray`; arithmetic and `.astype("f8")` give native bytes.
- not yet run on CUDA.

## References

- numpy byte-swapping: https://numpy.org/doc/stable/user/byteswapping.html
- torch.from_numpy: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import Array
from torchconv_lint.analysis.telling.events import ToTensor
from torchconv_lint.fixing.proposal import Proposal, after
from torchconv_lint.model import Safety
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.rules.to_tensor.wording import CONSTRUCTORS, called, pairs

if TYPE_CHECKING:
    from collections.abc import Iterator


class ForeignByteOrder(Rule[ToTensor]):
    """An array with the bytes in the other order becomes a tensor."""

    code = "CNV302"
    name = "foreign-byte-order"
    hears = (ToTensor,)
    triggers = pairs(CONSTRUCTORS, (">", "newbyteorder"))

    def judge(self, event: ToTensor) -> Iterator[Verdict]:
        """Swapped bytes surely: the conversion raises."""
        fact = event.source.swapped if isinstance(event.source, Array) else None
        if fact is not None:
            message = f"`{event.subject.text}` has its bytes in the other order: {called(event)} raises ValueError"
            message += " (use `.astype` to the native dtype)"
            yield Verdict(event.site, message, min(event.sure, fact.confidence), steps(fact), _native(event))


def _native(event: ToTensor) -> Proposal | None:
    """Unsafe: it copies, so that the tensor no longer shares the memory of an array that had the native order."""
    dtype = event.source.dtype if isinstance(event.source, Array) else None
    if dtype is None:
        return None
    name = f"numpy.{dtype.value}"
    change = after(event.subject, f".astype({name})")
    return Proposal("bring it to the native byte order", Safety.UNSAFE, (change,), names=(name,))
