"""CNV515: The result of an operation in the graph is deep-copied.

## What it does

Reports `copy.deepcopy` of a tensor that was computed from something that requires grad, of a list, tuple or dict that
holds one, and of an nn.Module of the file that was called before in the same function and keeps such a result in an
attribute (`self.attention = weights`).

Silent, deliberately: leaves, such as parameters and inputs; detached results; results computed under `no_grad`; a
module that is copied before it is first called, or whose attributes nobody knows.

Confidence: as for what makes the tensor require grad; at most *likely* for a module. *Possible* (not shown by default)
adds attributes in which another method has left a result.

## Why is this bad?

`deepcopy` cannot copy the graph behind a result, and refuses. The module that is copied for a snapshot, an average of
its weights or a target network worked in every test that copied it before the first forward pass.

## Example

```python
import copy

from torch import nn


def snapshot(model: nn.Module, x):
    states = [model(x)]
    return copy.deepcopy(states)
```

## Use instead

```python
from torch import nn


def snapshot(model: nn.Module, x):
    states = [model(x)]
    return [state.detach().clone() for state in states]
```

## Fix safety

No automatic fix. By hand: `.detach().clone()` for values, `.clone()` to stay in the graph. For a module: keep
`.detach()`ed results in its attributes, or set them to None before it is copied. `torch.no_grad()` around `deepcopy`
does not help.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `copy.deepcopy(x * 2)`, of a list of it, of a view of a parameter: `RuntimeError: Only Tensors created explicitly by
  the user (graph leaves) support the deepcopy protocol at the moment`, under `no_grad` as well;
- `copy.deepcopy` of a parameter and of a result that was computed under `no_grad` work, and so does `copy.copy`, which
  shares;
- not yet run on CUDA.

## References

- copy.deepcopy: https://docs.python.org/3/library/copy.html
- torch.Tensor.is_leaf: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_leaf.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import DeepCopied
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class DeepcopyOfResult(Rule[DeepCopied]):
    """The result of an operation in the graph is deep-copied."""

    code = "CNV515"
    name = "deepcopy-of-result"
    hears = (DeepCopied,)
    default = False
    triggers = (("deepcopy",),)

    def judge(self, event: DeepCopied) -> Iterator[Verdict]:
        """What is no leaf of the graph cannot be deep-copied."""
        grad = event.tensor.grad
        if grad is None:
            return
        what = {"": "is", "holds": "holds"}.get(event.holder, f"keeps, in `{event.holder}`,")
        message = f"`{event.subject}` {what} the result of an operation in the graph: deepcopy raises RuntimeError"
        yield Verdict(event.site, f"{message} (detach it first)", min(event.sure, grad.confidence), steps(grad))
