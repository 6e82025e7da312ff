"""CNV709: A number read off an input is a constant to `torch.func.grad` and relatives.

## What it does

Reports, in functions of the file that `grad`, `grad_and_value`, `jacrev`, `jacfwd`, `hessian`, `vjp` and `jvp` of
`torch.func` (or `jacobian`, `hessian`, `vjp`, `jvp`, `hvp` and `vhp` of `torch.autograd.functional`) differentiate:

- numbers read with `.item()`, `float()`, `int()` or `math`, and `torch.tensor([x, y])`, of what is computed from an
  input by which is differentiated, where a tensor is computed with them;
- `.numpy()` and functions of NumPy on it, which raise.

Silent, deliberately: numbers that are only printed, kept or tested; `.detach()`, which says that a constant is
meant; other arguments than those of `argnums`.

Confidence: *certain* for what is computed from an input in the file, *likely* where a helper outside is involved.

## Why is this bad?

The derivative comes out wrong, in silence: what went through a Python number is missing from it. Autograd's own
sign, a result that does not require grad, does not exist here: a hessian of zeros is a result like any other.

## Example

```python
import torch


def energy(x):
    return x * x.abs().max().item()


def force(x: torch.Tensor):
    return -torch.func.jacrev(energy)(x)
```

## Use instead

```python
import torch


def energy(x):
    return x * x.abs().max()


def force(x: torch.Tensor):
    return -torch.func.jacrev(energy)(x)
```

## Fix safety

No automatic fix. By hand: compute with the tensor; `torch.stack` in place of `torch.tensor`; `.detach()` where a
constant is meant.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `grad(lambda x: x * x.item())` at 2 is 2 and not 4; `hessian(lambda x: x**3 * float(x))` is 24 and not 48;
  `jacrev(lambda x: torch.tensor([x, x * 2]))` is zeros; `vjp`, `jvp`, `jacfwd` and `torch.autograd.functional`
  likewise;
- `float()` warns (once per process), `.item()` and `int()` do not;
- `.detach().numpy()`: `RuntimeError: Cannot access data pointer of Tensor that doesn't have storage`.
- versions: `torch.func` exists from torch 2.0 (before, it was a package of its own, functorch).
- not yet run on CUDA.

## References

- torch.func.grad: https://docs.pytorch.org/docs/stable/generated/torch.func.grad.html
- UX limitations of torch.func: https://docs.pytorch.org/docs/stable/func.ux_limitations.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.terms import ARRAY, GRAD
from torchconv_lint.analysis.telling.events import TracedCut, TracedRead
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.tracing.under import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAKERS = ("jacrev", "jacfwd", "hessian", "jacobian", "grad_and_value", "vjp", "jvp", "hvp", "vhp")


class ConstantUnderGrad(Rule[TracedCut | TracedRead]):
    """A number read off an input is a constant to `torch.func.grad` and relatives."""

    code = "CNV709"
    name = "constant-under-grad"
    hears = (TracedCut, TracedRead)
    triggers = (("grad", "func"), *((f"torch.{maker}",) for maker in _MAKERS))

    def judge(self, event: TracedCut | TracedRead) -> Iterator[Verdict]:
        """A cut that is computed with, or an array."""
        if event.how.kind != GRAD:
            return
        if isinstance(event, TracedCut):
            message = f"`{event.subject}` is read off an input of `{event.how.text}`: a constant to the derivative"
            because = (event.how.site, f"`{event.how.text}` differentiates the function")
            yield Verdict(event.site, message, event.sure, (because,))
        elif event.what == ARRAY and event.tensor.traced is not None:
            message = f"`{event.subject}` becomes an array ({event.via}) under `{event.how.text}`: it raises"
            yield verdict(event, message)
