"""CNV312: A list of tensors with several elements becomes a tensor.

## What it does

Reports lists and tuples given to `torch.tensor`, `torch.as_tensor`, `torch.Tensor` and its relatives that hold a tensor
with more than one element.

What counts as evidence: sizes written out (`torch.zeros(3)`, `torch.tensor([1.0, 2.0])`), followed through arithmetic,
indexing and calls within the file; `nn.Linear(…, 2)`.

Silent, deliberately: tensors whose size is not known, and tensors with one element, which are taken (`[loss1, loss2]`:
see CNV502 for what that does to gradients).

Off by default: in public code that nobody had looked at before none of 3 was true (docs/precision.md).

Confidence: *certain*; *likely* where the element may be something else on another branch.

## Why is this bad?

It raises. Where the tensors happen to have one element (a batch of one in a test) it does not.

## Example

```python
import torch


def corners(scale):
    low = torch.zeros(2)
    high = torch.ones(2) * scale
    return torch.tensor([low, high])
```

## Use instead

```python
import torch


def corners(scale):
    low = torch.zeros(2)
    high = torch.ones(2) * scale
    return torch.stack([low, high])
```

## Fix safety

Unsafe: the constructor becomes `torch.stack`, which makes the dimension that it would have made. It takes tensors of
one shape only and keeps their graph, device and dtype, so that `torch.Tensor` makes float32 of integers no more. There
is no fix where the list may hold other things, and none with a `dtype=`. By hand: `torch.cat`, to join along an old
dimension.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU: `torch.tensor([torch.ones(2), torch.ones(2)])`:
`ValueError: only one element tensors can be converted to Python scalars`; the same from `as_tensor` and `Tensor`. With
tensors of shape `(1,)` or `()` it works. Not yet run on CUDA.

## References

- torch.stack: https://docs.pytorch.org/docs/stable/generated/torch.stack.html
- torch.tensor: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import MANY, Fact, Sequence, Tensor, Value
from torchconv_lint.analysis.telling.events import ToTensor
from torchconv_lint.fixing.proposal import Proposal, instead
from torchconv_lint.model import Confidence, Safety
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.rules.to_tensor.wording import called

if TYPE_CHECKING:
    from collections.abc import Iterator


class ListOfLongTensors(Rule[ToTensor]):
    """A list of tensors with several elements becomes a tensor."""

    code = "CNV312"
    name = "list-of-long-tensors"
    default = False
    hears = (ToTensor,)
    triggers = (("tensor(tensors)", "counted"),)

    def judge(self, event: ToTensor) -> Iterator[Verdict]:
        """Some element has several elements itself."""
        source = event.source
        if not isinstance(source, Sequence) or source.lazy or event.via in ("from_numpy", "indexing"):
            return
        found = _long(source, 0)
        if found is not None:
            count, sure = found
            message = f"`{event.subject.text}` holds a tensor with several elements: {called(event)} raises ValueError"
            message += " (use `torch.stack`)"
            yield Verdict(event.site, message, min(event.sure, sure, count.confidence), steps(count), _stacked(event))


def _stacked(event: ToTensor) -> Proposal | None:
    """Unsafe: `torch.stack` keeps dtype, device and graph, and takes tensors of one shape only."""
    source, call = event.source, event.site
    items = (source.items or (source.element,)) if isinstance(source, Sequence) else ()
    surely = all(item and all(isinstance(kind, Tensor) for kind, _ in item) for item in items)
    if not items or not surely or len(call.arguments) != 1 or call.keywords or call.callee is None:
        return None
    change = instead(call.callee, "torch.stack")
    return Proposal("use `torch.stack`", Safety.UNSAFE, (change,), names=("torch.stack",))


def _long(source: Sequence, depth: int) -> tuple[Fact, Confidence] | None:
    """The element count of a tensor in it that has several, and how sure it is there."""
    elements: tuple[Value, ...] = source.items if source.items is not None else (source.element,)
    # The first element tells how deep the others are: beside a list of rows, a tensor is read row by row.
    listed = any(isinstance(kind, Sequence) for kind, _ in elements[0]) if elements else False
    for element in elements:
        for kind, _ in element:
            if listed and isinstance(kind, Tensor):
                continue
            if isinstance(kind, Tensor) and kind.count is not None and kind.count.value == MANY:
                return kind.count, Confidence.CERTAIN if len(element) == 1 else Confidence.LIKELY
            if isinstance(kind, Sequence) and depth < 3:
                inner = _long(kind, depth + 1)
                if inner is not None:
                    return inner
    return None
