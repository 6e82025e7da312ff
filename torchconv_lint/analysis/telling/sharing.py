"""Shared memory: who sees which allocation, which writes reach whom, and who reads what was written behind its back."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

import libcst as cst

from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.state import Write
from torchconv_lint.analysis.domain.values import (
    STORED,
    Alt,
    Array,
    Const,
    Instance,
    Kind,
    Mapping,
    Memory,
    Opaque,
    Sequence,
    Tensor,
    Value,
    deeply,
    possible,
)
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.syntax.patterns import is_snapshot, names_earlier
from torchconv_lint.analysis.syntax.walking import ByType, own_nodes
from torchconv_lint.analysis.telling.copies import is_sent_off, tell_host_write
from torchconv_lint.analysis.telling.events import AliasKept, ForeignWrite, OwnUse, StaleRead
from torchconv_lint.analysis.telling.loops import bound_by
from torchconv_lint.analysis.telling.no_uses import is_made_anew, is_only_shown, is_put_away
from torchconv_lint.analysis.telling.overlapping import tell_expanded
from torchconv_lint.analysis.telling.renamed import tell_renamed
from torchconv_lint.analysis.telling.second_names import trained
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.state import State

Holder = Tensor | Array | Opaque
MAX_SIDE = 4
EARLIER = ("older", "elsewhere")
"""How the keys of modules begin that are not the one which is trained here."""


def with_memory(
    frame: Frame, value: Value, node: cst.CSTNode, origin: str = "fresh", *, position: int | None = None
) -> Value:
    """Values that hold data but no known memory get an allocation of their own, made at `node`; `position`: the item's,
    where `node` gives several at once."""
    if not any(isinstance(alt.kind, Tensor | Array | Opaque) and alt.kind.memory is None for alt in value):
        return value
    if not position:
        age(frame, node)
    frame.interpreter.born[node] = frame.rounds
    return tuple(
        Alt(replace(alt.kind, memory=Memory((node, (index, position)), origin)), alt.when)
        if isinstance(alt.kind, Tensor | Array | Opaque) and alt.kind.memory is None
        else alt
        for index, alt in enumerate(value)
    )


def converted(
    frame: Frame,
    memory: Memory | None,
    node: cst.CSTNode,
    message: str,
    *,
    into: str = "",
    sure: Confidence = Confidence.CERTAIN,
    supposed: bool = False,
) -> Memory | None:
    """The memory as seen through one more conversion that shares it. `into`: an "array" or a "tensor", where it crosses
    the border between NumPy and torch. `supposed`: it may as well copy."""
    if memory is None:
        return None
    step = (node, into)
    if step in memory.side or len(memory.side) >= MAX_SIDE:
        return memory
    side = (*memory.side, step)
    frame.state.stale.pop((memory.key, side), None)  # this handle is new: it has missed no write yet
    how = (*memory.how, (frame.site(node), message))
    sure = min(memory.sure, sure)
    supposed = supposed or memory.supposed
    return replace(memory, side=side, how=how, sure=sure, kept=None, form="", viewed=False, supposed=supposed)


def fresh(frame: Frame, node: cst.CSTNode, origin: str, name: str = "") -> Memory:
    """A new allocation made at `node`, by the function `name`; what an earlier pass of a loop allocated there is an
    older one now."""
    age(frame, node)
    frame.interpreter.born[node] = frame.rounds
    return Memory((node, 0), origin, uniform=name.removesuffix("_like") in ("zeros", "ones", "full"))


def age(frame: Frame, node: cst.CSTNode) -> None:
    """Keep the most recent allocation at `node` apart from those of earlier passes through a loop."""
    if node not in frame.interpreter.born:
        return
    stale = frame.state.stale
    for key in [key for key in stale if _is_allocated_at(key[-2], node)]:
        older = (*key[:-2], older_key(key[-2]), key[-1])
        stale[older] = stale.get(older, frozenset()) | stale.pop(key)
    frame.state.relabel(
        lambda value: _is_made_at(value, node), lambda value: relabelled(value, lambda memory: _older(memory, node))
    )


_HOLDING = frozenset({Sequence, Mapping})


def _is_made_at(value: Value, node: cst.CSTNode, depth: int = 0) -> bool:
    """Whether a value holds memory that was allocated at `node` most recently: as `memories`, for all names at once."""
    for kind, _ in value:
        type_ = type(kind)
        if type_ in STORED:
            memory: Memory | None = kind.memory  # type: ignore[attr-defined]
            if memory is not None and type(memory.key) is tuple and memory.key[0] is node:
                return True
            continue
        if type_ not in _HOLDING or depth == 3:
            continue
        if isinstance(kind, Sequence):
            items = kind.items if kind.items is not None else (kind.element,)
        elif isinstance(kind, Mapping):
            items = (kind.element, *(item for _, item in kind.items))
        if any(_is_made_at(item, node, depth + 1) for item in items):
            return True
    return False


def _is_allocated_at(key: Any, node: cst.CSTNode) -> bool:
    return isinstance(key, tuple) and key[0] is node


def older_key(key: Any) -> Any:
    """The key of what an earlier pass of a loop allocated; all earlier passes are one."""
    return key if key[0] == "older" else ("older", key)


def _older(memory: Memory, node: cst.CSTNode) -> Memory:
    return replace(memory, key=older_key(memory.key)) if memory.key[0] is node else memory


def age_kept(frame: Frame, element: Value) -> None:
    """A loop moves on to its next element: what a container kept of earlier ones is other memory, even than that of
    older allocations, through which the loop may be running as well."""
    keys = {memory.key for memory in memories(element)}
    if not keys:
        return

    def older(memory: Memory) -> Memory:
        contained = memory.kept is not None and memory.side and memory.side[-1] == (memory.kept[0].node, None)
        return replace(memory, key=("passed", memory.key)) if contained else memory

    retell(frame, lambda memory: memory.key in keys, older)


def row_of_round(frame: Frame, value: Value, node: cst.Subscript) -> Value:
    """What `x[i]` gives in a loop over `i`: each round has a row of its own."""
    row = row_named(frame, node)
    if not row:
        return value
    return relabelled(value, lambda memory: replace(memory, part=memory.part + row) if _is_whole(memory) else memory)


def row_named(frame: Frame, node: cst.Subscript) -> str:
    """The part that the index of a loop picks; "" if it is anything else."""
    index = node.slice[0].slice if node.slice else None  # none in `x[()]`
    if not frame.rounds or type(index) is not cst.Index or type(index.value) is not cst.Name:
        return ""
    name = index.value.value
    return f"[{name}]" if any(name in _targets(loop) for loop in frame.rounds) else ""


def _is_whole(memory: Memory) -> bool:
    """Whether it is all of something, or of what a key of it gives."""
    return not memory.part or memory.part == _field(memory.part)


def _is_row(row: Memory, item: Memory) -> bool:
    """Whether the one is a row of what a key gives, and the other all of it: `batch["image"][i]`, `batch["image"]`."""
    return bool(item.part) and item.part == _field(row.part)


def field_of(value: Value, key: Value) -> Value:
    """What `x["name"]` gives of arrays: a field of a structured array, or an array of an archive."""
    part = field_named(key)
    if not part:
        return value
    return relabelled(value, lambda memory: memory if memory.part else replace(memory, part=part))


def field_named(key: Value) -> str:
    """The part that a constant string picks; "" if the key is anything else."""
    constant = key[0].kind.value if len(key) == 1 and isinstance(key[0].kind, Const) else None
    return f"[{constant!r}]" if isinstance(constant, str) else ""


def of_this_module(value: Value) -> Value:
    """Without the states of earlier modules, where the name may hold that of a newer one: it is bound anew in each
    round, on whatever way the code means to go."""
    if len(value) < 2:
        return value
    earlier = [
        {memory.key[0] in EARLIER for memory in memories((alt,)) if memory.origin == "module"} == {True}
        for alt in value
    ]
    if not any(earlier) or not any(
        memory.origin == "module"
        for alt, old in zip(value, earlier, strict=True)
        if not old
        for memory in memories((alt,))
    ):
        return value
    return tuple(alt for alt, old in zip(value, earlier, strict=True) if not old)


_NEWEST = re.compile(r"(^|[^a-z])(last|latest|final|current|cur)([^a-z]|$)", re.I)


def is_of_last_round(frame: Frame, memory: Memory) -> bool:
    """Whether it was kept in a loop that is over, under a name which says that it is the last of them: so it is."""
    if memory.kept is None or frame.rounds or not _NEWEST.search(memory.kept[1]):
        return False
    site = memory.kept[0]
    line = getattr(site.segment.origin(site.node), "lineno", 0)
    outline = frame.outline
    nodes = ByType(own_nodes(frame.interpreter.outline.tree)) if outline is None else outline.by_type
    return any(
        loop.lineno <= line <= (loop.end_lineno or line)
        for loop in (*nodes[ast.For], *nodes[ast.AsyncFor], *nodes[ast.While])
    )


def _is_elsewhere(write: Write, part: str) -> bool:
    """Whether what was written is surely another part: of another key, or the row of an earlier round."""
    if write.part == part + _PASSED:
        return True
    field, written = _field(part), _field(write.part)
    return bool(field and written) and field != written


def _field(part: str) -> str:
    """The key that a part begins with: `['image']` of `['image'][i]`."""
    return part[: part.find("]") + 1] if part.startswith(("['", '["')) else ""


_PASSED = " of earlier rounds"


def age_rows(frame: Frame, loop: cst.For) -> None:
    """A loop moves on to its next index or element: the rows of earlier rounds are others."""
    parts = (*(f"[{name}]" for name in _targets(loop)), _row(loop))
    retell(
        frame, lambda memory: memory.part.endswith(parts), lambda memory: replace(memory, part=memory.part + _PASSED)
    )
    stale = frame.state.stale
    for key, writes in stale.items():
        if any(write.part.endswith(parts) for write in writes):
            stale[key] = frozenset(
                replace(write, part=write.part + _PASSED) if write.part.endswith(parts) else write for write in writes
            )


def _row(loop: cst.For) -> str:
    return f"[a row of {id(loop)}]"


def as_row(loop: cst.For, element: Value) -> Value:
    """What a loop gives its body: each round has a row of its own."""
    return relabelled(element, lambda memory: memory if memory.part else replace(memory, part=_row(loop)))


def _targets(loop: cst.CSTNode) -> set[str]:
    """The names that a loop counts with."""
    return set(bound_by(loop.target)) if type(loop) is cst.For else set()


def renewed(frame: Frame, memory: Memory) -> None:
    """A call gives this handle anew, or a container gets one more: what an earlier call gave, or the container had, and
    was written since, is another one now."""
    missed = frame.state.stale.pop((memory.key, memory.side), None)
    if not missed:
        return

    handle = (memory.key, memory.side)
    retell(
        frame,
        lambda other: (other.key, other.side) == handle,
        lambda other: replace(other, side=(("older", None), *other.side)),
    )
    frame.state.stale[(memory.key, (("older", None), *memory.side))] = missed


def _is_of_this_round(frame: Frame, memory: Memory) -> bool:
    """Whether the memory is another one in each round of the loop at hand: allocated in it, or part of what it runs
    over. What a container keeps of it is not what later rounds write."""
    if not frame.rounds or not isinstance(memory.key, tuple):
        return False
    key = memory.key
    while key[0] in ("older", "passed", "elsewhere", "again"):
        key = key[1]
    if key[0] == "part":
        return True
    return frame.interpreter.born.get(key[0], ())[: len(frame.rounds)] == frame.rounds


def retell(frame: Frame, concerns: Callable[[Memory], bool], change: Callable[[Memory], Memory]) -> None:
    """Change the memories that are picked, wherever a name holds them."""

    def changed(memory: Memory) -> Memory:
        return change(memory) if concerns(memory) else memory

    frame.state.relabel(
        lambda value: any(concerns(memory) for memory in memories(value)), lambda value: relabelled(value, changed)
    )


def relabelled(value: Value, change: Callable[[Memory], Memory | None]) -> Value:
    """The value with every memory in it changed."""

    return deeply(value, lambda kind: _relabelled(kind, change))


def _relabelled(kind: Kind, change: Callable[[Memory], Memory | None]) -> Kind:
    if type(kind) not in STORED or kind.memory is None:  # type: ignore[attr-defined]
        return kind
    memory = change(kind.memory)  # type: ignore[attr-defined]
    return kind if memory is kind.memory else replace(kind, memory=memory)  # type: ignore[attr-defined]


def kept(frame: Frame, value: Value, node: cst.CSTNode, name: str, *, container: bool) -> Value:
    """A value that is stored: under a name, or (`container`) in a list, dict or attribute, where it becomes a side of
    its own, since what held it before may move on."""
    if not frame.tracks:
        return value
    form = form_of(value)

    def keep(memory: Memory) -> Memory | None:
        if memory.kept is not None and not container:
            return memory
        if container and memory.supposed and _is_of_this_round(frame, memory):
            return None  # each round's is another item, and nobody knows which
        side = memory.side
        step = (node, None)
        listed = memory.origin == "grad" and type(node) in _LISTS  # of the gradients of all parameters
        if container and (_is_of_this_round(frame, memory) or _waits_to_be_filled(frame, memory)):
            return memory
        if (container or listed) and step not in side and len(side) < MAX_SIDE:
            side = (*side, step)
            renewed(frame, replace(memory, side=side))
        return replace(memory, side=side, kept=(frame.site(node), name), form=form)

    return relabelled(value, keep)


_LISTS = frozenset({cst.ListComp, cst.DictComp, cst.List, cst.Dict})


def _waits_to_be_filled(frame: Frame, memory: Memory) -> bool:
    """Whether nothing has been written yet to what was made without contents: it is kept for those that it will get."""
    own = ("own", memory.key)
    return memory.origin == "blank" and not any(key[:2] == own for key in frame.state.stale)


def whole(key: Any) -> Any:
    """The key of what the memory at `key` is a part of."""
    return list(wholes(key))[-1]


def wholes(key: Any) -> Iterator[Any]:
    """The key, and those of what its memory is a part of, the innermost first."""
    yield key
    while isinstance(key, tuple) and key[:1] == ("part",):
        key = key[1]
        yield key


def form_of(value: Value) -> str:
    """What every alternative is: "tensor", "array", or "" for anything else."""
    for form, type_ in (("tensor", Tensor), ("array", Array)):
        if value and all(isinstance(kind, type_) for kind, _ in value):
            return form
    return ""


def memories(value: Value, depth: int = 0) -> Iterator[Memory]:
    """Every memory that a value holds, those of container elements included."""
    for kind, _ in value:
        type_ = type(kind)
        if type_ in STORED:
            if kind.memory is not None:  # type: ignore[attr-defined]
                yield kind.memory  # type: ignore[attr-defined]
        elif type_ not in _HOLDING:
            continue
        elif depth < 3 and isinstance(kind, Sequence):
            for item in kind.items if kind.items is not None else (kind.element,):
                yield from memories(item, depth + 1)
        elif depth < 3 and isinstance(kind, Mapping):
            for item in (kind.element, *(value for _, value in kind.items)):
                yield from memories(item, depth + 1)


def forget_dropped(states: Iterable[State]) -> None:
    """Before branches meet: a handle that a branch has dropped may have missed writes there, and they are of no concern
    to what another branch has under the same name."""
    together = list(states)
    for state in together:
        others = [other for other in together if other is not state]
        _forget_unheld(state, {key for key in state.stale if any(key not in other.stale for other in others)})


def forget_unheld(state: State) -> None:
    """A round of a loop begins: what no name holds any more is of no concern to what later rounds put in its place."""
    _forget_unheld(state, set(state.stale))


def _forget_unheld(state: State, keys: set[Any]) -> None:
    doubtful = [key for key in keys if _is_handle(key)]
    if doubtful:
        values = [*state.names.values(), *(item.value for item in state.items.values())]
        held = {(memory.key, memory.side) for value in values for memory in memories(value)}
        for key in doubtful:
            if key not in held:
                del state.stale[key]


def _is_handle(key: Any) -> bool:
    """Whether it is a handle that only a name can give: not an attribute, which is there to be looked at again."""
    memory, side = key[-2:]
    if len(key) != 2 or not isinstance(side, tuple):
        return False
    return bool(side) or memory[0] == "parameter" or isinstance(memory[0], cst.CSTNode)


def written(
    frame: Frame,
    value: Value,
    target: cst.CSTNode,
    node: cst.CSTNode,
    *,
    fills: bool,
    within: bool = False,
    data: bool = False,
) -> None:
    """`value`'s memory is written in place by the code at `node`; `within`: by a function that is called there; `data`:
    in a way that nothing but tensors and arrays allow."""
    if frame.interpreter.wants.overlaps and not within:
        tell_expanded(frame, value, target, node)
    if frame.interpreter.wants.renames:
        tell_renamed(frame, value, target, node, data=data)
    if frame.state.underway.copies:
        tell_host_write(frame, target, node)
    own = {(memory.key, memory.side) for memory in memories_of(value)}
    value = tuple(
        alt
        for alt in value
        if isinstance(alt.kind, Tensor | Array) or kind_is_guessed(alt.kind) or (data and isinstance(alt.kind, Opaque))
    )
    grown = type(node) is cst.AugAssign and node.target is target  # as a number may be: it is written nowhere
    renamed = {
        alt.kind.memory
        for alt in value
        if isinstance(alt.kind, Tensor | Array) or (isinstance(alt.kind, Opaque) and not grown)
        if type(target) is cst.Name and _is_renamed(alt.kind, target.value)
    }
    unknown = {kind.memory for kind, _ in value if isinstance(kind, Opaque) and kind.guess is None}
    for memory in memories_of(value):
        if not within and memory.side and memory.side[-1][0] is target:
            if len(memory.side) == 1 or type(target) is not cst.Attribute:
                _reach_others(frame, memory, target, node, fills=fills)
                continue  # `t.numpy()[0] = 1`: converted in order to be written
            memory = replace(memory, side=memory.side[:-1], how=memory.how[:-1])  # `y.data.add_(1)`, where `y` is seen
        how, part, sure = memory.how, memory.part, memory.sure
        text, supposed = frame.text(target), memory.supposed
        write = Write(frame.site(node), text, memory.side, fills, how=how, part=part, sure=sure, supposed=supposed)
        stale = frame.state.stale
        stale[("own", memory.key, memory.side)] = frozenset({write})
        for other in _live(frame, memory):
            key = (other.key, other.side)
            if key in own:  # another alternative of the same value, not another handle
                continue
            stale[key] = stale.get(key, frozenset()) | {write}
        if memory.origin in ("parameter", "attribute"):
            by_another_name, indexed = memory in renamed, memory in unknown or memory.supposed
            frame.emit(
                ForeignWrite(frame.site(node), write, memory, renamed=by_another_name, indexed=indexed, within=within)
            )
            frame.foreign_writes.append((write, memory))
        if memory.origin == "attribute":
            _reaches_other_attributes(frame, write, memory)


def _reach_others(frame: Frame, memory: Memory, target: cst.CSTNode, node: cst.CSTNode, *, fills: bool) -> None:
    """What is converted in order to be written (`p.data.copy_(q)`) is not the handle that a name has kept."""
    before, stale = replace(memory, side=memory.side[:-1]), frame.state.stale
    write = Write(frame.site(node), frame.text(target), before.side, fills, part=memory.part, supposed=True)
    for other in _live(frame, before):
        if other.kept is not None and other.side and names_earlier(other.kept[1]):
            key = (other.key, other.side)
            stale[key] = stale.get(key, frozenset()) | {write}


def _is_renamed(kind: Holder, name: str) -> bool:
    """Whether the name is a new one for what is an argument, or a view of it."""
    if kind.path is not None:
        return kind.path != name
    memory = kind.memory
    return memory is not None and memory.viewed and memory.origin == "parameter" and memory.name != name


def kind_is_guessed(kind: Kind) -> bool:
    """Whether an unknown object has been used as a tensor."""
    return isinstance(kind, Opaque) and kind.guess is not None


def _reaches_other_attributes(frame: Frame, write: Write, memory: Memory) -> None:
    """Another attribute of the same object may have been made from this one without a copy."""
    if not isinstance(frame.this, Instance):
        return
    for name, other in frame.interpreter.attributes.sharing(frame.this.definition, memory.key):
        if other.side == memory.side or other.kept is None or memory.name == f"self.{name}":
            continue
        if is_snapshot(name):
            why = f"`{write.target}`, whose memory it shares on the CPU, is written in place"
            frame.emit(AliasKept(other.kept[0], f"`self.{name}`", why, other.how, Confidence.LIKELY, other.form))
        else:
            frame.emit(StaleRead(write.site, write, other, other.kept[0], f"self.{name}", both_used=True, apart=True))


def stepped(frame: Frame, node: cst.CSTNode) -> None:
    """The parameters of modules are written by an optimiser's step (or by a function that takes one)."""
    frame.has_stepped = True
    overwritten(frame, node, "module", "the parameters", of=frame.outline if trains_own_copies(frame) else None)
    if frame.second_names:
        trained(frame, node)


