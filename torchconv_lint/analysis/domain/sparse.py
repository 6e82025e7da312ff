"""SciPy's sparse matrices: what their attributes and methods give of NumPy."""

from __future__ import annotations

import re

from torchconv_lint.analysis.domain.values import Array, External, Fact, Kind, Number, Sequence, just

MATRIX = External("scipy.sparse()")
"""A sparse matrix of whatever layout."""

CONVERSIONS = frozenset({"tocoo", "tocsr", "tocsc", "tolil", "todok", "tobsr", "todia"})
"""Methods that only sparse matrices have, and that give one."""

_MAKES = re.compile(
    r"^scipy\.sparse\.(\w+_(matrix|array)|diags|eye|identity|vstack|hstack|block_diag|kron|load_npz|random|tril|triu)$"
)
_VECTORS = frozenset({"row", "col", "data", "indices", "indptr"})


def made(name: str) -> bool:
    """Whether a function of SciPy gives a sparse matrix, by its full name."""
    return _MAKES.match(name) is not None


def attribute(name: str) -> Kind | None:
    """`matrix.name`, if it is an array or the matrix turned round."""
    if name in _VECTORS:
        return Array(ndim=1)
    return MATRIX if name in ("T", "H") else None


def method(name: str) -> Kind | None:
    """`matrix.name(...)`."""
    if name in ("toarray", "todense"):
        return Array(ndim=2)
    if name == "nonzero":
        return indices()
    if name in ("getnnz", "count_nonzero"):
        return Number()
    return MATRIX if name in CONVERSIONS or name in ("copy", "astype", "transpose", "conj") else None


def indices() -> Sequence:
    """What `nonzero()` gives: an array of indices for each dimension."""
    return Sequence(None, just(Array(Fact("int64"), ndim=1)), mutable=False)
