"""CNV104: A sparse tensor becomes an array.

## What it does

Reports a sparse tensor that becomes an array: by `.numpy()`, by `.numpy(force=True)`, or in a function that converts
by itself (`np.asarray`, `plt.spy`, `scipy.sparse.csr_matrix`), alone or in a list.

What counts as evidence: `.to_sparse()` and its relatives (`to_sparse_csr`, …), `torch.sparse_coo_tensor` and its
relatives; then moving, casting, detaching, coalescing, transposing and cloning, which keep it sparse.

Silent, deliberately: results of arithmetic, which may be dense; gradients of `nn.Embedding(sparse=True)`; what a
function outside the file returns; code behind a test of `.is_sparse`.

Confidence: *certain* where the code makes it sparse, *likely* where only one branch does.

## Why is this bad?

A sparse tensor stores only some of its numbers. NumPy has no such array, and the conversion raises on every device.

## Example

```python
import torch


def degrees(edges, weights, size):
    adjacency = torch.sparse_coo_tensor(edges, weights, (size, size))
    return adjacency.cpu().numpy().sum(axis=1)
```

## Use instead

```python
import torch


def degrees(edges, weights, size):
    adjacency = torch.sparse_coo_tensor(edges, weights, (size, size))
    return adjacency.to_dense().cpu().numpy().sum(axis=1)
```

## Fix safety

No automatic fix: `.to_dense()` needs room for every zero. For SciPy, hand over `.indices()` and `.values()` of the
coalesced tensor instead.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU:

- `TypeError: can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first.` from `.numpy()`,
  `.numpy(force=True)`, `np.asarray`, `np.array`, `np.sqrt`; with `SparseCsr` in place of `Sparse` after
  `.to_sparse_csr()`;
- `.coalesce()`, `.cpu()`, `.detach()`, `.clone()`, `.double()`, `.t()` keep it sparse; `.values()`, `.indices()`,
  `.sum()` and a matrix product with a dense tensor are dense.
- versions: torch 1.13 has no `sum` over one dimension of a sparse tensor; the error of `.numpy()` is the same there.
- not yet run on CUDA.

## References

- torch.sparse: https://docs.pytorch.org/docs/stable/sparse.html
- torch.Tensor.to_dense: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to_dense.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.forms import SPARSE
from torchconv_lint.analysis.telling.events import ToNumpy
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class NumpyOnSparse(Rule[ToNumpy]):
    """A sparse tensor becomes an array."""

    code = "CNV104"
    name = "numpy-on-sparse"
    hears = (ToNumpy,)
    triggers = (("implicit", "'sparse'"),)
    triggers_on_request = (("handed",),)

    def judge(self, event: ToNumpy) -> Iterator[Verdict]:
        """A sparse tensor raises, forced or not."""
        fact = event.tensor.form
        if fact is not None and fact.value == SPARSE:
            message = (
                f"`{event.subject}` {'holds sparse tensors' if event.held else 'is sparse'}, which NumPy cannot take"
            )
            message += ": the conversion raises TypeError"
            message += " (use `.to_dense()` first)"
            yield Verdict(event.site, message, min(event.sure, fact.confidence), steps(fact))
