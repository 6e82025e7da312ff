"""CNV519: `backward` is called on a tensor that has just been told to require grad, and goes nowhere.

## What it does

Reports `.requires_grad_()`, `.requires_grad = True` and `torch.tensor(…, requires_grad=True)` where they make a leaf of
a loss that has no graph, and `backward` is then called on that very tensor: a loss computed under `no_grad`, from
`argmax`, from a comparison, from NumPy. The assignment says so by itself, whatever the loss is: it raises for a tensor
that has a graph.

Silent, deliberately: a leaf with which something is computed before `backward` (the input of an adversarial attack, of
a gradient penalty, of a checkpoint); a tensor of constants, as in a lesson on autograd; a loss that has a graph, or may
have one, for which the line changes nothing; a loss cut off by a conversion that CNV511, CNV512 or CNV513 reports.

Confidence: *certain*; *likely* where the leaf was made by a constructor of values nobody knows.

## Why is this bad?

The line is written to silence "element 0 of tensors does not require grad". The error goes away and the fault stays:
the gradient of a leaf with respect to itself is 1, no parameter gets any, and the optimiser steps with nothing.

## Example

```python
import torch
from torch import nn
from torch.nn import functional as F


def step(model: nn.Module, x, y, optimizer):
    predicted = model(x).argmax(dim=1).float()
    loss = F.mse_loss(predicted, y)
    loss.requires_grad_()
    loss.backward()
    optimizer.step()
```

## Use instead

```python
import torch
from torch import nn
from torch.nn import functional as F


def step(model: nn.Module, x, y, optimizer):
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
```

## Fix safety

No automatic fix. By hand: take the line away, and mend what the error then names: compute the loss outside of `no_grad`
and from what is differentiable.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU: after the example's `step` every parameter's `.grad` is
None, and `loss.grad` is 1; the version under "Use instead" gives every parameter a gradient. With a graph behind it,
`loss.requires_grad = True` raises `RuntimeError: you can only change requires_grad flags of leaf variables.` Not yet
run on CUDA.

## References

- torch.Tensor.requires_grad_: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.requires_grad_.html
- torch.Tensor.is_leaf: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_leaf.html
- torch.Tensor.backward: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import LeafBackward
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class BackwardFromLeaf(Rule[LeafBackward]):
    """A loss without a graph is told to require grad, and backward is called on it."""

    code = "CNV519"
    name = "backward-from-leaf"
    hears = (LeafBackward,)
    triggers = (("requires_grad_&backward",), ("requires_grad=True&backward",), ("requires_grad=&backward",))

    def judge(self, event: LeafBackward) -> Iterator[Verdict]:
        """Whatever was computed before, nothing of it gets a gradient."""
        message = f"`{event.subject}` has no graph and is made a leaf here: backward ends there and trains nothing"
        because = ((event.reached, "backward is called on the leaf itself"),)
        yield Verdict(event.site, message, Confidence.CERTAIN if not event.made else Confidence.LIKELY, because)
