"""CNV607: The program branches on what a tensor holds.

## What it does

Reports `if`, `while`, `assert`, `and`, `or`, `not` and `bool()` of a tensor that is not known to be on the CPU, in
any function: argument checks such as `if not torch.all(x >= 0): raise`, conditions such as `while error > eps`. On
every training step this is CNV601, under `torch.compile` CNV701 and CNV702.

What counts as evidence: that what is asked is a tensor is known as for CNV101.

Silent, deliberately: tensors known to be on the CPU; questions about shape, dtype, device and `None`; tensors with
several elements, which raise (CNV402).

Confidence: *certain* where the device is an accelerator by name, *likely* otherwise. Off by default: such checks
are often wanted, and cheap where nothing waits. Measured on ten released packages (2,072 files): 302 findings; of
60 that were read, 56 are branches on a tensor, four on what an annotation wrongly calls one.

In a module's `forward`, what asks something unknown for a number (`if x.max() > 3:`) counts as a tensor for those who
ask for the rule.

## Why is this bad?

The host has to know the answer before it goes on: on an accelerator it waits for all that is queued. A library
function that does so cannot be part of a graph either: it raises under `torch.compile(fullgraph=True)`,
`torch.export`, `vmap` and CUDA graph capture, and breaks the graph otherwise.

## Example

```python
import torch


def solarize(image: torch.Tensor, additions: torch.Tensor):
    if not torch.all(additions < 0.5):
        raise ValueError("additions must be less than 0.5")
    return image + additions
```

## Use instead

```python
import torch


def solarize(image: torch.Tensor, additions: torch.Tensor):
    return image + additions.clamp(max=0.5)
```

## Fix safety

No automatic fix. By hand: `torch.where`, `clamp` or a mask in place of a branch; `torch._assert_async` for a check
that does not wait; or leave the check to the caller, who may have the numbers on the host.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the stand-in, an accelerator simulated on the CPU that counts
what the host waits for:

- `if t`, `while t`, `assert t`, `bool(t)`, `t and …`: one wait for each answer;
- `torch.where`, `clamp`: none;
- not yet run on CUDA.

## References

- CUDA semantics, "Asynchronous execution": https://docs.pytorch.org/docs/stable/notes/cuda.html#asynchronous-execution
- torch.cond: https://docs.pytorch.org/docs/stable/generated/torch.cond.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import CPU, MANY
from torchconv_lint.analysis.telling.events import Tested
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.settings import PERFORMANCE

if TYPE_CHECKING:
    from collections.abc import Iterator


class BranchOnTensor(Rule[Tested]):
    """The program branches on what a tensor holds."""

    code = "CNV607"
    name = "branch-on-tensor"
    hears = (Tested,)
    default = False
    group = PERFORMANCE
    needs_accelerator = True
    triggers = (("if",),)
    triggers_on_request = (("def forward&if",),)

    def judge(self, event: Tested) -> Iterator[Verdict]:
        """The truth value of a tensor that may be on an accelerator."""
        device, count = event.tensor.device, event.tensor.count
        if event.or_none or (count is not None and count.value == MANY):
            return
        if device is not None and device.value == CPU:
            return
        message = f"`{event.subject}` decides here: the host waits for the accelerator, and no graph can hold it"
        sure = min(event.sure, device.confidence if device is not None else Confidence.LIKELY)
        yield Verdict(event.site, message, sure, steps(device) if device is not None else ())
