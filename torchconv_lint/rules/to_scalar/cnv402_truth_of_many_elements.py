"""CNV402: The truth value of a tensor with several elements is asked for.

## What it does

Reports a tensor with more than one element where Python asks for one truth value: `if`, `while`, `assert`, `not`,
`and`, `or`, `bool()`, a conditional expression, the filter of a comprehension. And a tensor that may also be None
tested by itself (`if mask:`), where `is not None` was meant.

What counts as evidence: sizes written out in the code, as for CNV401; for "or None" an annotation such as
`torch.Tensor | None` over something that the function uses as a tensor, a call in the file that passes a tensor,
branches that assign one, or what the tested branch itself does with the value: `if m.bias: nn.init.zeros_(m.bias)`,
`if mask: x = x.masked_fill(mask == 0, -1e9)`.

Silent, deliberately: tensors of unknown size, unless they may be None; one-element results (`.any()`, `.all()`,
`.sum()`); lists of tensors; `len(x)`, `x.shape`, `x.numel()`; the bias of layers that the file makes with
`bias=False`. Not seen: the truth value inside `x in list`, `max(a, b)` and `0 < x < 1`.

Confidence: *certain* when the size is in the code, *likely* for "or None". Shown to those who ask for the rule: a size
that is only *likely* to be more than one, what nothing but an annotation calls a tensor (many of these turned out to be
lists, numbers or batches of a tokenizer), what 0 takes the place of (`loss if loss else 0`), and an argument that may
be left out if no annotation or docstring speaks of it and no call in the file gives it. *Possible* (not shown
by default) adds names that are a tensor only by the way they are used.

So is a name, or an item of a dict, that is tested by itself and used elsewhere in the function as data are: asked for
a mean or its shape, joined to other tensors, given to a loss, to a function of torch's or to `from_numpy`, or made of
zeros where it is not there.

Those who ask for the rule are also told of a bias whose function uses the weight beside it (`if layer.bias:`).

## Why is this bad?

With several elements it raises. With one element it does not, but is False for a zero: an optional mask or weight
that happens to be 0 is treated as absent, without a word.

## Example

```python
import torch


def scaled(x: torch.Tensor, weight: torch.Tensor | None = None):
    if weight:
        x = x * weight
    return x
```

## Use instead

```python
import torch


def scaled(x: torch.Tensor, weight: torch.Tensor | None = None):
    if weight is not None:
        x = x * weight
    return x
```

## Fix safety

For "is it there?", unsafe: writes `is not None` (for `not mask`: `is None`), which changes the outcome for a zero;
that is the point. Only where nothing but the truth value is used: not in `x = mask or other`. Everything else only
you can tell: `.any()` or `.all()` for a condition on the elements; `&`, `|` and `~` for element-wise logic;
`torch.where` to choose element by element; `torch.equal(a, b)` for "the same?". On an accelerator every truth value
waits for the device; `is not None` does not.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `bool(t)`, `not t`, `a and b`: `RuntimeError: Boolean value of Tensor with more than one value is ambiguous`;
- `bool(torch.ones(0))`: `RuntimeError: Boolean value of Tensor with no values is ambiguous`;
- `bool(torch.zeros(1))` is False.
- not yet run on CUDA.

## References

- torch.any: https://docs.pytorch.org/docs/stable/generated/torch.any.html
- torch.all: https://docs.pytorch.org/docs/stable/generated/torch.all.html
- torch.where: https://docs.pytorch.org/docs/stable/generated/torch.where.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import MANY, ONE, weakest
from torchconv_lint.analysis.telling.events import Tested
from torchconv_lint.fixing.proposal import Proposal, instead
from torchconv_lint.model import Confidence, Safety
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class TruthOfManyElements(Rule[Tested]):
    """The truth value of a tensor with several elements is asked for."""

    code = "CNV402"
    name = "truth-of-many-elements"
    hears = (Tested,)
    triggers_on_request = (("if",),)

    def judge(self, event: Tested) -> Iterator[Verdict]:
        """Several elements surely, or a tensor that may also be None, where `is not None` was meant."""
        count = event.tensor.count
        if count is not None and count.value == MANY:
            message = f"`{event.subject}` has more than one element: its truth value raises RuntimeError"
            message += " (use `.any()` or `.all()`)"
            sure = min(event.sure, weakest([count]))
            # A sure exception on the way that every run takes has been seen: what is less than certain was never true.
            yield Verdict(event.site, message, sure, steps(count), on_request=sure < Confidence.CERTAIN)
        elif event.or_none and (count is None or count.value != ONE):
            message = f"`{event.subject}` is a tensor or None: its truth value raises for more than one element"
            message += " and is False for a zero (use `is not None`)"
            sure = min(event.sure, Confidence.LIKELY)
            yield Verdict(event.site, message, sure, fix=_compared(event), on_request=event.doubtful)


def _compared(event: Tested) -> Proposal | None:
    if not event.condition:
        return None  # `a or b` gives `a` itself, not only its truth
    if event.negation is not None:
        change = instead(event.negation, event.site, " is None")
        return Proposal("compare it with None: `is None`", Safety.UNSAFE, (change,))
    change = instead(event.site, event.site, " is not None")
    return Proposal("compare it with None: `is not None`", Safety.UNSAFE, (change,))
