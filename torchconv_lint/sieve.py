"""Which functions of a file are worth analysing at all, decided on the ast that has been parsed anyway."""

from __future__ import annotations

import ast
import functools
from dataclasses import replace
from typing import TYPE_CHECKING

from torchconv_lint.among_functions import counting_names, reached, reached_by_counted, tell_each_other
from torchconv_lint.analysis.syntax.outline import FileOutline, FunctionOutline, outline
from torchconv_lint.analysis.syntax.reaching import reaching
from torchconv_lint.analysis.syntax.walking import own_nodes
from torchconv_lint.features import (
    ARGUMENT_SCALAR,
    ARGUMENT_WRITE,
    CONVERTS,
    HANDED,
    IMPLICIT,
    MEETING,
    MEMORY,
    PASSED,
    SCALAR,
    SHARED_WRITE,
    Features,
)
from torchconv_lint.mentions import TELLABLE
from torchconv_lint.record import told
from torchconv_lint.survey import FILLING, survey
from torchconv_lint.vocabulary import GENERIC, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from torchconv_lint.survey import Survey

    Told = Callable[[], frozenset[str]]
    Converters = Callable[[Iterable[str], frozenset[str]], Mapping[str, Collection[str]]]

_IMPLICIT = frozenset({IMPLICIT})
_CONVERTING = frozenset({IMPLICIT, MEETING})
_PLACES = frozenset({"cuda", "to", "backward", "requires_grad=True", "requires_grad_", "parameters"})
"""Of files that move nothing and train nothing, other files are not asked what they convert: it took two fifths of all
time (measured)."""
_OF_OPTIMISERS = frozenset({"def step", "grad"})
"""What the method of an optimiser holds that handles tensors, though it names neither torch nor a method of theirs."""
SMALL = 12
"""A function of so few lines that names neither torch nor a method of tensors may still compute with them."""


@told
class Sifted:
    """What is left to analyse: functions, whether the module's own statements are, where memory is followed, which
    functions are worth running when they are called or when they store an attribute (None: all), and which imported
    names are worth looking up in the project's other files (None: all)."""

    outline: FileOutline
    functions: tuple[FunctionOutline, ...]
    module: bool
    tracked: frozenset[FunctionOutline] | None
    module_tracked: bool = True
    worth: frozenset[FunctionOutline] | None = None
    imported: frozenset[str] | None = None

    def with_all(self) -> Sifted:
        """The same with every function, memory followed in all of them, and every import looked up; the chosen ones are
        still those that lead anywhere."""
        every = tuple(self.outline.all_functions())
        return replace(self, functions=every, module=True, tracked=None, module_tracked=True, imported=None)

    @classmethod
    def unsieved(cls, file: FileOutline) -> Sifted:
        """Another file, of which only what is asked for will be looked at."""
        return cls(file, (), False, frozenset(), module_tracked=False)


def sift(
    tree: ast.Module,
    told: Callable[[], frozenset[str]] = frozenset,
    *,
    everything: bool = False,
    thorough: bool = False,
    wanted: frozenset[tuple[str, ...]] = frozenset(),
    converters: Converters | None = None,
) -> Sifted | None:
    """The functions that hold something a rule could hear of; None if there is none.

    `told` gives the words that the text tells (`mentions.told_by`), and is asked where something depends on them.
    `everything` skips the choice: every function is analysed, which must give the same findings. `thorough` keeps also
    what can only give findings of the lowest confidence. `wanted`: the enabled rules' own triggers
    (`Rule.triggers`). `converters`: tells which of the project's functions, by their full names, convert what
    they are given, and which methods of these names do.
    """
    file = outline(tree)
    if everything:
        return Sifted(file, tuple(file.all_functions()), True, None)
    vocabulary = Vocabulary(file)
    features, module = _looked_through(tree, file, vocabulary, converters if (HANDED,) in wanted else None)
    _leave_out_unwanted([*features.values(), module], wanted, told)
    if ("loss returned",) in wanted:
        for found in features.values():
            found.torchy |= "loss returned" in found.words
    if (IMPLICIT,) in wanted:  # wherever they are: gradients of what a function is given
        for found in features.values():
            found.torchy |= "grad" in found.words
    if ("def forward&if",) in wanted:  # of what a module is given, a number is asked
        for found in features.values():
            found.torchy |= {"def forward", "if"} <= found.words
    if (ARGUMENT_WRITE,) in wanted:
        _add_rewriting(features.values())
    tell_each_other(file, features, module)
    choice = _Choice(file, features, module, _Live(wanted, told, [*features.values(), module]))
    chosen, module_chosen = choice.of_interest(thorough=thorough or (ARGUMENT_WRITE,) in wanted)
    callees = choice.callees(chosen)
    chosen |= choice.fed_by(chosen)
    module_chosen = module_chosen or bool(module.calls & callees)
    if not chosen and not module_chosen:
        return None
    chosen |= choice.callers(callees)
    ordered = tuple(function for function in features if function in chosen)
    looked_at: list[tuple[FunctionOutline | None, Features]] = [(function, features[function]) for function in ordered]
    looked_at += [(None, module)] if module_chosen else []
    return Sifted(
        file,
        ordered,
        module_chosen,
        frozenset(function for function, found in features.items() if found.triggers & MEMORY),
        bool(module.triggers & MEMORY),
        choice.worth(),
        _imported(file, vocabulary, looked_at),
    )


