"""CNV702: A tensor's value is needed inside `torch.compile`: the graph breaks.

## What it does

Reports code under plain `torch.compile` that needs a tensor's value: `.item()`, `float()`, `int()`, `bool()`, `if`,
`while`, `and`, `or`, `not`, `.tolist()`, `torch.equal`, `print`, and results whose size depends on the data
(`x[mask]`, `nonzero`, `unique`).

Found: functions of the file that are decorated (`@torch.compile`, also through `functools.partial`) or handed over
(`torch.compile(model)`), lambdas, methods, modules of the file (their `forward`), and the functions of the file
that they call.

Silent, deliberately: `.numpy()` and NumPy functions (they are traced), `assert` of a tensor, f-strings of a tensor,
code behind `torch.compiler.is_compiling()` and functions under `torch.compiler.disable`.

Confidence: *certain* for tensors that are known as such in the code, *likely* for what only behaves like one. Off
by default: it is about speed, not about results. Measured on ten released packages (2,072 files): no finding, so
little is known of its precision.

## Why is this bad?

The function falls apart into several graphs with Python in between. What could be fused across the break is not,
the value is waited for on an accelerator, and CUDA graphs (`mode="reduce-overhead"`) stop there. Nothing says so
unless `TORCH_LOGS="graph_breaks"` is set.

## Example

```python
import torch


@torch.compile
def accuracy(logits, labels, mask):
    correct = (logits.argmax(-1) == labels) * mask
    return correct.sum().item() / mask.sum().item()
```

## Use instead

```python
import torch


@torch.compile
def accuracy(logits, labels, mask):
    correct = (logits.argmax(-1) == labels) * mask
    return correct.sum() / mask.sum()
```

## Fix safety

No automatic fix. By hand: return the tensor and read it outside; `torch.where` or `torch.cond` for branches;
`torch._dynamo.config.capture_scalar_outputs = True` keeps `.item()` in the graph.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU, with a backend that counts the graphs:

- `.item()`, `float()`, `int()`, `.tolist()`, `if`, `while`, `print`, `x[mask]`, `nonzero`, `unique`, `torch.equal`:
  the function is compiled to more graphs than its twin, or leaves operations out of the graph;
- `.numpy()`, `assert`, `torch.where(c, a, b)`: one graph.
- versions: `torch.compile` exists from torch 2.0.
- not yet run on CUDA.

## References

- Graph breaks: https://docs.pytorch.org/docs/stable/user_guide/torch_compiler/compile/programming_model.graph_breaks_index.html
- torch.compiler.disable: https://docs.pytorch.org/docs/stable/generated/torch.compiler.disable.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.terms import COMPILE, FULLGRAPH, LIST, NUMBER, SIZE, TRUTH
from torchconv_lint.analysis.telling.events import TracedRead
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.tracing.under import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class GraphBreak(Rule[TracedRead]):
    """A tensor's value is needed inside `torch.compile`: the graph breaks."""

    code = "CNV702"
    name = "graph-break"
    hears = (TracedRead,)
    default = False
    triggers = (("compile",),)

    def judge(self, event: TracedRead) -> Iterator[Verdict]:
        """Something that Python has to look at."""
        breaks = event.what in (NUMBER, LIST, SIZE) or (event.what == TRUTH and not event.asserting)
        if event.how.kind not in (COMPILE, FULLGRAPH) or not (breaks or event.via == "print"):
            return
        if event.how.kind == COMPILE:
            message = f"`{event.subject}` is needed ({event.via}) inside `torch.compile`: the graph breaks here"
            yield verdict(event, message)
