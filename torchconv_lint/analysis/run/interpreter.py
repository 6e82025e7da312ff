"""Runs the functions of a file abstractly: as entry points, and for the arguments that callers in the file pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.calling.left_behind import stopped_by_refusals
from torchconv_lint.analysis.domain.conditions import stable_path
from torchconv_lint.analysis.domain.state import State
from torchconv_lint.analysis.domain.values import Instance
from torchconv_lint.analysis.elsewhere.imports import Imports
from torchconv_lint.analysis.run.class_lookup import ClassLookup
from torchconv_lint.analysis.run.completing import completed
from torchconv_lint.analysis.run.definitions import Definitions
from torchconv_lint.analysis.run.entry_modes import EntryModes
from torchconv_lint.analysis.run.file_facts import FileFacts
from torchconv_lint.analysis.run.following import Calls
from torchconv_lint.analysis.run.global_names import GlobalNames
from torchconv_lint.analysis.run.likely_classes import LikelyClasses
from torchconv_lint.analysis.run.parameters import expected, receiver
from torchconv_lint.analysis.run.running import Result, frame_of, run_body
from torchconv_lint.analysis.run.shared import OverBudget, Shared
from torchconv_lint.analysis.run.stored_attributes import StoredAttributes
from torchconv_lint.analysis.run.traced import TracedRuns
from torchconv_lint.analysis.run.wants import Wants
from torchconv_lint.analysis.semantics import expressions as _expressions  # noqa: F401  (registers the meanings of expressions
from torchconv_lint.analysis.telling.loops import (
    enter_step,
    is_part_of_step,
    is_step_by_itself,
    is_training_step,
    reads_gradients,
)
from torchconv_lint.analysis.telling.sharing import memories
from torchconv_lint.sieve import Sifted

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Definition
    from torchconv_lint.analysis.domain.replaced_items import Place
    from torchconv_lint.analysis.domain.values import Kind, Value
    from torchconv_lint.analysis.elsewhere.project import Project
    from torchconv_lint.analysis.syntax.outline import ClassOutline, FileOutline, FunctionOutline
    from torchconv_lint.analysis.telling.events import Event
    from torchconv_lint.analysis.telling.loops import Loop
    from torchconv_lint.source import Source


class Interpreter:
    """All evaluation of one file. What it is about beside the entry points has a place of its own: `calls`, `traces`,
    `globals`, `classes`, `likely`, `attributes`, `imports`, `modes` (of grad), `definitions`, `facts` (of the file)."""

    def __init__(
        self,
        source: Source,
        sifted: Sifted,
        heard: frozenset[type] = frozenset(),
        project: Project | None = None,
        root: Interpreter | None = None,
    ) -> None:
        self.root = root or self  # the interpreter of the file that is linted
        self.shared: Shared = Shared() if root is None else root.shared
        self.project = project
        self.source = source
        self.outline: FileOutline = sifted.outline
        self.sifted = sifted
        self.wants = Wants(heard, source.text)
        self.numpy_numbers_widen = True

        self.events: list[Event] = []
        self.given_up: list[tuple[str, int]] = []
        self.mixed: set[cst.CSTNode] = set()  # what is converted, and not a tensor in every evaluation
        self.loops: dict[cst.CSTNode, Loop] = {}
        self.replaced: dict[cst.CSTNode, frozenset[Place]] = {}  # the items that each loop replaces
        self.born: dict[cst.CSTNode, tuple[cst.CSTNode, ...]] = {}  # the loops around each allocation
        self.identified: set[tuple[str, str, int]] = set()  # what conditions have known unknown values by

        self.facts: FileFacts = FileFacts(source, self.outline)
        self.definitions = Definitions(self)
        self.imports = Imports(self)
        self.classes = ClassLookup(self)
        self.likely = LikelyClasses(self)
        self.globals = GlobalNames(self)
        self.attributes = StoredAttributes(self)
        self.modes = EntryModes(self)
        self.calls = Calls(self)
        self.traces = TracedRuns(self)
        self._entries: dict[FunctionOutline, Result] = {}

    def run(self) -> list[Event]:
        """Analyse what the sieve has left; the events, completed."""
        if self.sifted.module:
            self.globals.assigned()
        for function in self.sifted.functions:
            self.entry(function)
        if self.wants.traces:
            self.traces.run_decorated()
        return completed(self.events, self.mixed, self.shared.graphs)

    def release(self) -> None:
        """Let go of everything at once: the frames of nested functions refer back here, and would wait for the garbage
        collector with all the trees they hold."""
        self.definitions.release()
        others = list(self.shared.interpreters.values()) if self.root is self else []
        self.__dict__.clear()
        for other in others:
            other.release()

    # -- the project's other files -----------------------------------------------------------------------------------

    @property
    def eager(self) -> bool:
        """Whether somebody has asked for what is seldom sure."""
        return self.shared.eager

    @property
    def is_other(self) -> bool:
        """Whether this is not the file that is linted: nothing of it is reported, and the sieve has not seen it."""
        return self.root is not self

    def of_file(self, file: FileOutline, source: Source) -> Interpreter:
        """The interpreter of this or another file."""
        root, shared = self.root, self.shared
        if file is root.outline:
            return root
        other = shared.interpreters.get(file)
        if other is None:
            other = Interpreter(source, Sifted.unsieved(file), project=self.project, root=root)
            shared.interpreters[file] = other
            shared.homes.update(dict.fromkeys(file.classes.values(), other))
        return other

    def home(self, class_: ClassOutline | None) -> Interpreter:
        """The interpreter of the file that defines a class."""
        return self.shared.homes.get(class_, self.root) if class_ is not None else self

    # -- entry points ------------------------------------------------------------------------------------------------

    def entry(self, function: FunctionOutline) -> Result:
        """Evaluate a function as if unknown code called it: by its annotations, defaults and uses."""
        known = self._entries.get(function)
        if known is not None:
            return known
        shared = self.shared
        if function in shared.entering:
            return Result()
        shared.entering.add(function)
        outermost = len(shared.entering) == 1 and not shared.active
        if outermost:
            shared.spent = 0
        try:
            result = self._enter(function)
        except (OverBudget, RecursionError):
            if not outermost:
                raise
            shared.active.clear()
            self.given_up.append((function.name, function.first_line))
            result = Result()
        finally:
            shared.entering.discard(function)
        self._entries[function] = result
        return result

    def _enter(self, function: FunctionOutline) -> Result:
        definition = self.definitions.of(function)
        if not definition.is_parsed:
            return Result()
        this = receiver(self, function)
        result = self._run_entry(function, definition, this)
        missed = self.attributes.take_missed(function)
        if not isinstance(this, Instance):
            return result
        live = {name: value for name, value in result.attributes.items() if name in missed and _is_live(value)}
        if not live:
            return result
        for name, value in live.items():
            self.attributes.add(this.definition, name, value)
        return self._run_entry(function, definition, this)

    def _run_entry(self, function: FunctionOutline, definition: Definition, this: Kind | None) -> Result:
        names = expected(self, definition, this)
        grad = self.modes.of(function)
        identities = {name: stable_path(value) or ("parameter", function.node, name) for name, value in names.items()}
        frame = frame_of(self, definition, State(names, grad=grad, identities=identities), 0, this)
        frame.entry = function
        if is_training_step(self, function) or (
            self.wants.loops
            and (is_part_of_step(self, function) or is_step_by_itself(function) or reads_gradients(function))
        ):
            enter_step(frame, definition.node)
        with stopped_by_refusals(self):
            return run_body(frame, definition)


def _is_live(value: Value) -> bool:
    """Whether it looks at the weights of a module."""
    return any(memory.origin == "module" and memory.kept is not None for memory in memories(value))
