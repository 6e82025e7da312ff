"""CNV512: A loss goes through NumPy and back.

## What it does

Reports a tensor that is made of an array that was made of a tensor that requires grad (`torch.from_numpy(…)`,
`torch.tensor(…)`, `torch.as_tensor(…)` of what `.detach().numpy()` gave, NumPy computations in between included), when
all that is back-propagated in the end comes from there: `backward()` raises, or ends at the new tensor.

Silent, deliberately: arrays that become targets, weights or masks beside something that requires grad; a round trip
whose result is never back-propagated; custom `torch.autograd.Function`s, which do this on purpose.

Confidence: as for what makes the tensor require grad.

## Why is this bad?

NumPy records nothing for autograd, and `.detach()`, without which `.numpy()` raises, says so. What is computed there
(SciPy's filters, a median, a sort) has to be differentiated by other means, or computed by torch.

## Example

```python
import numpy as np
import torch
from torch import nn


def step(model: nn.Module, x, optimizer):
    out = model(x).mean(dim=0)
    smooth = torch.from_numpy(np.sqrt(out.detach().numpy()))
    loss = smooth.sum()
    loss.backward()
    optimizer.step()
```

## Use instead

```python
import torch
from torch import nn


def step(model: nn.Module, x, optimizer):
    out = model(x).mean(dim=0)
    smooth = torch.sqrt(out)
    loss = smooth.sum()
    loss.backward()
    optimizer.step()
```

## Fix safety

No automatic fix. By hand: the same computation in torch; or a `torch.autograd.Function` that computes the gradient too;
or, where no gradient is wanted, no `backward()`. `requires_grad_()` on the result only moves the silence: backward then
ends at the new leaf.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `torch.from_numpy(x.detach().numpy()).sum().backward()`: `RuntimeError: element 0 of tensors does not require grad and
  does not have a grad_fn`;
- after `.requires_grad_()` backward runs, and `x.grad` stays None;
- not yet run on CUDA.

## References

- torch.from_numpy: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
- Extending PyTorch: https://docs.pytorch.org/docs/stable/notes/extending.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import GraphCut
from torchconv_lint.rules.base import Rule
from torchconv_lint.rules.graph.cutting import effect, missed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.rules.base import Verdict


class NumpyCutsGraph(Rule[GraphCut]):
    """A loss goes through NumPy and back."""

    code = "CNV512"
    name = "numpy-cuts-graph"
    hears = (GraphCut,)
    triggers = (("backward",),)

    def judge(self, event: GraphCut) -> Iterator[Verdict]:
        """All that is back-propagated was an array before."""
        cut = event.cut
        if cut.how == "numpy" and (event.dead or cut.restarted) and not event.returned:
            yield from missed(event, f"`{cut.subject}` was made by NumPy and has no graph, and {effect(event)}")
