"""CNV707: The host reads a tensor while a CUDA graph is captured.

## What it does

Reports `.item()`, `float()`, `int()`, truth tests, `.cpu()`, `.to("cpu")`, `.numpy()`, `.tolist()`, printing, and
results whose size depends on the data (`x[mask]`, `nonzero`, `unique`) inside `with torch.cuda.graph(...)` and in
functions and modules of the file that are handed to `torch.cuda.make_graphed_callables`.

Silent, deliberately: tensors known to be on the CPU; code behind `torch.cuda.is_current_stream_capturing()`.

Confidence: *certain* for tensors that are known as such in the code, *likely* for what only behaves like one. Off
by default: it has not been seen on CUDA.

## Why is this bad?

While a graph is captured nothing is computed: work is only written down. An operation that has to wait for a result
ends the capture with an error, and everything that was captured is lost.

## Example

```python
import torch


def capture(model, static_input: torch.Tensor):
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output = model(static_input.cuda()).mean()
        print(output.item())
    return graph, output
```

## Use instead

```python
import torch


def capture(model, static_input: torch.Tensor):
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output = model(static_input.cuda()).mean()
    graph.replay()
    print(output.item())
    return graph, output
```

## Fix safety

No automatic fix: read the tensor after `graph.replay()`.

## Proof

With torch 2.13.0 (CPU build) nothing of this can be run: graphs need CUDA, and the simulated accelerator has none.
The rule rests on CUDA's documentation of what stream capture prohibits. Not yet run on CUDA.

## References

- CUDA graphs in PyTorch: https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
- Prohibited operations: https://docs.nvidia.com/cuda/cuda-programming-guide/04-special-topics/cuda-graphs.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.terms import CAPTURE
from torchconv_lint.analysis.domain.values import CPU
from torchconv_lint.analysis.telling.events import TracedRead
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.tracing.under import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator


class WaitInCudaGraph(Rule[TracedRead]):
    """The host reads a tensor while a CUDA graph is captured."""

    code = "CNV707"
    name = "wait-in-cuda-graph"
    hears = (TracedRead,)
    default = False
    needs_accelerator = True
    cuda_only = True
    triggers = (("graph", "cuda"), ("make_graphed_callables",))

    def judge(self, event: TracedRead) -> Iterator[Verdict]:
        """A capture cannot be waited for."""
        device = event.tensor.device
        if event.how.kind == CAPTURE and not (device is not None and device.value == CPU):
            message = f"`{event.subject}` is read ({event.via}) while a CUDA graph is captured: nothing may wait"
            yield verdict(event, message)
