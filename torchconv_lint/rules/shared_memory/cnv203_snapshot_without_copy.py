"""CNV203: A snapshot that is no copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import AliasKept, StaleRead
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.shared_memory.between import kept_in_container

if TYPE_CHECKING:
    from collections.abc import Iterator


class SnapshotWithoutCopy(Rule[AliasKept | StaleRead]):
    """A snapshot that is no copy."""

    code = "CNV203"
    name = "snapshot-without-copy"
    hears = (AliasKept, StaleRead)

    def judge(self, event: AliasKept | StaleRead) -> Iterator[Verdict]:
        """A handle is kept as it is, and what it looks at changes before it is used."""
        if isinstance(event, AliasKept):
            message = f"{event.what} is kept without a copy: {event.why}"
            yield Verdict(event.site, message, event.sure, tuple(step for step in event.how if step[1]))
            return
        write, memory = event.write, event.memory
        if memory.kept is None or not (write.by_step or kept_in_container(memory, write)):
            return
        site, name = memory.kept
        message = f"`{name}` is kept without a copy: it changes when `{write.target}` does"
        steps = (*memory.how, (write.site, f"{write.target} changes here"), (event.read, f"`{event.reader}` is used here"))
        yield Verdict(site, message, min(Confidence.LIKELY, memory.sure), tuple(step for step in steps if step[1]))
