"""CNV705: `.numpy()` inside a function that is compiled by `torch.jit.script`.

## What it does

Reports `.numpy()` and functions of NumPy on a tensor inside a function or module of the file that
`torch.jit.script` compiles, and in what it calls.

Found: functions of the file that are decorated (`@torch.jit.script`, also through `functools.partial`) or handed
over (`torch.jit.script(model)`), lambdas, methods, modules of the file (their `forward`), and the functions of the
file that they call.

Silent, deliberately: `.item()`, `float()`, `int()` and branches on a tensor, which TorchScript supports; code
behind `torch.jit.is_scripting()`; functions under `torch.jit.ignore` and `torch.jit.unused`.

Confidence: *certain*; *likely* for objects that only behave like tensors.

## Why is this bad?

TorchScript compiles the whole function, whether the line is ever reached or not: scripting raises.

## Example

```python
import torch


@torch.jit.script
def total(x: torch.Tensor):
    return float(x.detach().numpy().sum())
```

## Use instead

```python
import torch


@torch.jit.script
def total(x: torch.Tensor):
    return float(x.sum())
```

## Fix safety

No automatic fix. By hand: the tensor operation of the same name, or the conversion in a function under
`@torch.jit.ignore` (which cannot be saved) or outside.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `x.numpy()`: `RuntimeError: 'Tensor' object has no attribute or method 'numpy'`;
- `np.sum(x)`: `TypeError: cannot create weak reference to 'numpy._ArrayFunctionDispatcher' object`;
- `.item()`, `float(x.sum())`, `if x.sum() > 0`, and `.numpy()` behind `if not torch.jit.is_scripting()`: compiled.
- not yet run on CUDA.

## References

- TorchScript language reference: https://docs.pytorch.org/docs/stable/jit_language_reference.html
- torch.jit.script: https://docs.pytorch.org/docs/stable/generated/torch.jit.script.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.terms import ARRAY, SCRIPT
from torchconv_lint.analysis.telling.events import TracedRead
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.tracing.under import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class NumpyInTorchscript(Rule[TracedRead]):
    """`.numpy()` inside a function that is compiled by `torch.jit.script`."""

    code = "CNV705"
    name = "numpy-in-torchscript"
    hears = (TracedRead,)
    triggers = (("script", "jit"),)

    def judge(self, event: TracedRead) -> Iterator[Verdict]:
        """TorchScript knows tensors, but no arrays."""
        if event.how.kind == SCRIPT and event.what == ARRAY:
            message = f"`{event.subject}` becomes an array ({event.via}) under `torch.jit.script`, which has no NumPy"
            yield verdict(event, message)
