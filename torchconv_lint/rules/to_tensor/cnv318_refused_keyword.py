"""CNV318: A conversion is called with a keyword that it does not take.

## What it does

Reports `dtype=`, `requires_grad=` and `pin_memory=` given to `torch.Tensor` and the other legacy constructors
(`torch.FloatTensor`, `torch.LongTensor`, …), any keyword given to `torch.from_numpy`, and `requires_grad=` given to
`torch.as_tensor`.

Silent, deliberately: `device=` of the legacy constructors, which works for the CPU; `**kwargs`.

Confidence: *certain*.

## Why is this bad?

It raises a TypeError. `torch.tensor` takes all of these, and the names differ by one letter.

## Example

```python
import torch


def weights(values):
    return torch.Tensor(values, dtype=torch.float64)
```

## Use instead

```python
import torch


def weights(values):
    return torch.tensor(values, dtype=torch.float64)
```

## Fix safety

No automatic fix yet. By hand: `torch.tensor` for the legacy constructors (sizes become `torch.empty`),
`torch.as_tensor` for `from_numpy`, and `.requires_grad_()` after `as_tensor`.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `torch.Tensor([1.0], dtype=torch.float32)`, `torch.Tensor([1.0], requires_grad=True)`, `torch.Tensor([1],
  pin_memory=True)` and the same of `FloatTensor` and `LongTensor`: `TypeError: new() received an invalid combination of
  arguments`;
- `torch.from_numpy(a, dtype=torch.float32)`: `TypeError: torch._VariableFunctionsClass.from_numpy() takes no keyword
  arguments`;
- `torch.as_tensor(a, requires_grad=True)`: `TypeError: as_tensor() got an unexpected keyword argument 'requires_grad'`.
- not yet run on CUDA.

## References

- torch.Tensor: https://docs.pytorch.org/docs/stable/tensors.html
- torch.tensor: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
- torch.from_numpy: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import KeywordRefused
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.to_tensor.wording import LEGACY

if TYPE_CHECKING:
    from collections.abc import Iterator


class RefusedKeyword(Rule[KeywordRefused]):
    """A conversion is called with a keyword that it does not take."""

    code = "CNV318"
    name = "refused-keyword"
    hears = (KeywordRefused,)
    triggers = tuple((word, "dtype=") for word in LEGACY) + tuple((word, "requires_grad=") for word in LEGACY)

    def judge(self, event: KeywordRefused) -> Iterator[Verdict]:
        """The keyword is written out."""
        message = f"`torch.{event.function}` does not take `{event.keyword}=`: it raises TypeError"
        yield Verdict(event.site, f"{message} (use `torch.{event.instead}`)", Confidence.CERTAIN)
