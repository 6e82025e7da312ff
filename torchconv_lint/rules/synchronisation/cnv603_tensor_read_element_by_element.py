"""CNV603: A tensor is read element by element in a Python loop.

## What it does

Reports `.item()`, `float()`, `int()` and truth tests of the elements of a tensor inside the loop (or comprehension)
that goes through them: `for x in t: x.item()`, `[float(x) for x in t]`, `t[i].item()` with `i` the loop's variable.
In any function, not only where training happens.

What counts as evidence: that what is iterated or indexed is a tensor is known as for CNV101. Where it is may be
unknown if the file speaks of accelerators at all ("cuda", "device").

Silent, deliberately: lists of tensors; tensors known to be on the CPU, such as after `.cpu()`; conditions that
leave most rounds out (`if i % 100 == 0`).

Confidence: *certain* where the device is named in the code, *likely* otherwise. Off by default: it is about speed,
not about results. Measured on ten released packages (2,072 files): 18 findings, all judged right.

## Why is this bad?

Each element costs an indexing kernel, a copy of a few bytes and a wait for the accelerator; a tensor of a thousand
elements waits a thousand times. Even on the CPU `.tolist()` is far faster than `.item()` in a loop.

## Example

```python
import torch


def accepted(scores: torch.Tensor, threshold: float):
    scores = scores.cuda().sigmoid()
    return [i for i, score in enumerate(scores) if score.item() > threshold]
```

## Use instead

```python
import torch


def accepted(scores: torch.Tensor, threshold: float):
    scores = scores.cuda().sigmoid()
    return [i for i, score in enumerate(scores.tolist()) if score > threshold]
```

## Fix safety

No automatic fix. By hand: `.tolist()` before the loop gives Python numbers (floats of a float32 tensor keep their
values), or one tensor operation in place of the loop.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the stand-in, an accelerator simulated on the CPU that counts
what the host waits for:

- `[x.item() for x in t]` of three elements waits three times, `t.tolist()` once;
- not yet run on CUDA.

## References

- PyTorch performance tuning guide, "Avoid unnecessary CPU-GPU synchronization": https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html
- CUDA semantics, "Asynchronous execution": https://docs.pytorch.org/docs/stable/notes/cuda.html#asynchronous-execution
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import Wait
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.settings import PERFORMANCE

if TYPE_CHECKING:
    from collections.abc import Iterator


class TensorReadElementByElement(Rule[Wait]):
    """A tensor is read element by element in a Python loop."""

    code = "CNV603"
    name = "tensor-read-element-by-element"
    hears = (Wait,)
    default = False
    group = PERFORMANCE
    needs_accelerator = True
    triggers = (("for",),)

    def judge(self, event: Wait) -> Iterator[Verdict]:
        """An element, in the loop that goes through the tensor."""
        if event.element is None or not event.loops:
            return
        device = event.tensor.device
        because = steps(device) if device is not None else ()
        sure = min(event.sure, device.confidence) if device is not None else event.sure
        message = f"`{event.subject}` is read element by element ({event.via}): one wait each (`.tolist()` waits once)"
        yield Verdict(event.site, message, sure, because)
