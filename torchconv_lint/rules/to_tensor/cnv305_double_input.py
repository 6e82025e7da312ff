"""CNV305: A tensor whose dtype the module's parameters do not have is given to it.

## What it does

Reports float64 tensors given to modules with float32 parameters (the default of both: NumPy computes in float64, torch
in float32), float32 tensors given to modules that were cast with `.double()`, and integer tensors given to linear,
convolutional and recurrent layers. The finding points at the conversion that brought the dtype along, if there is one.

What counts as evidence: arrays that NumPy makes in float64 (`np.zeros`, `np.linspace`, `np.random.rand`, arrays of
Python floats, divisions), float32 arrays that meet a float64 number of NumPy's (`a / np.sqrt(3)`, which widens them
since NumPy 2.0: silent where `target-numpy` is older), followed through arithmetic, `from_numpy`, `as_tensor`,
`torch.tensor`, moves and views; layers of torch.nn and modules of this file that are built from them.

Silent, deliberately: dtypes that are not known; modules from other files; modules that other code may have cast
(`.to(x)`, `.type(…)`); files that call `torch.set_default_dtype`; autocast; losses, most of which promote.

Confidence: *certain*. *Possible* (not shown by default) adds values of which only some have the dtype.

The rule is off by default: what it reports raises at once, on every device, and code that is published has been run. In
public code that nobody had looked at before, none of 3 findings were true (docs/precision.md).

## Why is this bad?

It raises, in every layer that has parameters. Where it does not raise (arithmetic, `mse_loss`), everything after it is
computed in float64, at twice the memory and on many GPUs a fraction of the speed. MPS has no float64 at all.

## Example

```python
import numpy as np
import torch
from torch import nn

head = nn.Linear(3, 2)


def score(samples):
    features = np.zeros((samples, 3))
    return head(torch.from_numpy(features))
```

## Use instead

```python
import numpy as np
import torch
from torch import nn

head = nn.Linear(3, 2)


def score(samples):
    features = np.zeros((samples, 3), dtype=np.float32)
    return head(torch.from_numpy(features))
```

## Fix safety

Unsafe: `.float()` (or what the parameters are) is written after the conversion. Numbers are rounded to seven digits;
where that is too little, cast the module with `.double()` instead. Cheaper by hand: make the array float32 at once.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU, with float64 input and float32 parameters:

- `nn.Linear`, `nn.LSTMCell`, `nn.TransformerEncoderLayer`: `RuntimeError: mat1 and mat2 must have the same dtype, but
  got Double and Float`; `nn.Conv1d`, `nn.Conv2d`: `RuntimeError: Input type (double) and bias type (float) should be
  the same`;
- `nn.LSTM`, `nn.GRU`, `nn.RNN`: `ValueError: RNN input dtype (torch.float64) does not match weight dtype
  (torch.float32)`;
- `nn.BatchNorm1d`, `nn.LayerNorm`, `nn.GroupNorm`: `RuntimeError: mixed dtype (CPU): all inputs must share same
  datatype.`; `nn.PReLU`, `nn.Bilinear`, `nn.ConvTranspose2d` raise as well;
- the same with int64 input;
- `np.ones(3, np.float32) / np.sqrt(3)` is float64 with NumPy 2.0.2, 2.3.5 and 2.4.6, float32 with NumPy 1.26.4;
  `/ math.sqrt(3)` is float32 in all of them;
- `t64 + weight` and `mse_loss(t32, t64)` give float64; `binary_cross_entropy` raises.
- versions: torch 1.13 raises as well, with other texts (seen): `expected scalar type Double but found Float` for
  `nn.Linear` and the norms, `mat1 and mat2 must have the same dtype` for `nn.LSTM`. With
  NumPy 1.26 a float64 number leaves a float32 array as it is (seen): `x * np.sqrt(2)` is an error from NumPy 2 on.
- not yet run on CUDA.

## References

- Tensor Attributes (torch.dtype): https://docs.pytorch.org/docs/stable/tensor_attributes.html
- torch.nn.Module.double: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
- torch.from_numpy: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import weakest
from torchconv_lint.analysis.telling.events import ModuleFed
from torchconv_lint.fixing.proposal import Proposal, after
from torchconv_lint.model import Safety
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.rules.to_tensor.wording import pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

_FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})
_INTEGERS = frozenset({"int8", "int16", "int32", "int64", "uint8", "bool"})
_FLOATS_ONLY = ("Linear", "Conv", "LSTM", "GRU", "RNN", "LayerNorm", "BatchNorm", "GroupNorm")
"""Modules whose input cannot be integers: what else a module does with them is its own affair (embeddings)."""
_METHODS = {"float32": ".float()", "float64": ".double()", "float16": ".half()", "bfloat16": ".bfloat16()"}


class DoubleInput(Rule[ModuleFed]):
    """A tensor whose dtype the module's parameters do not have is given to it."""

    code = "CNV305"
    name = "double-input"
    hears = (ModuleFed,)
    default = False
    triggers = (
        ("from_numpy",),
        ("tensor(array)",),
        *pairs(("double",), ("torch.Linear", "torch.Conv1d", "torch.Conv2d", "torch.LSTM")),
    )

    def judge(self, event: ModuleFed) -> Iterator[Verdict]:
        """Both dtypes are known and differ."""
        fact, parameters = event.tensor.dtype, str(event.parameters.value)
        if fact is None:
            return
        given = str(fact.value)
        mixed = given in _FLOATS and given != parameters and "float64" in (given, parameters)
        integers = given in _INTEGERS and event.kind.startswith(_FLOATS_ONLY)
        if not mixed and not integers:
            return
        because = (*steps(fact, event.parameters),)
        if event.converted is not None:
            text = event.converted.text
            message = f"`{text}` is {given} and reaches `{event.module}`, whose parameters are {parameters}: it raises"
            because = (*because, (event.site, f"`{event.module}` gets it"))
        else:
            message = f"`{event.subject}` is {given}, the parameters of `{event.module}` are {parameters}: it raises"
        sure = min(event.sure, weakest([fact]))
        yield Verdict(event.converted or event.site, message, sure, because, _cast(event, parameters))


def _cast(event: ModuleFed, parameters: str) -> Proposal | None:
    """Unsafe: numbers are rounded, and who else uses the tensor gets it in the other dtype, too."""
    call, where = event.site, event.converted
    if where is None and len(call.arguments) == 1 and not call.keywords:
        where = call.arguments[0]
    method = _METHODS.get(parameters)
    if where is None or method is None:
        return None
    return Proposal(f"cast it with `{method}`", Safety.UNSAFE, (after(where, method),))
