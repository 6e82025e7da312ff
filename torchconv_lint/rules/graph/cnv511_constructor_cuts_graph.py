"""CNV511: A loss is rebuilt from numbers by `torch.tensor(…)`.

## What it does

Reports a tensor that is made of tensors that require grad by a constructor that only copies their values, when the
result is back-propagated: `torch.tensor([l1, l2])`, `torch.tensor(loss)`, `torch.Tensor([l1, l2])`,
`torch.FloatTensor(losses)`, `torch.as_tensor([l1, l2])`, `x.new_tensor(loss)`, `torch.tensor(loss.item())`.

What counts as evidence: the result, or a sum or mean in which it is a term, reaches `.backward()`; or it is returned by
a function whose name says that it is a loss, or by `training_step`.

Silent, deliberately: constructors whose result is only logged, compared or used as a weight; `torch.tensor(x.item())`
next to terms that do require grad, which says that no gradient is wanted; `torch.stack`, `torch.cat`, `sum`, and
`torch.Tensor(t)` of a single tensor, which keep the graph; everything under `no_grad`.

Confidence: as for what makes the elements require grad; at most *likely* for a returned loss.

## Why is this bad?

The new tensor has the values and not the history. If it is all there is, `backward()` raises; with
`requires_grad=True`, or with another term beside it, backward runs and the parameters behind the copied terms are never
trained. Nothing tells, except, since 2.8, a warning about the scalar conversion that comes once per process.

## Example

```python
import torch
from torch import nn


def step(model: nn.Module, x, y):
    output = model(x)
    loss = torch.tensor([(output - y).square().mean(), output.abs().mean()], requires_grad=True).sum()
    loss.backward()
```

## Use instead

```python
import torch
from torch import nn


def step(model: nn.Module, x, y):
    output = model(x)
    loss = torch.stack([(output - y).square().mean(), output.abs().mean()]).sum()
    loss.backward()
```

## Fix safety

Unsafe: for a list of tensors the constructor becomes `torch.stack`, a single tensor is taken as it is. Both keep dtype
and device, which the constructors do not always do, and what was dead until now is trained from then on: weights of the
terms may have to be found anew. By hand: `torch.cat` for vectors, plain `+` for a few terms, and whatever is made of
numbers (`.item()`).

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `torch.tensor`, `torch.Tensor`, `torch.FloatTensor`, `torch.as_tensor`, `torch.asarray` of a list of tensors that
  require grad, `torch.tensor` and `new_tensor` of one: the result does not require grad;
- `torch.stack` and `torch.Tensor(t)` of one tensor do;
- `backward()` of the result: `RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn`;
  with `requires_grad=True` nothing is raised and the parameters' `.grad` stays None;
- versions: the warning about the scalar conversion comes from torch 2.8 on; the graph is cut in every version that
  was run (1.13 and 2.13).
- not yet run on CUDA.

## References

- torch.tensor: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
- torch.stack: https://docs.pytorch.org/docs/stable/generated/torch.stack.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import GraphCut
from torchconv_lint.fixing.proposal import Proposal, instead
from torchconv_lint.model import Safety
from torchconv_lint.rules.base import Rule
from torchconv_lint.rules.graph.cutting import effect, missed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.rules.base import Verdict


class ConstructorCutsGraph(Rule[GraphCut]):
    """A loss is rebuilt from numbers by `torch.tensor(…)`."""

    code = "CNV511"
    name = "constructor-cuts-graph"
    hears = (GraphCut,)
    triggers = (
        ("backward",),
        ("torch.tensor", "backward"),
        ("torch.Tensor", "backward"),
        ("torch.FloatTensor", "backward"),
    )

    def judge(self, event: GraphCut) -> Iterator[Verdict]:
        """A constructor copied the values of what is back-propagated."""
        cut = event.cut
        if cut.how != "constructor" or (cut.asked and not event.dead and not cut.restarted):
            return
        yield from missed(event, f"`{cut.subject}` loses its graph, and {effect(event)}", _with_graph(event))


def _with_graph(event: GraphCut) -> Proposal | None:
    """Unsafe: what was dead is trained from then on, and shape, dtype and device are those of the tensors."""
    call, made_of = event.site, event.cut.made_of
    # That it was told to require grad says that a graph was wanted: what is stacked has one.
    wanted = call.keywords in ((), ("requires_grad",)) and len(call.arguments) == 1 + len(call.keywords)
    if not wanted or call.callee is None:
        return None
    if made_of == "list":
        stack = instead(call, "torch.stack(", call.arguments[0], ")")
        return Proposal("use `torch.stack`", Safety.UNSAFE, (stack,), names=("torch.stack",))
    if made_of == "tensor" and call.method != "new_tensor":
        return Proposal("take the tensor itself", Safety.UNSAFE, (instead(call, call.arguments[0]),))
    return None
