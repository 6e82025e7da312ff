"""CNV517: A leaf that requires grad is written in place.

## What it does

Reports in-place writes to a parameter, or to a tensor made with `requires_grad=True`, while grad mode is on: `w += 1`,
`w[0] = 0`, `w.mul_(2)`, `w.copy_(x)`, `for p in model.parameters(): p -= lr * p.grad`, views of one included.

Silent, deliberately: writes under `torch.no_grad()`, through `.data` or `.detach()`; frozen parameters; results of
operations, which may be written; functions of `torch.nn.init`, which switch grad mode off by themselves.

What an attribute called `weight` or `bias` holds is a parameter where the function puts one into its place
(`layer.bias = nn.Parameter(b)`).

Confidence: as for what makes the tensor require grad. *Possible* (not shown by default) adds helpers that the file
calls, in files that switch grad mode off somewhere.

## Why is this bad?

It raises. A hand-written update, a clamp of the weights or a custom initialisation is meant to be no part of the graph,
and has to say so.

## Example

```python
from torch import nn


def update(model: nn.Module, rate):
    for parameter in model.parameters():
        parameter -= rate * parameter.grad
```

## Use instead

```python
import torch
from torch import nn


def update(model: nn.Module, rate):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= rate * parameter.grad
```

## Fix safety

No automatic fix. By hand: `with torch.no_grad():` around the write. `.data` works too, and hides the write from
autograd's checks: a graph that needs the old values then gives wrong gradients in silence.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `w += 1`, `w.add_(1)`, `w.copy_(x)`: `RuntimeError: a leaf Variable that requires grad is being used in an in-place
  operation`; `w[0] = 1`, `w.view(-1).mul_(2)`: `a view of a leaf Variable …`;
- not yet run on CUDA.

## References

- torch.no_grad: https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html
- In-place operations with autograd: https://docs.pytorch.org/docs/stable/notes/autograd.html#in-place-operations-with-autograd
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import LeafWritten
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class WriteToLeaf(Rule[LeafWritten]):
    """A leaf that requires grad is written in place."""

    code = "CNV517"
    name = "write-to-leaf"
    hears = (LeafWritten,)
    default = False
    triggers = (
        ("grad", "parameters"),
        ("requires_grad=",),
        ("requires_grad_",),
        ("Parameter",),
        *((name,) for name in ("fill_", "zero_")),
    )

    def judge(self, event: LeafWritten) -> Iterator[Verdict]:
        """Grad mode is on, and the tensor is a leaf that requires grad."""
        grad = event.tensor.grad
        if grad is not None:
            message = f"`{event.subject}` is a leaf that requires grad: writing it in place raises RuntimeError"
            message += " (use `torch.no_grad()`)"
            yield Verdict(event.site, message, min(event.sure, grad.confidence), steps(grad))
