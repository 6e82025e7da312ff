"""CNV601: A number is read from an accelerator on every training step.

## What it does

Reports `.item()`, `float()`, `int()`, functions of `math` and truth tests (`if loss > 10`) of a tensor on an
accelerator, on every step of a training loop.

What counts as a training step: a call of `.backward()` (also `accelerator.backward(loss)`) or an optimiser's
`.step()` directly in the loop, not in a loop inside it, or in a function of the file that the loop calls; the whole
of an optimiser's own `step` and of Lightning's `training_step`; of a function that goes backward and has an optimiser
step, once each, or is called like a part of a step and goes backward; of one that goes through parameters and reads
their gradients; and of the `backward(loss)` of an engine. What counts as an accelerator: the evidence that
CNV101 uses; a tensor of which nothing is known counts too if the file speaks of accelerators at all ("cuda",
"device").

Silent, deliberately: what happens now and then (`if step % 100 == 0`, an early `continue`, a condition that the
round itself has computed, names such as `verbose`, an `except` block); once per epoch (loops whose variable or
range speaks of epochs); tensors known to be on the CPU; loops that do not train.

Confidence: *certain* where the device is named in the code, *likely* where other code chooses it or nothing is
known. Off by default: it is about speed, not about results. Measured on ten released packages (2,072 files): 13
findings, 12 judged right; the other reads a counter that an optimiser keeps on the CPU.

## Why is this bad?

An accelerator works through a queue that the host fills ahead of it. To read a number the host has to wait until
everything before it is computed; meanwhile the queue runs empty, and the accelerator idles while Python prepares
the next step. Measured on real training loops this costs from a few per cent to half of the speed, most for small
models.

## Example

```python
import torch


def train(model, loader, optimizer, loss_fn):
    model.cuda()
    total = 0.0
    for x, y in loader:
        loss = loss_fn(model(x.cuda()), y.cuda())
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total
```

## Use instead

```python
import torch


def train(model, loader, optimizer, loss_fn):
    model.cuda()
    total = torch.zeros((), device="cuda")
    for x, y in loader:
        loss = loss_fn(model(x.cuda()), y.cuda())
        loss.backward()
        optimizer.step()
        total += loss.detach()
    return total.item()
```

## Fix safety

No automatic fix. By hand: accumulate the detached tensor and read it once after the loop, or read it every n steps.
Without `.detach()` the sum would keep every step's graph alive. The sum is then a float32 tensor and not a Python
float (float64): for very long loops that changes the last digits.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the stand-in, an accelerator simulated on the CPU that counts
what the host waits for:

- each of `.item()`, `float()`, `int()`, `bool()`, `if`, `math.sqrt()` waits once, for one element;
- `total += loss.detach()` and comparisons of tensors do not wait;
- not yet run on CUDA.

## References

- PyTorch performance tuning guide, "Avoid unnecessary CPU-GPU synchronization": https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html
- CUDA semantics, "Asynchronous execution": https://docs.pytorch.org/docs/stable/notes/cuda.html#asynchronous-execution
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.terms import NUMBER, TRUTH
from torchconv_lint.analysis.telling.events import Wait
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.synchronisation.waits import per_step
from torchconv_lint.settings import PERFORMANCE

if TYPE_CHECKING:
    from collections.abc import Iterator


class NumberOnEveryStep(Rule[Wait]):
    """A number is read from an accelerator on every training step."""

    code = "CNV601"
    name = "number-on-every-step"
    hears = (Wait,)
    default = False
    group = PERFORMANCE
    needs_accelerator = True
    triggers = (("backward",), ("item",), ("step",))

    def judge(self, event: Wait) -> Iterator[Verdict]:
        """One number, or a truth value, on every step."""
        if event.what not in (NUMBER, TRUTH) or event.element is not None:
            return
        message = f"`{event.subject}` is read on every training step ({event.via}): the host waits for it each time"
        yield from per_step(event, message)