def trains_own_copies(frame: Frame) -> bool:
    """Whether what the function trains is its own deep copies, and nothing that was given to it."""
    outline = frame.outline
    return outline is not None and outline.trains_own_copies


def copied_anew(frame: Frame) -> None:
    """The function makes a deep copy: what was kept of its copies before belongs to others."""
    outline = frame.outline
    if frame.tracks and outline is not None and outline.own_copies:
        retell(
            frame,
            lambda memory: memory.origin == "module" and memory.key[2:] == (outline,),
            lambda memory: replace(memory, key=("older", memory.key)),
        )


def overwritten(frame: Frame, node: cst.CSTNode, origin: str, what: str, *, of: object = None) -> None:
    """Everything of this origin is written where it lies: handles that were kept see it. `of`: modules that are copies
    made by this function, and no others."""
    stale = frame.state.stale
    for value in frame.state.names.values():
        for memory in memories(possible(value, frame.state.path)):
            if memory.key[0] in EARLIER if of is None else memory.key[2:] != (of,):
                continue
            kept = memory.kept is not None and names_earlier(memory.kept[1])
            if memory.origin == origin and (memory.side or kept or origin == "grad"):
                if of is None and origin == "module" and _is_of_another(frame, node, memory):
                    continue
                key = (memory.key, memory.side)
                write = Write(frame.site(node), what, (), fills=False, by_step=True)
                stale[key] = stale.get(key, frozenset()) | {write}


