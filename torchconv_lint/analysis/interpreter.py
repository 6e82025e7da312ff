"""Runs the functions of a file abstractly: as entry points, and for the arguments that callers in the file pass."""

from __future__ import annotations

import ast
import builtins
import functools
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import libcst as cst

from torchconv_lint.analysis import expressions as _expressions  # noqa: F401  (registers the meanings of expressions)
from torchconv_lint.analysis.annotations import annotated, plain_parameters, without_tensors
from torchconv_lint.analysis.awaited import awaited
from torchconv_lint.analysis.copies import waited
from torchconv_lint.analysis.devices import somewhere
from torchconv_lint.analysis.dtypes import external
from torchconv_lint.analysis.events import (
    ArgumentKept,
    DoubleKept,
    Event,
    ForeignWrite,
    GraphCut,
    GraphKept,
    LeafBackward,
    MadeOnHost,
    OwnUse,
    Race,
    StaleRead,
    ToNumpy,
    ToScalar,
    TracedCut,
    TracedRead,
    Wait,
)
from torchconv_lint.analysis.evidence import NO_EVIDENCE, Evidence, evidence_in
from torchconv_lint.analysis.frame import Arguments, Definition, Frame, Unparsable
from torchconv_lint.analysis.frameworks import given, receiver_device
from torchconv_lint.analysis.given_out import tell_given_out
from torchconv_lint.analysis.gradmode import (
    called_without_grad,
    is_custom_backward,
    mode_by_decorators,
    mode_by_role,
)
from torchconv_lint.analysis.graph import KeptGraphs, as_awaited, escape
from torchconv_lint.analysis.handed_over import goes_on_using
from torchconv_lint.analysis.left_behind import kept_names
from torchconv_lint.analysis.locate import is_application
from torchconv_lint.analysis.loops import enter_step, is_training_step
from torchconv_lint.analysis.outline import ClassOutline, FileOutline, FunctionOutline, dotted
from torchconv_lint.analysis.patterns import is_hook
from torchconv_lint.analysis.relaying import Told, relay, told
from torchconv_lint.analysis.relevance import any_of, handles_tensors, places_tensors
from torchconv_lint.analysis.returning import as_parameter, given_back
from torchconv_lint.analysis.second_names import tell_left
from torchconv_lint.analysis.sharing import memories, stepped, written
from torchconv_lint.analysis.site import Segment, Site
from torchconv_lint.analysis.snapshots import tell_left_behind
from torchconv_lint.analysis.state import State, join_all
from torchconv_lint.analysis.statements import run_block, run_suite
from torchconv_lint.analysis.terms import BACKWARD
from torchconv_lint.analysis.transforms import TRANSFORMS, Transform, decorate, decorator_names, inputs, is_left_out
from torchconv_lint.analysis.truth import stable_path
from torchconv_lint.analysis.underway import NOTHING_UNDERWAY, Underway, join_underway
from torchconv_lint.analysis.values import (
    MANY,
    NONE,
    NOTHING,
    UNKNOWN,
    Array,
    Class,
    Const,
    External,
    Fact,
    Function,
    Instance,
    Kind,
    Mapping,
    Module,
    Opaque,
    Sequence,
    Tensor,
    Value,
    join,
    just,
)
from torchconv_lint.analysis.walking import ByType, own_nodes
from torchconv_lint.model import Confidence
from torchconv_lint.sieve import Sifted
from torchconv_lint.vocabulary import converting_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchconv_lint.analysis.loops import Loop
    from torchconv_lint.analysis.project import Project
    from torchconv_lint.analysis.state import Write
    from torchconv_lint.analysis.values import Memory
    from torchconv_lint.source import Source

MAX_CALL_DEPTH = 3
MAX_CONTEXTS = 4
"""A function is evaluated for at most so many different kinds of arguments; calls beyond give an unknown result."""
MAX_CALLEE_LINES = 120
"""Calls of longer functions are not followed: what they give is nothing simple, and following them took a quarter of
the time (measured)."""
STATEMENT_BUDGET = 60_000
"""Statements run for one entry point, loops and callees included, before it is given up."""


class OverBudget(Exception):
    """An entry point took more than its budget."""


@dataclass(slots=True)
class Result:
    """What one evaluation of a function gave. `deep`: how many calls deep it was, if too deep to follow all; `told`:
    the conversions in a function of another file that its callers are told of."""

    value: Value = UNKNOWN
    attributes: dict[str, Value] = field(default_factory=dict)
    writes: list[tuple[Write, Memory]] = field(default_factory=list)
    steps: bool = False
    waits: bool = False
    underway: Underway = NOTHING_UNDERWAY
    deep: int = 0
    told: tuple[Told, ...] = ()


