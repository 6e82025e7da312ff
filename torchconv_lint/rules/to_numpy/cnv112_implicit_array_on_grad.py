"""CNV112: A function that converts to NumPy by itself gets a tensor that requires grad.

## What it does

Reports a tensor that requires grad, with grad mode on, handed to code that turns its arguments into arrays: NumPy
functions, matplotlib, scikit-learn, SciPy, OpenCV, pandas, PIL, h5py, a row written into an array, arithmetic
between an array and a tensor (the full list is on the page of CNV111).

What counts as evidence for grad is the same as for CNV102: parameters, `requires_grad=True`, outputs of modules,
`.backward()`, and what is computed from them. Lists of such tensors are CNV122.

Silent, deliberately: code under `torch.no_grad()` or `torch.inference_mode()`; `torch.set_grad_enabled(flag)`;
integer and boolean results such as `argmax` or comparisons; one element written into an array (`a[i] = loss`),
which works (it warns).

Confidence: *certain* for known modules and parameters, *likely* for modules known by their use. *Possible* (not shown
by default) adds the results of functions outside the file that get such a tensor. The rule is off by default: code that
is published has been run, and what raises on every device has been seen then. In public code that nobody had looked at
before none of 10 findings was true.

## Why is this bad?

These functions ask the tensor for an array. One that requires grad refuses with a RuntimeError, on every device.

## Example

```python
import matplotlib.pyplot as plt
from torch import nn

net = nn.Linear(1, 1)


def draw(x):
    plt.plot(x, net(x))
```

## Use instead

```python
import matplotlib.pyplot as plt
import torch
from torch import nn

net = nn.Linear(1, 1)


def draw(x):
    with torch.no_grad():
        plt.plot(x, net(x))
```

## Fix safety

Safe: calls `.detach()` on the argument (`.detach().cpu()` where it may also be on an accelerator). It shares
storage, and `np.asarray` of it still does: write into `np.array(x.detach())`, which copies. Unsafe where the argument
may be something else than a tensor. By hand: `torch.no_grad()` around code that never calls `.backward()`, or, where
gradients have to flow through the computation, the torch function (`torch.sqrt` for `np.sqrt`).

## Proof

Run with torch 2.13.0 (CPU build), NumPy 2.4.6 and matplotlib 3.11.2, on the CPU:

- `np.asarray`, `np.array`, `np.sqrt`, `table[0] = t` and `plt.plot` raise `RuntimeError: Can't call numpy() on
  Tensor that requires grad. Use tensor.detach().numpy() instead.`
- `array - t`, with the array first, raises `TypeError: unsupported operand type(s)` instead.
- `a[0] = t.sum()` works and warns `Converting a tensor with requires_grad=True to a scalar may lead to unexpected
  behavior.`
- not yet run on CUDA.

## References

- torch.Tensor.numpy: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.numpy.html
- torch.Tensor.detach: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html
- no_grad: https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import weakest
from torchconv_lint.analysis.telling.events import ToNumpy
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.rules.to_numpy.host import on_host

if TYPE_CHECKING:
    from collections.abc import Iterator


class ImplicitArrayOnGrad(Rule[ToNumpy]):
    """A function that converts to NumPy by itself gets a tensor that requires grad."""

    code = "CNV112"
    name = "implicit-array-on-grad"
    hears = (ToNumpy,)
    default = False
    triggers = (("implicit",),)
    triggers_on_request = (("handed",),)

    def judge(self, event: ToNumpy) -> Iterator[Verdict]:
        """A function that converts to NumPy by itself gets a tensor that requires grad."""
        fact = event.tensor.grad
        if (
            fact is None
            or event.forced
            or not fact.value
            or event.grad_mode is not True
            or event.via == ""
            or event.held
        ):
            return
        message = f"`{event.subject}` requires grad: {event.via} converts it to an array, which raises RuntimeError"
        message += " (use `.detach()` first)"
        yield Verdict(event.site, message, min(event.sure, weakest([fact])), steps(fact), on_host(event))
