"""CNV501: A running sum keeps the graph of every step.

## What it does

Reports a loss (or any other tensor that requires grad) that is added up over the rounds of a loop, when backward never
goes through the sum: `total += loss`, `total = total + loss`, `average = 0.9 * average + 0.1 * loss`, `self.total +=
loss`, `stats["loss"] += loss`, `stats["loss"] = stats.get("loss", 0) + loss`. The sum has to come from earlier rounds:
one that starts anew in each round is none.

What counts as evidence: in the same function backward is called on what is added (`loss.backward()`,
`accelerator.backward(loss)`, `scaler.scale(loss).backward()`), or on what is computed from it, so that its graph has
served; or everything that happens to the sum can be seen, and backward is not among it. The second, where it
is only *likely* that something there requires grad and the function trains nothing, is told to those who ask for the
code: none of 9 in public code was true (who calls it has often switched grad off, or frozen the module).

Silent, deliberately: `total += loss` followed by `total.backward()`, also through other sums, helpers of the file and
`torch.autograd.grad`; a sum that is returned, stored or handed to unknown code while nothing shows that the graph has
served; `.item()`, `.detach()`, `float()`, and everything under `no_grad`.

What a loss is computed from, the output of what is called like a module, is taken for a part of the graph when
backward is called on that loss. A part of the model may be frozen: such a sum is told to those who ask for the code,
unless the name says that it is a loss itself (`loss = rec_loss + 0.1 * kl_loss`, then `total += rec_loss`, weighted or
not). So are centres and running means that every step moves by what loops and indices take out of such an output
(`for code, y in zip(codes, labels): self.centers[y] = 0.9 * self.centers[y] + 0.1 * code`).

A sum of a function that evaluates (by its name, or it calls `.eval()`) and does not train is told to those who
ask for the code, if it goes where nobody can see, or is plotted in the end: a `no_grad` may be around it somewhere.

So are parts that a call gives beside a loss (`loss, ce = criterion(…)`, then `total += ce`) or in a dict whose items
are added up to one, which nobody is seen to detach; and what measures an output (`psnr(out, y)`).

Confidence: *certain* or *likely*, as for what makes the loss require grad. *Possible* (not shown by default) adds
losses that are only guessed to be tensors.

A sum over the few rounds of one step (backward in the loop, the optimiser's step after it) is told on request, unless
the loop goes through all that a loader has.

On request: what a metric's `update` adds to an attribute of what it computes of an output (`self.total += nll`), under
no `no_grad` of its own; means over the calls of a module, which its `forward` keeps (`mean = 0.1 * x + 0.9 *
self.mean`, then `self.mean = mean`), where a caller gives it what requires grad; and `running += loss`, where backward
goes through what `loss` becomes in the same round.

## Why is this bad?

The sum needs a number and keeps a graph: of every step, until the loop ends. Where backward has run, that is a chain
of graph nodes that grows with every step; where it has not (a validation loop without `no_grad`, a loss that is only
logged) all activations stay in memory too, and the accelerator runs out of it after some hundred steps.

## Example

```python
import torch.nn.functional as F


def train(model, loader, optimizer):
    total = 0.0
    for x, y in loader:
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss
    return total / len(loader)
```

## Use instead

```python
import torch.nn.functional as F


def train(model, loader, optimizer):
    total = 0.0
    for x, y in loader:
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.detach()
    return total / len(loader)
```

## Fix safety

Unsafe: adds `.detach()`, so that the result no longer requires grad. By hand: `.detach()` keeps the sum a tensor and
does not wait for the accelerator; `.item()` makes it a Python number and waits on every step. `float(loss)`, which
PyTorch's FAQ advises, warns since 2.8. Losses that are evaluated only belong under `torch.no_grad()`.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- the nodes of the graph that are alive are counted at each execution of a line: in the hazards their number grows with
  every round of the loop, in the twins it stays the same;
- after `loss.backward()` the saved activations are freed, the nodes are not: the sum's `grad_fn` still leads to the
  graphs of all steps;
- versions: `float(loss)` of a loss that requires grad warns from torch 2.8 on; the graph is kept in every version
  that was run (1.13 and 2.13).
- not yet run on CUDA.

## References

- PyTorch FAQ, "My model reports out of memory": https://docs.pytorch.org/docs/stable/notes/faq.html
- Autograd mechanics: https://docs.pytorch.org/docs/stable/notes/autograd.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import GraphKept
from torchconv_lint.rules.base import Rule
from torchconv_lint.rules.graph.keeping import kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.rules.base import Verdict


class SumKeepsGraph(Rule[GraphKept]):
    """A running sum keeps the graph of every step."""

    code = "CNV501"
    name = "sum-keeps-graph"
    hears = (GraphKept,)
    matters_in_tests = False
    triggers = (("backward",), ("+=&for&goes back",))
    triggers_on_request = (("+=&for", "backward"), ("+=&for", "eval"), ("def update",))

    def judge(self, event: GraphKept) -> Iterator[Verdict]:
        """A sum over the rounds of a loop through which backward never goes."""
        if not event.container:
            yield from kept(event, f"`{event.target}` keeps the graph of every round: `{event.subject}` requires grad")
