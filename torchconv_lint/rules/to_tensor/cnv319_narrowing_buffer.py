"""CNV319: A buffer takes over a tensor's device, but not its dtype.

## What it does

Reports an item that is assigned to a buffer made with `device=x.device` and without `dtype=`, when the dtype of the
value is not known or is float64. An opt-in rule: with float32 data nothing is lost.

What counts as evidence: `torch.zeros`, `ones`, `empty` or `full` with the device of another tensor.

Silent, deliberately: buffers with `dtype=`, `zeros_like`; values known to be float32.

Confidence: *likely*. *Possible* (not shown by default) adds buffers that may be made in several ways. Values of which
nothing is known at all, and float64 that is stored in a buffer for which no dtype was asked, wherever that is, are
told to those who ask for the rule.

## Why is this bad?

The buffer has torch's default dtype, float32. What is computed from float64 input is rounded to it silently, and
results differ from those of the same code without the buffer; integers above 16,777,216 change.

## Example

```python
import torch


def centroids(data: torch.Tensor, labels: torch.Tensor, count: int):
    means = torch.zeros((count, data.shape[1]), device=data.device)
    for label in range(count):
        means[label] = data[labels == label].mean(dim=0)
    return means
```

## Use instead

```python
import torch


def centroids(data: torch.Tensor, labels: torch.Tensor, count: int):
    means = torch.zeros((count, data.shape[1]), device=data.device, dtype=data.dtype)
    for label in range(count):
        means[label] = data[labels == label].mean(dim=0)
    return means
```

## Fix safety

Unsafe: `dtype=x.dtype` is added to `device=x.device`. With float64 data memory doubles and results are float64, which
is what the caller asked for; where `x` holds integers, write the dtype by hand. `x.new_zeros(…)` says the same.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU: a float64 row assigned to `torch.zeros(1, 2,
device=row.device)` comes back as float32: 1 + 2⁻³⁰ as 1.0. Through an index tensor or a mask the assignment raises
instead. Not yet run on CUDA.

## References

- torch.zeros: https://docs.pytorch.org/docs/stable/generated/torch.zeros.html
- torch.Tensor.new_zeros: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_zeros.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import ItemStored
from torchconv_lint.fixing.proposal import Proposal, keyword
from torchconv_lint.model import Confidence, Safety
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.nodes.site import Site


class NarrowingBuffer(Rule[ItemStored]):
    """A buffer takes over a tensor's device, but not its dtype."""

    code = "CNV319"
    name = "narrowing-buffer"
    hears = (ItemStored,)
    default = False
    triggers = (("buffer(device)",),)

    def judge(self, event: ItemStored) -> Iterator[Verdict]:
        """The buffer is float32 by default, the value may be wider."""
        wider = event.dtype is None or event.dtype.value == "float64"
        if event.placed_like and event.into.value == "float32" and wider:
            message = (
                f"`{event.subject}` has the device of `{event.placed_like}` but not its dtype: what is stored in it"
            )
            message += f" is rounded to float32 (add `dtype={event.placed_like}.dtype`)"
            how = steps(event.into)
            # The dtype is missing where the buffer is made; that one of its writes is rounded shows it.
            site = how[-1][0] if how else event.site
            because = (*how[:-1], (event.site, f"{event.value} is stored here"))
            fix = _typed(site, event.placed_like)
            yield Verdict(site, message, min(Confidence.LIKELY, event.sure), because, fix, on_request=event.untold)
        elif event.dtype is not None and wider and event.into.value == "float32" and not event.wanted:
            message = f"`{event.subject}` is float32, as nothing else is asked for: `{event.value}` is rounded to that"
            because = (*steps(event.into), *steps(event.dtype))
            yield Verdict(event.site, message, min(Confidence.LIKELY, event.sure), because, on_request=True)


def _typed(call: Site, placed_like: str) -> Proposal | None:
    """Unsafe: what is computed with the buffer is float64 from then on, too."""
    if "device" not in call.keywords:
        return None
    change = keyword(call, f"dtype={placed_like}.dtype")
    return Proposal("take over the dtype, too", Safety.UNSAFE, (change,))
