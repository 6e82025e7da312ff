"""CNV306: A tensor of integers is made to require grad.

## What it does

Reports `requires_grad=True`, `.requires_grad_()`, `.requires_grad = True` and `nn.Parameter(…)` on a tensor of
integers or booleans.

What counts as evidence: literals without a decimal point (`torch.tensor([1, 2])`), integer arrays (`np.arange(3)`),
`torch.arange(3)`, `torch.randint`, `torch.full((2,), 1)`, an integer `dtype=`, `.long()`.

Silent, deliberately: dtypes that are not known (`torch.tensor(values)`); `nn.Parameter(…, requires_grad=False)`.

Confidence: *certain*; *likely* where only one branch makes integers.

The rule is off by default: what it reports raises at once, on every device, and code that is published has been run. In
public code that nobody had looked at before, none of 3 findings were true (docs/precision.md).

## Why is this bad?

It raises: only floating point and complex tensors can require gradients. `torch.tensor(1)` is an integer, though
`torch.zeros(1)` is not.

## Example

```python
import torch


def start():
    return torch.tensor([1, 2], requires_grad=True)
```

## Use instead

```python
import torch


def start():
    return torch.tensor([1.0, 2.0], requires_grad=True)
```

## Fix safety

Unsafe: `torch.tensor` and `torch.full` get `dtype=torch.float32`, what `nn.Parameter` is given gets `.float()`. What
is computed with it is floating point from then on. By hand: a decimal point, and whatever is made to require grad
later.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `torch.tensor([1, 2], requires_grad=True)`, `torch.arange(3, requires_grad=True)`, `torch.zeros(3, dtype=torch.long,
  requires_grad=True)`, `torch.tensor(np.arange(2), requires_grad=True)`, `nn.Parameter(torch.arange(3))` and
  `Variable(torch.arange(3), requires_grad=True)`: `RuntimeError: Only Tensors of floating point and complex dtype can
  require gradients`;
- `t.requires_grad_()`: `RuntimeError: only Tensors of floating point dtype can require gradients`.
- not yet run on CUDA.

## References

- torch.tensor: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
- torch.Tensor.requires_grad: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.requires_grad.html
- torch.nn.Parameter: https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import weakest
from torchconv_lint.analysis.telling.events import GradAsked
from torchconv_lint.fixing.proposal import Proposal, after, keyword
from torchconv_lint.model import Safety
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.nodes.site import Site

_INTEGERS = frozenset({"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})
_MAKERS = frozenset(
    {"tensor", "as_tensor", "from_numpy", "array", "asarray", "arange", "randint", "randperm", "full", "dtype="}
    | {"long", "int", "short", "byte", "bool", "argmax", "argmin", "argsort", "nonzero", "bincount", "multinomial"}
    | {"topk", "unique", "where", "LongTensor", "IntTensor", "ByteTensor", "BoolTensor", "one_hot", "view", "to"}
)
"""What a function does that asks integers for gradients: it makes them."""


class IntegersRequireGrad(Rule[GradAsked]):
    """A tensor of integers is made to require grad."""

    code = "CNV306"
    name = "integers-require-grad"
    hears = (GradAsked,)
    default = False
    triggers = (
        *((f"{asked}&{maker}",) for asked in ("requires_grad=True", "requires_grad_") for maker in sorted(_MAKERS)),
        ("Parameter(integers)",),
    )

    def judge(self, event: GradAsked) -> Iterator[Verdict]:
        """The dtype is an integer's."""
        fact = event.tensor.dtype
        if fact is not None and fact.value in _INTEGERS:
            message = f"`{event.subject}` makes a tensor of {fact.value} require grad, which raises"
            message += " (only floating point can)"
            yield Verdict(event.site, message, min(event.sure, weakest([fact])), steps(fact), _floating(event.site))


def _floating(call: Site) -> Proposal | None:
    """Unsafe: numbers above 16777216 are rounded, and dtypes of results change. Only where the tensor is made: another
    name would go on holding the integers."""
    if call.method in ("tensor", "full") and "requires_grad" in call.keywords:
        change, names = keyword(call, "dtype=torch.float32"), ("torch.float32",)
        return Proposal("make it float32", Safety.UNSAFE, (change,), names=names)
    if call.method == "Parameter" and len(call.arguments) == 1 and not call.keywords:
        return Proposal("make it float32", Safety.UNSAFE, (after(call.arguments[0], ".float()"),))
    return None
