"""One evaluation of a function's body, and what it gives."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import libcst as cst

from torchconv_lint.analysis.domain.conditions import CUDA_AVAILABLE
from torchconv_lint.analysis.domain.frame import Definition, Frame
from torchconv_lint.analysis.domain.state import State, join_all, mentions
from torchconv_lint.analysis.domain.underway import NOTHING_UNDERWAY, Underway
from torchconv_lint.analysis.domain.values import (
    ALWAYS,
    NONE,
    NOTHING,
    UNKNOWN,
    Array,
    Instance,
    Kind,
    Mapping,
    Opaque,
    Sequence,
    Tensor,
    Value,
    each,
    join,
    just,
    under,
)
from torchconv_lint.analysis.elsewhere.locate import is_application
from torchconv_lint.analysis.run.parameters import expected
from torchconv_lint.analysis.run.relaying import Told, told
from torchconv_lint.analysis.semantics.statements import run_suite
from torchconv_lint.analysis.syntax.gradmode import mode_by_decorators
from torchconv_lint.analysis.syntax.handed_over import goes_on_using, is_let_go, looks_again, promises_result
from torchconv_lint.analysis.syntax.patterns import is_hook, is_pre_hook
from torchconv_lint.analysis.telling.events import ForeignWrite
from torchconv_lint.analysis.telling.given_out import tell_given_out
from torchconv_lint.analysis.telling.going_back import unserved
from torchconv_lint.analysis.telling.kept_graphs import escape
from torchconv_lint.analysis.telling.second_names import tell_left
from torchconv_lint.analysis.telling.sharing import memories, trains_own_copies, whole, wholes
from torchconv_lint.analysis.telling.snapshots import tell_left_behind

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.state import Write
    from torchconv_lint.analysis.domain.values import Memory, When
    from torchconv_lint.analysis.nodes.site import Segment
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.outline import FunctionOutline


@dataclass(slots=True)
class Result:
    """What one evaluation of a function gave. `deep`: how many calls deep it was, if too deep to follow all; `fails`:
    it surely raises; `shown`: whether there is an accelerator, as far as it would not have come to its end otherwise;
    `told`: the conversions in a function of another file that its callers are told of; `filled`: the lists and dicts
    that it was given and has put something into, by its own names for them; `caller`: where the call was that it was
    evaluated for."""

    value: Value = UNKNOWN
    attributes: dict[str, Value] = field(default_factory=dict)
    writes: list[tuple[Write, Memory]] = field(default_factory=list)
    steps: bool = False
    waits: bool = False
    underway: Underway = NOTHING_UNDERWAY
    deep: int = 0
    fails: bool = False
    shown: When = ALWAYS
    told: tuple[Told, ...] = ()
    filled: dict[str, Value] = field(default_factory=dict)
    caller: Segment | None = None


def frame_of(interpreter: Interpreter, definition: Definition, state: State, depth: int, this: Kind | None) -> Frame:
    """A frame to run the function's body in."""
    frame = Frame(interpreter, definition, definition.segment, state, depth, this)
    outline = definition.outline
    enclosing = definition.enclosing
    if outline is not None:
        frame.tracks = interpreter.sifted.tracked is None or outline in interpreter.sifted.tracked
        frame.evidence = interpreter.facts.evidence(outline)
    elif enclosing is not None:
        frame.tracks, frame.evidence = enclosing.tracks, enclosing.evidence
    return frame


