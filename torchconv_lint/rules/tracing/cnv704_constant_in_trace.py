"""CNV704: A tensor's value becomes a constant of a `torch.jit.trace`.

## What it does

Reports `.item()`, `float()`, `int()`, `bool()`, `.tolist()`, `.numpy()`, functions of `math` and NumPy, `if`,
`while`, `and`, `or` of a tensor that depends on the inputs of a function or module that `torch.jit.trace` records.

Found: functions of the file that are decorated (`@torch.jit.trace`, also through `functools.partial`) or handed
over (`torch.jit.trace(model, example)`), lambdas, methods, modules of the file (their `forward`), and the functions
of the file that they call.

Silent, deliberately: `assert` (nothing is lost but the check), tensors that do not depend on the inputs, questions
about shape, dtype and `None`, code behind `torch.jit.is_tracing()`.

Confidence: *certain* for what is computed from an input in the file, *likely* where a helper outside is involved.

The rule is off by default: PyTorch warns while it traces, and what is left in public code was meant: a seed, for one.

## Why is this bad?

A trace records the operations on the example input. A number that was read becomes a constant, and of a branch only
the side that was taken is kept: the traced model computes with the example's values for every later input, without
an error. PyTorch warns while it traces (`TracerWarning`), not when the model is used.

## Example

```python
import torch
from torch import nn


class Scaled(nn.Module):
    def forward(self, x):
        return x / x.abs().max().item()


def export(path):
    torch.jit.trace(Scaled(), torch.ones(1, 3)).save(path)
```

## Use instead

```python
import torch
from torch import nn


class Scaled(nn.Module):
    def forward(self, x):
        return x / x.abs().max()


def export(path):
    torch.jit.trace(Scaled(), torch.ones(1, 3)).save(path)
```

## Fix safety

No automatic fix. By hand: compute with the tensor; `torch.where` for branches; `torch.jit.script` or `torch.export`
for code that has to branch.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `.item()`, `float()`, `int()`, `bool()`, `if`, `.tolist()`, `.numpy()`: `TracerWarning: Converting a tensor to a
  Python … might cause the trace to be incorrect`, and the traced function gives the example's constant for another
  input;
- `nonzero`, `x[mask]`, `unique`: recorded correctly, no warning.
- not yet run on CUDA.

## References

- torch.jit.trace: https://docs.pytorch.org/docs/stable/generated/torch.jit.trace.html
- torch.export: https://docs.pytorch.org/docs/stable/user_guide/torch_compiler/export.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.terms import ARRAY, LIST, NUMBER, TRACE, TRUTH
from torchconv_lint.analysis.telling.events import TracedRead
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.tracing.under import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class ConstantInTrace(Rule[TracedRead]):
    """A tensor's value becomes a constant of a `torch.jit.trace`."""

    code = "CNV704"
    name = "constant-in-trace"
    hears = (TracedRead,)
    default = False
    triggers = (("trace", "jit"), ("trace_module", "jit"))

    def judge(self, event: TracedRead) -> Iterator[Verdict]:
        """What Python sees of the example input is all that is recorded."""
        if event.how.kind != TRACE or event.tensor.traced is None or event.asserting:
            return
        if event.what in (NUMBER, TRUTH, ARRAY, LIST):
            message = f"`{event.subject}` is read ({event.via}) under `torch.jit.trace`: the trace keeps this value"
            yield verdict(event, message)
