"""CNV708: NumPy computes the gradients of an autograd function: there is no second derivative.

## What it does

Reports `.numpy()` and functions of NumPy, and numbers (`.item()`, `float()`, `int()`) that a tensor is computed
with, in the `backward` of a `torch.autograd.Function` of the file that is not decorated with
`@once_differentiable`.

Silent, deliberately: numbers that are only printed or tested; `forward`, which runs without grad mode anyway;
`backward` with `@once_differentiable`.

Confidence: *certain* for the gradients that `backward` is given, *likely* for saved tensors and what only behaves
like a tensor. Off by default: most functions are never differentiated twice. Measured on ten released packages
(2,072 files): no finding.

## Why is this bad?

`backward` is differentiated itself when somebody asks for it (`create_graph=True`: gradient penalties, Hessians,
MAML). What went through NumPy is a constant then: its part of the second derivative is missing, in silence if other
parts are left. `@once_differentiable` turns that into an error.

## Example

```python
import torch


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * torch.from_numpy(3 * x.detach().numpy() ** 2)
```

## Use instead

```python
import torch
from torch.autograd.function import once_differentiable


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * torch.from_numpy(3 * x.detach().numpy() ** 2)
```

## Fix safety

No automatic fix. `@once_differentiable` makes a second derivative an error and also switches grad mode off inside;
tensor operations make it work.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- a gradient that went through `.detach().numpy()` or `.item()` in `backward` does not require grad, although
  `create_graph=True` was asked for; `.numpy()` without `.detach()` raises `RuntimeError: Can't call numpy() on
  Tensor that requires grad` then;
- with `@once_differentiable` the second derivative raises, with tensor operations it is right.
- not yet run on CUDA.

## References

- Extending PyTorch, double backward: https://docs.pytorch.org/tutorials/intermediate/custom_function_double_backward_tutorial.html
- torch.autograd.Function: https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.Function
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.terms import ARRAY, BACKWARD
from torchconv_lint.analysis.telling.events import TracedCut, TracedRead
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.tracing.under import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class NumpyInBackward(Rule[TracedCut | TracedRead]):
    """NumPy computes the gradients of an autograd function: there is no second derivative."""

    code = "CNV708"
    name = "numpy-in-backward"
    hears = (TracedCut, TracedRead)
    default = False
    triggers = (("item",), ("numpy",), ("tolist",))

    def judge(self, event: TracedCut | TracedRead) -> Iterator[Verdict]:
        """The backward pass has to be differentiable, or say that it is not."""
        if event.how.kind != BACKWARD:
            return
        if isinstance(event, TracedCut):
            message = f"`{event.subject}` leaves the graph in `backward`: second derivatives are lost"
            yield Verdict(event.site, message, event.sure, ((event.how.site, "autograd calls this `backward`"),))
        elif event.what == ARRAY:
            message = f"`{event.subject}` leaves the graph in `backward` ({event.via}): second derivatives are lost"
            yield verdict(event, message)
