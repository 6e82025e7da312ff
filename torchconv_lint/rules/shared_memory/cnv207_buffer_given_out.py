"""CNV207: A method returns its object's own buffer, which the next call overwrites.

## What it does

Reports a method that writes an array or tensor of its object in place (`self.observations[i] = …`, `self.total += …`)
and returns that very array: `return self.observations, rewards`. Each call gives the same memory.

Silent, deliberately: what is returned as a copy or a part; a method that binds the attribute anew; private methods,
whose callers know the object; attributes called `cache`, `running_…`, `weight` and the like; lists and dicts.

Confidence: *likely*: whether somebody keeps what an earlier call gave is not in sight. Off by default for that reason.

## Why is this bad?

Vectorised environments, frame stacks and samplers are called step by step, and their callers keep what they get: in a
replay buffer, a list of observations, or only until `next_observation` comes. With the buffer itself every entry is
the last one, and `observation` and `next_observation` are equal. Nothing raises; the agent just does not learn.

## Example

```python
import numpy as np
import torch


class Environments:
    def __init__(self, environments):
        self.environments = environments
        self.observations = np.zeros((len(environments), 4), dtype=np.float32)

    def step(self, actions: torch.Tensor):
        for i, environment in enumerate(self.environments):
            self.observations[i] = environment.step(actions[i].item())
        return self.observations
```

## Use instead

```python
import numpy as np
import torch


class Environments:
    def __init__(self, environments):
        self.environments = environments
        self.observations = np.zeros((len(environments), 4), dtype=np.float32)

    def step(self, actions: torch.Tensor):
        for i, environment in enumerate(self.environments):
            self.observations[i] = environment.step(actions[i].item())
        return self.observations.copy()
```

## Fix safety

Unsafe: adds `.copy()` (`.clone()` for a tensor), one copy for each call. Where all callers copy by themselves, or are
done with it before the next call, it is not needed.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6 on the CPU: what the first call gave holds the values of the second
one afterwards; the copy does not. It is the same on an accelerator simulated on the CPU. Not yet run on CUDA.

## References

- numpy.ndarray.copy: https://numpy.org/doc/stable/reference/generated/numpy.ndarray.copy.html
- torch.Tensor.clone: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.clone.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import BufferGiven
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.shared_memory.copies import copy_kept

if TYPE_CHECKING:
    from collections.abc import Iterator


class BufferGivenOut(Rule[BufferGiven]):
    """A method returns its object's own buffer, which the next call overwrites."""

    code = "CNV207"
    name = "buffer-given-out"
    hears = (BufferGiven,)
    default = False
    triggers = (("own buffer",),)

    def judge(self, event: BufferGiven) -> Iterator[Verdict]:
        """Nothing tells that the callers are done with it before the next call."""
        message = f"`{event.attribute}` itself is returned: the next `{event.function}` overwrites what this call gave"
        yield Verdict(event.site, message, Confidence.LIKELY, (), copy_kept(event.site, event.form))
