"""Which functions of a file are worth analysing at all, decided on the ast that has been parsed anyway."""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torchconv_lint.analysis.outline import FileOutline, FunctionOutline, outline
from torchconv_lint.analysis.reaching import reaching
from torchconv_lint.analysis.walking import own_nodes
from torchconv_lint.features import (
    ARGUMENT_SCALAR,
    ARGUMENT_WRITE,
    CONVERTS,
    IMPLICIT,
    KEPT,
    MEMORY,
    PASSED,
    SCALAR,
    SHARED_WRITE,
    TRUTH,
    Features,
    shares,
)
from torchconv_lint.survey import FILLING, survey
from torchconv_lint.vocabulary import GENERIC, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from torchconv_lint.survey import Survey

    Converters = Callable[[Iterable[str], frozenset[str]], Mapping[str, Collection[str]]]

_IMPLICIT = frozenset({IMPLICIT})
_PLACES = frozenset({"cuda", "to", "backward", "requires_grad=True", "requires_grad_", "parameters"})
"""Of files that move nothing and train nothing, other files are not asked what they convert: it took two fifths of all
time (measured)."""
_OF_OPTIMISERS = frozenset({"def step", "grad"})
"""What the method of an optimiser holds that handles tensors, though it names neither torch nor a method of theirs."""
SMALL = 12
"""A function of so few lines that names neither torch nor a method of tensors may still compute with them."""


@dataclass(frozen=True)
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

    @classmethod
    def unsieved(cls, file: FileOutline) -> Sifted:
        """Another file, of which only what is asked for will be looked at."""
        return cls(file, (), False, frozenset(), module_tracked=False)


def sift(
    tree: ast.Module,
    told: frozenset[str] = frozenset(),
    *,
    everything: bool = False,
    thorough: bool = False,
    wanted: frozenset[tuple[str, ...]] = frozenset(),
    converters: Converters | None = None,
) -> Sifted | None:
    """The functions that hold something a rule could hear of; None if there is none.

    `told`: the words that the text tells (`mentions.told_by`).
    `everything` skips the choice: every function is analysed, which must give the same findings. `thorough` keeps also
    what can only give findings of the lowest confidence. `wanted`: the enabled rules' own triggers
    (`Rule.triggers`). `converters`: tells which of the project's functions, by their full names, convert what
    they are given, and which methods of these names do.
    """
    file = outline(tree)
    thorough = thorough or (ARGUMENT_WRITE,) in wanted
    if everything:
        return Sifted(file, tuple(file.all_functions()), True, None)
    vocabulary = Vocabulary(file)
    functions = list(file.all_functions())
    at_module = survey(own_nodes(tree), vocabulary)
    module = at_module.conclude(set())
    vocabulary.torch |= module.made & file.assigned  # tensors and modules that functions find at module level
    surveys = {function: survey(function.nodes, vocabulary) for function in functions}
    if converters is not None and any(_PLACES & one.found.words for one in (*surveys.values(), at_module)):
        vocabulary.elsewhere = _converting_elsewhere(vocabulary, [*surveys.values(), at_module], converters)
    counting = _counting([(function.name, found.found) for function, found in surveys.items()])
    module = at_module.conclude(counting)
    features = {function: found.conclude(counting) for function, found in surveys.items()}
    if not any(head == _IMPLICIT and others <= told for head, others in _split(wanted)):
        for found in (*features.values(), module):
            found.triggers.discard(IMPLICIT)
    for found in features.values() if (ARGUMENT_WRITE,) in wanted else ():
        if found.rewrites:
            found.triggers.add(ARGUMENT_WRITE)
            found.torchy = True
        if found.words >= _OF_OPTIMISERS or "def load_state_dict" in found.words:
            found.torchy = True
    reach = _reach(file, features)
    if any("own buffer" in head for head, _ in _split(wanted)):  # arrays will do
        reach |= {function for function, found in features.items() if "own buffer" in found.words}
    counted = _counted(features, module)
    trained = {function.name for function, found in features.items() if found.trains}
    sharing = {function.name for function, found in features.items() if shares(found)}
    for found in features.values():
        # What a helper has converted is written here.
        if any(names & found.written for names in (*_of(found.passed, sharing), *_of(found.results, sharing))):
            found.triggers.add(SHARED_WRITE)
    lending = {function.name for function, found in features.items() if found.lends}
    for found in features.values() if lending else ():
        if not lending.isdisjoint(found.results):
            found.triggers.add(KEPT)
    for class_ in file.classes.values():
        # What one method has converted and kept, another one writes.
        keepers = [method for method in class_.methods.values() if features[method].keeps_shared]
        writers = [method for method in class_.methods.values() if features[method].writes_self]
        for method in (*keepers, *writers) if keepers and writers else ():
            features[method].triggers.add(SHARED_WRITE)
        # What one method has made a tensor, another one tests.
        kept: set[str] = set().union(*(features[method].kept for method in class_.methods.values()))
        for method in class_.methods.values() if kept else ():
            if not kept.isdisjoint(features[method].asked):
                features[method].triggers.add(TRUTH)
    if (SCALAR,) not in wanted:
        for found in (*features.values(), module):
            found.triggers -= {SCALAR, ARGUMENT_SCALAR}
    called = {name for found in (*features.values(), module) for name in found.calls}
    live = _Live(wanted, told, [*features.values(), module])
    chosen = {
        function
        for function, found in features.items()
        if found.interesting(
            torchy=function in reach,
            counted=function in counted,
            trained=found.trains or bool(found.calls & trained),
            called=function.name in called,
            thorough=thorough,
        )
        or (function in reach and live.begins_in(found))
    }
    module_chosen = live.begins_in(module) or module.interesting(
        torchy=True,
        counted=bool(counted) or module.counted,
        trained=module.trains or bool(module.calls & trained),
        called=False,
        thorough=thorough,
    )
    callees = _called_for(features, chosen)
    callees |= _named({function for function, found in features.items() if _hands_on(found, callees)})
    heard = [(function.name, live.rest(features[function])) for function in chosen]
    chosen |= {  # what it hands to them may be what the rest of a trigger speaks of
        function
        for function, found in features.items()
        if function in reach and any(name in found.calls and not rest.isdisjoint(found.words) for name, rest in heard)
    }
    module_chosen = module_chosen or bool(module.calls & callees)
    if not chosen and not module_chosen:
        return None
    torchy = {function.name for function, found in features.items() if found.torchy}
    callers = {
        function
        for function, found in features.items()
        if (found.torchy or not found.calls.isdisjoint(torchy)) and _hands_over(found, callees)
    }
    tracked = frozenset(function for function in functions if features[function].triggers & MEMORY)
    ordered = tuple(function for function in functions if function in callers or function in chosen)
    # What a function calls backward on came from somewhere.
    awaited = {name for found in features.values() if "backward" in found.calls for name in found.results}
    worth = frozenset(
        function
        for function, found in features.items()
        if function.name in awaited
        or found.torchy
        or found.triggers
        or (found.foreign and function.name == "__init__")  # what it stores may be a module of another file
        or _size(function) <= SMALL
        or not live.others.isdisjoint(found.words)
    )
    looked_at: list[tuple[FunctionOutline | None, Features]] = [(function, features[function]) for function in ordered]
    looked_at += [(None, module)] if module_chosen else []
    converted = {
        function: found.sunk | vocabulary.sharing for function, found in looked_at if found.triggers & CONVERTS
    }
    for function, found in looked_at:
        if SHARED_WRITE in found.triggers and not vocabulary.sharing.isdisjoint(found.calls):
            converted.setdefault(function, set()).update(vocabulary.sharing)
    imported = reaching(file, converted) if converted else frozenset()
    imported |= frozenset(name for _, found in looked_at for name in found.described & file.imports.keys())
    return Sifted(file, ordered, module_chosen, tracked, bool(module.triggers & MEMORY), worth, imported)


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


