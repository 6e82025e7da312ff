"""CNV611: A copy to the host is read before it has arrived.

## What it does

Reports that the result of `.to("cpu", non_blocking=True)`, or of `pinned.copy_(x, non_blocking=True)`, is read on
the host (`.numpy()`, `.item()`, `print`, arithmetic, a truth test, copied into another tensor) before anything
waits for the accelerator.

What counts as waiting: `torch.cuda.synchronize()`, `.synchronize()` and `.query()` of a stream or event, every call
whose name says so ("wait", "sync", "barrier", "flush", "join"), here or in a function of the file; and whatever reads
another tensor of an accelerator (`.item()`, `.cpu()`). After a branch that waits the copy counts as arrived.

Silent, deliberately: copies that are returned, stored or handed on and not read; `copy_` into memory that is not
pinned, which waits anyway; uploads; `non_blocking=flag`; tensors known to be on the CPU; `.numpy()`, which looks at no
values, in a function that says by its name or docstring that its callers wait ("async", "non-blocking", "enqueue"), or
is written for a stream of theirs (`x.record_stream(stream)`).

Confidence: *certain* where the devices are named in the code; *likely* where the source's device is not known, or
where the copy goes from one tensor's device to another's and is put into a tensor there. *Possible* (not shown by
default) adds all other copies whose target may be the CPU. Those who ask for the rule are also told of copies to the
host that are put into a dict or tensor in a function that waits for nothing, whoever reads them; and of what is put
where one of two devices is that the function copies between. Measured on ten released packages (2,072 files): no
finding, so nothing to judge.

Told to those who ask for the rule: what is sent to "cpu" and handed on, or returned, at once.

## Why is this bad?

The call returns at once, with memory that is filled later. What is read in between is whatever was there before:
zeros, an older batch, or half of each. It depends on how busy the accelerator is, so that tests pass and the
numbers of the long run are wrong.

## Example

```python
import torch


def top_scores(model, x: torch.Tensor):
    scores = model(x.cuda()).sigmoid()
    on_host = scores.to("cpu", non_blocking=True)
    return on_host.numpy()
```

## Use instead

```python
import torch


def top_scores(model, x: torch.Tensor):
    scores = model(x.cuda()).sigmoid()
    on_host = scores.to("cpu", non_blocking=True)
    torch.cuda.synchronize()
    return on_host.numpy()
```

## Fix safety

No automatic fix. By hand: leave `non_blocking` away (one copy is waited for either way), or begin all copies first
and synchronise once before the first is read.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the stand-in, an accelerator simulated on the CPU on which
copies that nobody waits for arrive as late as they may:

- after `.to("cpu", non_blocking=True)` and after `pinned.copy_(x, non_blocking=True)` the host reads zeros; after
  `torch.cuda.synchronize()`, `event.synchronize()` or another read, the values;
- `copy_` into memory that is not pinned waits;
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


class ReadBeforeArrival(Rule[Race]):
    """A copy to the host is read before it has arrived."""

    code = "CNV611"
    name = "read-before-arrival"
    hears = (Race,)
    needs_accelerator = True
    triggers = (("non_blocking=",), ("numpy", "non_blocking="), ("item", "non_blocking="), ("tolist", "non_blocking="))

    def judge(self, event: Race) -> Iterator[Verdict]:
        """Read on the host while the copy may still be under way."""
        if event.unseen:
            message = f"nothing in this function waits for `{event.subject}`, which may be read before it has arrived"
            yield Verdict(event.site, message, event.sure, on_request=True)
        elif not event.upload:
            message = f"`{event.subject}` is read before its copy to the host has arrived: synchronise first"
            yield Verdict(event.site, message, event.sure, ((event.copied, "the copy begins here"),))
            if event.copied.path == event.site.path and event.copied.span.line != event.site.span.line:
                begun = f"nothing waits for this copy to the host before `{event.subject}` is read"
                yield Verdict(event.copied, begun, event.sure, ((event.site, "it is read here"),), on_request=True)
