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

Unsafe: `from_numpy` becomes `torch.as_tensor`; `as_tensor`, `torch.Tensor` and `torch.FloatTensor` become
`torch.tensor`, which copies. By hand: `torch.empty` for sizes, the legacy constructors of other dtypes, and
`.requires_grad_()` after `as_tensor` where memory is to be shared.

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

from torchconv_lint.analysis.telling.events import KeywordRefused
from torchconv_lint.fixing.proposal import Proposal, instead
from torchconv_lint.model import Confidence, Safety
from torchconv_lint.rules.base import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class RefusedKeyword(Rule[KeywordRefused]):
    """A conversion is called with a keyword that it does not take."""

    code = "CNV318"
    name = "refused-keyword"
    hears = (KeywordRefused,)
    triggers = (("keyword refused",),)

    def judge(self, event: KeywordRefused) -> Iterator[Verdict]:
        """The keyword is written out."""
        message = f"`torch.{event.function}` does not take `{event.keyword}=`: it raises TypeError"
        message += f" (use `torch.{event.instead}`)"
        yield Verdict(event.site, message, Confidence.CERTAIN, fix=_that_takes_it(event))


def _that_takes_it(event: KeywordRefused) -> Proposal | None:
    """Unsafe: `torch.tensor` copies, and takes sizes for data. Legacy constructors of other dtypes are left alone."""
    callee = event.site.callee
    if callee is None or event.function not in ("Tensor", "FloatTensor", "from_numpy", "as_tensor"):
        return None
    name = f"torch.{event.instead}"
    return Proposal(f"call `{name}`", Safety.UNSAFE, (instead(callee, name),), names=(name,))
