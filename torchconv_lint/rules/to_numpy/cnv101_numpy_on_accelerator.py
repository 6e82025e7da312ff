"""CNV101: `.numpy()` on a tensor that may live on an accelerator.

## What it does

Reports `.numpy()` (and `.__array__()`) on a tensor that is, or may be, on an accelerator: CUDA, MPS, XPU and so on.

Device-agnostic code is reported on purpose. `"cuda" if torch.cuda.is_available() else "cpu"` is a CPU in your tests
and a GPU in production: it passes on CPU and dies on CUDA. What counts as evidence:

- `"cuda"`, `.cuda()`, an index such as `device=0`, the condition above, and anything computed from such tensors;
- a device that other code chooses: a name such as `device`, `args.device`, `self.device`, `gpu`, `local_rank`
  handed to `.to(…)` or `device=…`;
- the output of an `nn.Module` that was moved there or whose inputs are there.

Silent, deliberately: a parameter of which nothing is known; `device="cpu"` as a default; code guarded by
`.is_cuda`, `.device.type` or the very flag under which the tensor was moved; batches as a `DataLoader` yields them;
`.numpy(force=True)`, which moves and detaches by itself.

Confidence: *certain* where the code itself names the accelerator, *likely* where a name or a caller may choose one.
Shown by default is what the function itself, in which the conversion stands, has put on the device, and what comes
of it there, as long as it has not gone through a module that nobody is seen to have moved: whole programs have met an
accelerator before, or an earlier line of theirs refuses to (docs/precision.md). What another function has put there,
what such a module gives, and what goes where a module is that nobody is seen to have moved (`x.to(model.device)`), is
shown to those who ask for the rule.
Where another file puts it there (and this one moves nothing there itself), a `.cuda()` does, or it goes where other
data is (`device=x.device`), the finding is shown to those who ask for the rule: that file's callers choose, a program
that says `.cuda()`, and does not ask `torch.cuda.is_available()` before, has never run without an accelerator, where
the error is raised at once, and other data may as well always be on the CPU.
So is what a method called `numpy` or `__array__` does with the data of its own object: it raises where a tensor would,
and the choice is the caller's. So is what remains where a branch that asks for devices has brought the value to the
host (`if use_gpu: x = x.cpu()`), and the question does not tell where it is; what is converted where a flag says that
there is no accelerator (`if not use_gpu:`); what a method of a module that cannot be seen gives, unless its name says
that it computes (`encode`, `forward`), and what such a module gives where the device is an argument of the function:
who chooses that knows both; the output of a module there that was given a batch of a `DataLoader` as it came, which it
refuses as a rule; what goes where a module is that the function has made itself and left where it was
(`next(model.parameters()).device`); and what an object holds, in its method that is named after arrays (`joints_np`).
*Possible* (not shown by default) adds what a function outside the file returns when it is given such a tensor. A
project that never runs on an accelerator sets `assume-device = "cpu"`.

A parameter that is annotated as a tensor, or goes through what only tensors have (`x.int()`, `torch.sum(x)`), and is
converted without being brought to the host, wherever its caller has it, is told to those who ask
for the rule. So is one without an annotation that is detached on the way (`y.detach().numpy()`), is called a tensor or
an output, goes through a tensor's methods (`image.permute(1, 2, 0).numpy()`), or is converted beside others that the
function brings to the host, unless a caller in the file makes it itself; what the function asks if it is a tensor
(`isinstance(x, torch.Tensor)`); what a module's own methods give, detached or without grad, and not moved; and what
something unknown gives where `.detach()` shows that it is a tensor, and it was given one on an accelerator.

## Why is this bad?

NumPy works on host memory. PyTorch does not copy for you, it raises, and on a machine without a GPU no test can see
it.

## Example

```python
import torch

device = "cuda" if torch.cuda.is_available() else "cpu"


def class_scores(model, images):
    model.to(device).eval()
    with torch.no_grad():
        logits = model(images.to(device))
    return logits.softmax(dim=1).numpy()
```

## Use instead

```python
import torch

device = "cuda" if torch.cuda.is_available() else "cpu"


def class_scores(model, images):
    model.to(device).eval()
    with torch.no_grad():
        logits = model(images.to(device))
    return logits.softmax(dim=1).cpu().numpy()
```

## Fix safety

Safe: inserts `.cpu()` before `.numpy()`, or `.detach().cpu()` where the tensor also requires grad. On an accelerator
it copies and waits for the device. On a CPU tensor it does nothing and returns the tensor itself, so the array still
shares the tensor's memory there and only there: if you write into the array, use `.cpu().numpy().copy()`. Unsafe
where it is only likely that it is a tensor, and where the tensor is bfloat16 (see CNV103).

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6.

- meta device: `TypeError: can't convert meta device type tensor to numpy. Use Tensor.cpu() to copy the tensor to
  host memory first.`
- the accelerator that `torchconv-lint verify` simulates on the CPU: the same TypeError, naming
  `standin:0`; with `.cpu()` nothing is raised.
- versions: `.numpy(force=True)`, which needs no `.cpu()`, exists from torch 1.13.
- not yet run on CUDA. Tutorials that promise a RuntimeError here are wrong about the type on the devices above.

## References

- torch.Tensor.numpy: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.numpy.html
- torch.Tensor.cpu: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.cpu.html
- CUDA semantics: https://docs.pytorch.org/docs/stable/notes/cuda.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import ACCELERATOR, weakest
from torchconv_lint.analysis.telling.events import ToNumpy
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict, steps
from torchconv_lint.rules.to_numpy.host import on_host
from torchconv_lint.rules.to_numpy.seldom_true import is_far_fetched, is_seldom_true

if TYPE_CHECKING:
    from collections.abc import Iterator


class NumpyOnAccelerator(Rule[ToNumpy]):
    """`.numpy()` on a tensor that may live on an accelerator."""

    code = "CNV101"
    name = "numpy-on-accelerator"
    hears = (ToNumpy,)
    triggers_on_request = (("handed",),)
    needs_accelerator = True
    anywhere = True

    def judge(self, event: ToNumpy) -> Iterator[Verdict]:
        """`.numpy()` on a tensor that may live on an accelerator."""
        fact = event.tensor.device
        if fact is None and event.public and not (event.forced or event.via):
            message = f"`{event.subject}` is wherever a caller has it: `.numpy()` raises TypeError for an accelerator's"
            yield Verdict(event.site, f"{message} (use `.cpu()` first)", event.sure, (), None, on_request=True)
        if fact is None or event.forced or fact.value != ACCELERATOR or event.via:
            return
        message = f"`{event.subject}` may be on an accelerator: `.numpy()` raises TypeError there (use `.cpu()` first)"
        sure = min(event.sure, Confidence.LIKELY if event.public else weakest([fact]))
        rarely = event.mirrored or event.public or is_seldom_true(fact, event.site) or is_far_fetched(fact, event.site)
        path = event.site.path
        if not fact.begins_in(path):  # who calls what is in the other file may choose another device
            rarely = rarely or not fact.is_put_in(path)
        yield Verdict(event.site, message, sure, steps(fact), on_host(event), on_request=rarely)
