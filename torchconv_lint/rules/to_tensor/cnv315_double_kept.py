"""CNV315: NumPy's float64 becomes a double tensor that nobody has asked for.

## What it does

Reports `torch.from_numpy(a)`, `torch.as_tensor(a)` and `torch.tensor(a)` of an array that is float64 because NumPy
makes it so, where the tensor is then stored, returned or handed on as it is. Only in files that never say "float64"
or "double".

Also reported: an array that one branch casts to float32 and another one leaves as it is; and what a caller or an
environment gives (`obs`, `state: np.ndarray`), made a tensor without a cast and given to a module; so is what a scaler
or an encoder gives (`scaler.transform(row)`), also where it goes to a `TensorDataset` in a file that makes nothing
float32, and what a function gives whose results are made float32 elsewhere in the file.

Silent, deliberately: `.float()`, `dtype=` or another cast on the way; files that ask for doubles somewhere.

Confidence: *likely*. Off by default: whether float64 hurts is decided by whoever gets it. A tensor that reaches a
module of the file is CNV305, which is on.

## Why is this bad?

Everything computed with it is float64 as well, at twice the memory and a fraction of the speed of an accelerator;
the first layer that meets it raises. MPS has no float64 at all. Which dtype comes out may depend on a branch or a
setting, so that tests do not see it.

## Example

```python
import numpy as np
import torch


def schedule(steps):
    return torch.from_numpy(np.linspace(0, 1, steps))
```

## Use instead

```python
import numpy as np
import torch


def schedule(steps):
    return torch.from_numpy(np.linspace(0, 1, steps, dtype=np.float32))
```

## Fix safety

No automatic fix: float32 has other values. By hand: `dtype=np.float32` where the array is made,
`.astype(np.float32)`, or `.float()` on the tensor, which copies.

## Proof

Run with torch 2.13.0 (CPU build), NumPy 2.4.6 and scikit-learn 1.9.1 on the CPU:

- `torch.from_numpy`, `torch.as_tensor` and `torch.tensor` of `np.linspace(0, 1, 3)`, `np.zeros(3)`,
  `np.random.rand(3)` and `np.array([0.5])` give float64; `torch.linspace(0, 1, 3)` gives float32.
- `TfidfVectorizer().fit_transform(texts).toarray()` is float64.
- not yet run on CUDA, nor on MPS; that this has no float64 is its documentation's word.

## References

- torch.from_numpy: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
- Tensor Attributes (torch.dtype): https://docs.pytorch.org/docs/stable/tensor_attributes.html
- MPS backend: https://docs.pytorch.org/docs/stable/notes/mps.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import DoubleKept
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class DoubleKeptUnasked(Rule[DoubleKept]):
    """NumPy's float64 becomes a double tensor that nobody has asked for."""

    code = "CNV315"
    name = "double-kept"
    hears = (DoubleKept,)
    default = False
    triggers = (("from_numpy",), ("tensor(array)",))
    triggers_on_request = (("as_tensor",), ("torch.tensor",))

    def judge(self, event: DoubleKept) -> Iterator[Verdict]:
        """It goes on as float64."""
        if event.untold:
            message = (
                f"`{event.site.text}` keeps the array's dtype, NumPy's float64 as a rule, and goes to {event.where}"
            )
            yield Verdict(event.site, message, Confidence.LIKELY, on_request=True)
            return
        message = f"`{event.site.text}` keeps NumPy's float64, and goes to {event.where} as a double tensor"
        because = (*steps(event.dtype), (event.gone, f"it goes to {event.where}"))
        yield Verdict(event.site, message, Confidence.LIKELY, because)
