"""CNV105: A conjugate that is not computed yet becomes an array.

## What it does

Reports a complex tensor that becomes an array after `.conj()`, `.H`, `.mH` or `.adjoint()`, and the imaginary part of
such a tensor, where nothing in between has computed it.

What counts as evidence: the tensor is complex by its dtype (`dtype=torch.complex64`, `torch.complex`, `torch.polar`,
`torch.fft.fft` and its relatives), and only views, `.detach()`, `.cpu()` and `.to(device)` come after.

Silent, deliberately: tensors of unknown dtype (the conjugate of a real tensor is the tensor itself);
`.numpy(force=True)`, which computes it; `.contiguous()` and `.reshape()`, which may; results of arithmetic,
`.clone()`, `.abs()`, `.real`.

Confidence: *certain* where the code shows both, *likely* where only one branch does.

## Why is this bad?

PyTorch does not compute a conjugate, it sets a bit and leaves the work to the next operation. NumPy knows no such bit:
the conversion raises RuntimeError, on the CPU too.

## Example

```python
import torch


def matched_filter(signal):
    spectrum = torch.fft.fft(signal)
    return spectrum.conj().numpy()
```

## Use instead

```python
import torch


def matched_filter(signal):
    spectrum = torch.fft.fft(signal)
    return spectrum.conj().resolve_conj().numpy()
```

## Fix safety

Unsafe: inserts `.resolve_conj()` (or `.resolve_neg()` for an imaginary part). It computes what was put off, so that the
array shares no memory with the original; on a tensor without the bit it returns the tensor itself.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `RuntimeError: Can't call numpy() on Tensor that has conjugate bit set. Use tensor.resolve_conj().numpy() instead.`
  after `.conj()`, `.H`, `.mH`, `.adjoint()`, from `.numpy()`, `np.asarray` and `np.abs`; through `.cpu()` and slices,
  and through `.contiguous()` and `.reshape(-1)` where they have nothing to copy;
- `… has negative bit set. Use tensor.resolve_neg().numpy() instead.` from `x.conj().imag`;
- `.clone()`, `torch.stack`, `* 2`, a cast to complex128, `.numpy(force=True)` and a second `.conj()` leave no bit.
- not yet run on CUDA.

## References

- torch.resolve_conj: https://docs.pytorch.org/docs/stable/generated/torch.resolve_conj.html
- torch.resolve_neg: https://docs.pytorch.org/docs/stable/generated/torch.resolve_neg.html
- Complex numbers: https://docs.pytorch.org/docs/stable/complex_numbers.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.forms import CONJUGATE, NEGATIVE
from torchconv_lint.analysis.telling.events import ToNumpy
from torchconv_lint.fixing.proposal import Proposal, after
from torchconv_lint.model import Safety
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

_CURES = {CONJUGATE: ("a conjugate", ".resolve_conj()"), NEGATIVE: ("a negative", ".resolve_neg()")}


class NumpyOnLazyConjugate(Rule[ToNumpy]):
    """A conjugate that is not computed yet becomes an array."""

    code = "CNV105"
    name = "numpy-on-lazy-conjugate"
    hears = (ToNumpy,)
    triggers = (("implicit", "'conj'"),)
    triggers_on_request = (("handed",),)

    def judge(self, event: ToNumpy) -> Iterator[Verdict]:
        """The bit is set, and nobody is told to compute it."""
        fact = event.tensor.form
        if fact is None or fact.value not in _CURES or event.forced:
            return
        what, cure = _CURES[str(fact.value)]
        message = f"`{event.subject}` is {what} that is not computed yet"
        message += f": the conversion raises RuntimeError (use `{cure}` first)"
        fix = None
        if event.operand is not None and not event.held:
            fix = Proposal(f"call `{cure}` first", Safety.UNSAFE, (after(event.operand, cure),))
        yield Verdict(event.site, message, min(event.sure, fact.confidence), steps(fact), fix)
