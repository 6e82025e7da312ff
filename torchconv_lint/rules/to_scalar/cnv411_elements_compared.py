"""CNV411: Lists of tensors are compared, searched or counted by Python.

## What it does

Reports what makes Python compare tensors that a list, tuple or dict holds, when they have more than one element:
`xs == ys`, `x in xs`, `xs.index(x)`, `xs.remove(x)`, `xs.count(x)`. Lists of a module's parameters count as such.

Silent, deliberately: tensors with one element or of unknown size; lists of different known lengths, and empty ones;
sets and dicts, which hash (CNV415); lists of ids, shapes or numbers.

Confidence: *certain* when the sizes are in the code, *likely* for parameters.

Tensors of which nobody knows how many elements they have are told to those who ask for the rule.

## Why is this bad?

Python compares item by item with `==` and asks for the truth of each outcome, which is a tensor. It gets away with
that only for the very same object, which it takes for equal without asking: the code works as long as the first item
happens to be the one, and raises for the second.

## Example

```python
from torch import nn


def owns(model: nn.Module, parameters):
    parameters = list(parameters)
    return parameters == [p for p in model.parameters()]
```

## Use instead

```python
from torch import nn


def owns(model: nn.Module, parameters):
    return [id(p) for p in parameters] == [id(p) for p in model.parameters()]
```

## Fix safety

No automatic fix. By hand: `any(x is y for y in xs)` for "is it one of these?"; `torch.equal(a, b)` for equal values,
with `all(… for a, b in zip(xs, ys))` around it; lists of `id(x)`, or sets of tensors, for objects. Which of the two was
meant only the author knows.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `[v] == [v.clone()]`, `v in [v.clone()]`, `.index`, `.remove`, `.count`, `{"a": v} == {"a": v.clone()}`:
  `RuntimeError: Boolean value of Tensor with more than one value is ambiguous`, or that of
  broadcasting;
- `[v] == [v]` and `v in [v, w]` are True, `[v] == [v.clone(), v]` is False: nothing is compared there;
- not yet run on CUDA.

## References

- Python, comparisons: https://docs.python.org/3/reference/expressions.html#comparisons
- torch.equal: https://docs.pytorch.org/docs/stable/generated/torch.equal.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import ElementsCompared
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class ListsOfTensorsCompared(Rule[ElementsCompared]):
    """Lists of tensors are compared, searched or counted by Python."""

    code = "CNV411"
    name = "elements-compared"
    hears = (ElementsCompared,)
    triggers = (("[==]",),)
    triggers_on_request = (("index",), ("remove",), ("parameters",), ("for&if",))

    def judge(self, event: ElementsCompared) -> Iterator[Verdict]:
        """Tensors with several elements, compared one by one by Python."""
        if event.via not in ("max", "min", "sorted"):
            message = f"`{event.subject}` compares tensors with more than one element: that raises RuntimeError"
            message += " (use `torch.equal`, or `is`)"
            told = steps(event.tensor.count) if event.tensor.count else ()
            yield Verdict(event.site, message, event.sure, told, on_request=event.uncounted)
