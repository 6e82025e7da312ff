"""CNV121: A list of tensors that may live on an accelerator is converted to an array.

## What it does

Reports a list, tuple or dict whose tensors are, or may be, on an accelerator, when it is converted as a whole:
`np.mean(losses)`, `np.concatenate(predictions)`, `np.array([…])`, `plt.plot(history)`.

The list is followed from where it is filled: `append`, `extend`, `+=`, comprehensions, nested lists, dicts of
lists, attributes filled in another method of the class. What counts as evidence for the accelerator is the same as
for CNV101; device-agnostic code is reported, because it passes on CPU and dies on CUDA.

Silent, deliberately: lists of numbers (`loss.item()`), of tensors moved to the CPU before they were stored, and
lists that come from a caller outside the file. Not seen: a second name for the list, and a helper that appends to
its argument.

Confidence: *certain* where the code itself names the accelerator, *likely* where a name or a caller may choose one.
Where a name or a caller chooses the device, or another file or a `.cuda()` does, where a flag says that there is no
accelerator, and where a module there is given batches of a `DataLoader` as they came, the finding is shown to those who
ask for the rule: of those that rest on a device that the file itself states ("cuda" if there is one) 11 of 12 were true
in public code that nobody had looked at before, of the others 2 of 24.
Gradients of the parameters that a loop goes through (`grads.append(p.grad.mean())`, then `plt.plot(grads)`) are where
the module is, and told to those who ask for the rule.
*Possible* (not shown by default) adds lists that hold what a function outside the file returned for such a tensor.
`assume-device = "cpu"` switches the rule off.

## Why is this bad?

The crash comes at the end of the epoch, in another function than the mistake, and only where there is a GPU.

## Example

```python
import numpy as np
import torch

device = "cuda" if torch.cuda.is_available() else "cpu"


@torch.no_grad()
def predict(model, loader):
    predictions = []
    for images, _ in loader:
        predictions.append(model(images.to(device)).argmax(dim=1))
    return np.concatenate(predictions)
```

## Use instead

```python
import torch

device = "cuda" if torch.cuda.is_available() else "cpu"


@torch.no_grad()
def predict(model, loader):
    predictions = []
    for images, _ in loader:
        predictions.append(model(images.to(device)).argmax(dim=1))
    return torch.cat(predictions).cpu().numpy()
```

## Fix safety

Safe: the conversion gets `[each.cpu() for each in …]` (`.detach().cpu()` where they also require grad). None where the
list is nested or may hold other things than tensors. Often better by hand, one of three:

- `torch.cat(…)` or `torch.stack(…)`, then `.cpu().numpy()`: one transfer, everything stays on the device until
  then;
- `.cpu()` when storing: frees device memory early, waits for the device at every step; on a CPU tensor it returns
  the tensor itself, so the list holds the live tensor there, not a copy;
- `.item()` when storing single numbers: `np.mean` then gives a float64, where tensors give their own dtype.

## Proof

Run with torch 2.13.0 (CPU build), NumPy 2.4.6 and matplotlib 3.11.2:

- meta device: `np.array([s, s])`, `np.mean([s, s])`, `np.stack([x, x])`, `np.concatenate([x, x])` and `plt.plot([s,
  s])` raise `TypeError: can't convert meta device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host
  memory first.`
- the accelerator that `torchconv-lint verify` simulates on the CPU: the same TypeError, naming
  `standin:0`.
- not yet run on CUDA.

## References

- torch.Tensor.numpy: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.numpy.html
- torch.cat: https://docs.pytorch.org/docs/stable/generated/torch.cat.html
- torch.Tensor.item: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.item.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import ACCELERATOR, weakest
from torchconv_lint.analysis.telling.events import ToNumpy
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.rules.to_numpy.host import on_host
from torchconv_lint.rules.to_numpy.seldom_true import is_seldom_true

if TYPE_CHECKING:
    from collections.abc import Iterator


class ListOfAcceleratorTensors(Rule[ToNumpy]):
    """A list of tensors that may live on an accelerator is converted to an array."""

    code = "CNV121"
    name = "list-of-accelerator-tensors"
    hears = (ToNumpy,)
    needs_accelerator = True
    anywhere = True
    triggers = (("implicit", "'cuda'"),)
    triggers_on_request = (("implicit",), ("handed",))

    def judge(self, event: ToNumpy) -> Iterator[Verdict]:
        """A list of tensors that may live on an accelerator is converted to an array."""
        fact = event.tensor.device
        if fact is None and event.public and event.held and event.via:
            message = f"`{event.subject}` holds tensors, which are where the module is: {event.via} converts them"
            yield Verdict(
                event.site, f"{message}, and raises TypeError for an accelerator's", event.sure, on_request=True
            )
        if fact is None or event.forced or fact.value != ACCELERATOR or not event.held:
            return
        message = f"`{event.subject}` holds tensors that may be on an accelerator"
        message += f": {event.via} converts them, which raises TypeError there (use `.cpu()` on each)"
        sure = min(event.sure, Confidence.LIKELY if event.public else weakest([fact]))
        rarely = event.public or is_seldom_true(fact, event.site) or not fact.is_stated_in(event.site.path)
        yield Verdict(event.site, message, sure, steps(fact), on_host(event), on_request=rarely)
