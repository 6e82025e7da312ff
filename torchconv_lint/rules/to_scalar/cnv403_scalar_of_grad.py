"""CNV403: `float()` and relatives on a tensor that requires grad.

## What it does

Reports `float()`, `complex()` and functions of `math` on a tensor that requires grad, unless grad mode is off; and
one that is written into an element of an array (`losses[i] = loss`), which asks it for its number.

What counts as evidence for grad is the same as for CNV102: parameters, outputs of modules, a `.backward()` called
on the tensor, and what is computed from them. The number of elements need not be known; with more than one it is
CNV401.

Silent, deliberately: `.item()`, `int()`, `bool()`, `.tolist()` and formatting, which do not warn; code under
`torch.no_grad()` or `torch.inference_mode()`; detached tensors; integer results such as `argmax`.

Confidence: *certain* for known modules, parameters and after `.backward()`, *likely* for modules known by their
use. *Possible* (not shown by default) adds the results of functions outside the file that get such a tensor.

## Why is this bad?

The number is out of the graph. `math.exp(loss)` or `1 / float(temperature)` inside a loss gives no gradient to what
it was computed from, and training goes on without it. Since torch 2.8 PyTorch warns, once per process, so the
second place is never named; with warnings turned into errors it fails.

## Example

```python
import math

import torch.nn.functional as F


def evaluate(model, tokens, targets):
    model.eval()
    loss = F.cross_entropy(model(tokens), targets)
    return float(loss), math.exp(loss)
```

## Use instead

```python
import math

import torch.nn.functional as F


def evaluate(model, tokens, targets):
    model.eval()
    loss = F.cross_entropy(model(tokens), targets).item()
    return loss, math.exp(loss)
```

## Fix safety

Safe: `float(loss)` becomes `loss.item()`, `math.exp(loss)` becomes `math.exp(loss.item())`: the same value without
the warning (both wait for an accelerator). Unsafe where it may be something else than a tensor: Python's numbers have
no `.item()`. Often something else is meant, and the warning is right: A value that gradients have to flow through is
the torch function, `torch.exp(loss)`, which changes what is trained. `.detach()` first keeps a tensor, sharing
storage with the original.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU, with `torch.set_warn_always(True)`:

- `float()`, `complex()`, `math.sqrt()`, `math.isnan()`: `UserWarning: Converting a tensor with requires_grad=True
  to a scalar may lead to unexpected behavior. Consider using tensor.detach() first.`
- `.item()`, `int()`, `bool()`, `.tolist()`, `f"{t:.2f}"`, `float(t.detach())`, and `float(t)` under
  `torch.no_grad()`: no warning.
- versions: the warning comes from torch 2.8 on; 1.13 converts without a word (seen).
- not yet run on CUDA.

## References

- torch.Tensor.item: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.item.html
- torch.Tensor.detach: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html
- torch.set_warn_always: https://docs.pytorch.org/docs/stable/generated/torch.set_warn_always.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import MANY, weakest
from torchconv_lint.analysis.telling.events import ToScalar
from torchconv_lint.fixing.proposal import Proposal, after, instead
from torchconv_lint.model import Confidence, Safety
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

_SILENT = frozenset({"item", "int", "bool"})


class ScalarOfGrad(Rule[ToScalar]):
    """`float()` and relatives on a tensor that requires grad."""

    code = "CNV403"
    name = "scalar-of-grad"
    since = (2, 8)
    hears = (ToScalar,)
    default = False
    triggers = (("scalar",), ("np.zeros",), ("np.empty",), ("np.ones",), ("np.full",))  # whose elements are numbers

    def judge(self, event: ToScalar) -> Iterator[Verdict]:
        """Requires grad, and goes through something that warns."""
        grad, count = event.tensor.grad, event.tensor.count
        if (
            grad is None
            or not grad.value
            or event.grad_mode is False
            or event.via in _SILENT
            or (count is not None and count.value == MANY)
        ):
            return
        call = event.via if " " in event.via else f"`{event.via}()`"
        message = f"`{event.subject}` requires grad: {call} warns since torch 2.8 (use `.item()` or `.detach()`)"
        yield Verdict(event.site, message, min(event.sure, weakest([grad])), steps(grad), _item(event))


def _item(event: ToScalar) -> Proposal | None:
    """`.item()` gives the same number without the warning."""
    if event.operand is None:
        return None
    safe = event.sole and event.sure is Confidence.CERTAIN
    only = event.via == "float" and len(event.site.arguments) == 1
    change = instead(event.site, event.operand, ".item()") if only else after(event.operand, ".item()")
    return Proposal("take the number with `.item()`", Safety.SAFE if safe else Safety.UNSAFE, (change,))
