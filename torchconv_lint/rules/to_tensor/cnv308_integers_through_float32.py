"""CNV308: Integers go through float32 on their way to integers.

## What it does

Reports what `torch.Tensor(…)` or `torch.FloatTensor(…)` has made float32 and is cast to integers again: `.long()`,
`.int()`, `.type(torch.int64)`, `.to(torch.long)`, or becomes the indices of `torch.sparse_coo_tensor`. An opt-in rule:
small numbers come back unharmed.

What counts as evidence: the constructor and the cast in this file; the cast tells that the data are integers.

Silent, deliberately: literals, whose numbers can be seen; `torch.LongTensor(…)`.

Confidence: *certain*.

## Why is this bad?

float32 holds integers exactly up to 16,777,216. Larger ones (node ids, hashes, time stamps, offsets) come back as other
numbers, silently: other rows are looked up.

## Example

```python
import torch


def to_ids(node_ids):
    return torch.Tensor(node_ids).type(torch.int64)
```

## Use instead

```python
import torch


def to_ids(node_ids):
    return torch.as_tensor(node_ids, dtype=torch.int64)
```

## Fix safety

No automatic fix yet. By hand: `torch.tensor(…, dtype=torch.int64)`, or `torch.as_tensor` to avoid a copy. Where the
data are floats that should be truncated, the results differ for numbers that float32 rounds.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU: `torch.Tensor(np.array([16777217])).long()` holds
16777216, `torch.as_tensor(np.array([16777217]))` holds 16777217. Not yet run on CUDA.

## References

- torch.Tensor: https://docs.pytorch.org/docs/stable/tensors.html
- torch.as_tensor: https://docs.pytorch.org/docs/stable/generated/torch.as_tensor.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import CastBack
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.rules.to_tensor.wording import pairs

if TYPE_CHECKING:
    from collections.abc import Iterator


class IntegersThroughFloat32(Rule[CastBack]):
    """Integers go through float32 on their way to integers."""

    code = "CNV308"
    name = "integers-through-float32"
    hears = (CastBack,)
    default = False
    triggers = pairs(("torch.Tensor", "torch.FloatTensor"), ("long", "int", "type", "to", "sparse_coo_tensor"))

    def judge(self, event: CastBack) -> Iterator[Verdict]:
        """The cast tells what the data were."""
        message = f"`{event.subject}` goes through float32 to {event.into}: integers above 16777216 change"
        yield Verdict(event.site, f"{message} (use `torch.as_tensor`)", Confidence.CERTAIN, steps(event.through))
