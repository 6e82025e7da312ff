"""CNV606: The size of a result depends on an accelerator's data, on every training step.

## What it does

Reports indexing by a boolean mask (`x[mask]`), `nonzero`, `argwhere`, `where` with one argument, `masked_select`,
`unique` and `unique_consecutive` of a tensor on an accelerator, on every step of a training loop.

What counts as a training step: a call of `.backward()` (also `accelerator.backward(loss)`) or an optimiser's
`.step()` directly in the loop, not in a loop inside it, or in a function of the file that the loop calls; the whole
of an optimiser's own `step` and of Lightning's `training_step`. What counts as an accelerator: the evidence that
CNV101 uses; a tensor of which nothing is known counts too if the file speaks of accelerators at all ("cuda",
"device").

Silent, deliberately: what happens now and then (`if step % 100 == 0`, an early `continue`, a condition that the
round itself has computed, names such as `verbose`, an `except` block); once per epoch (loops whose variable or
range speaks of epochs); tensors known to be on the CPU; loops that do not train. Assigning through a mask (`x[mask]
= 0`) does not wait and is not reported.

Confidence: *certain* where the device is named in the code, *likely* where other code chooses it or nothing is
known. Off by default: it is about speed, not about results. Measured on ten released packages (2,072 files): no
finding, so little is known of its precision.

## Why is this bad?

The host has to allocate the result and must know its size, which the accelerator has yet to compute: a hidden wait,
although nothing is converted. It also keeps the step from being captured in a CUDA graph.

## Example

```python
import torch


def train(model, xs: list[torch.Tensor], ys: list[torch.Tensor], optimizer, loss_fn):
    model.cuda()
    for x, y in zip(xs, ys):
        y = y.cuda()
        output = model(x.cuda())
        valid = y >= 0
        loss_fn(output[valid], y[valid]).backward()
        optimizer.step()
```

## Use instead

```python
import torch


def train(model, xs: list[torch.Tensor], ys: list[torch.Tensor], optimizer, loss_fn):
    model.cuda()
    for x, y in zip(xs, ys):
        y = y.cuda()
        output = model(x.cuda())
        losses = loss_fn(output, y.clamp(min=0), reduction="none")
        valid = y >= 0
        ((losses * valid).sum() / valid.sum()).backward()
        optimizer.step()
```

## Fix safety

No automatic fix: multiplying by the mask, `torch.where(mask, x, 0)`, `ignore_index=` of the loss, or a mask that is
computed on the CPU before the batch is moved. Multiplying keeps infinities and NaNs of the masked elements (`inf *
0` is NaN); `torch.where` does not.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the stand-in, an accelerator simulated on the CPU that counts
what the host waits for:

- `x[mask]`, `x.nonzero()`, `torch.masked_select`, `torch.unique`: one wait each, to count elements;
- `x * mask`, `torch.where(mask, x, 0)`, `x[mask] = 0`: none;
- not yet run on CUDA.

## References

- PyTorch performance tuning guide, "Avoid unnecessary CPU-GPU synchronization": https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html
- CUDA semantics, "Asynchronous execution": https://docs.pytorch.org/docs/stable/notes/cuda.html#asynchronous-execution
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.terms import SIZE
from torchconv_lint.analysis.telling.events import Wait
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.synchronisation.waits import per_step
from torchconv_lint.settings import PERFORMANCE

if TYPE_CHECKING:
    from collections.abc import Iterator


class SizeFromDataOnEveryStep(Rule[Wait]):
    """The size of a result depends on an accelerator's data, on every training step."""

    code = "CNV606"
    name = "size-from-data-on-every-step"
    hears = (Wait,)
    default = False
    group = PERFORMANCE
    needs_accelerator = True
    triggers = (("backward",), ("step",))

    def judge(self, event: Wait) -> Iterator[Verdict]:
        """A result whose size the data decide, on every step."""
        if event.what != SIZE:
            return
        message = f"`{event.subject}` has a size that only the data tell ({event.via}): a wait on every training step"
        yield from per_step(event, message)
