"""CNV103: A bfloat16 or float8 tensor becomes an array.

## What it does

Reports a bfloat16 or float8 tensor that becomes an array: by `.numpy()`, by `.numpy(force=True)`, or in a function
that converts by itself (`np.asarray`, `plt.plot`, `accuracy_score`), alone or in a list.

What counts as evidence: `dtype=torch.bfloat16`, `.bfloat16()`, `.to(torch.bfloat16)` (through a variable or an
attribute too), the output of a module that was cast so, a model loaded with `torch_dtype=torch.bfloat16` (or
`dtype=`), and `torch.autocast` in bfloat16 around what it lowers: linear and convolutional layers, LSTM, attention,
and products such as `a @ b`, `torch.einsum` and `F.linear`. For the CPU bfloat16 is autocast's default. Whether the
last operation of a module that cannot be seen is one of these, nobody knows: its output is told to those who ask for
the code. A parameter whose default is `torch.bfloat16` is taken at its word.

Silent, deliberately: a dtype that other code passes in (`x.to(dtype)`); models loaded in a dtype of the library's own
choice (`torch_dtype="auto"`); results whose operands differ in dtype; float16, which NumPy has.

Confidence: *certain* where the cast is in the code, *likely* where only one branch casts or where the value is a
tensor by its use only. *Possible* (not shown by default) adds values that may be such a tensor.

Those who ask for the rule are also told of what has the dtype of a checkpoint that nobody has read here: values of
`torch.load(…)` that a loop converts, outputs such as `last_hidden_state` of a model that the function is given; and of
helpers that are called after the conversion (`def to_np(tensor)`), which callers give whatever they have; and of
parameters called like outputs, or asked if they are tensors, outputs of the object's model (`self.model(x)`,
`self.vae.decode(z)`), what a pipeline gives, and predictions of a Lightning trainer, that are brought to the host as
they are.

## Why is this bad?

NumPy has no such dtype. The conversion raises a TypeError on every device, `force=True` included. It appears the
day somebody switches mixed precision on.

## Example

```python
import torch
from torch import nn

head = nn.Linear(8, 2).to(torch.bfloat16)


@torch.no_grad()
def class_scores(features):
    logits = head(features.to(torch.bfloat16))
    return logits.cpu().numpy()
```

## Use instead

```python
import torch
from torch import nn

head = nn.Linear(8, 2).to(torch.bfloat16)


@torch.no_grad()
def class_scores(features):
    logits = head(features.to(torch.bfloat16))
    return logits.float().cpu().numpy()
```

## Fix safety

Unsafe: inserts `.float()` before the conversion, which would make less of a tensor that is float64 on another path.
Every bfloat16 value is a float32 value, so nothing of it is lost; the array is float32, twice the size, and shares no
memory with the tensor. Without the cast, `.tolist()` and `.item()` work on bfloat16.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `TypeError: Got unsupported ScalarType BFloat16` from `.numpy()`, `.numpy(force=True)`, `np.asarray(t)` and
  `np.array([t[0], t[0]])`;
- `TypeError: Got unsupported ScalarType Float8_e4m3fn`, and the same for `Float8_e5m2`;
- `.float().numpy()` returns a float32 array, `.half().numpy()` a float16 one.
- not yet run on CUDA.

So "dtypes correspond, the conversion keeps them" holds only for the dtypes that NumPy has.

## References

- torch.Tensor.numpy: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.numpy.html
- Tensor Attributes (torch.dtype): https://docs.pytorch.org/docs/stable/tensor_attributes.html
- Automatic Mixed Precision package: https://docs.pytorch.org/docs/stable/amp.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import weakest
from torchconv_lint.analysis.telling.events import ToNumpy
from torchconv_lint.analysis.telling.wherever import OF_A_DTYPE
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.rules.to_numpy.host import NO_NUMPY_DTYPE, on_host

if TYPE_CHECKING:
    from collections.abc import Iterator


class NumpyOnBfloat16(Rule[ToNumpy]):
    """A bfloat16 or float8 tensor becomes an array."""

    code = "CNV103"
    name = "numpy-on-bfloat16"
    hears = (ToNumpy,)
    of_helpers = True
    triggers = (("implicit", "'bfloat16'"),)
    triggers_on_request = (("handed",),)

    def judge(self, event: ToNumpy) -> Iterator[Verdict]:
        """A bfloat16 or float8 tensor becomes an array."""
        fact = event.tensor.dtype
        whatever = event.way is not None and OF_A_DTYPE.isdisjoint(event.way)
        if fact is None and (whatever or event.loaded):
            given = "whatever a caller has" if whatever else "of the dtype of a checkpoint"
            message = f"`{event.subject}` is {given}: `.numpy()` raises TypeError for bfloat16 (use `.float()` first)"
            yield Verdict(event.site, message, min(event.sure, Confidence.LIKELY), (), None, on_request=True)
        if fact is None or fact.value not in NO_NUMPY_DTYPE:
            return
        message = f"`{event.subject}` is {fact.value}, which NumPy does not have"
        message += ": the conversion raises TypeError (use `.float()` first)"
        sure = min(event.sure, weakest([fact]))
        yield Verdict(event.site, message, sure, steps(fact), on_host(event), on_request=fact.is_doubted)