def _is_of_another(frame: Frame, node: cst.CSTNode, memory: Memory) -> bool:
    """`a.optimizer.step()` where the state is that of `b.model`, and `a` has a model of its own."""
    func = node.func if type(node) is cst.Call else None
    path = dotted_path(func.value) if type(func) is cst.Attribute else None
    trainer, owner = (path or "").rpartition(".")[0], memory.name.rpartition(".")[0]
    own = f"{trainer}.{memory.name.rpartition('.')[2]}"
    return (
        bool(trainer and owner)
        and trainer != owner
        and re.search(rf"(?<![\w.]){re.escape(own)}\b", frame.interpreter.source.text) is not None
    )


def memories_of(value: Value) -> Iterator[Memory]:
    """The memories of the alternatives themselves."""
    for kind, _ in value:
        if isinstance(kind, Tensor | Array | Opaque) and kind.memory is not None:
            yield kind.memory


def _live(frame: Frame, memory: Memory) -> set[Memory]:
    """Other sides of the same allocation that some name still holds; what else the written name may be is none."""
    return {
        other
        for value in frame.state.names.values()
        if memory not in memories_of(value)
        for other in memories(value)
        if other.key == memory.key and other.side != memory.side
        if not ((memory.supposed or other.supposed) and _are_items(memory, other))
        if not (other.part and memory.part and other.part != memory.part)
        or _is_row(other, memory)
        or _is_row(memory, other)
    }


