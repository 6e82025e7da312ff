"""CNV415: A tensor is used as a key, and never found again.

## What it does

Reports tensors where Python hashes: `set(labels)`, `collections.Counter(labels)` of a tensor; `label in {0, 1}`,
`names[label]`, `counts[label] += 1`, when `label` is a tensor and the keys are numbers, or when it holds an integer.

Silent, deliberately: parameters and other leaves, which are told apart by identity on purpose
(`optimizer.state[parameter]`, `if parameter in seen`); `.item()`, `int(x)`, `.tolist()`.

Confidence: *certain*.

## Why is this bad?

Tensors hash and compare by identity as keys: two tensors that hold the same label are two keys. `label in {0, 1}` is
False for every label, the set has as many elements as the tensor, and each count is 1. Only a dict's `[]` raises.

## Example

```python
from collections import Counter

import torch


def distribution(logits: torch.Tensor):
    return Counter(logits.argmax(dim=1))
```

## Use instead

```python
from collections import Counter

import torch


def distribution(logits: torch.Tensor):
    return Counter(logits.argmax(dim=1).tolist())
```

## Fix safety

No automatic fix. By hand: `.tolist()` once, before the loop (on an accelerator `.item()` in it waits for each element);
`torch.unique(labels, return_counts=True)` and `torch.bincount` instead of counting.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `len(set(torch.tensor([1, 1, 1])))` is 3, `torch.tensor(1) in {torch.tensor(1)}` and `torch.tensor(1) in {0, 1}` are
  False, `{1: "a"}.get(torch.tensor(1))` is None, `{1: "a"}[torch.tensor(1)]` raises `KeyError`;
- not yet run on CUDA.

## References

- torch.unique: https://docs.pytorch.org/docs/stable/generated/torch.unique.html
- torch.bincount: https://docs.pytorch.org/docs/stable/generated/torch.bincount.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import UsedAsKey
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class TensorAsKey(Rule[UsedAsKey]):
    """A tensor is used as a key, and never found again."""

    code = "CNV415"
    name = "tensor-as-key"
    hears = (UsedAsKey,)
    default = False
    triggers = (("Counter",),)

    def judge(self, event: UsedAsKey) -> Iterator[Verdict]:
        """Equal tensors are different keys."""
        message = f"`{event.subject}` is a tensor: as a key it only equals itself (use `.item()` or `.tolist()`)"
        yield Verdict(event.site, message, event.sure, steps())
