"""What the functions of a file mean for each other, by what each of them holds: whom tensors reach, and what one makes
that another one writes or tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.features import KEPT, SHARED_WRITE, TRUTH, Features, shares

if TYPE_CHECKING:
    from torchconv_lint.analysis.syntax.outline import ClassOutline, FileOutline, FunctionOutline

    Found = dict[FunctionOutline, Features]

_CALLS = 3
"""What is called in so many calls inside each other belongs to a function."""


def reached(file: FileOutline, features: Found) -> set[FunctionOutline]:
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


def counting_names(features: list[tuple[str, Features]]) -> set[str]:
    """Names of functions that make tensors of known size, or call one that does."""
    names = {name for name, found in features if found.counted}
    for _ in range(_CALLS):
        size = len(names)
        names |= {name for name, found in features if found.calls & names}
        if len(names) == size:
            break
    return names


def reached_by_counted(features: Found, module: Features) -> set[FunctionOutline]:
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


def tell_each_other(file: FileOutline, features: Found, module: Features) -> None:
    """Add the triggers and words that one function gives to another."""
    _tell_going_back([*features.items(), (None, module)])
    sharing = {function.name for function, found in features.items() if shares(found)}
    lending = {function.name for function, found in features.items() if found.lends}
    for found in features.values():
        # What a helper has converted is written here.
        if any(names & found.written for names in (*_of(found.passed, sharing), *_of(found.results, sharing))):
            found.triggers.add(SHARED_WRITE)
        if not lending.isdisjoint(found.results):
            found.triggers.add(KEPT)
    for class_ in file.classes.values():
        _tell_methods(class_, features)


def _tell_going_back(features: list[tuple[FunctionOutline | None, Features]]) -> None:
    """Who calls a function that goes back through a graph does so itself: that is where graphs are kept for longer than
    a round."""
    named = [(function.name, found) for function, found in features if function is not None]
    going = {name for name, found in named if "backward" in found.words}
    for _ in range(_CALLS):
        size = len(going)
        going |= {name for name, found in named if found.calls & going}
        if len(going) == size:
            break
    for _, found in features:
        if "backward" in found.words or found.calls & going:
            found.words.add("goes back")


def _tell_methods(class_: ClassOutline, features: Found) -> None:
    methods = [features[method] for method in class_.methods.values()]
    # What one method has converted and kept, another one writes.
    keepers = [found for found in methods if found.keeps_shared]
    writers = [found for found in methods if found.writes_self]
    for found in (*keepers, *writers) if keepers and writers else ():
        found.triggers.add(SHARED_WRITE)
    # What one method has made a tensor, another one tests.
    kept: set[str] = set().union(*(found.kept for found in methods))
    for found in methods if kept else ():
        if not kept.isdisjoint(found.asked):
            found.triggers.add(TRUTH)


def _of(names: dict[str, set[str]], functions: set[str]) -> list[set[str]]:
    return [found for name, found in names.items() if name in functions]
