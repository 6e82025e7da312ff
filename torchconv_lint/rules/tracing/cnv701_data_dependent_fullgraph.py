"""CNV701: A tensor's value is needed inside `torch.compile(fullgraph=True)`.

## What it does

Reports code under `torch.compile(fullgraph=True)` that needs a tensor's value in order to go on: `if`, `while`,
`and`, `or`, `not` of a tensor, the same of its `.item()`, `float()` or `int()`, `torch.equal` and `torch.allclose`,
functions of `math`, and `print`.

Found: functions of the file that are decorated (`@torch.compile(fullgraph=True)`, also through `functools.partial`)
or handed over (`torch.compile(model, fullgraph=True)`), lambdas, methods, modules of the file (their `forward`),
and the functions of the file that they call.

Silent, deliberately: `.item()` and `float()` whose number is only computed with (PyTorch traces them), `.numpy()`
(traced as well), `assert` of a tensor (becomes part of the graph), questions about shape, dtype and `None`, code
behind `torch.compiler.is_compiling()` and functions under `torch.compiler.disable`.

Confidence: *certain* for tensors that are known as such in the code, *likely* for what only behaves like one. Under
plain `torch.compile` the same code breaks the graph: CNV702.

The rule is off by default: the first call raises, which code that is in use has met; what was found in public code ran
only while something was looked for.

## Why is this bad?

With `fullgraph=True` nothing falls back to Python: the first call raises, on every device, and often only in the
branch that the tests of the uncompiled function never reach.

## Example

```python
import torch


@torch.compile(fullgraph=True)
def clipped(x: torch.Tensor, limit: float):
    norm = x.norm()
    if norm > limit:
        x = x * (limit / norm)
    return x
```

## Use instead

```python
import torch


@torch.compile(fullgraph=True)
def clipped(x: torch.Tensor, limit: float):
    norm = x.norm()
    return x * torch.where(norm > limit, limit / norm, 1.0)
```

## Fix safety

No automatic fix. By hand: `torch.where`, `clamp`, or `torch.cond` for branches; a condition that is computed by the
caller; or `fullgraph=False`, where the graph breaks there. Mind that `torch.where` computes both sides.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU, compiled with `backend="eager"`:

- `if t:`, `while`, `and`, `not`: `torch._dynamo.exc.Unsupported: Data-dependent branching`;
- `if t.item() > 0:`: `UserError: Could not guard on data-dependent expression`;
- `torch.equal`, `torch.allclose`: `Unsupported: Data dependent operator`; `math.sqrt(t)`: `UserError`; `print(t)`:
  `Unsupported`;
- `t * s.item()`, `float(s)`, `t.numpy()`, `assert (t > 0).all()`, f-strings: no error.
- versions: `torch.compile` exists from torch 2.0.
- not yet run on CUDA.

## References

- torch.compile: https://docs.pytorch.org/docs/stable/generated/torch.compile.html
- torch.cond: https://docs.pytorch.org/docs/stable/generated/torch.cond.html
- Data-dependent branching: https://docs.pytorch.org/docs/stable/user_guide/torch_compiler/compile/programming_model.common_graph_breaks.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.terms import FULLGRAPH, NUMBER, TEXT, TRUTH
from torchconv_lint.analysis.telling.events import TracedRead
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.tracing.under import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class DataDependentFullgraph(Rule[TracedRead]):
    """A tensor's value is needed inside `torch.compile(fullgraph=True)`."""

    code = "CNV701"
    name = "data-dependent-fullgraph"
    hears = (TracedRead,)
    default = False
    triggers = (("fullgraph=",),)

    def judge(self, event: TracedRead) -> Iterator[Verdict]:
        """Something that a single graph cannot hold."""
        if event.how.kind != FULLGRAPH:
            return
        tested = event.what == TRUTH and event.asking
        decided = event.what == NUMBER and event.asking
        called = event.via in ("equal", "allclose") or event.via.startswith("math.")
        shown = event.what == TEXT and event.via == "print"
        if tested or decided or called or shown:
            message = f"`{event.subject}` is needed ({event.via}) under `torch.compile(fullgraph=True)`: it raises"
            yield verdict(event, message)
