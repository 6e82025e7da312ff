"""CNV106: A quantised tensor becomes an array.

## What it does

Reports a quantised tensor that becomes an array: by `.numpy()`, by `.numpy(force=True)`, or in a function that converts
by itself, alone or in a list.

What counts as evidence: `torch.quantize_per_tensor`, `torch.quantize_per_channel` and
`torch.quantize_per_tensor_dynamic`; then views, `.detach()` and moves.

Silent, deliberately: outputs of quantised modules, which are quantised or not as the model says; code behind a test of
`.is_quantized`.

Confidence: *certain* where the code quantises it, *likely* where only one branch does.

## Why is this bad?

A quantised tensor is integers with a scale and a zero point. NumPy has no such dtype: the conversion raises TypeError
on every device, `force=True` included, and `.float()` and `.tolist()` do not work either.

## Example

```python
import torch


def levels(weights):
    small = torch.quantize_per_tensor(weights, 0.1, 0, torch.qint8)
    return small.numpy()
```

## Use instead

```python
import torch


def levels(weights):
    small = torch.quantize_per_tensor(weights, 0.1, 0, torch.qint8)
    return small.int_repr().numpy()
```

## Fix safety

No automatic fix: only the author knows whether the integers (`.int_repr()`) or the numbers that they stand for
(`.dequantize()`) are wanted.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `TypeError: Got unsupported ScalarType QInt8` (`QUInt8`) from `.numpy()`, `.numpy(force=True)`, `np.asarray` and
  `np.array([q[0], q[1]])`;
- torch warns, once, that quantised dtypes are deprecated;
- `.int_repr().numpy()` is int8, `.dequantize().numpy()` float32; `.item()` works;
- `.tolist()` raises `RuntimeError: load_scalar: invalid type`.
- not yet run on CUDA.

## References

- Quantization: https://docs.pytorch.org/docs/stable/quantization.html
- torch.Tensor.int_repr: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.int_repr.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.forms import QUANTISED
from torchconv_lint.analysis.telling.events import ToNumpy
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class NumpyOnQuantised(Rule[ToNumpy]):
    """A quantised tensor becomes an array."""

    code = "CNV106"
    name = "numpy-on-quantised"
    hears = (ToNumpy,)
    triggers = (("implicit", "'quantize'"),)
    triggers_on_request = (("handed",),)

    def judge(self, event: ToNumpy) -> Iterator[Verdict]:
        """A quantised tensor raises, forced or not."""
        fact = event.tensor.form
        if fact is not None and fact.value == QUANTISED:
            verb = "holds quantised tensors" if event.held else "is quantised"
            message = f"`{event.subject}` {verb}, which NumPy cannot take: the conversion raises TypeError"
            message += " (use `.dequantize()` or `.int_repr()` first)"
            yield Verdict(event.site, message, min(event.sure, fact.confidence), steps(fact))
