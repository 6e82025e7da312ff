"""CNV513: A loss is detached or turned into a number before it is back-propagated.

## What it does

Reports what `.item()`, `float()`, `.detach()` and `.data` do to a loss:

- nothing else is left: `loss = loss.detach(); loss.backward()`, `loss = criterion(output.detach(), target)` without
  anything that requires grad, `.backward()` called on a number;
- a term that took its own name (`adv = adv.item()`, `kl = kl.detach()`) is then added to the loss that is
  back-propagated, as if it were still the tensor;
- a term that was made a number is added to the loss under any name: `total = loss + penalty.item()`.

Silent, deliberately: `.item()` for the log after backward; a detached value under another name, or as a factor,
target or baseline (`weight * loss`, `reward - baseline.detach()`), which says that no gradient is wanted.

Confidence: as for what makes the tensor require grad.

The rule is off by default: in public code that nobody had looked at before, none of 8 findings were true: the branches
that detach were not those that went back (docs/precision.md). Those who ask for it are also told of a term that some
loss computes of detached values only (`memory.loss(features.detach())`): what it is given learns nothing from it; of a
loss that a number takes the place of, and that is a term of a sum below; and of a metric in a module's `forward`, whose
own `__call__` detaches what it is given, or runs without grad, where its result is part of what is returned.

## Why is this bad?

The first raises, if that line is ever reached. The second trains everything but this term: the number is in the printed
loss, and its gradient is zero. That is how an adversarial term goes missing for a whole project.

## Example

```python
from torch import nn


def step(model: nn.Module, critic: nn.Module, x, optimizer):
    output = model(x)
    adversarial = critic(output).mean()
    adversarial = adversarial.item()
    loss = (output - x).square().mean() + 0.1 * adversarial
    loss.backward()
    optimizer.step()
```

## Use instead

```python
from torch import nn


def step(model: nn.Module, critic: nn.Module, x, optimizer):
    output = model(x)
    adversarial = critic(output).mean()
    loss = (output - x).square().mean() + 0.1 * adversarial
    loss.backward()
    optimizer.step()
    return adversarial.item()
```

## Fix safety

No automatic fix. By hand: keep the tensor for the loss, and give the number a name of its own. The term is trained from
then on; its weight may have to be found anew.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `loss.detach().backward()`: `RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn`;
  `loss.item().backward()`: `AttributeError: 'float' object has no attribute 'backward'`;
- with a rebound term in the sum, the parameters behind the term keep `.grad` None, those of the other term do not;
- not yet run on CUDA.

## References

- torch.Tensor.item: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.item.html
- torch.Tensor.detach: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import GraphCut
from torchconv_lint.rules.base import Rule
from torchconv_lint.rules.graph.cutting import effect, missed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.rules.base import Verdict


class DetachedLoss(Rule[GraphCut]):
    """A loss is detached or turned into a number before it is back-propagated."""

    code = "CNV513"
    name = "detached-loss"
    hears = (GraphCut,)
    default = False
    triggers = (("backward",),)

    def judge(self, event: GraphCut) -> Iterator[Verdict]:
        """Nothing but what was detached is left, or a term that took its own name."""
        cut = event.cut
        if cut.how not in ("number", "detach") or (cut.restarted and not event.leaf) or event.returned:
            return
        if event.dead or event.leaf or cut.rebound or cut.how == "number":
            yield from missed(event, f"`{cut.subject}` is taken out of the graph, and {effect(event)}")
