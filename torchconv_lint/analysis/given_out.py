"""What an object keeps and `__getitem__` gives out, written in between: the next one who asks gets it rewritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import ForeignWrite
from torchconv_lint.analysis.sharing import memories
from torchconv_lint.analysis.values import Memory

if TYPE_CHECKING:
    from torchconv_lint.analysis.frame import Frame
    from torchconv_lint.analysis.state import State


def tell_given_out(frame: Frame, prefix: str, final: State) -> None:
    """Memory that this method has put into an attribute (whose name begins with `prefix`), written and returned. What
    other methods have put there is told where it is written."""
    if frame.definition is None or frame.definition.name != "__getitem__" or not frame.tracks:
        return
    kept = {
        memory.key: name for name, value in final.names.items() if name.startswith(prefix) for memory in memories(value)
    }
    given = {memory.key: memory for value in frame.returns for memory in memories(value) if memory.origin == "fresh"}
    for key, writes in final.stale.items() if kept else ():
        if key[0] == "own" and key[1] in kept and key[1] in given:
            name = kept[key[1]]
            attribute = Memory(("attribute", name), "attribute", name, sure=given[key[1]].sure)
            for write in writes:
                frame.emit(ForeignWrite(write.site, write, attribute, True, "__getitem__", given=True))
