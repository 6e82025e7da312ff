"""CNV307: Numbers that nobody has written are computed with.

## What it does

Reports a legacy constructor of sizes (`torch.Tensor(3)`, `torch.FloatTensor(2, 2)`) that is an operand itself: it makes
that many uninitialised numbers, not the number that is written.

Silent, deliberately: constructors whose result is kept (`nn.Parameter(torch.Tensor(a, b))`, `buffer =
torch.FloatTensor(n)`), which an initialiser may fill; those that are filled at once (`torch.Tensor(3).zero_()`); sizes
that are not written out; empty ones (`torch.Tensor(0)`).

Confidence: *certain*.

## Why is this bad?

The numbers are whatever was in memory: mostly tiny or zero in a test, anything later. There is no warning.

## Example

```python
import torch


def doubled(x):
    return x * torch.Tensor(2)
```

## Use instead

```python
import torch


def doubled(x):
    return x * torch.tensor(2.0)
```

## Fix safety

Unsafe: `torch.Tensor(2)` becomes `torch.tensor(2, dtype=torch.float32)`, the number and not so many of them. By hand:
a plain `2` mostly does; `torch.zeros(2)` or `torch.empty(2)` for numbers to come.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU: `torch.Tensor(3)` has three elements, `torch.tensor(3)`
is 3; `torch.LongTensor(np.int64(2))` has two elements; `torch.Tensor(0.5)` raises `TypeError: new(): data must be a
sequence (got float)`. `torch.ones(2, 3) * torch.Tensor(3)` has other values than `torch.ones(2, 3) * 3`. Not yet run
on CUDA.

## References

- torch.Tensor: https://docs.pytorch.org/docs/stable/tensors.html
- torch.tensor: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
- torch.empty: https://docs.pytorch.org/docs/stable/generated/torch.empty.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import Unfilled
from torchconv_lint.fixing.proposal import Proposal, instead
from torchconv_lint.model import Confidence, Safety
from torchconv_lint.rules.base import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.nodes.site import Site


class UnfilledNumbers(Rule[Unfilled]):
    """Numbers that nobody has written are computed with."""

    code = "CNV307"
    name = "unfilled-numbers"
    hears = (Unfilled,)
    triggers = (("numbers unfilled",),)

    def judge(self, event: Unfilled) -> Iterator[Verdict]:
        """The operand has sizes and no values."""
        message = f"`{event.subject}` makes uninitialised numbers, and they are computed with here"
        message += " (use `torch.tensor` for values)"
        yield Verdict(event.site, message, Confidence.CERTAIN, fix=_number(event.site))


def _number(call: Site) -> Proposal | None:
    """Unsafe: whether the number was meant, or so many numbers, nobody can know."""
    if len(call.arguments) != 1 or call.keywords or call.method not in ("Tensor", "FloatTensor"):
        return None
    change = instead(call, "torch.tensor(", call.arguments[0], ", dtype=torch.float32)")
    return Proposal("make it the number", Safety.UNSAFE, (change,), names=("torch.tensor", "torch.float32"))
