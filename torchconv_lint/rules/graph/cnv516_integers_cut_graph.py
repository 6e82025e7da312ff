"""CNV516: An integer tensor takes values that require grad.

## What it does

Reports `t[i] = x`, `t[a:b] = x` and `t.copy_(x)` where `t` is an integer tensor by the code that makes it, and `x`
requires grad. Fractions that are lost where no gradient is at stake are CNV313.

Silent, deliberately: buffers of unknown dtype; `x.detach()`, `x.long()`, `x.argmax()`; writes under `no_grad`.

Confidence: as for what makes the value require grad.

## Why is this bad?

Written into a floating-point buffer, a value takes its graph along: the buffer requires grad from then on. An integer
buffer truncates it and drops the graph, without a word. The buffer is mostly an integer one by accident:
`torch.tensor([0, 0])`, `torch.arange(n)`, a `dtype=torch.long` copied from the labels.

## Example

```python
import torch
from torch import nn


def scores(model: nn.Module, batches):
    result = torch.tensor([0, 0, 0])
    for i, batch in enumerate(batches):
        result[i] = model(batch).square().mean()
    return result.sum()
```

## Use instead

```python
import torch
from torch import nn


def scores(model: nn.Module, batches):
    result = torch.tensor([0.0, 0.0, 0.0])
    for i, batch in enumerate(batches):
        result[i] = model(batch).square().mean()
    return result.sum()
```

## Fix safety

No automatic fix. By hand: a floating-point buffer (`torch.zeros(n)`, `dtype=x.dtype`), or `torch.stack` of a list; and
where whole numbers are meant, `x.detach().round().long()`.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `y = torch.zeros(2, dtype=torch.long)`: after `y[0] = x` and `y.copy_(x)`, `x` requiring grad, `y.requires_grad` is
  False and 1.7 has become 1; with a float32 `y` it is True;
- not yet run on CUDA.

## References

- torch.Tensor.copy_: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.copy_.html
- Type promotion: https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import GradIntoIntegers
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class IntegersCutGraph(Rule[GradIntoIntegers]):
    """An integer tensor takes values that require grad."""

    code = "CNV516"
    name = "integers-cut-graph"
    hears = (GradIntoIntegers,)
    default = False
    triggers = (("integers written",),)

    def judge(self, event: GradIntoIntegers) -> Iterator[Verdict]:
        """The buffer's dtype is known, and what is written requires grad."""
        dtype, grad = event.tensor.dtype, event.value.grad
        if dtype is not None and grad is not None:
            message = f"`{event.subject}` holds {dtype.value}: what is written loses its graph and its fraction"
            yield Verdict(event.site, message, min(dtype.confidence, grad.confidence), steps(dtype, grad))
