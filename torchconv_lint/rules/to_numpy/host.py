"""The methods that bring a tensor to where NumPy can take it, and the fix that calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.fixing.proposal import Proposal, after, around
from torchconv_lint.model import Confidence, Safety

if TYPE_CHECKING:
    from torchconv_lint.analysis.telling.events import ToNumpy

NO_NUMPY_DTYPE = frozenset({"bfloat16", "float8_e4m3fn", "float8_e5m2"})
"""What torch has and NumPy has not. float32 holds every one of their values."""


def on_host(event: ToNumpy) -> Proposal | None:
    """Call the methods that this conversion lacks, and no others.

    Safe where the operand is a tensor for certain: `.detach()` and `.cpu()` leave a tensor that NumPy would have taken
    as it is, and change others in the way that NumPy asks for. `.float()` would make less of a float64 tensor.
    """
    tensor, operand = event.tensor, event.operand
    if operand is None or (event.held and not event.sole):  # a nested list, or one that holds other things as well
        return None
    grad = tensor.grad is not None and bool(tensor.grad.value) and event.grad_mode is True
    dtype = tensor.dtype is not None and tensor.dtype.value in NO_NUMPY_DTYPE
    device = tensor.on_accelerator
    calls = "".join(call for call, needed in ((".detach()", grad), (".cpu()", device), (".float()", dtype)) if needed)
    safe = event.sole and event.sure is Confidence.CERTAIN and not dtype
    change = around(operand, "[each" + calls + " for each in ", "]") if event.held else after(operand, calls)
    message = f"call `{calls}` on each element" if event.held else f"call `{calls}` first"
    return Proposal(message, Safety.SAFE if safe else Safety.UNSAFE, (change,))
