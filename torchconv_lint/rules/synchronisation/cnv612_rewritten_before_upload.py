"""CNV612: Pinned memory is rewritten before its upload is over.

## What it does

Reports a write (`buffer[:] = …`, `buffer.copy_()`, `buffer.fill_()`, `buffer += 1`) to a tensor in pinned memory
after `buffer.to(device, non_blocking=True)`, `buffer.cuda(non_blocking=True)` or `on_device.copy_(buffer,
non_blocking=True)`, before anything waits for the accelerator; also when the upload was in the round of the loop
before.

What counts as pinned: `pin_memory=True` where the tensor is made, or `.pin_memory()`. What counts as waiting: see
CNV611.

Silent, deliberately: memory that is not pinned (its contents are copied aside before the call returns); a name that
is bound to another tensor in between; writes through another name.

Confidence: *certain*. Measured on ten released packages (2,072 files): no finding, so nothing to judge.

## Why is this bad?

The upload reads the buffer when the accelerator gets to it. By then the next batch may be in it: two batches are
mixed, or one is trained on twice, without an error.

## Example

```python
import torch


def train(model, batches, optimizer):
    buffer = torch.empty(64, 8, pin_memory=True)
    for batch in batches:
        buffer.copy_(batch)
        x = buffer.to("cuda", non_blocking=True)
        model(x).sum().backward()
        optimizer.step()
```

## Use instead

```python
import torch


def train(model, batches, optimizer):
    buffer = torch.empty(64, 8, pin_memory=True)
    uploaded = torch.cuda.Event()
    for batch in batches:
        uploaded.synchronize()
        buffer.copy_(batch)
        x = buffer.to("cuda", non_blocking=True)
        uploaded.record()
        model(x).sum().backward()
        optimizer.step()
```

## Fix safety

No automatic fix. By hand: an event that is recorded after the upload and waited for before the next write; two
buffers in turn; or a fresh pinned tensor each time (PyTorch does not hand out pinned memory again while a copy
reads it).

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the stand-in, an accelerator simulated on the CPU on which
uploads from pinned memory arrive when the device computes next:

- three batches sent through one buffer arrive as three times the last; with a synchronisation, an event, or fresh
  memory for each, they arrive as they were;
- the same without pinned memory: they arrive as they were;
- not yet run on CUDA, where it depends on what else the accelerator has to do.

## References

- Tensor.to, non_blocking: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html
- A guide on non_blocking and pin_memory: https://docs.pytorch.org/tutorials/intermediate/pinmem_nonblock.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import Race
from torchconv_lint.rules.base import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class RewrittenBeforeUpload(Rule[Race]):
    """Pinned memory is rewritten before its upload is over."""

    code = "CNV612"
    name = "rewritten-before-upload"
    hears = (Race,)
    needs_accelerator = True
    triggers = (("non_blocking=",),)

    def judge(self, event: Race) -> Iterator[Verdict]:
        """Written on the host while the copy may still read it."""
        if event.upload:
            message = f"`{event.subject}` is rewritten while its upload may still read it: synchronise first"
            yield Verdict(event.site, message, event.sure, ((event.copied, "the upload begins here"),))
