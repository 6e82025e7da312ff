"""CNV111: A function that converts to NumPy by itself gets a tensor that may live on an accelerator.

## What it does

Reports a tensor that is, or may be, on an accelerator and is handed to code that turns its arguments into arrays:

- NumPy functions (`np.asarray`, `np.where`, `np.unique`, `np.sqrt`, `np.save`, …);
- `plt.plot`, `plt.imshow`, `plt.hist` and their relatives, on `pyplot` and on axes;
- scikit-learn, SciPy, OpenCV, scikit-image, seaborn, statsmodels, UMAP, plotly; `pd.Series`, `pd.DataFrame`;
  `Image.fromarray`; h5py; `soundfile.write`; imageio's writers; `trimesh.Trimesh` and `PointCloud`;
  `SimpleITK.GetImageFromArray`;
- a row written into an array (`table[i] = t`), and arithmetic between an array and a tensor.

What counts as evidence for the accelerator is the same as for CNV101; device-agnostic code is reported, because it
passes on CPU and dies on CUDA. Lists of such tensors are CNV121.

Silent, deliberately: functions that take a tensor without converting it (`plt.title`, `len`, `x.shape`); one
element written into an array (`a[i] = t.sum()`), which works; functions of which nothing is known.

Confidence: *certain* where the code itself names the accelerator, *likely* where a name or a caller may choose one.
What is *certain* by what the file itself says, and put there by the function in which the conversion stands (see
CNV101), is shown by default. What is only *likely*, what another file says, what
a `.cuda()` that was not asked for tells, and what goes along with other data (see CNV101), is shown to those who ask
for the rule: of all such findings in public code that nobody had looked at before, 12 of 102 were true, and none of 8
in the last samples (docs/precision.md).
*Possible* (not shown by default) adds what a function outside the file returns when it is given such a tensor.
`assume-device = "cpu"` switches the rule off.

A parameter that is annotated as a tensor and handed on as it is, wherever its caller has it, is told to those who ask
for the rule, and so is what is computed from one that is called as outputs of models are (see CNV101), and one that
is converted where it has just turned out to be a tensor (`if isinstance(x, torch.Tensor): x = np.array(x)`), or where
it is detached (`np.concatenate((self.losses, losses.detach()))`).

Those who ask for the rule are also told of what something unseen gives, under the name of an output, where it was given
what is on an accelerator (`out = rollout(net, x.cuda())`), and of what an environment's `step` is given.

## Why is this bad?

There is no `.numpy()` in sight, and still one is called: these functions ask the tensor for an array, and it
raises.

## Example

```python
import torch
from sklearn.metrics import accuracy_score

device = "cuda" if torch.cuda.is_available() else "cpu"


def accuracy(scores, labels):
    predicted = torch.tensor(scores, device=device).argmax(dim=1)
    return accuracy_score(labels, predicted)
```

## Use instead

```python
import torch
from sklearn.metrics import accuracy_score

device = "cuda" if torch.cuda.is_available() else "cpu"


def accuracy(scores, labels):
    predicted = torch.tensor(scores, device=device).argmax(dim=1)
    return accuracy_score(labels, predicted.cpu())
```

## Fix safety

Safe: calls `.cpu()` on the argument (`.detach().cpu()` where it also requires grad). It copies from an accelerator
and waits for it; on a CPU tensor it returns the tensor itself, and `np.asarray` then shares its memory, while
`np.array` copies. Unsafe where the argument may be something else than a tensor. By hand, the torch function of the
same name (`torch.sqrt` for `np.sqrt`) stays on the device.

## Proof

Run with torch 2.13.0 (CPU build), NumPy 2.4.6, scikit-learn 1.9.1 and matplotlib 3.11.2:

- meta device: `np.asarray`, `np.sqrt`, `table[0] = t`, `t - array`, `accuracy_score`, `plt.plot` all raise
  `TypeError: can't convert meta device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory
  first.`
- the accelerator that `torchconv-lint verify` simulates on the CPU: the same TypeError, naming
  `standin:0`.
- `array - t`, with the array first, raises on every device (CNV113).
- not yet run on CUDA.

## References

- torch.Tensor.numpy: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.numpy.html
- torch.Tensor.cpu: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.cpu.html
- Interoperability with NumPy (the `__array__` method):
  https://numpy.org/doc/stable/user/basics.interoperability.html
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


class ImplicitArrayOnAccelerator(Rule[ToNumpy]):
    """A function that converts to NumPy by itself gets a tensor that may live on an accelerator."""

    code = "CNV111"
    name = "implicit-array-on-accelerator"
    hears = (ToNumpy,)
    needs_accelerator = True
    anywhere = True
    triggers = (("implicit", "'cuda'"),)
    triggers_on_request = (("implicit",), ("step&reset",), ("handed",))

    def judge(self, event: ToNumpy) -> Iterator[Verdict]:
        """A function that converts to NumPy by itself gets a tensor that may live on an accelerator."""
        fact = event.tensor.device
        if fact is None and event.public and event.via and not (event.forced or event.held):
            message = f"`{event.subject}` is wherever a caller has it: {event.via} converts it to an array, and raises"
            yield Verdict(
                event.site, f"{message} TypeError for an accelerator's", event.sure, (), None, on_request=True
            )
        if fact is None or event.forced or fact.value != ACCELERATOR or event.via == "" or event.held:
            return
        message = f"`{event.subject}` may be on an accelerator"
        message += f": {event.via} converts it to an array, which raises TypeError there (use `.cpu()` first)"
        sure = min(event.sure, Confidence.LIKELY if event.public else weakest([fact]))
        told = sure is Confidence.CERTAIN and fact.begins_in(event.site.path)
        rarely = event.public or is_seldom_true(fact, event.site) or is_far_fetched(fact, event.site) or not told
        yield Verdict(event.site, message, sure, steps(fact), on_host(event), on_request=rarely)
