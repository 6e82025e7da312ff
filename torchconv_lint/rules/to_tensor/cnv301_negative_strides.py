"""CNV301: An array with negative strides becomes a tensor.

## What it does

Reports an array that has been turned round (`a[::-1]`, `image[..., ::-1]` from BGR to RGB, `np.flip`, `np.fliplr`,
`np.flipud`, `np.rot90`) and becomes a tensor: by `torch.from_numpy`, `torch.tensor`, `torch.as_tensor`, the legacy
constructors (`torch.FloatTensor(a)`), `new_tensor`, as the lengths of `pack_padded_sequence`, or as an index of a
tensor.

What counts as evidence: the turn is in this file, and only views lie between it and the conversion (`transpose`, `.T`,
`expand_dims`, further slices, helpers of the file, one branch of a condition). Of something unknown, a negative step
along one of several axes (`x[:, :, ::-1]`) tells that it is an array: lists and tensors do not take it.

Silent, deliberately: `list[::-1]`; an array that is copied on the way (`.copy()`, `np.ascontiguousarray`, `astype`,
arithmetic, `np.stack`); one that is turned twice; `reshape` of an array with several dimensions, which may copy; lists
of such arrays, which torch reads element by element.

Confidence: *certain*; *likely* if only one branch turns the array, or a random number of quarter turns. *Possible* (not
shown by default) adds `x[::-1]` of something unknown given to `torch.tensor`, where it may be a list.

## Why is this bad?

The conversion raises. A random flip or a rotation hides it from the first runs.

## Example

```python
import cv2
import torch


def load(path):
    image = cv2.imread(path)[:, :, ::-1]
    return torch.from_numpy(image.transpose(2, 0, 1))
```

## Use instead

```python
import cv2
import torch


def load(path):
    image = cv2.imread(path)[:, :, ::-1].copy()
    return torch.from_numpy(image.transpose(2, 0, 1))
```

## Fix safety

Adds `.copy()`: safe where the array is turned in the converted expression itself (`a[::-1]`), unsafe elsewhere, since
an array that is not turned on some other path would share its memory no more. It costs one copy of the array; values,
dtype and shape stay. `np.ascontiguousarray` does the same, except for an axis of length 1, whose stride it leaves
negative. Or turn the tensor instead: `torch.flip` copies as well.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU, with `a = np.arange(6.0).reshape(2, 3)[::-1]`:

- `from_numpy`, `tensor`, `as_tensor` (with and without `dtype=`), `Tensor`, `FloatTensor`, `new_tensor`,
  `t[np.arange(3)[::-1]]` and `pack_padded_sequence(x, np.array([2, 3])[::-1])`: `ValueError: At least one stride in the
  given numpy array is negative, and tensors with negative strides are not currently supported`;
- `a.T`, `a[None]`, `a[:1]` and `np.asarray(a)` still have the negative stride; `a[0]`, `a.copy()`, `a * 2`,
  `a.astype("float32")` and `np.stack([a])` have none; `a.reshape(-1)` copies, `a.reshape(2, 3, 1)` does not;
- `torch.tensor([a, a])` works (slowly).
- not yet run on CUDA.

## References

- torch.from_numpy: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
- numpy.flip: https://numpy.org/doc/stable/reference/generated/numpy.flip.html
- numpy.ndarray.strides: https://numpy.org/doc/stable/reference/generated/numpy.ndarray.strides.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import Array
from torchconv_lint.analysis.telling.events import ToTensor
from torchconv_lint.fixing.proposal import Proposal, after
from torchconv_lint.model import Confidence, Safety
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.rules.to_tensor.wording import CONSTRUCTORS, called, pairs

if TYPE_CHECKING:
    from collections.abc import Iterator


class NegativeStrides(Rule[ToTensor]):
    """An array with negative strides becomes a tensor."""

    code = "CNV301"
    name = "negative-strides"
    hears = (ToTensor,)
    triggers = (
        *pairs(CONSTRUCTORS, ("[::-1]", "np.flip", "np.fliplr", "np.flipud", "np.rot90")),
        ("[::-1]", "np.arange"),
    )

    def judge(self, event: ToTensor) -> Iterator[Verdict]:
        """A negative stride surely: the conversion raises."""
        fact = event.source.reversed if isinstance(event.source, Array) else None
        if fact is not None:
            message = f"`{event.subject.text}` has a negative stride: {called(event)} raises ValueError (copy it first)"
            yield Verdict(event.site, message, min(event.sure, fact.confidence), steps(fact), _copied(event))


def _copied(event: ToTensor) -> Proposal:
    """Safe where the array is turned in the converted expression itself: no other caller can bring one that is not."""
    safe = event.sure is Confidence.CERTAIN and event.subject.text.endswith("::-1]")
    change = after(event.subject, ".copy()")
    return Proposal("copy it with `.copy()`", Safety.SAFE if safe else Safety.UNSAFE, (change,))
