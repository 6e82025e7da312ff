"""CNV201: Memory shared by a tensor and an array is written while the other side relies on it.

## What it does

Reports a write to memory that a tensor and an array share, when the other side is used afterwards: returned, read
or kept. The finding is at the write; the lines below it show where the memory came to be shared and where it is
used.

Conversions that share: `torch.from_numpy`, `torch.as_tensor`, `torch.asarray` and `torch.Tensor(…)` of an array
with a fitting dtype, `.numpy()`, `np.asarray(tensor)`, also through `.detach()`, `.data`, `.cpu()` on a CPU tensor,
views and slices. Writes: `a += 1`, `a[i] = …`, `np.add(…, out=a)`, `t.add_()`, `t.sub_()`.

Also reported: a method that writes through such a conversion into an attribute (`self.images`) and returns a
result: a dataset that rewrites its own cache.

Shown to those who ask for the rule: an attribute that one method makes of another attribute, which a second method
writes: in which order they are called is seldom to be seen; and memory that is shared on the CPU only (`.cpu()`), where
who has an accelerator sees nothing of it.

Silent, deliberately: `a = a + 1`, which makes a new array; `torch.tensor(a)`, `.clone()`, `.copy()`, which copy; a
side that is not used again after the write; a cast to another dtype; `torch.Tensor(a)` of an array whose dtype is
not known.

Confidence: *certain* when both sides are used after the write, *likely* when only the other one is. *Possible* (not
shown by default) adds buffers made to be filled (`b = torch.empty(n); b.numpy()[:] = v`, and
`b = torch.zeros(n); b_np = b.numpy(); b_np[:] = v`, whose names say that it is one thing), which are usually meant,
memory that is shared only perhaps, what is read in the next round of a loop, unless it is made anew before, and what
is written to be sent off (`x.copy_(staging, non_blocking=True)`).

## Why is this bad?

Nothing raises. The values on the other side change, and with them statistics, labels, or the data set on disk next
time it is saved. Written between forward and backward, the gradient is wrong: autograd cannot notice a write
through NumPy.

## Example

```python
import numpy as np
import torch


def running_totals(frames):
    total = np.zeros((2, 2), dtype=np.float32)
    history = []
    for frame in frames:
        total += frame
        history.append(torch.from_numpy(total))
    return torch.stack(history)
```

## Use instead

```python
import numpy as np
import torch


def running_totals(frames):
    total = np.zeros((2, 2), dtype=np.float32)
    history = []
    for frame in frames:
        total += frame
        history.append(torch.tensor(total))
    return torch.stack(history)
```

## Fix safety

Unsafe: copies once, where the memory is handed over: `torch.from_numpy(a).clone()` into torch, `t.numpy().copy()` out
of it. That changes what the program computes, which is the point: look whether the sharing was meant. By hand also:
write out of place: `a = a + 1`, `t = t.sub(mean)`. A copy costs its memory and keeps dtype and values. `.cpu()`,
`.detach()`, `.float()` and `.contiguous()` are no cure: where there is nothing to do they return the same memory.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- the example with three frames of ones returns 3, 3, 3 as the totals, the other version 1, 2, 3.
- `a = np.zeros(3); t = torch.from_numpy(a); a += 1`: `t` is all ones; `t.add_(1)` then makes `a` all twos.
- `torch.as_tensor`, `torch.asarray`, `torch.Tensor` and `torch.FloatTensor` of a float32 array share its memory
  (that `torch.Tensor(a)` always copies is a common claim, refuted here); `torch.tensor` does not.
- an array of ones, wrapped by `from_numpy` and multiplied by 100 between forward and backward: the gradient is 100
  instead of 1, the tensor's `_version` stays 0, nothing is raised.
- not yet run on CUDA.

## References

- torch.from_numpy: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
- torch.as_tensor: https://docs.pytorch.org/docs/stable/generated/torch.as_tensor.html
- torch.Tensor.numpy: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.numpy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import ForeignWrite, StaleRead
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.shared_memory.between import crosses_border, hurts, is_copied_elsewhere, is_item, made, story
from torchconv_lint.rules.shared_memory.copies import copy_before, copy_between

if TYPE_CHECKING:
    from collections.abc import Iterator


class SharedMemoryWrite(Rule[StaleRead | ForeignWrite]):
    """Memory shared by a tensor and an array is written while the other side relies on it."""

    code = "CNV201"
    name = "shared-memory-write"
    hears = (StaleRead, ForeignWrite)

    def judge(self, event: StaleRead | ForeignWrite) -> Iterator[Verdict]:
        """The written side and the side that is relied on lie on different sides of the border to NumPy."""
        write, memory = event.write, event.memory
        if isinstance(event, StaleRead):
            if crosses_border(write, memory) and not write.by_step and not is_item(write.target, event.reader):
                message = f"this write to `{write.target}` also changes `{event.reader}`, which shares its memory"
                fix, told = copy_between(event), story(event)
                rarely = event.apart or write.supposed or memory.supposed or is_copied_elsewhere(event)
                yield Verdict(event.site, message, hurts(event), told, fix, on_request=rarely)
        elif memory.origin == "attribute" and event.returned and any(crosses for _, crosses in write.side):
            message = f"this write to `{write.target}` also changes `{memory.name}`, whose memory it shares"
            confidence = Confidence.POSSIBLE if write.fills else Confidence.LIKELY
            sure, rarely = min(confidence, memory.sure), write.supposed
            yield Verdict(event.site, message, sure, made(event), copy_before(event), on_request=rarely)
