"""CNV204: A function rewrites its caller's data and returns a result as if it were new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import ForeignWrite
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.shared_memory.between import made

if TYPE_CHECKING:
    from collections.abc import Iterator

_MEANT = ("init", "fill", "reset", "update", "set", "add", "copy", "load", "write", "assign", "apply", "step", "clip", "zero")
"""Functions named so mean to write what they are given."""
_OUTPUTS = ("out", "output", "result", "buffer", "buf", "dst", "dest", "target_buffer", "grad", "state", "cache")


class CallersDataRewritten(Rule[ForeignWrite]):
    """A function rewrites its caller's data and returns a result as if it were new."""

    code = "CNV204"
    name = "callers-data-rewritten"
    hears = (ForeignWrite,)

    def judge(self, event: ForeignWrite) -> Iterator[Verdict]:
        """A parameter's memory is written in a function that also returns a result."""
        memory, function = event.memory, event.function
        if memory.origin != "parameter" or not event.returned or meant(function, memory.name):
            return
        message = f"this write rewrites the caller's `{memory.name}`, though `{function}` returns its result"
        converted = any(crosses for _, crosses in event.write.side)
        # Writing an argument under its own name is often meant; through a conversion or under a new name it seldom is.
        confidence = Confidence.LIKELY if converted or event.renamed else Confidence.POSSIBLE
        yield Verdict(event.site, message, min(confidence, memory.sure), made(event))


def meant(function: str, parameter: str) -> bool:
    """Whether names say that the function writes its argument on purpose."""
    plain = function.strip("_").lower()
    if function.endswith("_") and not function.endswith("__"):
        return True
    return plain.startswith(_MEANT) or "inplace" in plain or parameter.lower().startswith(_OUTPUTS)