def _looked_through(
    tree: ast.Module, file: FileOutline, vocabulary: Vocabulary, converters: Converters | None
) -> tuple[dict[FunctionOutline, Features], Features]:
    """What each function holds, in the order of the file, and what the module's own statements do."""
    at_module = survey(own_nodes(tree), vocabulary)
    module = at_module.conclude(set())
    vocabulary.torch |= module.made & file.assigned  # tensors and modules that functions find at module level
    surveys = {function: survey(function.nodes, vocabulary) for function in file.all_functions()}
    every = [*surveys.values(), at_module]
    if converters is not None and any(_PLACES & one.found.words for one in every):
        vocabulary.elsewhere = _converting_elsewhere(vocabulary, every, converters)
    counting = counting_names([(function.name, found.found) for function, found in surveys.items()])
    return {function: found.conclude(counting) for function, found in surveys.items()}, at_module.conclude(counting)


def _leave_out_unwanted(features: Iterable[Features], wanted: frozenset[tuple[str, ...]], told: Told) -> None:
    """Triggers that no enabled rule speaks of."""
    converting = any(not _CONVERTING.isdisjoint(found.triggers) for found in features)
    spoken = told() if converting else frozenset()
    converted = any(head == _IMPLICIT and others <= spoken for head, others in _split(wanted))
    unwanted = set() if converted else {IMPLICIT}
    if not converted and (MEETING,) not in wanted:  # an array that meets a tensor converts it, or is refused
        unwanted.add(MEETING)
    if (SCALAR,) not in wanted:
        unwanted |= {SCALAR, ARGUMENT_SCALAR}
    for found in features if unwanted else ():
        found.triggers -= unwanted


def _add_rewriting(features: Iterable[Features]) -> None:
    """Functions that give back what they were given, written; optimisers' methods, which handle tensors without a word
    of torch."""
    for found in features:
        if found.rewrites:
            found.triggers.add(ARGUMENT_WRITE)
            found.torchy = True
        if found.words >= _OF_OPTIMISERS or "def load_state_dict" in found.words:
            found.torchy = True


class _Choice:
    """Which functions are left, step by step."""

    def __init__(
        self, file: FileOutline, features: dict[FunctionOutline, Features], module: Features, live: _Live
    ) -> None:
        self._features = features
        self._module = module
        self._live = live
        self._reach = reached(file, features)
        if live.own_buffers:  # arrays will do
            self._reach |= {function for function, found in features.items() if "own buffer" in found.words}

    def of_interest(self, *, thorough: bool) -> tuple[set[FunctionOutline], bool]:
        """The functions that a rule could hear of by what they hold, and whether it could of the module."""
        features, module, live = self._features, self._module, self._live
        counted = reached_by_counted(features, module)
        trained = {function.name for function, found in features.items() if found.trains}
        called = {name for found in (*features.values(), module) for name in found.calls}
        chosen = {
            function
            for function, found in features.items()
            if found.interesting(
                torchy=function in self._reach,
                counted=function in counted,
                trained=found.trains or bool(found.calls & trained),
                called=function.name in called,
                thorough=thorough,
            )
            or (function in self._reach and live.begins_in(found))
        }
        return chosen, live.begins_in(module) or module.interesting(
            torchy=True,
            counted=bool(counted) or module.counted,
            trained=module.trains or bool(module.calls & trained),
            called=False,
            thorough=thorough,
        )

    def callees(self, chosen: set[FunctionOutline]) -> set[str]:
        """The names by which functions are called whose callers are analysed too: what they pass makes it a finding or
        not, in these functions or in those that they hand it on to."""
        features = self._features
        callees = _named({fn for fn in chosen if features[fn].takes_arguments and features[fn].triggers & PASSED})
        return callees | _named({function for function, found in features.items() if _hands_on(found, callees)})

    def fed_by(self, chosen: set[FunctionOutline]) -> set[FunctionOutline]:
        """The functions to which those that hold the first words of a trigger hand what the rest may speak of."""
        features = self._features
        heard = [(function.name, self._live.rest(features[function])) for function in chosen]
        return {
            function
            for function, found in features.items()
            if function in self._reach
            and any(name in found.calls and not rest.isdisjoint(found.words) for name, rest in heard)
        }

    def callers(self, callees: set[str]) -> set[FunctionOutline]:
        """The functions that may hand tensors to one of these."""
        features = self._features
        torchy = {function.name for function, found in features.items() if found.torchy}
        return {
            function
            for function, found in features.items()
            if (found.torchy or not found.calls.isdisjoint(torchy)) and _hands_over(found, callees)
        }

    def worth(self) -> frozenset[FunctionOutline]:
        """The functions that are worth running when they are called, or for an attribute."""
        features = self._features
        # What a function calls backward on came from somewhere.
        awaited = {name for found in features.values() if "backward" in found.calls for name in found.results}
        return frozenset(
            function
            for function, found in features.items()
            if function.name in awaited
            or found.torchy
            or found.triggers
            or (found.foreign and function.name == "__init__")  # what it stores may be a module of another file
            or _size(function) <= SMALL
            or not self._live.others.isdisjoint(found.words)
        )