def _are_items(one: Memory, other: Memory) -> bool:
    """Whether both are what something unknown, or a container, holds: which of its items, nobody knows."""
    kept = {step for step in one.side if step[1] is None}
    return one.key[-1] == "item" or any(step in kept for step in other.side)


def used(frame: Frame, value: Value, node: cst.CSTNode, part: str = "", row: str = "") -> None:
    """The contents of `value` are looked at, or those of a `part` of it, or of a `row`: tell of writes that came from
    another side."""
    stale = frame.state.stale
    if not stale or frame.overlooks:
        return
    shown = is_only_shown(frame, node) or is_put_away(frame, node)
    for memory in memories(of_this_module(value)):
        for write in stale.get((memory.key, memory.side), ()):
            if shown and not write.by_step:  # what an optimiser's step has made of it, the next one will not tell
                continue
            if _is_elsewhere(write, (part or memory.part) + (row if _is_whole(memory) else "")):
                continue
            renewed = is_made_anew(frame, write, node) or is_sent_off(frame, node)
            if write.by_step and is_of_last_round(frame, memory):
                memory = replace(memory, sure=Confidence.POSSIBLE)
            frame.emit(StaleRead(write.site, write, memory, frame.site(node), frame.text(node), renewed=renewed))
        for write in stale.get(("own", memory.key, memory.side), ()):
            frame.emit(OwnUse(write.site))
