"""Tensors whose numbers do not lie in memory the way an array's do: sparse and quantised ones, lazy conjugates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import Fact, Step, Tensor

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Frame

SPARSE = "sparse"
QUANTISED = "quantised"
CONJUGATE = "conjugate"
NEGATIVE = "negative"

_MAKES_SPARSE = frozenset(
    {"to_sparse", "to_sparse_coo", "to_sparse_csr", "to_sparse_csc", "to_sparse_bsr", "to_sparse_bsc"}
)
SPARSE_MAKERS = frozenset(f"sparse_{name}_tensor" for name in ("coo", "csr", "csc", "bsr", "bsc", "compressed"))
QUANTISERS = frozenset({"quantize_per_tensor", "quantize_per_channel", "quantize_per_tensor_dynamic"})
_CONJUGATES = frozenset({"conj", "adjoint", "H", "mH"})
_SETTLES = {
    SPARSE: frozenset({"to_dense", "values", "indices", "crow_indices", "col_indices", "_values", "_indices"}),
    QUANTISED: frozenset({"dequantize", "int_repr"}),
    CONJUGATE: frozenset({"resolve_conj", "clone", "conj_physical", "real", "view_as_real", *_CONJUGATES}),
    NEGATIVE: frozenset({"resolve_neg", "clone"}),
}
"""What gives an ordinary tensor of each form, measured. `.contiguous()` may, and so counts as unknown."""
_KEEPS_SPARSE = frozenset({"coalesce", "clone", "t", "transpose", "detach", "contiguous", "pin_memory"})

_COMPLEX = frozenset({"complex64", "complex128", "complex32"})
_GIVES_COMPLEX = frozenset(
    {"complex", "polar", "view_as_complex", "fft.fft", "fft.fft2", "fft.fftn", "fft.ifft", "fft.ifft2", "fft.ifftn"}
    | {"fft.rfft", "fft.rfft2", "fft.rfftn"}
)
_GIVES_REAL = frozenset({"real", "imag", "abs", "absolute", "angle", "view_as_real"})


def formed(frame: Frame, result: Tensor, name: str, first: Tensor, node: cst.CSTNode, *, view: bool) -> Tensor:
    """The result of operation (or attribute) `name` on `first`, in the form that it has. `view`: it shows the same
    numbers, so that it keeps their form."""
    if name in _GIVES_COMPLEX or name in _GIVES_REAL:
        found = first.dtype.value if first.dtype is not None else None
        if name in _GIVES_COMPLEX:
            double = found in ("float64", "complex128")
            result = replace(result, dtype=Fact("complex128" if double else "complex64"))
        elif found in _COMPLEX:
            result = replace(result, dtype=Fact("float64" if found == "complex128" else "float32"))
    form = _form_after(frame, name, first, node, view)
    return result if form is result.form else replace(result, form=form)


def _form_after(frame: Frame, name: str, first: Tensor, node: cst.CSTNode, view: bool) -> Fact | None:
    before = first.form
    if name in _MAKES_SPARSE or name in SPARSE_MAKERS:
        return Fact(SPARSE, Step(frame.site(node), f"`{name}` makes a sparse tensor"))
    if name in QUANTISERS:
        return Fact(QUANTISED, Step(frame.site(node), f"`{name}` makes a quantised tensor"))
    if name in _CONJUGATES and before is None:
        lazily = first.dtype is not None and first.dtype.value in _COMPLEX
        message = f"`{name}` of a complex tensor is a view that is not computed yet"
        return Fact(CONJUGATE, Step(frame.site(node), message)) if lazily else None
    if before is None:
        return None
    if name == "imag" and before.value == CONJUGATE:
        message = "its imaginary part is a view with the sign not yet changed"
        return Fact(NEGATIVE, Step(frame.site(node), message, before.step), before.confidence)
    if name in _SETTLES[str(before.value)]:
        return None
    if before.value == SPARSE:
        return before if name in _KEEPS_SPARSE else None
    return before if view else None


def made(frame: Frame, tensor: Tensor, name: str, node: cst.CSTNode) -> Tensor:
    """What a function gives that makes a tensor of numbers."""
    return formed(frame, tensor, name, tensor, node, view=False)


def recast(form: Fact | None) -> Fact | None:
    """The form after a change of dtype, which computes a lazy conjugate."""
    return form if form is not None and form.value == SPARSE else None
