"""CNV320: A legacy constructor is given a device, or a tensor, that it cannot take.

## What it does

Reports `torch.Tensor(…, device=d)` (and `torch.FloatTensor`, `torch.LongTensor`, …) where `d` may be an
accelerator, and `torch.FloatTensor(x)`, `torch.LongTensor(x)`, … of a tensor `x` that may be on one.

Silent, deliberately: `device="cpu"`; `torch.Tensor(x)` of a tensor, which stays where it is; a moved result
(`torch.Tensor(values).to(device)`); `torch.cuda.FloatTensor`.

Confidence: *certain* for a device by name, *likely* where other code chooses it. A `device=` that only follows
another tensor (`device=x.device`) is *likely*: nobody would write it if it were always the CPU. A tensor as the
argument is shown to those who ask for the rule: in public code that nobody had looked at before none of 3 such findings
was true, and 11 of 14 of the others. So is a `device=` of which nothing tells what it is.

## Why is this bad?

On the CPU it works. On CUDA `device=` raises RuntimeError, and the tensor a TypeError.

## Example

```python
import torch


def offsets(starts, points: torch.Tensor):
    return points - torch.Tensor(starts, device=points.device)
```

## Use instead

```python
import torch


def offsets(starts, points: torch.Tensor):
    return points - torch.tensor(starts, dtype=torch.float32, device=points.device)
```

## Fix safety

No automatic fix: `torch.tensor` keeps integers as integers, `torch.Tensor` makes them float32, and which of the two
was wanted only the author knows. By hand: `torch.tensor(values, dtype=…, device=d)`; for sizes `torch.empty(…,
device=d)`; for a tensor `x.to(torch.float32)`, which keeps its device.

## Proof

Run with torch 2.13.0 (CPU build) on the CPU and on an accelerator simulated on the CPU:

- `torch.Tensor([1.0], device=d)`, `torch.FloatTensor([1.0], device=d)` and `torch.Tensor(2, 3, device=d)` with the
  simulated device: `RuntimeError: legacy constructor expects device type: cpu but device type: … was passed`;
- `torch.FloatTensor(x)` and `torch.LongTensor(x)` with `x` on it: `TypeError: expected TensorOptions(…, device=cpu,
  …)`;
- `torch.Tensor(x)` is `x` there, nothing is raised; `torch.Tensor([x[0], x[1]])` reads the numbers one by one;
- not yet run on CUDA.

## References

- torch.Tensor: https://docs.pytorch.org/docs/stable/tensors.html
- torch.tensor: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import LegacyPlaced
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.rules.to_tensor.wording import LEGACY

if TYPE_CHECKING:
    from collections.abc import Iterator


class LegacyConstructorOffCpu(Rule[LegacyPlaced]):
    """A legacy constructor is given a device, or a tensor, that it cannot take."""

    code = "CNV320"
    name = "legacy-constructor-off-cpu"
    hears = (LegacyPlaced,)
    needs_accelerator = True
    triggers = tuple((f"{word}&{other}",) for word in LEGACY for other in ("device=", "cuda", "device"))

    def judge(self, event: LegacyPlaced) -> Iterator[Verdict]:
        """The place is no CPU."""
        message = f"`torch.{event.function}` takes no `device=` but the CPU: on an accelerator it raises RuntimeError"
        if not event.keyword:
            message = f"`torch.{event.function}` takes no tensor from an accelerator: `{event.subject}` may be on one"
        sure, because = event.device.confidence, steps(event.device)
        yield Verdict(event.site, message, sure, because, on_request=not event.keyword or event.untold)
