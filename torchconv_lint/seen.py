"""What a walk has seen in a function, by the names it is about, and what that tells of the function."""

from __future__ import annotations

import ast

from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.presence import is_called_like_data
from torchconv_lint.code_forms import anchor_of, calls_something, is_number, names_in, root_of
from torchconv_lint.constructing import Constructing
from torchconv_lint.each_round import made_each_round
from torchconv_lint.features import (
    ARGUMENT_COUNT,
    ARGUMENT_SCALAR,
    ARGUMENT_WRITE,
    COUNT,
    HANDED,
    IMPLICIT,
    MEETING,
    SCALAR,
    SHARED_WRITE,
    SNAPSHOT,
    TRUTH,
    Features,
)
from torchconv_lint.handles import Handles
from torchconv_lint.vocabulary import Vocabulary

Flow = tuple[set[str], set[str]]
"""Names that are bound, and the names that they are made from."""

_ROUNDS = 3
"""Names are followed through so many assignments."""


class Seen:
    """Collected by a walk (see survey.py), in no particular order. `found` is complete after `conclude`: what a
    function makes of the results of others is known when all have been looked at."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.found = Features(foreign=vocabulary.starred)
        self.constructing = Constructing()
        self.parameters: set[str] = set()
        self.stars: set[str] = set()  # the names of `*args`
        self.objects_given: dict[str, ast.expr] = {}  # parameters whose annotation is a name, with it
        self.returns = False
        self.own_written: set[str | None] = set()
        self.second_names: set[str] = set()
        self.own_returned: set[str | None] = set()

        # How names come about.
        self.bindings: list[Flow] = []
        self.gathered: list[Flow] = []  # what lists are filled with
        self.aliases: list[tuple[str, str]] = []  # a name, and what it may be a view of
        self.elements: list[Flow] = []  # what loops go through
        self.made: set[str] = set()  # from torch, or by a call that may give a tensor
        self.torch_made: set[str] = set()
        self.tensors: set[str] = set()  # used as tensors or arrays are
        self.shaped: set[str] = set()  # asked for a shape and the like
        self.arrays: set[str] = set()
        self.integers: set[str] = set()
        self.nones: set[str] = set()
        self.objects: set[str] = set()  # of classes that convert what their methods are given
        self.optional: set[str] = set()  # used as tensors where they are tested
        self.sized: set[str] = set()  # with a known number of elements
        self.sized_by: list[tuple[set[str], set[str]]] = []  # if one of these functions makes such

        # What is done with them.
        self.sunk: set[str] = set()  # converted
        self.rows: list[tuple[str | None, set[str]]] = []  # stored in an item of what may be an array
        self.meetings: list[tuple[str | None, set[str]]] = []  # the other operand of what may be an array
        self.asked: list[ast.Call] = []  # calls that may be of one of `objects`
        self.handing: list[ast.Call] = []  # calls with arguments
        self.scalars: set[str] = set()  # made a number, with a warning if grad is required
        self.rounded: set[str] = set()
        self.items: set[str] = set()  # asked for `.item()`
        self.counts: set[str] = set()  # made a number in whatever way
        self.compared: set[str] = set()
        self.bare: set[str] = set()  # tested as they are
        self.asked_for: set[str] = set()  # dotted names that are tested
        self.shared: set[str] = set()  # become tensors without a copy
        self.used: set[str | None] = set()  # what shows that a tested name is a tensor

        # Memory.
        self.written: set[str] = set()
        self.rewritten: set[str] = set()  # otherwise than by `x[i] = …`, which puts something into a list or dict
        self.stored: list[tuple[str, str]] = []  # by `x[i] = …`: into which name, and what
        self.handles = Handles(vocabulary)
        self.appended: set[str] = set()
        self.loops: list[ast.For | ast.AsyncFor | ast.While] = []
        self.rows_kept: set[str] = set()  # of which an item has got a name
        self.given_out: set[str] = set()  # items of attributes of `self`
        self.loaded: set[str] = set()  # into a module
        self.kept_each_time: list[tuple[str, ast.expr]] = []  # "+=" or "append()", and of what
        self.sums: set[str] = set()  # places where a gradient is stored
        self.added: set[str] = set()  # places where one is added

    def conclude(self, counting: set[str]) -> Features:
        """What the walk tells, given the names of the file's functions in which tensors of known size are made."""
        found = self.found
        for names, callees in self.sized_by:
            if callees & counting:
                self.sized |= names
        self.handles.follow(found.words | found.calls)
        self._spread()
        for call in self.handing if self.vocabulary.elsewhere else ():
            if self.vocabulary.converts_elsewhere(call.func):
                self._handed(call)
        for call in self.asked if self.objects else ():
            if root_of(call) in self.objects:
                self._sink(call)
        found.given = self._from_parameters()
        found.made = self.made
        found.sunk |= self.sunk
        found.data = self.made | self.tensors | self.vocabulary.torch | {"self"}
        found.written = self.written
        self._conclude_arguments()
        self._conclude_arrays()
        self._conclude_words()
        found.takes_arguments = bool(
            (self.sunk | self.bare & self.optional | (self.written if found.triggers else set())) & found.given
        )
        self._conclude_memory()
        self._conclude_tests()
        return found

    # -- from names to triggers --------------------------------------------------------------------------------------

    def _conclude_arguments(self) -> None:
        given, triggers = self.found.given, self.found.triggers
        if self.scalars & given:
            triggers.add(ARGUMENT_SCALAR)
        if self.items & given:
            triggers.add(ARGUMENT_COUNT)

    def _conclude_arrays(self) -> None:
        arrays = self.arrays | self.vocabulary.numpy
        tensors = self.made | self.found.given | self.vocabulary.torch
        if any(root in arrays and names & tensors for root, names in self.meetings):
            self.found.triggers.add(MEETING)
        if any(root in arrays and names & tensors for root, names in self.rows):
            self.found.triggers.add(IMPLICIT)

    def _conclude_words(self) -> None:
        words, vocabulary = self.found.words, self.vocabulary
        words |= self.constructing.words(
            self.arrays | vocabulary.numpy,
            self.sized | vocabulary.torch,
            vocabulary.local,
            self.written,
            self.parameters,
        )
        if self.found.counted:
            words.add("counted")
        for word, value in self.kept_each_time:
            if word not in words and not is_number(value) and self._may_be_result(value, here=word == "append()"):
                words.add(word)
        if self.written & self.integers:
            words.add("integers written")
        if self.rounded & (self.made | self.tensors | vocabulary.torch | {"self"}):
            words.add("round(tensor)")
        if self.shared & (self.bare | self.compared | self.asked_for):
            words.add("array tested")

    def _conclude_memory(self) -> None:
        found, triggers = self.found, self.found.triggers
        own = self.written - {"self", "cls"}
        appended = own & self.appended & (self.made | self.tensors)
        if own & self.handles.names(self.rewritten, known=found.counted) or (
            appended - made_each_round(self.loops, appended, self.vocabulary)
        ):
            triggers.add(SHARED_WRITE)
        if self.returns and self.given_out & self.written and "def __getitem__" in found.words:
            triggers.add(SHARED_WRITE)
            found.torchy = True
        second = [(name, source) for name, source in self.aliases if name in self.written and name != source]
        second += [(name, source) for name, source in self.stored if name in self.rewritten and name != source]
        renamed = {source for name, source in second if not self.tensors.isdisjoint((name, source))}
        if self.returns and renamed & self.parameters:
            triggers.add(SHARED_WRITE)
        if self.returns and self.written & self.parameters & (self.tensors | self.shaped):
            triggers.add(ARGUMENT_WRITE)
        if self.returns and any(source == "self" and name in self.written for name, source in self.aliases):
            triggers.add(ARGUMENT_WRITE)
        found.rewrites = self.returns and not self.written.isdisjoint(self._given_on())
        for names, sources in self.bindings if self.loaded else ():
            if names & self.loaded:
                self.loaded |= sources
        if "self" in self.loaded or (self.loaded and "state_dict" in found.calls):
            triggers.add(SNAPSHOT)
        if (self.second_names | self.rows_kept) & self.written:
            found.words.add("renamed")
        if self.own_written & self.own_returned:
            found.words.add("own buffer")
        if self.sums & self.added:
            triggers.add(SNAPSHOT)
            found.torchy = True

    def _conclude_tests(self) -> None:
        found = self.found
        if (self.bare | self.compared | self.counts | self.items) & self.sized:
            found.triggers.add(COUNT)
        if self.scalars & self.made:
            found.triggers.add(SCALAR)
        if self.bare & (self.optional | self.nones & self.torch_made):
            found.triggers.add(TRUTH)
        fields = [path for path in self.asked_for if self._is_field(path)] if self.objects_given else []
        found.described |= {
            (dotted(self.objects_given[path.partition(".")[0]]) or "").partition(".")[0] for path in fields
        }
        if self.asked_for & self.used or fields:
            found.triggers.add(TRUTH)
            found.torchy = True

    # -- names -------------------------------------------------------------------------------------------------------

    def _spread(self) -> None:
        """Names made from names that tensors are in hold tensors too; aliases of shared memory share it."""
        for _ in range(_ROUNDS):
            before = len(self.made) + len(self.handles) + len(self.sized)
            for names, sources in self.bindings:
                if sources & self.made:
                    self.made |= names
                if sources & self.sized:
                    self.sized |= names - {"self"}
            for name, source in (*self.aliases, *self.stored):
                self.handles.pass_on(source, name)
            if len(self.made) + len(self.handles) + len(self.sized) == before:
                break

    def _from_parameters(self) -> set[str]:
        """The parameters and the names made from them."""
        names = self.parameters - {"self", "cls"}
        for _ in range(_ROUNDS):
            size = len(names)
            for bound, sources in (*self.bindings, *self.gathered):
                if sources & names:
                    names = names | bound
            if len(names) == size:
                break
        return names

    def _given_on(self) -> set[str]:
        """The parameters, and the names of what may be a view of one."""
        names = (self.parameters | self.stars) - {"self", "cls"}
        for _ in range(_ROUNDS):
            names = names | {name for name, source in self.aliases if source in names}
            names = names.union(*(bound for bound, sources in self.elements if sources & names))
        return names

    def _may_be_result(self, value: ast.expr, *, here: bool) -> bool:
        """Whether something that is called may have given it, or a caller; `here`: each time anew."""
        if here and isinstance(value, ast.Tuple | ast.List):
            return any(self._may_be_result(each, here=True) for each in value.elts)
        if calls_something(value, self.vocabulary.plain):
            return True
        may_be = self.made if here and isinstance(value, ast.Name | ast.Attribute) else self.made | self.found.given
        return not names_in(value).isdisjoint(may_be | {"self"})

    def _is_field(self, path: str) -> bool:
        """Whether it is a field that is said to hold a tensor, of what a parameter is annotated as: of a class of
        another file, its name has to tell."""
        owner, _, name = path.partition(".")
        annotation = dotted(self.objects_given[owner]) if name and owner in self.objects_given else None
        if annotation is None:
            return False
        if annotation.partition(".")[0] in self.vocabulary.ours:
            return is_called_like_data(name)
        return name in self.vocabulary.fields.get(annotation, ())

    # -- what converts its arguments ---------------------------------------------------------------------------------

    def _sink(self, node: ast.Call) -> None:
        """A call that may convert its arguments; numbers and results of the same package are no tensors."""
        names: set[str] = set()
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            names |= names_in(argument)
            self._sunk_attribute(argument)
        names -= self.vocabulary.converting
        if names:
            self.found.triggers.add(IMPLICIT)
            self.sunk |= names

    def _handed(self, node: ast.Call) -> None:
        """A call of what converts its arguments in another file: for what is known here to be made from tensors. What
        callers in this file pass is not asked about: they would take half of it along."""
        names: set[str] = set()
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            names |= names_in(argument)
            if (anchor := anchor_of(argument)) is not None:
                names.add(anchor)
        if names & (self.made | self.vocabulary.torch):
            self.found.triggers.add(HANDED)
            anchor = anchor_of(node.func)
            self.found.sunk |= names | (names_in(node.func) - {"self"}) | ({anchor} if anchor is not None else set())

    def _sunk_attribute(self, node: ast.expr) -> None:
        anchor = anchor_of(node)
        if anchor is not None and anchor.startswith("self."):
            self.sunk.add(anchor)