def run_body(frame: Frame, definition: Definition) -> Result:
    """Run the body, then the functions inside it that it hands to somebody else."""
    interpreter = frame.interpreter
    before = frame.state.path
    given = dict(frame.state.names) if interpreter.is_other else {}
    containers = _containers(frame.state.names)
    node = definition.node
    interpreter.shared.active.append(definition)
    if isinstance(node, cst.Lambda):
        frame.returns.append(frame.evaluate(node.body))
    else:
        run_suite(frame, node.body)
    if frame.alive:
        frame.exits.append(frame.state)
        if type(node) is not cst.Lambda and not frame.yields:
            frame.returns.append(NONE)
    for nested in frame.nested if frame.trace is None else ():
        if not interpreter.calls.is_called(nested):
            _run_uncalled(frame, nested)
    interpreter.shared.active.pop()
    for returned in (*frame.returns, *frame.yields):
        escape(frame, returned)
    _tell_returned_writes(frame)
    final = join_all(frame.exits)
    if frame.tracks and final is not None and final.stale:
        tell_left_behind(frame, final)
        tell_left(frame, final)
    attributes = _kept_on_self(frame, node, final) if final is not None else {}
    if not interpreter.is_other:
        interpreter.events.extend(frame.events)
    return Result(
        _given(frame),
        attributes,
        frame.foreign_writes,
        frame.has_stepped and not trains_own_copies(frame),
        frame.has_waited,
        final.underway if final is not None else NOTHING_UNDERWAY,
        fails=final is None and frame.has_failed and not frame.yields,
        shown=frozenset(one for one in final.path - before if one[0] == CUDA_AVAILABLE[1]) if final else ALWAYS,
        told=told(frame.events, given) if given else (),
        filled=_filled(definition, containers, final.names) if containers and final is not None else {},
    )


def _containers(names: dict[str, Value]) -> dict[str, Value]:
    """The parameters that are a list or dict and nothing else."""
    return {
        name: value
        for name, value in names.items()
        if len(value) == 1
        if isinstance(value[0].kind, Mapping) or (isinstance(value[0].kind, Sequence) and value[0].kind.mutable)
    }


def _filled(definition: Definition, before: dict[str, Value], after: dict[str, Value]) -> dict[str, Value]:
    """Those of them into which the function has put something: it changes the very object that its caller has."""
    changed = {name: after[name] for name, value in before.items() if after.get(name, value) != value}
    outline = definition.outline_around
    if not changed or outline is None:
        return {}
    bound = {node.id for node in outline.by_type[ast.Name] if isinstance(node.ctx, ast.Store)}
    return {name: value for name, value in changed.items() if name not in bound}


def _run_uncalled(frame: Frame, definition: Definition) -> None:
    """A nested function that is handed to somebody else: evaluate it once, for unknown arguments."""
    interpreter = frame.interpreter
    if frame.depth >= interpreter.shared.call_depth or type(definition.node) is not cst.FunctionDef:
        return
    interpreter.calls.note(definition)
    names = expected(interpreter, definition, None)
    state = frame.exits[-1] if frame.exits else frame.state
    goes_back = ".backward(" in definition.segment.text(definition.node)
    grad = mode_by_decorators(interpreter, definition, True if goes_back else None)
    inner = frame_of(interpreter, definition, State(names, grad=grad, path=state.path), frame.depth + 1, None)
    inner.entry = frame.entry
    run_body(inner, definition)


def _tell_returned_writes(frame: Frame) -> None:
    """Writes to a parameter's memory that the function also returns, as if the result were new."""
    writes = (event for event in frame.events if isinstance(event, ForeignWrite))
    indexed = {whole(event.memory.key) for event in writes if event.indexed or event.memory.key[0] == "part"}
    if not any(_is_data(kind, indexed) for value in frame.returns for kind, _ in value) or _asks_where(
        frame.definition
    ):
        return
    function = frame.definition.name if frame.definition else ""
    outline = frame.outline
    keys = {memory.key for value in frame.returns for memory in memories(value)}
    for position, event in enumerate(frame.events):
        if isinstance(event, ForeignWrite):
            given = any(key in keys for key in wholes(event.memory.key))
            event = replace(event, returned=True, function=function, given=given)
            if outline is not None:
                event = _with_callers(frame, event, outline)
            elif _stands_in(frame.definition, event.memory.name):
                event = replace(event, let_go=True)
            frame.events[position] = event


