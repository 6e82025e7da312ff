"""CNV204: A function rewrites its caller's data and returns a result as if it were new.

## What it does

Reports a function that writes its argument in place through a conversion or under a new name, and also returns a
result, as if that were new: a transform that rewrites the sample it is given.

The same in a dataset: `__getitem__` takes what the object keeps, writes it in place and returns it, so that every
epoch rewrites the data once more.

What counts: `torch.from_numpy`, `torch.as_tensor` of a known array, `.numpy()`, `.detach()`, views and plain
renaming between the parameter and the write; a result that is a tensor, an array or a container of them.

Silent, deliberately: functions that return nothing (but see below); names that say they write (`clip_`, `fill_border`,
`init_weights`, `normalize_inplace`, `update_…`, `set_…`, `reset_…`, `zero_…`); parameters that are there to be
written (`out`, `result`, `buffer`, `dst`, `grad`, `state`, `cache`, …); `x = x - mean`, which makes a new tensor; a
copy made first.

Confidence: *likely* through a conversion or another name. *Possible* (not shown by default) adds operations in place
on the argument under its own name by a private function, or by one that is called, which are often meant. Shown to
those who ask for the rule: operations in place on the argument under its own name (`scores.masked_fill_(…)`, `x -=
x.mean()`), and items of it that are replaced (`scores[:, 0] = 0`); data of which nothing but a mask or several
indices in the write, its shape, or a method that tensors have (`x.detach()`, `x.clamp_(0, 1)`) tells that it is a
tensor or an array; a function whose name begins with an underscore, whose callers know what it does; one whose
callers in the file are all done with what they hand over, or one of whom drops the result, which says that the
writing is what it is called for; one that deletes its own name for the argument; a hook, whose result takes the place
of what it is shown; a function with `self` that is no method, and stands in for one; one whose callers are told of no
result, by a docstring, nor of the argument, unless a caller in the file is seen to use it again, or the function
itself looks at it again (an annotation tells of the result where the data goes from NumPy to torch or back, or where
the function is called in its file, and not of a module's `forward`, which the module around it calls); one whose
docstring speaks of working in place.
In a checkout that is not made to be installed (a README or requirements, and no `setup.py`, `setup.cfg` or
`pyproject.toml`) a method is a *likely* one only where a caller in its file is seen to use the argument again: in
libraries, whose callers are not at hand, nearly all of these findings were true, in applications few were.

A `__getitem__` that fills what it was given by an index counts where random numbers decide what is filled: with the
same values it would be the same after the first time. What it rewrites and does not return is told on request.

A method that takes an attribute of its object, or a view of it, under another name, writes it in place and returns it
(`tokens = self.tokens.view(2, 3)`, `tokens[mask] = -1`) is told to those who ask for the code. So is a function that
gives nothing back, such as one that logs, and changes an argument through a conversion.

## Why is this bad?

The caller's array changes. A data set kept in memory is normalised again in every epoch; the second call with the
same sample gives another result. No exception, no warning.

## Example

```python
import numpy as np
import torch


class Center:
    def __init__(self, mean):
        self.mean = mean

    def __call__(self, image: np.ndarray) -> torch.Tensor:
        tensor = torch.from_numpy(image)
        tensor.sub_(self.mean)
        return tensor.unsqueeze(0)
```

## Use instead

```python
import numpy as np
import torch


class Center:
    def __init__(self, mean):
        self.mean = mean

    def __call__(self, image: np.ndarray) -> torch.Tensor:
        tensor = torch.from_numpy(image)
        tensor = tensor.sub(self.mean)
        return tensor.unsqueeze(0)
```

## Fix safety

Unsafe where the argument is written through a conversion: `torch.from_numpy(image).clone()`; it changes what a caller
sees who relied on the write. Otherwise by hand: the operations without the underscore, or `.clone()` (tensors) or
`.copy()` (arrays) before the first write. Costs one allocation; values, dtype and shape of the result stay, and the
argument is left alone. If callers rely on their data being written, say so in the name instead: `normalize_`.

## Proof

Run with torch 2.13.0 (CPU build) and NumPy 2.4.6, on the CPU: `Center(0.5)` of the example, called twice with the
same 2 × 2 float32 array of ones, returns a tensor whose sum is 2 and then one whose sum is 0; the array holds zeros
afterwards. The version under "Use instead" returns the sum 2 both times and leaves the array as it was. Not yet run
on CUDA.

## References

- torch.as_tensor: https://docs.pytorch.org/docs/stable/generated/torch.as_tensor.html
- torch.from_numpy: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
- torch.Tensor.clone: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.clone.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import ForeignWrite
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.shared_memory.between import crosses, is_weight, made
from torchconv_lint.rules.shared_memory.copies import copy_before

if TYPE_CHECKING:
    from collections.abc import Iterator

_MEANT = (
    "init",
    "fill",
    "reset",
    "update",
    "set",
    "add",
    "copy",
    "load",
    "write",
    "assign",
    "apply",
    "step",
    "clip",
    "zero",
)
"""Functions named so mean to write what they are given."""
_OUTPUTS = ("out", "output", "result", "buffer", "buf", "dst", "dest", "target_buffer", "grad", "state", "cache")


_OWN = ("self", "cls")
"""Parameters through which a function gets at what is its own, be it a method or a function that becomes one."""


class CallersDataRewritten(Rule[ForeignWrite]):
    """A function rewrites its caller's data and returns a result as if it were new."""

    code = "CNV204"
    name = "callers-data-rewritten"
    hears = (ForeignWrite,)
    triggers_on_request = (("argument-write",),)

    def judge(self, event: ForeignWrite) -> Iterator[Verdict]:
        """A parameter's memory is written in a function that also returns a result."""
        memory, function = event.memory, event.function
        if memory.origin == "attribute":
            yield from _kept_rewritten(event)
        if memory.origin != "parameter" or memory.name in _OWN:
            return
        if meant(function, memory.name) or is_weight(memory):
            return
        if not event.returned:
            yield from _shown(event)
            return
        message = f"this write rewrites the caller's `{memory.name}`, though `{function}` returns its result"
        converted = crosses(event.write.side)
        # Writing an argument under its own name is often meant; through a conversion or under a new name it seldom is.
        # And if all callers are seen to be done with it, or to take the result in its place, nobody is harmed. What the
        # function writes and never looks at again, it writes for the caller: running statistics, for one.
        matters = event.used is not False and not event.unread
        own = not converted and not event.renamed
        private = function.startswith("_") and not function.endswith("__")
        named = own and not event.write.side and event.write.target.startswith(memory.name)
        part = memory.key[0] == "part"
        given = named and event.given and (part or (function == "__call__" and not event.write.fills))
        told = given or (own and (event.within or (private and not event.write.fills)))
        confidence = Confidence.LIKELY if matters and not told else Confidence.POSSIBLE
        rarely = private or own or event.let_go or event.indexed or not event.promised or event.write.supposed
        sure = min(confidence, memory.sure)
        fix = copy_before(event)
        yield Verdict(event.site, message, sure, made(event), fix, on_request=rarely, parameter=memory.name)


