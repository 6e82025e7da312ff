"""From a proposal to text edits of one file, such that the file still parses and means what was proposed."""

from __future__ import annotations

import ast
import contextlib
import warnings
from functools import cached_property
from typing import TYPE_CHECKING

from torchconv_lint.analysis.nodes.site import Site, Unlocatable
from torchconv_lint.fixing.edits import Text
from torchconv_lint.fixing.imports import Imports, Impossible
from torchconv_lint.fixing.proposal import Instead
from torchconv_lint.fixing.stretches import Stretches
from torchconv_lint.model import Edit, Fix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchconv_lint.fixing.proposal import Change, Keyword, Proposal
    from torchconv_lint.fixing.stretches import Stretch
    from torchconv_lint.model import Span
    from torchconv_lint.source import Source


class Patcher:
    """Writes proposals into one file."""

    def __init__(self, source: Source, tree: ast.Module) -> None:
        self._path = source.path
        self._text = Text(source.text)
        self._tree = tree

    def fix(self, proposal: Proposal) -> Fix | None:
        """The edits that carry the proposal out; None if they would not do what is proposed, and nothing else."""
        try:
            edits = self._edits(proposal)
        except (Impossible, Unlocatable, SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        return Fix(proposal.message, proposal.safety, edits)

    @cached_property
    def _imports(self) -> Imports:
        return Imports(self._text, self._tree)

    @cached_property
    def _stretches(self) -> Stretches:
        return Stretches(self._text, self._tree)

    def _edits(self, proposal: Proposal) -> tuple[Edit, ...]:
        if any(change.site.path != self._path for change in proposal.changes):
            raise Impossible("another file")
        line = min(change.site.span.line for change in proposal.changes)
        spelled, added = {}, set()
        for name in proposal.names:
            spelled[name], edit = self._imports.use(name, line)
            added |= {edit} if edit else set()
        drafts = [_draft(change, self._text, spelled) for change in proposal.changes]
        self._without_needless_parentheses(drafts)
        return _merged([*added, *_written(drafts)])

    def _without_needless_parentheses(self, drafts: list[Draft]) -> None:
        """Every draft begins with parentheses around all of its parts, which is right and ugly. Take those away
        without which the code means the same."""
        stretch, wanted = self._around(drafts)
        for draft in drafts:
            for number in reversed(range(len(draft.grouped))):
                draft.grouped[number] = False
                try:
                    draft.grouped[number] = self._meaning(drafts, stretch) != wanted
                except SyntaxError:
                    draft.grouped[number] = True

    def _around(self, drafts: list[Draft]) -> tuple[Stretch, str]:
        """The shortest stretch around the drafts that is code after the change, and what it means then."""
        places = [self._text.range(draft.span) for draft in drafts]
        for stretch in self._stretches.around(min(places)[0], max(end for _, end in places)):
            with contextlib.suppress(SyntaxError):
                return stretch, self._meaning(drafts, stretch)
        raise Impossible("does not parse")

    def _meaning(self, drafts: list[Draft], stretch: Stretch) -> str:
        """What the stretch means after the change."""
        edited = self._text.edited(_written(drafts), stretch.begin, stretch.end)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.dump(ast.parse(stretch.before + edited + stretch.behind))


class Draft:
    """A change on its way to edits. `span` is what it replaces; `parts` are new text and stretches of the file that
    stay, in the order of the file; `grouped` tells which stretches are in parentheses, and as the last, the whole."""

    def __init__(self, text: Text, span: Span, parts: list[str | Span]) -> None:
        self._text = text
        self.span = span
        self._parts = parts
        self.grouped = [True] * (1 + sum(not isinstance(part, str) for part in parts))

    def edits(self) -> Iterator[Edit]:
        """Edits of what is new or gone; what stays is not touched."""
        position, end = self._text.range(self.span)
        whole = self.grouped[-1]
        new, number = "(" if whole else "", 0
        for part in self._parts:
            if isinstance(part, str):
                new += part
                continue
            begin, behind = self._text.range(part)
            group = self.grouped[number]
            yield from self._replaced(position, begin, new + ("(" if group else ""))
            new, position, number = (")" if group else ""), behind, number + 1
        yield from self._replaced(position, end, new + (")" if whole else ""))

    def _replaced(self, begin: int, end: int, new: str) -> Iterator[Edit]:
        if begin > end or "#" in self._text.text[begin:end]:
            raise Impossible("parts out of order, or a comment would be lost")
        if new != self._text.text[begin:end]:
            yield Edit(self._text.span(begin, end), new)


def _written(drafts: Iterable[Draft]) -> list[Edit]:
    return [edit for draft in drafts for edit in draft.edits()]


def _merged(edits: list[Edit]) -> tuple[Edit, ...]:
    """In the order of the file; what is inserted where another edit begins is one edit with it."""
    merged: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: edit.span):
        before = merged[-1] if merged else None
        if before is not None and (before.span.line, before.span.column) == (edit.span.line, edit.span.column):
            edit = Edit(edit.span, before.replacement + edit.replacement)
            merged.pop()
        merged.append(edit)
    return tuple(merged)


def _draft(change: Change, text: Text, spelled: dict[str, str]) -> Draft:
    def respelled(new: str) -> str:
        for name, local in spelled.items():
            new = new.replace(name, local)
        return new

    if isinstance(change, Instead):
        parts = [respelled(piece) if isinstance(piece, str) else _located(piece, text) for piece in change.pieces]
        return Draft(text, _located(change.site, text), parts)
    return _argument(change, text, respelled(change.text))


def _argument(change: Keyword, text: Text, new: str) -> Draft:
    """The new argument comes behind the last one, or is the only one."""
    call = change.site
    if "**" in call.keywords or new.partition("=")[0] in call.keywords:
        raise Impossible("the argument may be there already")
    _located(call, text)
    if call.arguments:
        last = _located(call.arguments[-1], text)
        draft = Draft(text, last, [last, f", {new}"])
    else:
        _, end = text.range(call.span)
        draft = Draft(text, text.span(end - 1, end - 1), [new])
    draft.grouped[-1] = False  # no parentheses around "argument, another"
    return draft


def _located(site: Site, text: Text) -> Span:
    """Where the code of `site` is, its own parentheses included. What libcst says is checked against the file."""
    span = site.outer_span
    if _words(text.at(span)) != _words(site.code):
        raise Impossible("not where it should be")
    return span


def _words(code: str) -> list[str]:
    """What can be compared: a node alone has lost its indentation."""
    return [word for line in code.splitlines() if not line.lstrip().startswith("#") for word in line.split()]
