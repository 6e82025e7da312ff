"""CNV310: `torch.tensor` is given a tensor.

## What it does

Reports a tensor given to `torch.tensor` or `new_tensor`. An opt-in rule: it warns of a warning.

What counts as evidence: what the analysis knows to be a tensor: annotations, `isinstance` tests, operations of torch.

Silent, deliberately: `torch.as_tensor`, which gives the tensor itself; lists of tensors (CNV312, CNV502); values that
may be a tensor but were only guessed to be one.

Confidence: *certain*; *likely* where the value may be something else on another branch.

Parts of what a module's `forward` is given count as tensors where the rule is asked for, if it asks for their shape or
takes them by a method of tensors; so do items beside one that was asked for its type (`first = batch[0]`, `if
torch.is_tensor(first)`).

## Why is this bad?

It emits a UserWarning, copies, and takes the result out of the autograd graph without a word about that.

## Example

```python
import torch


def target(value: torch.Tensor):
    return torch.tensor(value, dtype=torch.float32)
```

## Use instead

```python
import torch


def target(value: torch.Tensor):
    return value.detach().clone().float()
```

## Fix safety

Unsafe: `torch.tensor(x)` becomes `x.detach().clone()`, which is what it does for tensors; numbers and arrays, should
they come here on another path, have no such methods. With a dtype it becomes `x.detach().to(dtype, copy=True)`.
`new_tensor` and other keywords are left to you. Leave out `.detach()` where gradients should flow, and `.clone()`
where no copy is needed. `torch.as_tensor` takes numbers, arrays and tensors alike and copies only where it must.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU: `UserWarning: To copy construct from a tensor, it is
recommended to use sourceTensor.detach().clone()`, with and without `dtype=`, and the same for `t.new_tensor(u)`; the
result of `torch.tensor(t)` does not require grad when `t` does. Not yet run on CUDA.

## References

- torch.tensor: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
- torch.as_tensor: https://docs.pytorch.org/docs/stable/generated/torch.as_tensor.html
- torch.Tensor.clone: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.clone.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import Tensor
from torchconv_lint.analysis.telling.events import ToTensor
from torchconv_lint.fixing.proposal import Proposal, instead
from torchconv_lint.model import Safety
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.rules.to_tensor.wording import called

if TYPE_CHECKING:
    from collections.abc import Iterator


class TensorOfATensor(Rule[ToTensor]):
    """`torch.tensor` is given a tensor."""

    code = "CNV310"
    name = "tensor-of-a-tensor"
    hears = (ToTensor,)
    default = False
    triggers = (("torch.tensor",), ("new_tensor",))

    def judge(self, event: ToTensor) -> Iterator[Verdict]:
        """The argument is a tensor already."""
        if not isinstance(event.source, Tensor) or event.via not in ("tensor", "new_tensor"):
            return
        message = f"`{event.subject.text}` is a tensor already: {called(event)} warns and copies"
        grad = event.source.grad
        if grad is not None and grad.value:
            message += ", and the copy is cut off from the graph"
        message += " (use `.detach().clone()`)"
        because = steps(grad) if grad is not None and grad.value else ()
        yield Verdict(event.site, message, event.sure, because, _cloned(event))


def _cloned(event: ToTensor) -> Proposal | None:
    """Unsafe: numbers and arrays, which may come here as well, have no `.detach()`."""
    call = event.site
    if event.via != "tensor" or call.keywords not in ((), ("dtype",)) or len(call.arguments) != 1 + len(call.keywords):
        return None
    if not call.keywords:
        return Proposal("use `.detach().clone()`", Safety.UNSAFE, (instead(call, event.subject, ".detach().clone()"),))
    if call.arguments[0] != event.subject:
        return None
    cast = instead(call, event.subject, ".detach().to(", call.arguments[1], ", copy=True)")
    return Proposal("use `.detach().to(…, copy=True)`", Safety.UNSAFE, (cast,))
