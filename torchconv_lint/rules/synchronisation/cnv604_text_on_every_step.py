"""CNV604: A text is made of an accelerator tensor on every training step.

## What it does

Reports a tensor that is printed, formatted (f-string, `format`, `%`), logged, shown in a progress bar
(`set_postfix`, `set_description`) or written by a summary writer (`add_scalar`) on every step of a training loop.

What counts as a training step: a call of `.backward()` (also `accelerator.backward(loss)`) or an optimiser's
`.step()` directly in the loop, not in a loop inside it, or in a function of the file that the loop calls; the whole
of an optimiser's own `step` and of Lightning's `training_step`. What counts as an accelerator: the evidence that
CNV101 uses; a tensor of which nothing is known counts too if the file speaks of accelerators at all ("cuda",
"device").

Silent, deliberately: what happens now and then (`if step % 100 == 0`, an early `continue`, a condition that the
round itself has computed, names such as `verbose`, an `except` block); once per epoch (loops whose variable or
range speaks of epochs); tensors known to be on the CPU; loops that do not train. Numbers, too: the `.item()` inside
an f-string is CNV601.

Confidence: *certain* where the device is named in the code, *likely* where other code chooses it or nothing is
known. Off by default: it is about speed, not about results. Measured on ten released packages (2,072 files): no
finding, so little is known of its precision.

## Why is this bad?

Text is made on the host, so the tensor has to be computed and copied first: `print(loss)` waits for the accelerator
just as `.item()` does, only nobody sees it. Loggers make the text even when nothing is shown if it was an f-string.

## Example

```python
def train(model, loader, optimizer, loss_fn):
    model.cuda()
    for step, (x, y) in enumerate(loader):
        loss = loss_fn(model(x.cuda()), y.cuda())
        loss.backward()
        optimizer.step()
        print(f"step {step}: {loss}")
```

## Use instead

```python
def train(model, loader, optimizer, loss_fn):
    model.cuda()
    for step, (x, y) in enumerate(loader):
        loss = loss_fn(model(x.cuda()), y.cuda())
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            print(f"step {step}: {loss}")
```

## Fix safety

No automatic fix: how often is enough is your decision.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the stand-in, an accelerator simulated on the CPU that counts
what the host waits for:

- `print(loss)`, `f"{loss}"`, `f"{loss:.3f}"`, `"%s" % loss`, `str(loss)`: at least one wait each;
- a progress bar that is given the tensor makes the text when it is drawn;
- not yet run on CUDA.

## References

- PyTorch performance tuning guide, "Avoid unnecessary CPU-GPU synchronization": https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html
- CUDA semantics, "Asynchronous execution": https://docs.pytorch.org/docs/stable/notes/cuda.html#asynchronous-execution
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.terms import TEXT
from torchconv_lint.analysis.telling.events import Wait
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.synchronisation.waits import per_step
from torchconv_lint.settings import PERFORMANCE

if TYPE_CHECKING:
    from collections.abc import Iterator


class TextOnEveryStep(Rule[Wait]):
    """A text is made of an accelerator tensor on every training step."""

    code = "CNV604"
    name = "text-on-every-step"
    hears = (Wait,)
    default = False
    group = PERFORMANCE
    needs_accelerator = True
    triggers = (("backward",), ("step",))

    def judge(self, event: Wait) -> Iterator[Verdict]:
        """A text, on every step."""
        if event.what != TEXT:
            return
        message = f"`{event.subject}` is made a text on every training step ({event.via}): the host waits for it"
        yield from per_step(event, message)