def _shown(event: ForeignWrite) -> Iterator[Verdict]:
    """A function that gives nothing back, such as one that logs, changes an argument through a conversion: whoever
    calls it goes on with that."""
    write = event.write
    if crosses(write.side) and not (write.fills or event.unread or event.let_go):
        message = f"this write changes the caller's `{event.memory.name}`, of which it has no copy"
        sure = min(Confidence.LIKELY, event.memory.sure)
        yield Verdict(
            event.site, message, sure, made(event), copy_before(event), on_request=True, parameter=event.memory.name
        )


def _kept_rewritten(event: ForeignWrite) -> Iterator[Verdict]:
    """`__getitem__` gives out what the object keeps, and rewrites it first. Through a conversion, CNV201 tells it."""
    name, write = event.memory.name, event.write
    if write.target.startswith("self.") or (event.function == "__getitem__" and crosses(write.side)):
        return
    if event.function == "__getitem__" and not write.fills:  # with the same values, it is the same after the first time
        message = f"this write rewrites `{name}` itself: the next `__getitem__` gives out what this one has made of it"
        sure = min(Confidence.LIKELY, event.memory.sure)
        rarely = write.supposed or event.indexed or not event.given
        yield Verdict(event.site, message, sure, made(event), copy_before(event), on_request=rarely)
    if event.function in ("__getitem__", "forward") or not event.given or meant(event.function, name):
        return
    if event.function.startswith("_") or _KEPT_FOR_THAT.search(name):
        return
    message = f"this write rewrites `{name}` itself, though `{event.function}` returns it under another name"
    sure = min(Confidence.LIKELY, event.memory.sure)
    yield Verdict(event.site, message, sure, made(event), copy_before(event), on_request=True)


_KEPT_FOR_THAT = re.compile(r"cache|buf|memo|running|weight|bias|param|grad|scratch|out", re.I)
"""Attributes that are there to be written, and looked at where they are."""


def meant(function: str, parameter: str) -> bool:
    """Whether names say that the function writes its argument on purpose."""
    plain, target = function.strip("_").lower(), parameter.lower()
    if function.endswith("_") and not function.endswith("__"):
        return True
    if target.startswith(_OUTPUTS) or target.endswith(("_out", "_output", "_buffer", "_buf")):
        return True
    return plain.startswith(_MEANT) or "inplace" in plain or "init" in plain