def _imported(
    file: FileOutline, vocabulary: Vocabulary, looked_at: list[tuple[FunctionOutline | None, Features]]
) -> frozenset[str]:
    """The imported names that decide about a conversion, or say what the fields of an argument hold."""
    converted = {
        function: found.sunk | vocabulary.sharing for function, found in looked_at if found.triggers & CONVERTS
    }
    for function, found in looked_at:
        if SHARED_WRITE in found.triggers and not vocabulary.sharing.isdisjoint(found.calls):
            converted.setdefault(function, set()).update(vocabulary.sharing)
    imported = reaching(file, converted) if converted else frozenset()
    return imported | frozenset(name for _, found in looked_at for name in found.described & file.imports.keys())


@functools.lru_cache(maxsize=4)
def _split(wanted: frozenset[tuple[str, ...]]) -> list[tuple[frozenset[str], frozenset[str]]]:
    """The words of each trigger: those that one function has to hold, and those of its file."""
    return [(frozenset(head.split("&")), frozenset(others)) for head, *others in wanted]


def _converting_elsewhere(
    vocabulary: Vocabulary, surveys: list[Survey], converters: Converters
) -> Mapping[str, Collection[str]]:
    """What other files define, is called here, and converts what it is given."""
    calls = [call.func for one in surveys if one.found.torchy for call in one.handing]
    names = {name for func in calls if (name := vocabulary.handed_to(func)) is not None}
    called = frozenset(func.attr for func in calls if isinstance(func, ast.Attribute)) - GENERIC | FILLING
    return converters(sorted(names), called) if names else {}


class _Live:
    """The triggers all of whose words a file has. `others`: what stands behind their first words."""

    def __init__(self, wanted: frozenset[tuple[str, ...]], told: Told, features: list[Features]) -> None:
        words: set[str] = set().union(*(found.words for found in features))
        begun = [(head, others) for head, others in _split(wanted) if head <= words]
        if any(TELLABLE & others and others <= words | TELLABLE for _, others in begun):
            words |= told()
        self.live = [(head, others) for head, others in begun if others <= words]
        self.others = frozenset(word for _, others in self.live for word in others)
        self.own_buffers = any("own buffer" in head for head, _ in _split(wanted))

    def begins_in(self, found: Features) -> bool:
        """Whether a function holds what one of them begins with."""
        return any(head <= found.words for head, _ in self.live)

    def rest(self, found: Features) -> frozenset[str]:
        """What stands behind the first words of those that begin in a function, and is not there itself."""
        return frozenset(word for head, others in self.live if head <= found.words for word in others - found.words)


def _size(function: FunctionOutline) -> int:
    return (function.node.end_lineno or function.node.lineno) - function.node.lineno + 1


def _hands_over(found: Features, callees: set[str]) -> bool:
    """Whether the function calls one of these with something that may be a tensor."""
    return any(name in callees and names & found.data for name, names in found.passed.items())


def _hands_on(found: Features, callees: set[str]) -> bool:
    """Whether the function calls one of these with what it was given itself."""
    return any(name in callees and names & found.given for name, names in found.passed.items())


def _named(functions: set[FunctionOutline]) -> set[str]:
    """The names by which these are called. Names that tensors, arrays and containers have for methods of their own
    (`pop`, `plot`) would take half the file along."""
    names = {function.name for function in functions if function.owner is None or function.name not in GENERIC}
    return names - {"__init__", "forward"}
