"""CNV316: A read-only array becomes a tensor that shares its memory.

## What it does

Reports arrays that may not be written and become a tensor by `torch.from_numpy` or `torch.as_tensor`.

What counts as evidence: `np.frombuffer` of bytes (literals, `.read()`, `.tobytes()`, `.encode()`, …),
`np.broadcast_to`, `np.load(…, mmap_mode="r")`, `np.memmap(…, mode="r")`; only views lie between it and the conversion.

Silent, deliberately: `torch.tensor`, which copies; legacy constructors and `as_tensor(…, dtype=…)`, which mostly copy;
arrays that are copied on the way (`.copy()`, `.astype(…)`, arithmetic); `np.frombuffer` of a `bytearray` or of
something unknown; what stands in a `with warnings.catch_warnings():` that ignores warnings: its author knows.

Confidence: *certain*; *likely* where a method's name tells that it gives bytes. *Possible* (not shown by default) adds
`np.frombuffer` of anything.

## Why is this bad?

torch has no read-only tensors. It warns once per process; a write to the tensor then changes bytes that Python takes
for constant (two equal literals may be one object), or kills the process where the memory is mapped for reading only.

## Example

```python
import numpy as np
import torch


def pixels(path):
    with open(path, "rb") as file:
        return torch.from_numpy(np.frombuffer(file.read(), dtype=np.uint8))
```

## Use instead

```python
import numpy as np
import torch


def pixels(path):
    with open(path, "rb") as file:
        return torch.from_numpy(np.frombuffer(file.read(), dtype=np.uint8).copy())
```

## Fix safety

Unsafe: adds `.copy()` before the conversion, so that the tensor shares no memory with the array. It costs one copy;
values, dtype and shape stay. Or `torch.frombuffer(bytearray(data), dtype=torch.uint8)`.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU: `UserWarning: The given NumPy array is not writable, and
PyTorch does not support non-writable tensors`, from `from_numpy`, `as_tensor` and `Tensor` of `np.frombuffer(b"abcd",
dtype=np.uint8)`, of `np.broadcast_to(np.ones(2), (2, 2))` and of an array with `flags.writeable = False`;
`torch.tensor` does not warn. Not yet run on CUDA.

## References

- torch.from_numpy: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
- numpy.frombuffer: https://numpy.org/doc/stable/reference/generated/numpy.frombuffer.html
- numpy.broadcast_to: https://numpy.org/doc/stable/reference/generated/numpy.broadcast_to.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import Array
from torchconv_lint.analysis.telling.events import ToTensor
from torchconv_lint.fixing.proposal import Proposal, after
from torchconv_lint.model import Safety
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.rules.to_tensor.wording import called, pairs

if TYPE_CHECKING:
    from collections.abc import Iterator


_SHARING = ("from_numpy", "as_tensor", "asarray")


class ReadOnlyArray(Rule[ToTensor]):
    """A read-only array becomes a tensor that shares its memory."""

    code = "CNV316"
    name = "read-only-array"
    hears = (ToTensor,)
    triggers = pairs(
        ("from_numpy", "as_tensor", "torch.asarray"), ("np.frombuffer", "np.broadcast_to", "mmap_mode=", "np.memmap")
    )

    def judge(self, event: ToTensor) -> Iterator[Verdict]:
        """The array is read-only surely: torch warns, and a write is undefined."""
        fact = event.source.readonly if isinstance(event.source, Array) else None
        if fact is None or event.via not in _SHARING or event.typed or event.hushed:
            return
        message = f"`{event.subject.text}` is read-only: {called(event)} warns, and a write to the tensor is undefined"
        message += " (copy it first)"
        yield Verdict(event.site, message, min(event.sure, fact.confidence), steps(fact), _copied(event))


def _copied(event: ToTensor) -> Proposal:
    return Proposal("copy it with `.copy()`", Safety.UNSAFE, (after(event.subject, ".copy()"),))
