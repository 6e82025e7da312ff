"""CNV309: A shape is given where data belong.

## What it does

Reports a constructor whose data are thrown away at once, so that a shape was meant: `torch.tensor((2, 3)).normal_()`,
`nn.init.xavier_uniform_(torch.Tensor([4, 5]))`; and literal tuples of sizes with a zero in them,
`torch.tensor((2, 0))`: an empty tensor was meant.

Silent, deliberately: shapes that are wanted as numbers (`torch.tensor(x.shape)`); `torch.Tensor(x.shape)` of a tensor's
shape, which is taken as sizes; tuples that begin with a zero, which may be a range.

Told to those who ask for the rule: a parameter that is called a shape and made floating-point data
(`torch.tensor(shape, dtype=torch.float32)`), and a tuple that such a shape is a part of; sizes whose tensor is written
by rows (`out = torch.tensor(size, dtype=x.dtype)`, `out[i, :n] = x`); one of literal sizes in a branch for what is not
there (`else: boxes = torch.tensor((0, 4))`); a tuple of zeros that the file gives to `torch.zeros` as a shape
elsewhere; a tuple with a zero in it that goes by a name, which is as often a pair of numbers.

Confidence: *certain* where the data are overwritten, *likely* for tuples with a zero. *Possible* (not shown by default)
adds tuples that begin with a zero.

## Why is this bad?

The tensor holds the sizes as values and has the wrong shape. It fails far away, or broadcasts and does not fail.

## Example

```python
import torch


def no_edges():
    return torch.tensor((2, 0), dtype=torch.long)
```

## Use instead

```python
import torch


def no_edges():
    return torch.empty((2, 0), dtype=torch.long)
```

## Fix safety

Unsafe: for a tuple with a zero in it `torch.tensor` becomes `torch.empty`, with the same arguments; without a `dtype`
the result is float32. It has the shape that was written, where the sizes were data before. Where the data are
overwritten, by hand: `torch.empty`, `torch.zeros` or `torch.randn` with the same sizes.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU: `torch.tensor((2, 0))` has two elements, `torch.empty((2,
0))` has none and two dimensions; `torch.Tensor([4, 5]).zero_()` has two elements, `torch.Tensor(4, 5)` twenty.
`torch.Tensor(torch.ones(2, 3).shape)` has six, `torch.Tensor(np.ones((2, 3)).shape)` two. Not yet run on CUDA.

## References

- torch.tensor: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
- torch.empty: https://docs.pytorch.org/docs/stable/generated/torch.empty.html
- torch.nn.init: https://docs.pytorch.org/docs/stable/nn.init.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import Const, Kind, Sequence
from torchconv_lint.analysis.telling.events import DataOverwritten, ShapeGiven, ToTensor
from torchconv_lint.fixing.proposal import Proposal, instead
from torchconv_lint.model import Confidence, Safety
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.to_tensor.wording import called

if TYPE_CHECKING:
    from collections.abc import Iterator


class ShapeAsData(Rule["ToTensor | DataOverwritten | ShapeGiven"]):
    """A shape is given where data belong."""

    code = "CNV309"
    name = "shape-as-data"
    hears = (ToTensor, DataOverwritten, ShapeGiven)
    triggers = (("tensor(sizes)",), ("tensor(filled)",))
    triggers_on_request = (("torch.tensor",),)

    def judge(self, event: ToTensor | DataOverwritten | ShapeGiven) -> Iterator[Verdict]:
        """The data are sizes: they are overwritten, or one of them is zero."""
        if isinstance(event, ShapeGiven):
            message = (
                f"`torch.{event.via}` takes `{event.subject}` as data: for a tensor of that shape use `torch.empty`"
            )
            yield Verdict(event.site, message, Confidence.LIKELY, on_request=True)
            return
        if isinstance(event, DataOverwritten):
            message = f"`torch.{event.via}` takes `{event.subject}` as data, which `{event.fill}` overwrites: a shape"
            yield Verdict(event.site, f"{message} was meant (use `torch.empty`)", Confidence.CERTAIN)
            return
        sizes = _sizes(event.source)
        if event.via in ("from_numpy", "indexing") or len(sizes) < 2 or 0 not in sizes:
            return
        if max(sizes) < 2:
            if _is_a_shape_elsewhere(event):
                message = (
                    f"{called(event)} takes `{event.subject.text}` as data, which is a shape elsewhere in this file"
                )
                yield Verdict(event.site, f"{message} (use `torch.zeros`)", Confidence.LIKELY, on_request=True)
            return
        message = f"{called(event)} takes `{event.subject.text}` as data: for an empty tensor use `torch.empty`"
        sure = Confidence.POSSIBLE if sizes[0] == 0 else Confidence.LIKELY
        named = not event.subject.text.startswith("(")  # what has a name of its own is as often a pair of numbers
        yield Verdict(event.site, message, min(sure, event.sure), fix=_empty(event), on_request=named)


def _is_a_shape_elsewhere(event: ToTensor) -> bool:
    """`torch.zeros((0, 0, 0))` in the file, and no other size in what is given here."""
    subject = event.subject
    return re.search(rf"\b(zeros|ones|empty)\({re.escape(subject.text)}", subject.segment.file_text) is not None


def _empty(event: ToTensor) -> Proposal | None:
    """Unsafe: it is another tensor. `torch.empty` takes the keywords of the constructors."""
    callee = event.site.callee
    if event.via not in ("tensor", "as_tensor", "asarray") or callee is None:
        return None
    change = instead(callee, "torch.empty")
    return Proposal("use `torch.empty`", Safety.UNSAFE, (change,), names=("torch.empty",))


def _sizes(kind: Kind) -> list[int]:
    """The integers of a literal tuple; empty for anything else."""
    if not isinstance(kind, Sequence) or kind.mutable or not kind.items:
        return []
    values = [item[0].kind.value for item in kind.items if len(item) == 1 and isinstance(item[0].kind, Const)]
    whole = [value for value in values if isinstance(value, int) and not isinstance(value, bool) and value >= 0]
    return whole if len(whole) == len(kind.items) else []
