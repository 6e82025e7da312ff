"""CNV502: A list or dict keeps the graph of every step.

## What it does

Reports a loss (or any other tensor that requires grad) that is put into a list, deque or dict round after round, when
backward never goes through what the container holds: `losses.append(loss)`, `history["loss"].append(loss)`,
`self.losses.append(loss)`, `losses += [loss]`, `losses.extend([loss, penalty])`, `stats[step] = loss`, a dict of
losses that is appended as a whole, and what a loss is taken out of (`output["loss"].backward()`, then
`outputs.append(output)`). A tensor that is filled with losses (`losses = torch.zeros(n)`, then `losses[i] = loss`)
keeps them like a list.
The container has to outlive the round: made before the loop, an attribute of `self`, or passed in.

What counts as evidence: in the same function backward is called on what is kept, or on what is computed from it, so
that its graph has served; or everything that happens to the container can be seen, and backward is not among it (told
to those who ask for the code, if it is only *likely* that something there requires grad and the function trains
nothing).

Silent, deliberately: losses that are collected for one backward (`torch.stack(losses).mean().backward()`,
`sum(losses).backward()`); a container that is returned, stored or handed to unknown code while nothing shows that the
graph has served; `.item()`, `.detach()`, and everything under `no_grad`.

What a loss is computed from, the output of what is called like a module, is taken for a part of the graph when
backward is called on that loss. A part of the model may be frozen: it is told to those who ask for the code, unless
the name says that it is a loss itself.

A container of a function that evaluates (by its name, or it calls `.eval()`) and does not train is told to those who
ask for the code, if it goes where nobody can see: a `no_grad` may be around it somewhere.

So are parts that a call gives beside a loss, and a dict that a method returns beside one and that holds it as it is
(`return loss, {"loss": loss}`); what measures an output (`ssim(out, y)`); and outputs that an object keeps in an
attribute which its other methods look at when an epoch has ended, or to show it, and nowhere else. So is what a
function leaves behind with its graph, once a step: the loss in a dict that it returns (`stats["loss"] = loss`) or that
its caller has handed over, the loss itself after its backward, unless callers in the file take its number or detach
it; what `setattr(self, name, loss)` sets; an output that a forward hook keeps
(`self.kept.append(output.cpu())`), or `forward` in an attribute of its module;
a state that the next step reads (`self.hidden = hidden`, or in a module's table, `self.states[user] = hidden`); and
what a metric's `update` appends of the outputs that it is shown (`self.predictions.append(y_pred)`).

Confidence: *certain* or *likely*, as for what makes the loss require grad. *Possible* (not shown by default) adds
losses that are only guessed to be tensors. Of the *likely* ones only those are shown by default whose graph has served
and that are kept in a loop which calls `.backward()` itself: on code that nobody had looked at, too many of the others
were false. Whoever opts in to the code sees all.

## Why is this bad?

A history needs numbers and keeps graphs: one for each entry, as long as the container lives. Where backward has not
run through them, they hold all activations of all steps. And what is plotted or saved later still requires grad:
`np.array(losses)` and `plt.plot(losses)` raise, and a pickle or `torch.save` writes tensors where numbers were meant.

## Example

```python
import torch.nn.functional as F


def train(model, loader, optimizer):
    losses = []
    for x, y in loader:
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return losses
```

## Use instead

```python
import torch.nn.functional as F


def train(model, loader, optimizer):
    losses = []
    for x, y in loader:
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return losses
```

## Fix safety

Unsafe: adds `.detach()`, so that the result no longer requires grad. By hand: `.detach()` keeps the entries tensors
on their device; `.item()` makes Python numbers of them and waits for an accelerator on every step. For whole outputs,
`.detach().cpu()` frees the accelerator's memory too.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- the nodes of the graph that are alive are counted at each execution of a line: in the hazards their number grows with
  every round of the loop, in the twins it stays the same;
- not yet run on CUDA.

## References

- PyTorch FAQ, "My model reports out of memory": https://docs.pytorch.org/docs/stable/notes/faq.html
- torch.Tensor.detach: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import GraphKept
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule
from torchconv_lint.rules.graph.keeping import kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.rules.base import Verdict


class ContainerKeepsGraph(Rule[GraphKept]):
    """A list or dict keeps the graph of every step."""

    code = "CNV502"
    name = "container-keeps-graph"
    hears = (GraphKept,)
    matters_in_tests = False
    triggers = (("backward",), ("append()&for&goes back",))
    triggers_on_request = (("append()&for",), ("def training_step",), ("loss returned",), ("def update",))

    def judge(self, event: GraphKept) -> Iterator[Verdict]:
        """A container that is filled round after round, and through which backward never goes."""
        if event.container:
            message = f"`{event.target}` keeps the graph of every round: `{event.subject}` requires grad"
            if event.left:
                message = f"{event.target} holds `{event.subject}` with its graph: whoever keeps it keeps that"
            for verdict in kept(event, message):
                rarely = verdict.confidence < Confidence.CERTAIN and not event.each_round
                yield replace(verdict, on_request=rarely or verdict.on_request)
