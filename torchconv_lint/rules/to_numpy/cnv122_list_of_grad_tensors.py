"""CNV122: A list of tensors that require grad is converted to an array.

## What it does

Reports a list, tuple or dict whose tensors require grad, when it is converted as a whole while grad mode is on:
`np.mean(losses)`, `np.array(log_probs)`, `plt.plot(curve)`.

The list is followed from where it is filled: `append`, `extend`, `+=`, comprehensions, nested lists, attributes
filled in another method of the class. What counts as evidence for grad is the same as for CNV102; a loss on which
`.backward()` is called requires grad for certain.

Silent, deliberately: lists filled under `torch.no_grad()`, with `.item()` or with `.detach()`; lists that come from
a caller outside the file. Not seen: a second name for the list, and a helper that appends to its argument.

Confidence: *certain* for known modules and parameters, *likely* for modules known by their use. *Possible* (not shown
by default) adds lists that hold what a function outside the file returned for such a tensor. The rule is off by
default: code that is published has been run, and what raises on every device has been seen then. In public code that
nobody had looked at before 1 of 5 findings was true.

## Why is this bad?

The conversion raises a RuntimeError at the end of the epoch. And until then the list keeps every tensor's graph
alive, with all the memory that hangs on it.

## Example

```python
import numpy as np
import torch.nn.functional as F


def train_one_epoch(model, loader, optimizer):
    losses = []
    for x, y in loader:
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return np.mean(losses)
```

## Use instead

```python
import numpy as np
import torch.nn.functional as F


def train_one_epoch(model, loader, optimizer):
    losses = []
    for x, y in loader:
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.mean(losses)
```

## Fix safety

Safe: the conversion gets `[each.detach() for each in …]` (`.detach().cpu()` where they may also be on an
accelerator), which gives the same array. None where the list is nested or may hold other things than tensors. Better by
hand: store `loss.item()` (a Python number; waits for an accelerator at every step) or `loss.detach()` (a tensor on
its device, sharing storage with the loss, without the graph). Both free the graph. `np.mean` of Python numbers is
float64, of detached float32 tensors float32.

## Proof

Run with torch 2.13.0 (CPU build), NumPy 2.4.6 and matplotlib 3.11.2, on the CPU:

- `np.array([s, s])`, `np.mean([s, s])`, `np.stack([x, x])` and `plt.plot([s, s])` raise `RuntimeError: Can't call
  numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.`
- `np.mean([s.detach(), s.detach()])` returns a `np.float32`.
- not yet run on CUDA.

## References

- torch.Tensor.item: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.item.html
- torch.Tensor.detach: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html
- Frequently Asked Questions (memory that is kept by history): https://docs.pytorch.org/docs/stable/notes/faq.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import weakest
from torchconv_lint.analysis.telling.events import ToNumpy
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.rules.to_numpy.host import on_host

if TYPE_CHECKING:
    from collections.abc import Iterator


class ListOfGradTensors(Rule[ToNumpy]):
    """A list of tensors that require grad is converted to an array."""

    code = "CNV122"
    name = "list-of-grad-tensors"
    default = False
    triggers = (("implicit",),)
    triggers_on_request = (("handed",),)
    hears = (ToNumpy,)

    def judge(self, event: ToNumpy) -> Iterator[Verdict]:
        """A list of tensors that require grad is converted to an array."""
        fact = event.tensor.grad
        if fact is None or event.forced or not fact.value or event.grad_mode is not True or not event.held:
            return
        message = f"`{event.subject}` holds tensors that require grad"
        message += f": {event.via} converts them, which raises RuntimeError (use `.detach()` on each)"
        yield Verdict(event.site, message, min(event.sure, weakest([fact])), steps(fact), on_host(event))
