"""CNV202: A tensor is written through `.detach()`, `.data` or a conversion that copied nothing.

## What it does

Reports an in-place write to a tensor made by `.detach()`, `.data`, or a conversion that had nothing to convert
(`.cpu()`, `.to(…)`, `.float()`, `.contiguous()`, `.type(…)`), when the original is used afterwards, and the other
way round. No array is involved; with one it is CNV201.

So is data that gets a second name (`best = x`), is written under that (`best[mask] = y[mask]`) and read under the first
one afterwards, and a row that is kept under a name, overwritten and read (`row = x[i]`, `x[i] = x[j]`, `x[j] = row`):
both rows are the same then. So is a column (`x = b[:, 0]`, `b[:, 0] = x - w`, `b[:, 2] = x + w`). So is what a state
keeps and the function brings up to date, if it gets a second name that is written for the use of the day (`m =
state["m"]`, `m.mul_(0.9)`, `update = m`, `update.mul_(lr)`). So are
weights that are put back where they have been all the time (`w = layer.weight.data`, `w += delta`,
`layer.weight.data = w`). So is a module's state that is added to (`mean[k] +=
other[k]`), unless the module itself gets the sum: the state holds its parameters.

Silent, deliberately: plain views and slices (`row = x[0]; row += 1`), which are written because the original is
meant; `weight.data.fill_(0)` and other writes to a parameter or an argument through `.data` or `.detach()`, which
exist for that, and to what `nn.Parameter` was made of; what is written under the very name that is read
(`delta.data += step`); `.clone()`, `copy=True` and real casts; a tensor on a known accelerator, which `.cpu()` does
copy.

Confidence: *certain* when both tensors are used after the write, so that both were meant to have values of their
own. *Possible* (not shown by default) adds writes after which only the original is used, and conversions that share
only perhaps. Off by default: of nine alarms in repositories that nobody had looked at before, none was a mistake of
the code.

## Why is this bad?

These calls look like copies. Whether they are depends on the device and the dtype: the same line copies a CUDA
tensor and returns a CPU tensor itself. Code that is right on the GPU corrupts its data on the CPU.

## Example

```python
import torch


def masks(scores):
    mask = torch.zeros(4)
    shown = mask.cpu()
    shown[shown == 0] = -1
    return mask, shown
```

## Use instead

```python
import torch


def masks(scores):
    mask = torch.zeros(4)
    shown = mask.cpu().clone()
    shown[shown == 0] = -1
    return mask, shown
```

## Fix safety

Unsafe: adds `.clone()` to the conversion, which changes what the program computes where the sharing was meant. By
hand also: `.to(…, copy=True)`, or the operation out of place (`shown = shown.clamp(min=-1)`). All of them cost one
copy and keep dtype, device and values. `x.detach().clone()` also leaves the graph; `x.clone()` stays in it.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- on a float32 CPU tensor `.cpu()`, `.to("cpu")`, `.float()`, `.to(torch.float32)`, `.contiguous()` and
  `.type(torch.float32)` return the very same object; `.detach()` and `.data` a new one over the same memory;
  `.clone()` and `.to(torch.float32, copy=True)` new memory.
- `y = x.detach(); y[0] = 5` changes `x` (a common claim says it does not).
- writing the detached result of `exp()` before backward raises `RuntimeError: one of the variables needed for
  gradient computation has been modified by an inplace operation`; through `.data` nothing is raised and the
  gradient is wrong.
- not yet run on CUDA.

## References

- torch.Tensor.detach: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html
- torch.Tensor.to: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html
- Tensor Views: https://docs.pytorch.org/docs/stable/tensor_view.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import RenamedWrite, StaleRead
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.shared_memory.between import crosses_border, hurts, is_part, kept_in_container, story
from torchconv_lint.rules.shared_memory.copies import copy_between

if TYPE_CHECKING:
    from collections.abc import Iterator


class AliasWrite(Rule[StaleRead | RenamedWrite]):
    """A tensor is written through `.detach()`, `.data` or a conversion that copied nothing."""

    code = "CNV202"
    name = "alias-write"
    hears = (StaleRead, RenamedWrite)
    default = False
    triggers = (("renamed",), ("+=&state_dict",))

    def judge(self, event: StaleRead | RenamedWrite) -> Iterator[Verdict]:
        """Both handles are tensors (or both arrays), and both are used after the write."""
        if isinstance(event, RenamedWrite):
            message = f"this write to `{event.name}` also changes `{event.other}`: they are two names for the same data"
            yield Verdict(event.site, message, Confidence.LIKELY)
            return
        write, memory = event.write, event.memory
        if crosses_border(write, memory) or write.by_step or kept_in_container(memory, write):
            return
        if len(write.side) > len(memory.side) and memory.origin != "fresh":
            return  # a parameter or an argument is written through `.data` or `.detach()`: that is what they are for
        if is_part(write.target, event.reader):
            return
        confidence = hurts(event) if event.both_used else Confidence.POSSIBLE
        message = f"this write to `{write.target}` also changes `{event.reader}`, which shares its memory"
        yield Verdict(event.site, message, min(confidence, memory.sure), story(event), copy_between(event))
