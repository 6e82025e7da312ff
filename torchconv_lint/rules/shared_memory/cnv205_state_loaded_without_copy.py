"""CNV205: A state that is kept is loaded without a copy, and changes with what has loaded it.

## What it does

Reports three ways in which a saved state follows the training that goes on from it:

- `optimizer.load_state_dict(kept)` in every round of a loop that steps: an optimiser takes the tensors of the state
  as they are and changes them in place;
- `model.load_state_dict(kept, assign=True)` in such a loop;
- a class whose own `load_state_dict` (or `set_state`, `__setstate__`) stores a tensor of the state in an attribute
  that the class writes in place.

Silent, deliberately: `copy.deepcopy(kept)`, `torch.load(…)` in every round, `model.load_state_dict(kept)`, which
copies; a state that is loaded once; attributes that are only replaced.

Confidence: *likely*: that the state is used again is what loading it in a loop means.

The rule is off by default: in public code that nobody had looked at before, none of 6 findings were true, whose states
came from files and were loaded once (docs/precision.md).

## Why is this bad?

Nothing raises. The first round starts from the saved state, the second from where the first one ended: Adam's
moments and step count among it. A checkpoint that is kept in memory is not what was saved any more.

## Example

```python
import copy

import torch


def trials(model, optimizer, batches):
    start = copy.deepcopy(optimizer.state_dict())
    for batch in batches:
        optimizer.load_state_dict(start)
        optimizer.zero_grad()
        model(batch).sum().backward()
        optimizer.step()
```

## Use instead

```python
import copy

import torch


def trials(model, optimizer, batches):
    start = copy.deepcopy(optimizer.state_dict())
    for batch in batches:
        optimizer.load_state_dict(copy.deepcopy(start))
        optimizer.zero_grad()
        model(batch).sum().backward()
        optimizer.step()
```

## Fix safety

Unsafe: `copy.deepcopy(kept)` where a state is loaded, `.clone()` where a class stores a tensor of it. It changes
what the program computes, which is the point, and costs one copy of the state.

## Proof

Run with torch 2.13.0 (CPU build) on the CPU:

- after `o.load_state_dict(s)` of Adam, `exp_avg` and `step` in `s` are the optimiser's own tensors (same
  `data_ptr`); one `o.step()` later `s` says step 2 instead of 1. The same of SGD's `momentum_buffer`.
- after `m.load_state_dict(s, assign=True)` the parameters are the tensors in `s`, and one step changes `s`; without
  `assign` they are copied.
- versions: `load_state_dict(…, assign=True)` exists from torch 2.1; the optimiser's `load_state_dict` of torch 1.13
  copies the state (seen), that of 2.13 does not.
- not yet run on CUDA.

## References

- torch.optim.Optimizer.load_state_dict:
  https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.load_state_dict.html
- torch.nn.Module.load_state_dict: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import StateAdopted
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.shared_memory.copies import copy_kept

if TYPE_CHECKING:
    from collections.abc import Iterator


class StateLoadedWithoutCopy(Rule[StateAdopted]):
    """A state that is kept is loaded without a copy, and changes with what has loaded it."""

    code = "CNV205"
    name = "state-loaded-without-copy"
    hears = (StateAdopted,)
    default = False
    triggers = (
        ("def load_state_dict",),
        ("def set_state_dict",),
        ("def load_state",),
        ("def set_state",),
        ("def __setstate__",),
        ("def set_extra_state",),
        ("load_state_dict&step&for",),
    )

    def judge(self, event: StateAdopted) -> Iterator[Verdict]:
        """The state has another holder, who relies on it."""
        message = f"{event.what} is loaded without a copy: {event.why}"
        yield Verdict(event.site, message, event.sure, (), copy_kept(event.site, event.form, container=not event.form))
