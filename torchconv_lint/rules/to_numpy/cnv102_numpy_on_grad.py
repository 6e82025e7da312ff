"""CNV102: `.numpy()` on a tensor that requires grad.

## What it does

Reports `.numpy()` (and `.__array__()`) on a tensor that requires grad, where grad mode is on.

What counts as evidence: `nn.Parameter`, `requires_grad=True`, `.requires_grad_()`, the parameters and the outputs
of an `nn.Module`, a `.backward()` called on the tensor, and whatever is computed from these. A module is known by
its class, by `.parameters()` or `.eval()` called on it, or by its annotation. `.eval()` does not switch the graph
off.

Silent, deliberately: code under `torch.no_grad()` or `torch.inference_mode()`, by `with`, by decorator, or because
every caller in the file wraps the call; Lightning's validation, test and predict hooks; frozen modules
(`requires_grad_(False)`); `argmax`, comparisons and other results that never require grad; `p.grad`;
`torch.set_grad_enabled(flag)`, whose flag is not known; `.numpy(force=True)`.

A view of a parameter taken *inside* `no_grad()` still requires grad once the block is left (`w = net.weight.t()`),
and is reported there.

Confidence: *certain* for known modules and parameters, *likely* for modules known by their use. *Possible* (not shown
by default) adds the results of functions outside the file that get such a tensor.

The rule is off by default: what it reports raises on every device, and code that is published has been run. In public
code that nobody had looked at before, 1 of 40 findings was true (docs/precision.md). A helper that is called after the
conversion (`def to_np(tensor)`) and detaches nothing is told as well: callers give it whatever they have; and so is a
parameter called like an output that is brought to the host and not detached (`logits.cpu().numpy()`), or that the
function asks if it is a tensor. So is what is brought to the host (`net(x).cpu().numpy()`) in a function whose callers,
unseen, may have switched grad off.

## Why is this bad?

The array could not take part in the graph, so PyTorch refuses with a RuntimeError, on every device.

## Example

```python
from torch import nn

net = nn.Linear(4, 2)


def predict(features):
    return net(features).numpy()
```

## Use instead

```python
import torch
from torch import nn

net = nn.Linear(4, 2)


@torch.no_grad()
def predict(features):
    return net(features).numpy()
```

If the graph is needed elsewhere, cut it for the array only:

```python
from torch import nn

net = nn.Linear(4, 2)


def predict(features):
    return net(features).detach().numpy()
```

## Fix safety

Safe: inserts `.detach()` before `.numpy()` (`.detach().cpu()` where the tensor may also be on an accelerator). It
shares storage: writing into `x.detach().numpy()` changes `x`. Append `.copy()` if the array is written or must stay
as it is. Around code that never calls `.backward()`, `torch.no_grad()` is better still: it saves the memory of the
graph. Unsafe where it is only likely that it is a tensor.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `RuntimeError: Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.`
- under `torch.no_grad()` and `torch.inference_mode()` the same call returns the array, even for a Parameter.
- the `fixtures/cnv102` programs show the same on the accelerator that `torchconv-lint verify` simulates
  on the CPU.
- versions: `.numpy(force=True)`, which needs no `.detach()`, exists from torch 1.13.
- not yet run on CUDA.

That `.numpy()` merely *warns* here is a common claim; it does not hold for this version.

## References

- torch.Tensor.numpy: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.numpy.html
- torch.Tensor.detach: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html
- Autograd mechanics: https://docs.pytorch.org/docs/stable/notes/autograd.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import weakest
from torchconv_lint.analysis.telling.events import ToNumpy
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.rules.to_numpy.host import on_host

if TYPE_CHECKING:
    from collections.abc import Iterator

_DETACHES = frozenset({"detach", "data"})


class NumpyOnGrad(Rule[ToNumpy]):
    """`.numpy()` on a tensor that requires grad."""

    code = "CNV102"
    name = "numpy-on-grad"
    hears = (ToNumpy,)
    triggers_on_request = (("handed",),)
    default = False
    of_helpers = True

    def judge(self, event: ToNumpy) -> Iterator[Verdict]:
        """`.numpy()` on a tensor that requires grad."""
        fact = event.tensor.grad
        if fact is None and event.way is not None and event.grad_mode is not False and not _DETACHES & event.way:
            message = f"`{event.subject}` is whatever a caller has: `.numpy()` raises RuntimeError if it requires grad"
            yield Verdict(event.site, f"{message} (use `.detach()` first)", event.sure, (), None, on_request=True)
        if fact is None or event.forced or not fact.value or event.via:
            return
        if event.grad_mode is not True and not event.careful:
            return
        message = f"`{event.subject}` requires grad: `.numpy()` raises RuntimeError (use `.detach()` first)"
        sure = min(event.sure, weakest([fact]))
        sure = max(sure, Confidence.LIKELY) if event.careful else sure
        yield Verdict(event.site, message, sure, steps(fact), on_host(event), on_request=event.careful)