def _with_callers(frame: Frame, event: ForeignWrite, function: FunctionOutline) -> ForeignWrite:
    """The event with what is known of the function's callers, and of what they may expect."""
    name = event.memory.name
    again = goes_on_using(frame.interpreter.outline, function, name)
    if is_application(frame.interpreter.source.path):  # its callers are its own; a function's may be in any file
        used = again and function.owner is not None
        return replace(event, used=used, promised=used)
    line = getattr(event.site.segment.origin(event.site.node), "lineno", 0)
    file = frame.interpreter.outline
    converted = any(crosses for _, crosses in event.write.side)
    promised = again or looks_again(function, name, line) or promises_result(file, function, name, converted=converted)
    done = _stands_in(frame.definition, name) or is_let_go(file, function, name)
    return replace(event, promised=promised, let_go=done)


def _stands_in(definition: Definition | None, parameter: str) -> bool:
    """Whether the function is a hook that gives something in place of what it is shown, or one that is made to replace
    a method: whoever calls it has called that before, and knows what it does."""
    if definition is None or type(definition.node) is not cst.FunctionDef:
        return False
    every = definition.node.params
    names = [slot.name.value for slot in (*every.posonly_params, *every.params)]
    owner = definition.outline.owner if definition.outline is not None else None
    if owner is None and names[:1] == ["self"]:
        return True
    return names[-1:] == [parameter] and (is_hook(names) or is_pre_hook(definition.name, names))


def _is_data(kind: Kind, indexed: set[Any]) -> bool:
    """Whether a returned value can be a result in its own right; `indexed`: what has been indexed as data only is."""
    if isinstance(kind, Opaque):
        known = kind.guess is not None or (kind.memory is not None and whole(kind.memory.key) in indexed)
        return kind.path is None or known
    return isinstance(kind, Tensor | Array | Sequence | Mapping)


def _asks_where(definition: Definition | None) -> bool:
    """Whether a parameter, or an attribute, lets the caller choose that its data is written."""
    outline = definition.outline if definition is not None else None
    if outline is None:
        return False
    arguments = outline.node.args
    every = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    every.extend(node.attr for node in outline.by_type[ast.Attribute])
    return any("inplace" in name.replace("_", "") for name in every)


def _given(frame: Frame) -> Value:
    """What a call gives. The graph of what its callers are to call backward on has not served when they get it; what
    comes back beside it will have, and nobody sees that they are one."""
    given = _returned(frame)
    return each(given, unserved) if frame.evidence.awaited else given


def _returned(frame: Frame) -> Value:
    """The value of a `return`, or a generator."""
    if frame.yields:
        return just(Sequence(None, join(*frame.yields), mutable=False))
    if len(frame.returns) < 2 or len(frame.returns) != len(frame.exits):
        return join(*frame.returns) if frame.returns else NOTHING
    # What the ways to the returns have asked of anything but the arguments, the caller may ask again.
    common = frozenset.intersection(*(state.path for state in frame.exits))
    own = _parameters(frame.definition)
    parts = []
    for value, state in zip(frame.returns, frame.exits, strict=True):
        asked = frozenset(one for one in state.path - common if not any(mentions(one[0], name) for name in own))
        parts.append(under(value, asked))
    return join(*parts)


def _parameters(definition: Definition | None) -> set[str]:
    if definition is None:
        return set()
    every = definition.node.params
    slots = [*every.posonly_params, *every.params, *every.kwonly_params]
    return {slot.name.value for slot in slots}


def _kept_on_self(frame: Frame, node: cst.FunctionDef | cst.Lambda, final: State) -> dict[str, Value]:
    """What a method leaves behind in the attributes of its object."""
    if not isinstance(frame.this, Instance) or type(node) is not cst.FunctionDef:
        return {}
    first = [*node.params.posonly_params, *node.params.params]
    prefix = first[0].name.value + "." if first else ""
    tell_given_out(frame, prefix, final)
    return {name[len(prefix) :]: v for name, v in final.names.items() if prefix and name.startswith(prefix)}