class Interpreter:
    """All evaluation of one file."""

    def __init__(
        self, source: Source, sifted: Sifted, heard: frozenset[type] = frozenset(), project: Project | None = None
    ) -> None:
        self.root = self  # the interpreter of the file that is linted
        self.project = project
        self._others: dict[FileOutline, Interpreter] = {}
        self._homes: dict[ClassOutline, Interpreter] = {}
        self._imported: dict[str, Value | None] = {}
        self._bases: dict[ClassOutline, list[ClassOutline]] = {}
        self.source = source
        self.outline = sifted.outline
        self.sifted = sifted
        self.events: list[Event] = []
        self.given_up: list[tuple[str, int]] = []
        self.mixed: set[cst.CSTNode] = set()  # what is converted, and not a tensor in every evaluation
        self.follows_loops = Wait in heard
        self.follows_traces = TracedRead in heard or TracedCut in heard
        self.follows_makers = MadeOnHost in heard
        self.follows_arguments = ArgumentKept in heard
        self.follows_doubles = DoubleKept in heard and _DOUBLES.search(source.text) is None
        self.numpy_numbers_widen = True
        self.follows_copies = Race in heard and "non_blocking" in source.text
        self._traced: set[Any] = set()
        self.loops: dict[cst.CSTNode, Loop] = {}
        self.born: dict[cst.CSTNode, tuple[cst.CSTNode, ...]] = {}  # the loops around each allocation
        self.identified: set[tuple[str, str, int]] = set()  # what conditions have known unknown values by
        self._wanted: dict[str, bool] = {}
        self._definitions: dict[FunctionOutline, Definition] = {}
        self._nested: dict[cst.CSTNode, Definition] = {}
        self._entries: dict[FunctionOutline, Result] = {}
        self._contexts: dict[Any, Result] = {}
        self._context_count: dict[Any, int] = {}
        self._modes: dict[FunctionOutline, set[bool | None]] = {}
        self._active: list[Definition] = []
        self._entering: set[FunctionOutline] = set()
        self._globals: dict[str, Value] | None = None
        self._attributes: dict[tuple[ClassOutline, str], Value] = {}
        self._missed: dict[FunctionOutline, set[str]] = {}  # attributes asked for while what stores them was running
        self._evidence: dict[FunctionOutline, Evidence] = {}
        self._unsettled: dict[FunctionOutline, bool] = {}
        self._kept_names: dict[FunctionOutline | None, frozenset[str]] = {}
        self._spent = 0
        self._cut_short = False  # a call was too deep to be followed
        self.graphs = KeptGraphs()

    # -- entry points ------------------------------------------------------------------------------------------------

    def run(self) -> list[Event]:
        """Analyse what the sieve has left; the events, completed."""
        if self.sifted.module:
            self._module_names()
        for function in self.sifted.functions:
            self.entry(function)
        if self.follows_traces:
            self._run_decorated()
        return self._completed()

    def _run_decorated(self) -> None:
        """Functions whose decorators compile, trace or transform them, and the backward of autograd functions."""
        for function in self.outline.all_functions():
            if any(name in TRANSFORMS for name in decorator_names(self, function)):
                definition = self.definition(function)
                if definition.is_parsed and isinstance(definition.node, cst.FunctionDef):
                    frame = Frame(self, None, definition.segment, State({}))
                    decorate(frame, definition.node, just(Function(definition)))
            elif function.name == "backward" and is_custom_backward(self, function):
                definition = self.definition(function)
                if definition.is_parsed:
                    frame = Frame(self, None, definition.segment, State({}))
                    transform = Transform(BACKWARD, "backward", frame.site(definition.node))
                    self.run_traced(frame, definition, None, transform, None)

    def run_traced(
        self, frame: Frame, definition: Definition, this: Kind | None, transform: Transform, positions: Any
    ) -> None:
        """Evaluate a function as a transform sees it. Only what concerns transforms is told: the rest of what happens
        in it is found without them."""
        key = (definition, transform.kind, positions)
        if key in self._traced or frame.depth >= MAX_CALL_DEPTH or not definition.is_parsed or frame.trace is not None:
            return
        self._traced.add(key)
        this = this or (self._receiver(definition.outline) if definition.outline is not None else None)
        names = self._parameters(definition, this)
        own = dict([*names.items()][this is not None or transform.kind == BACKWARD :])
        code = definition.segment.origin(definition.node)
        given = inputs(frame, own, code, transform, positions)
        inner = self._frame(definition, State({**names, **given}, grad=True), frame.depth + 1, this)
        inner.trace = transform
        spent, active = self._spent, list(self._active)
        try:
            self._evaluate(inner, definition)
        except (OverBudget, RecursionError):
            self._active = active
        self._spent = spent

    def _parameters(self, definition: Definition, this: Kind | None) -> dict[str, Value]:
        """What is known of a function's parameters before it is called."""
        function = definition.outline
        if function is not None:
            return self._entry_names(function, this)
        names: dict[str, Value] = {}
        parameters = definition.node.params
        for slot in [*parameters.posonly_params, *parameters.params, *parameters.kwonly_params]:
            name = slot.name.value
            annotation = slot.annotation if isinstance(definition.node, cst.FunctionDef) else None
            names[name] = annotated(self, _as_ast(annotation, definition.segment), name)
        return names

    def _completed(self) -> list[Event]:
        own = {event.site for event in self.events if isinstance(event, OwnUse)}
        completed: list[Event] = []
        for event in self.events:
            if isinstance(event, StaleRead) and event.site in own:
                completed.append(replace(event, both_used=True))
            elif isinstance(event, ToNumpy | ToScalar):
                sole = event.operand is not None and event.operand.node not in self.mixed
                completed.append(replace(event, sole=sole))
            elif isinstance(event, LeafBackward):
                if event.reached.node not in self.graphs.rooted:
                    completed.append(event)
            elif isinstance(event, GraphCut):
                leaf = event.leaf and event.reached.node not in self.graphs.rooted
                completed.append(event if leaf == event.leaf else replace(event, leaf=leaf))
            elif isinstance(event, GraphKept):
                if event.tag not in self.graphs.differentiated:
                    completed.append(replace(event, escapes=event.tag in self.graphs.escaped))
            elif not isinstance(event, OwnUse):
                completed.append(event)
        return completed

    def release(self) -> None:
        """Let go of everything at once: the frames of nested functions refer back here, and would wait for the garbage
        collector with all the trees they hold."""
        for definition in self._nested.values():
            definition.enclosing = None
        others = list(self._others.values()) if self.root is self else []
        self.__dict__.clear()
        for other in others:
            other.release()

    def spend(self) -> None:
        """Count one statement against the budget of the entry point."""
        root = self.root
        root._spent += 1
        if root._spent > STATEMENT_BUDGET:
            raise OverBudget

    def entry(self, function: FunctionOutline) -> Result:
        """Evaluate a function as if unknown code called it: by its annotations, defaults and uses."""
        known = self._entries.get(function)
        if known is not None:
            return known
        if function in self._entering:
            return Result()
        self._entering.add(function)
        outermost = len(self._entering) == 1 and not self._active
        if outermost:
            self._spent = 0
        try:
            result = self._enter(function)
        except (OverBudget, RecursionError):
            if not outermost:
                raise
            self._active.clear()
            self.given_up.append((function.name, function.first_line))
            result = Result()
        finally:
            self._entering.discard(function)
        self._entries[function] = result
        return result

    def _enter(self, function: FunctionOutline) -> Result:
        definition = self.definition(function)
        if not definition.is_parsed:
            return Result()
        this = self._receiver(function)
        result = self._run_entry(function, definition, this)
        missed = self._missed.pop(function, None)
        if missed is None or not isinstance(this, Instance):
            return result
        live = {name: value for name, value in result.attributes.items() if name in missed and _is_live(value)}
        if not live:
            return result
        for name, value in live.items():  # the next call of the method finds what this one has kept
            self._attributes[this.definition, name] = join(self.stored_attribute(this.definition, name), value)
        return self._run_entry(function, definition, this)

    def _run_entry(self, function: FunctionOutline, definition: Definition, this: Kind | None) -> Result:
        names = self._entry_names(function, this)
        grad = self._entry_mode(function)
        identities = {name: stable_path(value) or ("parameter", function.node, name) for name, value in names.items()}
        frame = self._frame(definition, State(names, grad=grad, identities=identities), 0, this)
        frame.entry = function
        if is_training_step(self, function):
            enter_step(frame, definition.node)
        return self._evaluate(frame, definition)

    @functools.cached_property
    def knows_accelerators(self) -> bool:
        """Whether the file speaks of accelerators, or leaves them to a framework."""
        return _ACCELERATORS.search(self.source.text) is not None

    def _entry_mode(self, function: FunctionOutline) -> bool | None:
        """The grad mode an unseen caller leaves on; that of the callers in this file, when they all switch it off."""
        seen = self._modes.get(function)
        if seen and True not in seen:
            return False
        if function.name in self._called_without_grad:
            return False
        mode = mode_by_role(self, function)
        evaluates = _EVALUATES.search(function.name) is not None and self.leaves_mode_to_callers(function)
        return None if mode and (self.may_run_without_grad or evaluates) else mode

    def leaves_mode_to_callers(self, function: FunctionOutline | None) -> bool:
        """Whether nothing in the file tells in which grad mode a function runs that gets its data, or its object, from
        callers elsewhere: it neither trains, for a framework or by itself, nor is it called here."""
        if function is None:
            return False
        known = self._unsettled.get(function)
        if known is None:
            known = self._unsettled[function] = self._is_unsettled(function)
        return known

    def _is_unsettled(self, function: FunctionOutline) -> bool:
        self._unsettled[function] = True  # meanwhile: functions that call each other
        arguments = function.node.args
        if not (arguments.posonlyargs or arguments.args or arguments.kwonlyargs or arguments.vararg):
            return False
        if self.goes_backward(function):
            return False
        asked = function.name
        if function.owner is not None and asked in ("forward", "__call__", "__init__"):
            asked = function.owner.name
        named = self._functions_by_name
        return all(
            bool(named.get(caller)) and all(self.leaves_mode_to_callers(one) for one in named[caller])
            for caller in self._callers.get(asked, ())
        )

    def goes_backward(self, function: FunctionOutline | None) -> bool:
        """Whether a function (None: the module's own statements) trains, for a framework or by itself."""
        if function is None:
            return _trains(self._own[ast.Attribute])
        return _trains(function.by_type[ast.Attribute]) or is_training_step(self, function)

    def kept_names(self, function: FunctionOutline | None) -> frozenset[str]:
        """The names that a function (None: the module's own statements) binds and hands to nobody."""
        names = self._kept_names.get(function)
        if names is None:
            names = self._kept_names[function] = kept_names(function.by_type if function is not None else self._own)
        return names

    @functools.cached_property
    def _own(self) -> ByType:
        """The nodes of the module's own statements."""
        return ByType(own_nodes(self.outline.tree))

    @functools.cached_property
    def _functions_by_name(self) -> dict[str, list[FunctionOutline]]:
        found: dict[str, list[FunctionOutline]] = {}
        for function in self.outline.all_functions():
            found.setdefault(function.name, []).append(function)
        return found

    @functools.cached_property
    def _callers(self) -> dict[str, set[str]]:
        """The functions that call something of a name; "" for the module's own statements."""
        found: dict[str, set[str]] = {}
        for inside, calls in (
            ("", self._own[ast.Call]),
            *((one.name, one.by_type[ast.Call]) for one in self.outline.all_functions()),
        ):
            for call in calls:
                called = call.func
                name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                found.setdefault(name, set()).add(inside)
        return found

    @functools.cached_property
    def _called_without_grad(self) -> frozenset[str]:
        """The functions that the file calls with grad switched off only."""
        text = self.source.text
        return called_without_grad(self.outline.tree) if "no_grad" in text or "inference_mode" in text else frozenset()

    @functools.cached_property
    def may_run_without_grad(self) -> bool:
        """Whether a statement of the file switches grad off and none switches it on again, or the code is of a time
        when `Variable(x, volatile=True)` did that."""
        text = self.source.text
        if "volatile=True" in text:
            return True
        if "set_grad_enabled" not in text:  # quicker than to look at every line
            return False
        return _GRAD_OFF.search(text) is not None and _GRAD_ON.search(text) is None

    def _receiver(self, function: FunctionOutline) -> Kind | None:
        decorators = {dotted(decorator) for decorator in function.node.decorator_list}
        if function.owner is None or "staticmethod" in decorators:
            return None
        if "classmethod" in decorators:
            return Class(function.owner)
        return Instance(function.owner, receiver_device(self, function), self.is_module(function.owner))

    # -- the project's other files -----------------------------------------------------------------------------------

    def imported(self, full_name: str) -> Value | None:
        """What a name imported from another file of the project is; None if it is not to be had."""
        if self.project is None:
            return None
        wanted = self._wanted.get(full_name)
        if wanted is None:
            wanted = self._wanted[full_name] = self._is_wanted(full_name)
        if not wanted:
            return None
        if full_name not in self._imported:
            self._imported[full_name] = None  # meanwhile: modules that import each other
            found = self.project.find(self.source.path, full_name)
            if found is not None:
                file, source, name = found
                self._imported[full_name] = self._other(file, source).global_value(name)
        return self._imported[full_name]

    def _is_wanted(self, full_name: str) -> bool:
        """Whether the sieve has asked for the name, or for the module it is in. Other files are not sieved."""
        if self.root is not self or self.sifted.imported is None:
            return self.project is not None and not full_name.startswith(_NEVER_OURS)
        if full_name.rpartition(".")[2] in self.sifted.imported:
            return True
        names = (self.outline.imports.get(name) for name in self.sifted.imported)
        return any(name is not None and f"{full_name}.".startswith(f"{name}.") for name in names)

    def _other(self, file: FileOutline, source: Source) -> Interpreter:
        """The interpreter of another file; it shares the budget and the call stack."""
        root = self.root
        if file is root.outline:
            return root
        other = root._others.get(file)
        if other is None:
            other = Interpreter(source, Sifted.unsieved(file), project=self.project)
            other.graphs = self.graphs
            other.root, other._active, other._entering = root, root._active, root._entering
            root._others[file] = other
            root._homes.update(dict.fromkeys(file.classes.values(), other))
        return other

    def home(self, class_: ClassOutline | None) -> Interpreter:
        """The interpreter of the file that defines a class."""
        return self.root._homes.get(class_, self.root) if class_ is not None else self

    def class_named(self, name: str) -> ClassOutline | None:
        """The class of this file, or of another of the project's, that a name in this file stands for."""
        class_ = self.outline.classes.get(name)
        if class_ is not None or self.project is None:
            return class_
        if name.partition(".")[0] not in self.outline.imports:
            return None
        for kind, _ in self.imported(self.full_name(name)) or ():
            if isinstance(kind, Class):
                found: ClassOutline = kind.definition
                return found
        return None

    # -- entry points, continued -------------------------------------------------------------------------------------

    def _entry_names(self, function: FunctionOutline, this: Kind | None) -> dict[str, Value]:
        names: dict[str, Value] = {}
        arguments = function.node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
        pairs = [*zip(positional, [*defaults, *arguments.defaults], strict=True)]
        pairs += [*zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
        if this is not None and pairs:
            names[pairs[0][0].arg] = just(this)
            pairs = pairs[1:]
        evidence = self.evidence(function)
        for parameter, default in pairs:
            value = given(self, function, parameter.arg) or annotated(self, parameter.annotation, parameter.arg)
            value = self.enriched(value, parameter.arg, evidence)
            if parameter.arg in evidence.placed:
                value = somewhere(value, parameter.arg, self._site_of(function, parameter.arg))
            names[parameter.arg] = self._with_default(value, default)
        if arguments.vararg is not None:
            inner = annotated(self, arguments.vararg.annotation, arguments.vararg.arg, 1)
            names[arguments.vararg.arg] = just(Sequence(None, inner, mutable=False))
        if arguments.kwarg is not None:
            names[arguments.kwarg.arg] = just(Mapping((), UNKNOWN))
        return names

    def _site_of(self, function: FunctionOutline, parameter: str) -> Site:
        """The place of a parameter of a function that has been parsed."""
        definition = self.definition(function)
        every = definition.node.params
        slots = [*every.posonly_params, *every.params, *every.kwonly_params]
        return Site(definition.segment, next(slot.name for slot in slots if slot.name.value == parameter))

    def _with_default(self, value: Value, default: ast.expr | None) -> Value:
        if isinstance(default, ast.Name) and default.id in self.outline.assigned and "cuda" in self.source.text:
            known = self.global_value(default.id)
            return known if all(isinstance(kind, Const) and _is_device(kind.value) for kind, _ in known) else value
        if not isinstance(default, ast.Constant):
            return value
        constant = just(Const(default.value))
        if isinstance(default.value, bool):  # a flag, whatever the annotation says
            return join(constant, without_tensors(value))
        if isinstance(default.value, str):
            # A default that names a device is that device: only the callers can make it another.
            return constant if _is_device(default.value) else join(constant, value)
        return join(constant, value) if default.value is None else value

    def enriched(self, value: Value, name: str, evidence: Evidence, callee: str = "") -> Value:
        """An unknown value as what its uses tell it is; `callee`: the function that gave it."""
        if name in evidence.awaited and (name, callee) not in evidence.rebound:
            return tuple(alt._replace(kind=as_awaited(alt.kind)) for alt in value)
        if (name, callee) in evidence.rebound:
            return value
        if name in evidence.needs_grad:
            value = tuple(alt._replace(kind=_confirmed(alt.kind)) for alt in value)
        if not any(isinstance(alt.kind, Opaque) for alt in value):
            return value
        if name in evidence.needs_grad:
            return tuple(alt._replace(kind=_as_tensor(alt.kind, True)) for alt in value)
        if name in evidence.matrices:
            return tuple(alt._replace(kind=_as_matrix(alt.kind)) for alt in value)
        if name in evidence.modules:
            return tuple(alt._replace(kind=_as_module(alt.kind, name)) for alt in value)
        if name in evidence.tensors:
            return tuple(alt._replace(kind=_as_tensor(alt.kind, None)) for alt in value)
        return value

    # -- calls inside the file ---------------------------------------------------------------------------------------

    def call(
        self, frame: Frame, definition: Definition, arguments: Arguments, this: Kind | None, node: cst.Call
    ) -> Value:
        """Evaluate a function of the file, or of another one, for these arguments."""
        home = definition.home
        if home is not None and home is not self:
            return home.call(frame, definition, arguments, this, node)
        if frame.depth >= MAX_CALL_DEPTH:
            self.root._cut_short = True
            return _unseen(frame, arguments)
        if definition in self._active or not self._is_worth(definition.outline):
            return _unseen(frame, arguments)
        if not definition.is_parsed or (frame.trace is not None and is_left_out(self, definition.outline)):
            return _unseen(frame, arguments)
        names = self._bind(definition, arguments, this)
        grad = mode_by_decorators(self, definition, frame.state.grad)
        if definition.outline is not None and frame.trace is None:
            self._modes.setdefault(definition.outline, set()).add(grad)
        key = None
        if definition.enclosing is None:
            around = (frame.loops, frame.seldom, frame.trace, frame.autocast, frame.state.underway)
            key = (definition, tuple(sorted(names.items())), this, grad, frame.tracks, around)
            result = self._contexts.get(key)
            if result is not None and frame.depth >= result.deep:
                return self._after_call(frame, result, definition, arguments, this, node)
        counted: Any = definition
        if self.root is not self:  # what the other files do among themselves must not use up what the linted one asks
            counted = (definition, frame.interpreter is self.root)
        if frame.loops or frame.trace is not None:  # these are followed beside the rest, and do not use up its contexts
            counted = (counted, frame.loops, frame.trace)
        if frame.trace is None:
            self._context_count.setdefault(definition, 0)
        if key not in self._contexts:
            if self._context_count.get(counted, 0) >= MAX_CONTEXTS and key is not None:
                return _unseen(frame, arguments)
            self._context_count[counted] = self._context_count.get(counted, 0) + 1
        state = State(names, grad=grad, path=frame.state.path, underway=frame.state.underway)
        inner = self._frame(definition, state, frame.depth + 1, this)
        inner.tracks = inner.tracks or frame.tracks
        inner.loops, inner.seldom, inner.trace = frame.loops, frame.seldom, frame.trace
        inner.entry = frame.entry
        inner.autocast = frame.autocast
        before, self.root._cut_short = self.root._cut_short, False
        result = self._evaluate(inner, definition)
        if self.root._cut_short:  # nearer to an entry point more of it can be seen
            result.deep = frame.depth
        self.root._cut_short = before or self.root._cut_short
        if key is not None:
            self._contexts[key] = result
        return self._after_call(frame, result, definition, arguments, this, node)

    def _after_call(
        self,
        frame: Frame,
        result: Result,
        definition: Definition,
        arguments: Arguments,
        this: Kind | None,
        node: cst.Call,
    ) -> Value:
        """What a call does to its caller: arguments written, parameters trained, and the value it gives."""
        if result.steps:
            stepped(frame, node)
        if result.waits:
            waited(frame, node)
        if result.underway.copies:
            frame.state.underway = join_underway(frame.state.underway, result.underway)
        for one in result.told:
            argument = _argument_named(definition, arguments, one.parameter, this)
            if argument is not None:
                relay(frame, one, argument, definition.name, node)
        for write, memory in result.writes:
            if memory.origin == "parameter" and not memory.side:
                argument = _argument_named(definition, arguments, memory.name, this)
                if argument is not None:
                    written(frame, argument.value, argument.node, node, fills=write.fills, within=True)
        return given_back(frame, result.value, arguments, definition, node, this)

    def _is_worth(self, function: FunctionOutline | None) -> bool:
        """Whether tensors or modules can come out of a function of the file."""
        if self.root is not self and function is not None:
            return handles_tensors(function, self.source.lines, self._converting)
        if function is None:
            return True
        if function.lines > MAX_CALLEE_LINES and function.name != "__init__":
            return False
        return self.sifted.worth is None or function in self.sifted.worth

    @functools.cached_property
    def _converting(self) -> re.Pattern[str] | None:
        """Finds the names under which the file knows what converts tensors by itself."""
        return any_of(converting_names(self.outline))

    def call_simple(self, frame: Frame, definition: Definition, this: Kind, node: cst.CSTNode) -> Value:
        """Evaluate a property."""
        return self.call(frame, definition, Arguments(), this, node)  # type: ignore[arg-type]

    def _bind(self, definition: Definition, arguments: Arguments, this: Kind | None) -> dict[str, Value]:
        names: dict[str, Value] = {}
        parameters = definition.node.params
        slots = [*parameters.posonly_params, *parameters.params]
        given = [argument.value for argument in arguments.positional]
        plain = plain_parameters(definition.outline.node) if definition.outline is not None else ()
        if this is not None and slots:
            names[slots[0].name.value] = just(this)
            slots = slots[1:]
        for position, slot in enumerate([*slots, *parameters.kwonly_params]):
            name = slot.name.value
            if position < len(slots) and position < len(given):
                value = given[position]
            elif name in arguments.keywords:
                value = arguments.keywords[name].value
            elif position < len(slots) and arguments.star:
                value = join(arguments.star, UNKNOWN)
            elif arguments.double_star:  # which of its values it would be is not known
                value = UNKNOWN
            elif slot.default is not None:
                value = self._default_value(slot.default, definition.segment)
            else:
                value = UNKNOWN
            names[name] = as_parameter(without_tensors(value) if name in plain else value, name)
        rest = given[len(slots) :]
        if isinstance(parameters.star_arg, cst.Param):
            names[parameters.star_arg.name.value] = just(
                Sequence(
                    None,
                    join(*rest, *([arguments.star] if arguments.star else [])) if rest or arguments.star else NOTHING,
                )
            )
        if parameters.star_kwarg is not None:
            known = {slot.name.value for slot in [*slots, *parameters.kwonly_params]}
            items = tuple((key, argument.value) for key, argument in arguments.keywords.items() if key not in known)
            names[parameters.star_kwarg.name.value] = just(Mapping(items, arguments.double_star))
        return names

    def _default_value(self, node: cst.BaseExpression, segment: Segment) -> Value:
        return Frame(self, None, segment, State({})).evaluate(node)

    def _frame(self, definition: Definition, state: State, depth: int, this: Kind | None) -> Frame:
        frame = Frame(self, definition, definition.segment, state, depth, this)
        outline = definition.outline
        enclosing = definition.enclosing
        if outline is not None:
            frame.tracks = self.sifted.tracked is None or outline in self.sifted.tracked
            frame.evidence = self.evidence(outline)
        elif enclosing is not None:
            frame.tracks, frame.evidence = enclosing.tracks, enclosing.evidence
        return frame

    def _evaluate(self, frame: Frame, definition: Definition) -> Result:
        self._active.append(definition)
        given = dict(frame.state.names) if self.root is not self else {}
        node = definition.node
        if isinstance(node, cst.Lambda):
            frame.returns.append(frame.evaluate(node.body))
        else:
            body = node.body
            run_suite(frame, body)
        if frame.alive:
            frame.exits.append(frame.state)
            if not isinstance(node, cst.Lambda) and not frame.yields:
                frame.returns.append(NONE)
        for nested in frame.nested if frame.trace is None else ():
            if nested not in self._context_count:
                self._run_uncalled(frame, nested)
        self._active.pop()
        for returned in (*frame.returns, *frame.yields):
            escape(frame, returned)
        self._tell_returned_writes(frame)
        final = join_all(frame.exits)
        if frame.tracks and final is not None and final.stale:
            tell_left_behind(frame, final)
            tell_left(frame, final)
        value = join(*frame.returns) if frame.returns else NOTHING
        if frame.yields:
            value = just(Sequence(None, join(*frame.yields), mutable=False))
        attributes = {}
        if final is not None and isinstance(frame.this, Instance) and isinstance(node, cst.FunctionDef):
            first = [*node.params.posonly_params, *node.params.params]
            prefix = first[0].name.value + "." if first else ""
            tell_given_out(frame, prefix, final)
            attributes = {
                name[len(prefix) :]: v for name, v in final.names.items() if prefix and name.startswith(prefix)
            }
        if self.root is self:
            self.events.extend(frame.events)
        underway = final.underway if final is not None else NOTHING_UNDERWAY
        result = Result(value, attributes, frame.foreign_writes, frame.has_stepped, frame.has_waited, underway)
        result.told = told(frame.events, given) if given else ()
        return result

    def _run_uncalled(self, frame: Frame, definition: Definition) -> None:
        """A nested function that is handed to somebody else: evaluate it once, for unknown arguments."""
        if frame.depth >= MAX_CALL_DEPTH or not isinstance(definition.node, cst.FunctionDef):
            return
        self._context_count[definition] = 1
        names: dict[str, Value] = {}
        parameters = definition.node.params
        for slot in [*parameters.posonly_params, *parameters.params, *parameters.kwonly_params]:
            name = slot.name.value
            names[name] = annotated(self, _as_ast(slot.annotation, definition.segment), name)
        state = frame.exits[-1] if frame.exits else frame.state
        goes_back = ".backward(" in definition.segment.text(definition.node)
        grad = mode_by_decorators(self, definition, True if goes_back else None)
        inner = self._frame(definition, State(names, grad=grad, path=state.path), frame.depth + 1, None)
        inner.entry = frame.entry
        self._evaluate(inner, definition)

    def _tell_returned_writes(self, frame: Frame) -> None:
        """Writes to a parameter's memory that the function also returns, as if the result were new."""
        if not any(_is_data(kind) for value in frame.returns for kind, _ in value) or _asks_where(frame.definition):
            return
        for position, event in enumerate(frame.events):
            if isinstance(event, ForeignWrite):
                function = frame.definition.name if frame.definition else ""
                given = event.memory.key in {memory.key for value in frame.returns for memory in memories(value)}
                outline = frame.definition.outline if frame.definition else None
                used = None
                if outline is not None and is_application(self.source.path):  # its callers are its own; few of them do
                    used = goes_on_using(self.outline, outline, event.memory.name)
                frame.events[position] = replace(event, returned=True, function=function, given=given, used=used)

    # -- what the file defines ---------------------------------------------------------------------------------------

    def definition(self, function: FunctionOutline) -> Definition:
        """The function, not parsed yet."""
        known = self._definitions.get(function)
        if known is None:
            parse = functools.partial(self._parse, function)
            known = self._definitions[function] = Definition(function.name, parse, function, home=self)
        return known

    def _parse(self, function: FunctionOutline) -> tuple[Segment, cst.FunctionDef]:
        try:
            segment = Segment(self.source, [function.node])
        except RecursionError as error:
            raise Unparsable from error
        node = segment.body[0]
        assert isinstance(node, cst.FunctionDef)
        return segment, node

    def nested_definition(self, node: cst.FunctionDef, frame: Frame) -> Definition:
        """A function defined inside another; the same object each time it is met, with its newest surroundings."""
        definition = self._nested.get(node)
        if definition is None:
            definition = Definition(node.name.value, (frame.segment, node))
            self._nested[node] = definition
        definition.enclosing = frame
        if definition not in frame.nested:
            frame.nested.append(definition)
        return definition

    @functools.cached_property
    def trains(self) -> bool:
        """Whether anything in the file trains a module."""
        return ".step(" in self.source.text or ".backward(" in self.source.text

    @functools.cached_property
    def default_dtype(self) -> Fact | None:
        """The dtype of floating tensors and parameters that name none, unless the file changes it."""
        return None if "set_default_" in self.source.text else Fact("float32")

    @functools.cached_property
    def renews_gradients(self) -> bool:
        """Whether the file's `zero_grad` drops the gradients, as it does by default, so that each backward pass makes
        new ones; nothing in it writes zeros into them."""
        text = self.source.text
        return "zero_grad(" in text and "set_to_none=False" not in text and "zero_(" not in text

    @functools.cached_property
    def hooks_clone(self) -> bool:
        """Whether a forward hook of the file clones the output it keeps."""
        for node in ast.walk(self.outline.tree):
            if isinstance(node, ast.FunctionDef) and is_hook([argument.arg for argument in node.args.args]):
                calls = (child.func for child in ast.walk(node) if isinstance(child, ast.Call))
                if any(isinstance(func, ast.Attribute) and func.attr == "clone" for func in calls):
                    return True
        return False

    def evidence(self, function: FunctionOutline) -> Evidence:
        """What the uses of names in the function tell."""
        found = self._evidence.get(function)
        if found is None:
            found = evidence_in(function.by_type)
            names = self._awaited.get(function) if self.trains else None
            if names:
                spent = found.spent | names
                found = replace(found, needs_grad=found.needs_grad | names, spent=spent, awaited=names)
            self._evidence[function] = found
        return found

    @functools.cached_property
    def _awaited(self) -> dict[FunctionOutline, frozenset[str]]:
        """What functions return for their callers in the file to call backward on."""
        return awaited(self.outline)

    def global_value(self, name: str) -> Value:
        """What a name means outside of all functions."""
        outline = self.outline
        function = outline.functions.get(name)
        if function is not None:
            return just(Function(self.definition(function)))
        if name in outline.classes:
            return just(Class(outline.classes[name]))
        if name in outline.imports:
            return self.imported(outline.imports[name]) or just(external(outline.imports[name]))
        if name in outline.assigned:
            if self.root is not self and not places_tensors(name, self.source.text):
                return just(Opaque(name))
            value = self._module_names().get(name)
            return value if value is not None else just(Opaque(name))
        if name in _CONSTANTS:
            return just(Const(_CONSTANTS[name]))
        if hasattr(builtins, name):
            return just(External(f"builtins.{name}"))
        for module in outline.stars if self.project is not None else ():
            value = self.imported(f"{module}{'' if module.endswith('.') else '.'}{name}")
            if value is not None:
                return value
        return just(Opaque(name))

    def full_name(self, name: str) -> str:
        """A dotted name as written, its first part replaced by what it was imported as."""
        root, dot, rest = name.partition(".")
        return self.outline.imports.get(root, root) + dot + rest

    def _module_names(self) -> dict[str, Value]:
        """The module's own statements, run once; functions and classes left out."""
        if self._globals is not None:
            return self._globals
        self._globals = {}
        try:
            segment = Segment(self.source, [node for node in self.outline.tree.body if not isinstance(node, _DEFINING)])
        except RecursionError:
            return self._globals
        grad = None if self.may_run_without_grad else True
        frame = Frame(self, None, segment, State(self._globals, grad=grad), 0)
        frame.tracks = self.sifted.module_tracked
        frame.evidence = NO_EVIDENCE
        self._spent = 0
        active = len(self._active)  # of another file's functions, too: it is they who ask for a name of this one
        try:
            run_block(frame, segment.body)
        except (OverBudget, RecursionError):
            del self._active[active:]
            self.given_up.append(("<module>", 1))
            return self._globals
        self._globals = frame.state.names
        self.events.extend(frame.events)
        return self._globals

    # -- classes -----------------------------------------------------------------------------------------------------

    def bases(self, class_: ClassOutline) -> list[ClassOutline]:
        """The class and those of its ancestors that the project defines, nearest first."""
        known = self.root._bases.get(class_)
        if known is not None:
            return known
        found = [class_]
        for current in found:
            home = self.home(current)
            for base in current.bases:
                parent = home.class_named(base)
                if parent is not None and parent not in found:
                    found.append(parent)
        self.root._bases[class_] = found
        return found

    def external_bases(self, class_: ClassOutline) -> list[str]:
        """Full names of the ancestors that are defined elsewhere."""
        return [
            self.home(current).full_name(base)
            for current in self.bases(class_)
            for base in current.bases
            if self.home(current).class_named(base) is None
        ]

    def is_module(self, class_: ClassOutline) -> bool:
        """Whether it is an nn.Module."""
        return any(
            base.startswith("torch.nn.") or base.rpartition(".")[2] in _MODULE_BASES
            for base in self.external_bases(class_)
        )

    def method(self, class_: ClassOutline, name: str) -> tuple[Definition, set[str]] | None:
        """A method by name, and its decorators' names."""
        for current in self.bases(class_):
            function = current.methods.get(name)
            if function is not None:
                decorators = {(dotted(node) or "").rpartition(".")[2] for node in function.node.decorator_list}
                return self.home(current).definition(function), decorators
        return None

    def written_attributes(self, class_: ClassOutline) -> frozenset[str]:
        """The attributes whose contents the class, or one that it inherits from, writes in place."""
        return frozenset().union(*(current.written for current in self.bases(class_)))

    def class_constant(self, class_: ClassOutline, name: str) -> Value | None:
        """An attribute of the class itself, if it is a constant or annotated."""
        for current in self.bases(class_):
            expression = current.constants.get(name)
            if isinstance(expression, ast.Constant):
                return just(Const(expression.value))
            if name in current.annotations:
                return annotated(self.home(current), current.annotations[name], f"self.{name}", 1)
        return None

    def stored_attribute(self, class_: ClassOutline, name: str) -> Value:
        """What the methods of the class store in `self.name`; NOTHING if none does (or that is not known yet)."""
        key = (class_, name)
        known = self._attributes.get(key)
        if known is not None:
            return known
        methods: list[FunctionOutline] = []
        overridden: set[str] = set()
        for current in self.bases(class_):
            methods += [method for method in current.stored.get(name, ()) if method.name not in overridden]
            overridden |= current.methods.keys()
        methods.sort(key=lambda method: method.name != "__init__")
        found: list[Value] = []
        complete, aside = True, False
        for method in methods[:4]:
            if method in self._entering:
                complete = False
                self.home(method.owner)._missed.setdefault(method, set()).add(name)
                aside = aside or method.name == "__init__"
                continue
            home = self.home(method.owner)
            if not home._is_worth(method):
                aside = aside or method.name == "__init__"
                continue
            value = home.entry(method).attributes.get(name)
            if value:
                found.append(value)
                if method.name == "__init__" and not _may_grow(value):
                    break
        if aside and found:  # what it is at first is not looked at: something else, as a rule, than what it becomes
            found.append(UNKNOWN)
        result = join(*found) if found else NOTHING
        if complete:
            self._attributes[key] = result
        return result

    def stored_later(self, class_: ClassOutline) -> list[tuple[str, Value]]:
        """What methods other than `__init__` store in the attributes of a class's objects."""
        found = []
        overridden = {"__init__"}
        for current in self.bases(class_):
            for name, methods in current.stored.items():
                for method in methods:
                    if method.name not in overridden and method not in self._entering and self._is_worth(method):
                        value = self.entry(method).attributes.get(name)
                        if value:
                            found.append((name, value))
            overridden |= current.methods.keys()
        return found

    def attributes_sharing(self, class_: ClassOutline, key: Any) -> list[tuple[str, Memory]]:
        """Attributes whose stored value looks at the memory of another attribute."""
        found = []
        for current in self.bases(class_):
            for name in current.stored:
                for memory in memories(self.stored_attribute(class_, name)):
                    if memory.key == key:
                        found.append((name, memory))
        return found


_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
"""Statements of a module that the outline knows already."""

_ACCELERATORS = re.compile(r"cuda|device|accelerat|lightning|\bgpu|\bmps\b", re.IGNORECASE)
_GRAD_OFF = re.compile(r"^[ \t]*([\w.]+\.)?set_grad_enabled\(\s*False\s*\)", re.MULTILINE)
_GRAD_ON = re.compile(r"set_grad_enabled\(\s*(?!False)|enable_grad")
_DOUBLES = re.compile(r"""\.(float64|double)\b|["']float64["']|set_default_""")
_EVALUATES = re.compile(r"(^|_)(valid|validate|validation)(_|$)", re.IGNORECASE)
_TRAINING = frozenset({"backward", "manual_backward", "step", "zero_grad"})
_NEVER_OURS = ("torch.", "numpy.", "builtins.")
_CONSTANTS: dict[str, Any] = {"None": None, "True": True, "False": False, "Ellipsis": Ellipsis}
_MODULE_BASES = frozenset({"Module", "LightningModule", "PreTrainedModel"})


def _needs_graph(node: ast.Attribute) -> bool:
    """Whether what this is part of trains, or differentiates: it raises where grad is off."""
    if node.attr == "step":
        return "opt" in getattr(node.value, "attr", getattr(node.value, "id", "")).lower()
    return node.attr in _TRAINING or (node.attr == "grad" and (dotted(node) or "").endswith("autograd.grad"))


def _is_device(constant: object) -> bool:
    return isinstance(constant, str) and constant.split(":")[0] in ("cpu", "cuda", "mps")


def _unseen(frame: Frame, arguments: Arguments) -> Value:
    """A call that is not followed."""
    for value in arguments.values:
        escape(frame, value)
    return UNKNOWN


def _may_grow(value: Value) -> bool:
    """Whether what `__init__` stores is a placeholder or a container that other methods fill."""
    return any(
        isinstance(kind, Sequence | Mapping | Opaque)
        or (isinstance(kind, Const) and (kind.value is None or type(kind.value) in (int, float)))
        for kind, _ in value
    )


def _trains(attributes: Iterable[ast.Attribute]) -> bool:
    """Whether backward is called, an optimiser used, or something differentiated: environments and schedulers have
    steps, too."""
    return any(_needs_graph(node) for node in attributes)


def _as_tensor(kind: Kind, needs_grad: bool | None) -> Kind:
    if not isinstance(kind, Opaque):
        return kind
    guess = kind.guess or Tensor(memory=kind.memory, path=kind.path)
    if needs_grad and (guess.grad is None or guess.grad.confidence < Confidence.CERTAIN):
        guess = replace(guess, grad=Fact(True, guess.grad.step if guess.grad is not None else None))
    return Opaque(kind.path, guess, kind.memory, kind.tensorish or bool(needs_grad))


def _confirmed(kind: Kind) -> Kind:
    """A tensor that was thought to require grad, now that backward goes through it."""
    if not isinstance(kind, Tensor) or kind.grad is None or not kind.grad.value:
        return kind
    return replace(kind, grad=replace(kind.grad, confidence=Confidence.CERTAIN))


def _as_matrix(kind: Kind) -> Kind:
    kind = _as_tensor(kind, None)
    if isinstance(kind, Opaque) and kind.guess is not None and kind.guess.count is None:
        count = Fact(MANY, confidence=Confidence.LIKELY)
        return replace(kind, guess=replace(kind.guess, count=count), tensorish=True)
    return kind


def _as_module(kind: Kind, name: str) -> Kind:
    if isinstance(kind, Opaque):
        return Module(None, kind.guess.device if kind.guess else None, path=kind.path or name)
    return kind


def _is_live(value: Value) -> bool:
    """Whether it looks at the weights of a module."""
    return any(memory.origin == "module" and memory.kept is not None for memory in memories(value))


def _asks_where(definition: Definition | None) -> bool:
    """Whether a parameter lets the caller choose that its data is written."""
    outline = definition.outline if definition is not None else None
    arguments = outline.node.args if outline is not None else None
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs] if arguments is not None else []
    return any("inplace" in argument.arg.replace("_", "") for argument in every)


def _is_data(kind: Kind) -> bool:
    """Whether a returned value can be a result in its own right."""
    return isinstance(kind, Tensor | Array | Sequence | Mapping) or (isinstance(kind, Opaque) and kind.path is None)


def _as_ast(annotation: cst.Annotation | None, segment: Segment) -> ast.expr | None:
    origin = segment.origin(annotation.annotation) if annotation is not None else None
    return origin if isinstance(origin, ast.expr) else None


def _argument_named(definition: Definition, arguments: Arguments, name: str, this: Kind | None) -> Any:
    parameters = definition.node.params
    slots = [slot.name.value for slot in [*parameters.posonly_params, *parameters.params]]
    if this is not None:
        slots = slots[1:]
    if name in slots and slots.index(name) < len(arguments.positional):
        return arguments.positional[slots.index(name)]
    return arguments.keywords.get(name)