def _of(names: dict[str, set[str]], functions: set[str]) -> list[set[str]]:
    return [found for name, found in names.items() if name in functions]


class _Live:
    """The triggers all of whose words a file has. `others`: what stands behind their first words."""

    def __init__(self, wanted: frozenset[tuple[str, ...]], told: frozenset[str], features: list[Features]) -> None:
        words: set[str] = set(told).union(*(found.words for found in features))
        self.live = [(head, others) for head, others in _split(wanted) if head <= words and others <= words]
        self.others = frozenset(word for _, others in self.live for word in others)

    def begins_in(self, found: Features) -> bool:
        """Whether a function holds what one of them begins with."""
        return any(head <= found.words for head, _ in self.live)

    def rest(self, found: Features) -> frozenset[str]:
        """What stands behind the first words of those that begin in a function, and is not there itself."""
        return frozenset(word for head, others in self.live if head <= found.words for word in others - found.words)


def _size(function: FunctionOutline) -> int:
    return (function.node.end_lineno or function.node.lineno) - function.node.lineno + 1


def _reach(file: FileOutline, features: dict[FunctionOutline, Features]) -> set[FunctionOutline]:
    """Functions that tensors can reach: those that handle torch, methods of a class that does, and whom they call."""
    torchy = {function for function, found in features.items() if found.torchy}
    for class_ in file.classes.values():
        if any(method in torchy for method in class_.methods.values()):
            torchy.update(class_.methods.values())
    called = {name for function in torchy for name in features[function].calls}
    producing = {function.name for function in torchy}
    for function, found in features.items():
        if function.name in called or found.calls & producing:
            torchy.add(function)
    return torchy


def _counting(features: list[tuple[str, Features]]) -> set[str]:
    """Names of functions that make tensors of known size, or call one that does."""
    names = {name for name, found in features if found.counted}
    for _ in range(3):
        size = len(names)
        names |= {name for name, found in features if found.calls & names}
        if len(names) == size:
            break
    return names


def _counted(features: dict[FunctionOutline, Features], module: Features) -> set[FunctionOutline]:
    """Functions that tensors of known size can reach: made in them, or in a function they call or are called by."""
    makers = {function for function, found in features.items() if found.counted}
    if module.counted:
        return set(features)
    names = {function.name for function in makers}
    passed = {name for function in makers for name in features[function].calls}
    return {
        function
        for function, found in features.items()
        if function in makers or function.name in passed or found.calls & names
    }


def _hands_over(found: Features, callees: set[str]) -> bool:
    """Whether the function calls one of these with something that may be a tensor."""
    return any(name in callees and names & found.data for name, names in found.passed.items())


def _hands_on(found: Features, callees: set[str]) -> bool:
    """Whether the function calls one of these with what it was given itself."""
    return any(name in callees and names & found.given for name, names in found.passed.items())


def _called_for(features: dict[FunctionOutline, Features], chosen: set[FunctionOutline]) -> set[str]:
    """Names whose callers are analysed too: what they pass makes it a finding or not."""
    return _named(
        {fn for fn in chosen if features[fn].takes_arguments and features[fn].triggers & PASSED},
    )


def _named(functions: set[FunctionOutline]) -> set[str]:
    """The names by which these are called. Names that tensors, arrays and containers have for methods of their own
    (`pop`, `plot`) would take half the file along."""
    names = {function.name for function in functions if function.owner is None or function.name not in GENERIC}
    return names - {"__init__", "forward"}
