"""CNV602: A tensor is copied to the host on every training step.

## What it does

Reports `.cpu()`, `.to("cpu")`, `.tolist()` and `.numpy(force=True)` of a tensor on an accelerator, on every step of
a training loop. `.to("cpu", non_blocking=True)` is not: it does not wait (but see CNV611).

What counts as a training step: a call of `.backward()` (also `accelerator.backward(loss)`) or an optimiser's
`.step()` directly in the loop, not in a loop inside it, or in a function of the file that the loop calls; the whole
of an optimiser's own `step` and of Lightning's `training_step`. What counts as an accelerator: the evidence that
CNV101 uses; a tensor of which nothing is known counts too if the file speaks of accelerators at all ("cuda",
"device").

Silent, deliberately: what happens now and then (`if step % 100 == 0`, an early `continue`, a condition that the
round itself has computed, names such as `verbose`, an `except` block); once per epoch (loops whose variable or
range speaks of epochs); tensors known to be on the CPU; loops that do not train.

Confidence: *certain* where the device is named in the code, *likely* where other code chooses it or nothing is
known. Off by default: it is about speed, not about results. Measured on ten released packages (2,072 files): 1
finding, judged right.

## Why is this bad?

The copy waits for everything that is queued before it, and then for the transfer itself. Predictions collected for
a metric, gradients and activations kept for a plot are the usual cases: they can stay where they are until the
epoch is over, or be copied without waiting.

## Example

```python
def train(model, loader, optimizer, loss_fn):
    model.cuda()
    predictions = []
    for x, y in loader:
        output = model(x.cuda())
        loss_fn(output, y.cuda()).backward()
        optimizer.step()
        predictions.append(output.argmax(1).cpu())
    return predictions
```

## Use instead

```python
import torch


def train(model, loader, optimizer, loss_fn):
    model.cuda()
    predictions = []
    for x, y in loader:
        output = model(x.cuda())
        loss_fn(output, y.cuda()).backward()
        optimizer.step()
        predictions.append(output.argmax(1))
    return torch.cat(predictions).cpu()
```

## Fix safety

No automatic fix. Keeping the tensors on the accelerator until the end takes memory there; where that is scarce,
`.to("cpu", non_blocking=True)` and one `torch.cuda.synchronize()` before the copies are read.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the stand-in, an accelerator simulated on the CPU that counts
copies to the host:

- `.cpu()`, `.to("cpu")`, `.tolist()`, `.numpy(force=True)`: one copy each;
- `torch.cat` of the kept tensors and one `.cpu()`: one copy in all;
- not yet run on CUDA.

## References

- PyTorch performance tuning guide, "Avoid unnecessary CPU-GPU synchronization": https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html
- CUDA semantics, "Asynchronous execution": https://docs.pytorch.org/docs/stable/notes/cuda.html#asynchronous-execution
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.terms import ARRAY, COPY, LIST
from torchconv_lint.analysis.telling.events import Wait
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.synchronisation.waits import per_step
from torchconv_lint.settings import PERFORMANCE

if TYPE_CHECKING:
    from collections.abc import Iterator


class CopyToHostOnEveryStep(Rule[Wait]):
    """A tensor is copied to the host on every training step."""

    code = "CNV602"
    name = "copy-to-host-on-every-step"
    hears = (Wait,)
    default = False
    group = PERFORMANCE
    needs_accelerator = True
    triggers = (("backward",), ("step",), ("cpu",), ("tolist",))

    def judge(self, event: Wait) -> Iterator[Verdict]:
        """A whole tensor, on every step."""
        if event.what not in (COPY, ARRAY, LIST):
            return
        message = f"`{event.subject}` is copied to the host on every training step ({event.via}): the host waits"
        yield from per_step(event, message)
