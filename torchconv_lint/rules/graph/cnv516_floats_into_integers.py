"""CNV516: Floating-point values are written into an integer tensor.

## What it does

Reports `t[i] = x`, `t[a:b] = x`, `t.copy_(x)` and `t.fill_(0.5)` where `t` is an integer tensor by the code that makes
it, and `x` a tensor of floating-point numbers (or one that requires grad), or a number with a fraction.

Silent, deliberately: values that have been rounded (`.round()`, `.floor()`, `.long()`, `int(…)`); buffers of unknown
dtype; whole numbers such as `1.0`; `t += 0.5`, which raises by itself.

Confidence: *certain* when both dtypes are in the code.

## Why is this bad?

The buffer keeps its dtype: every value is truncated towards zero, and the gradient ends there. Nothing warns. The
buffer is mostly an integer one by accident: `torch.full((n,), 0)`, `torch.tensor([0, 0])`, `torch.arange(n)`.

## Example

```python
import torch


def means(groups: list[torch.Tensor]):
    result = torch.tensor([0, 0, 0])
    for i, group in enumerate(groups):
        result[i] = group.float().mean()
    return result
```

## Use instead

```python
import torch


def means(groups: list[torch.Tensor]):
    result = torch.zeros(3)
    for i, group in enumerate(groups):
        result[i] = group.float().mean()
    return result
```

## Fix safety

No automatic fix. By hand: a floating-point buffer (`torch.zeros(n)`, `torch.full((n,), 0.0)`, `dtype=x.dtype`); or
`.round().long()` where whole numbers are meant.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `y = torch.zeros(2, dtype=torch.long)`: `y.copy_(torch.tensor([1.7, 2.2]))` gives 1, 2; `y[0] = 2.9` gives 2;
  `y.fill_(1.5)` ones; a value that requires grad leaves `y.requires_grad` False;
- `y += 1.5` raises `RuntimeError: result type Float can't be cast to the desired output type Long`, and so do writes by
  an index tensor;
- not yet run on CUDA.

## References

- torch.Tensor.copy_: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.copy_.html
- Type promotion: https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import FloatsIntoIntegers
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class FloatsTruncated(Rule[FloatsIntoIntegers]):
    """Floating-point values are written into an integer tensor."""

    code = "CNV516"
    name = "floats-into-integers"
    hears = (FloatsIntoIntegers,)
    triggers = (("integers written",),)

    def judge(self, event: FloatsIntoIntegers) -> Iterator[Verdict]:
        """Both dtypes are known, and the values are cut to fit."""
        target = event.tensor.dtype
        if target is None:
            return
        value = event.value
        lost = "the values are truncated"
        grad = value.grad if value is not None else None
        if grad is not None and grad.value:
            lost += ", and the gradient is lost"
        facts = [target, *([value.dtype] if value is not None and value.dtype is not None else [])]
        if grad is not None and grad.value:
            facts.append(grad)
        message = f"`{event.subject}` holds {target.value}: {lost} ({event.via})"
        yield Verdict(event.site, message, min(fact.confidence for fact in facts), steps(*facts))
