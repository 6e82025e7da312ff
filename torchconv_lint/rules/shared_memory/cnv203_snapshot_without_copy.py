"""CNV203: A snapshot that is no copy.

## What it does

Reports a tensor that is kept as if it were a snapshot, though what it looks at goes on changing:

- `best = model.state_dict()` (or a shallow copy of it, or `{name: p.detach() …}`), then training, then the "best"
  weights are compared or loaded back; or left in an attribute called "best", "saved" …, or saved as such;
- `best_model = model` in the loop that goes on training it, and then the best one is used;
- the same tensor appended in a loop that goes on writing it in place;
- a module's state that is loaded back into the module after somebody else has had it, to restore what it was;
- a gradient kept as the previous one: `self.prev_grad = p.grad`;
- a gradient kept as the first of a sum, that others are added to in place: `sums[name] = p.grad`, then `+= p.grad`, in
  a file whose `zero_grad` does not make new ones;
- a forward hook that keeps its `output` as it is, in a file where another hook clones;
- an attribute that keeps another one ("best", "previous", "saved" …) through `.detach()`, `.cpu()` or `.data`, in a
  class that writes the other one in place: `self.best_weights = self.weights.detach().cpu()`.

The finding is where the alias is kept; the lines below it show what changes it.

Silent, deliberately: `copy.deepcopy(…)`, `.clone()` one by one; a state dict that goes straight to `torch.save` or
into another model; a snapshot after which nothing trains. Not seen: training done by code outside the file through
an object that nothing in it reveals as an optimiser. Silent as well: the state of a module that is made anew in each
round, or of each of several modules in turn.

Confidence: *certain* for a model's own state loaded back after steps, *likely* for the others. *Possible* (not
shown by default) adds every other forward hook that keeps its output: most look at outputs that nobody overwrites;
what is called the last or final state and loaded when the loop is over, and a state of before `module.to(device)`.
Hooks (all of them, unless they clone as well or keep the output no longer than they run), and what the code writes
in place itself, are shown to those who ask for the rule: in public code that nobody had looked at before,
none of 5 and 2 of 8 were true. So is a state that a callback (`on_epoch_end`) keeps as the best one, where nothing in
the file loads it again; the weights of a layer of something unknown (`model.fc.weight.data`); a list of parameters
under a name that says "before" (`old = list(model.parameters())`); weights in an attribute called "shadow", "backup"
and the like, and whole states under such names (`self.best = model.state_dict()`, `backup[name] = value` in a loop
through one); a gradient that a local name calls the previous one (or any name, where gradients are made anew as a
rule), or that an optimiser keeps in its state, and the data of one parameter that another one is given (`q.data =
p.data`); what is put aside as "saved", "old" or "tmp" before `.data.copy_(…)` overwrites it; a state in an attribute
that another method loads back into the same module; and gradients that are kept where the function sets them to zero
in place (`zero_grad(set_to_none=False)`). What follows the steps of an optimiser is shown to everybody otherwise.

## Why is this bad?

Early stopping restores the last weights, not the best ones. The history of a simulation holds its end, many times.
The numbers look plausible, and nothing raises.

## Example

```python
from torch import nn, optim


def fit(model: nn.Module, loader, epochs):
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    lowest, best = float("inf"), None
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        if total < lowest:
            lowest = total
            best = model.state_dict()
    model.load_state_dict(best)
```

## Use instead

```python
import copy

from torch import nn, optim


def fit(model: nn.Module, loader, epochs):
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    lowest, best = float("inf"), None
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        if total < lowest:
            lowest = total
            best = copy.deepcopy(model.state_dict())
    model.load_state_dict(best)
```

## Fix safety

Unsafe: `copy.deepcopy(model.state_dict())`, with `import copy` if it is missing, or `.clone()` for single tensors.
It changes what the program computes, which is the point. By hand: `.detach().clone()` where the graph is not wanted
(keeping the graph keeps its memory). A copy costs one copy on the tensor's device; for large models `{name:
value.cpu() …}` saves device memory, but copies only what is on an accelerator: on CPU add `.clone()`.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- after one `SGD.step()` the kept `state_dict()` and its `copy.copy` equal the new weights; the `copy.deepcopy`
  equals the old ones.
- a kept `p.grad` is zero after `zero_grad(set_to_none=False)`, and holds the sum after a second backward without
  `zero_grad`. After the default `zero_grad()` it stays as it was: there the finding is about what the line relies
  on.
- a hook's kept output before `ReLU(inplace=True)` holds zeros, its clone the negative values.
- versions: from torch 2.0 `zero_grad()` drops gradients; before (seen on 1.13) it fills them with zeros, and a kept
  `p.grad` is zero after it.
- not yet run on CUDA.

## References

- torch.nn.Module (`state_dict`): https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
- torch.optim.Optimizer.zero_grad:
  https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html
- Saving and Loading Models: https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.patterns import is_snapshot, names_earlier
from torchconv_lint.analysis.telling.events import AliasKept, StaleRead
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.shared_memory.between import kept_in_container
from torchconv_lint.rules.shared_memory.copies import copy_kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.fixing.proposal import Proposal


class SnapshotWithoutCopy(Rule[AliasKept | StaleRead]):
    """A snapshot that is no copy."""

    code = "CNV203"
    name = "snapshot-without-copy"
    hears = (AliasKept, StaleRead)
    triggers_on_request = (
        ("state_dict",),
        ("data&named_parameters",),
        ("data&parameters",),
        ("detach&named_parameters",),
        ("def step&grad",),
        ("grad&backward",),
    )

    def judge(self, event: AliasKept | StaleRead) -> Iterator[Verdict]:
        """A handle is kept as it is, and what it looks at changes before it is used."""
        if isinstance(event, AliasKept):
            message = f"{event.what} is kept without a copy: {event.why}"
            how = tuple(step for step in event.how if step[1])
            yield Verdict(
                event.site, message, event.sure, how, _copied(event), on_request=event.by_hook or event.unread
            )
            return
        write, memory = event.write, event.memory
        if memory.kept is None:
            return
        site, name = memory.kept
        named = names_earlier(name) or is_snapshot(name.rpartition(".")[2])
        aside = bool(memory.side) and named and len(write.side) < len(memory.side)
        if not (write.by_step or aside or kept_in_container(memory, write)):
            return
        themselves = write.by_step and memory.origin == "module" and not memory.how
        if themselves and not names_earlier(name):
            return  # the parameters themselves, kept to be found again
        # What an optimiser writes has no name in the code: "the parameters", "the gradients".
        what, do, change = (write.target, "do", "change") if write.by_step else (f"`{write.target}`", "does", "changes")
        message = f"`{name}` is kept without a copy: it changes when {what} {do}"
        steps = (
            *memory.how,
            (write.site, f"{what} {change} here"),
            (event.read, f"`{event.reader}` is used here"),
        )
        told = tuple(step for step in steps if step[1])
        fix = copy_kept(site, memory.form, container=memory.origin == "module")
        sure, rarely = min(Confidence.LIKELY, memory.sure), not write.by_step or memory.supposed or themselves
        yield Verdict(site, message, sure, told, fix, on_request=rarely)


def _copied(event: AliasKept) -> Proposal | None:
    return copy_kept(event.site, event.form, container=event.form == "")
