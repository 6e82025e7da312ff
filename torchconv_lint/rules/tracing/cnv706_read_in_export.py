"""CNV706: A tensor's value is needed while `torch.export` traces.

## What it does

Reports, in a module of the file that is handed to `torch.export.export`: `if`, `while`, `assert`, `and`, `or`,
`not` and `bool()` of a tensor, the same of its `.item()`, `float()`, `int()`, functions of `math`, `torch.equal`,
`torch.allclose`, `.numpy()` and functions of NumPy.

Silent, deliberately: `.item()` whose number is only computed with, `.tolist()`, masks and `nonzero` (they become
part of the exported program), f-strings and `print`, questions about shape, dtype and `None`, code behind
`torch.compiler.is_exporting()` or `is_compiling()`.

Confidence: *certain* for tensors that are known as such in the code, *likely* for what only behaves like one.

## Why is this bad?

Export runs the module on tensors without data and keeps one graph for all inputs. Where the next step depends on a
value it cannot go on, and raises on every device.

## Example

```python
import torch
from torch import nn


class Scorer(nn.Module):
    def forward(self, x):
        scores = torch.sigmoid(x)
        if scores.max() > 0.5:
            return scores
        return torch.zeros_like(scores)


def export():
    return torch.export.export(Scorer(), (torch.ones(3),))
```

## Use instead

```python
import torch
from torch import nn


class Scorer(nn.Module):
    def forward(self, x):
        scores = torch.sigmoid(x)
        return torch.where(scores.max() > 0.5, scores, 0.0)


def export():
    return torch.export.export(Scorer(), (torch.ones(3),))
```

## Fix safety

No automatic fix. By hand: `torch.where` or `torch.cond` for branches, `torch._check` for assertions, tensor
operations in place of NumPy's.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `if`, `while`, `assert`, `float()`, `int()`, `math.sqrt(t)`: `GuardOnDataDependentSymNode: Could not guard on
  data-dependent expression`;
- `.numpy()`, `np.asarray`: `RuntimeError: .numpy() is not supported for tensor subclasses`;
- `torch.equal`, `torch.allclose`: `DataDependentOutputException`;
- `t * s.item()`, `.tolist()`, `x[mask]`, `nonzero`: exported.
- versions: `torch.export` exists from torch 2.1.
- not yet run on CUDA.

## References

- torch.export: https://docs.pytorch.org/docs/stable/user_guide/torch_compiler/export.html
- torch.cond: https://docs.pytorch.org/docs/stable/generated/torch.cond.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.terms import ARRAY, EXPORT, NUMBER, TRUTH
from torchconv_lint.analysis.telling.events import TracedRead
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.tracing.under import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class ReadInExport(Rule[TracedRead]):
    """A tensor's value is needed while `torch.export` traces."""

    code = "CNV706"
    name = "read-in-export"
    hears = (TracedRead,)
    triggers = (("torch.export",),)

    def judge(self, event: TracedRead) -> Iterator[Verdict]:
        """There is no value to look at while exporting."""
        if event.how.kind != EXPORT:
            return
        needed = event.what in (ARRAY, TRUTH) or (event.what == NUMBER and (event.via != "item" or event.asking))
        if needed:
            message = f"`{event.subject}` is needed ({event.via}) under `torch.export`: it raises"
            yield verdict(event, message)
