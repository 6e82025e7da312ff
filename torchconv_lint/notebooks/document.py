"""The file of a notebook: which code it holds, and writing other code into it. Every other byte stays as it is."""

from __future__ import annotations

import json
import json.scanner
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torchconv_lint.source import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_BOM = "\ufeff"


class NoNotebook(Exception):
    """The bytes are no notebook that we can read; the message says why, `line` and `column` where."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line, self.column = line, column


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell; `number` counts all cells of the notebook, from 1, as editors do."""

    number: int
    source: str


def code_cells(data: bytes) -> list[Cell] | None:
    """The code cells of a notebook, None if their language is not Python. Raises `NoNotebook`."""
    document = _loaded(data)
    if not isinstance(document, dict):
        raise NoNotebook("it holds no JSON object")
    if "worksheets" in document:
        raise NoNotebook("its format is older than 4: 'jupyter nbconvert --to notebook --inplace' renews it")
    cells = document.get("cells")
    if not isinstance(cells, list):
        raise NoNotebook("it has no list of cells")
    if _language(document.get("metadata")) not in ("python", "ipython"):
        return None
    return [Cell(number, _source(number, cell)) for number, cell in enumerate(cells, 1) if _is_code(number, cell)]


def with_sources(data: bytes, sources: Mapping[int, str]) -> bytes:
    """The file with other code in these cells (by their numbers)."""
    text = data.decode()
    located = _located(text)
    changes: list[tuple[int, int, str]] = []
    for number, source in sources.items():
        elements = located[number - 1]["source"]
        if isinstance(elements, _Text):
            changes.append((elements.begin, elements.end, _written(source, text)))
        else:
            changes.append(_exchanged(text, elements, source))
    for begin, end, new in sorted(changes, reverse=True):
        text = text[:begin] + new + text[end:]
    return text.encode()


def rows(data: bytes, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """In which line of the file a line of a cell stands."""
    text = data.decode()
    located = _located(text)
    found: dict[tuple[int, int], int] = {}
    for cell, line in places:
        elements = located[cell - 1]["source"]
        pieces = [elements] if isinstance(elements, _Text) else elements
        behind = 0
        for piece in pieces:
            behind += len(split_lines(piece))
            if behind >= line:
                break
        else:
            piece = pieces[-1] if pieces else None
        if piece is not None:
            found[cell, line] = text.count("\n", 0, piece.begin) + 1
    return found


def _loaded(data: bytes) -> Any:
    try:
        return json.loads(data.decode().removeprefix(_BOM))
    except UnicodeDecodeError as error:
        raise NoNotebook(f"it is not UTF-8: {error.reason}") from error
    except json.JSONDecodeError as error:
        raise NoNotebook(f"it is not JSON: {error.msg}", error.lineno, error.colno) from error
    except RecursionError as error:
        raise NoNotebook("it is nested too deeply") from error


def _language(metadata: object) -> str:
    """What the kernel speaks; a notebook that does not say is taken for Python."""
    for table, key in (("kernelspec", "language"), ("language_info", "name")):
        entry = metadata.get(table) if isinstance(metadata, dict) else None
        name = entry.get(key) if isinstance(entry, dict) else None
        if isinstance(name, str):
            return name.lower()
    return "python"


def _is_code(number: int, cell: object) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        raise NoNotebook(f"cell {number} has no type")
    return bool(cell["cell_type"] == "code")


def _source(number: int, cell: Mapping[str, object]) -> str:
    source = cell.get("source")
    lines = source if isinstance(source, list) else [source]
    if not all(isinstance(line, str) for line in lines):
        raise NoNotebook(f"the source of cell {number} is neither text nor a list of lines")
    return "".join(str(line) for line in lines)


class _Text(str):
    """A string of a JSON document that knows where it is written, its quotes included."""

    begin: int
    end: int


def _located(text: str) -> list[dict[str, Any]]:
    """The cells, with strings that know where they are written."""

    def string(document: str, begin: int, strict: bool = True) -> tuple[_Text, int]:
        value, end = json.decoder.scanstring(document, begin, strict)  # type: ignore[attr-defined]
        located = _Text(value)
        located.begin, located.end = begin - 1, end
        return located, end

    decoder: Any = json.JSONDecoder()
    decoder.parse_string = string
    # The scanner written in Python calls what the decoder says; the one written in C does not.
    decoder.scan_once = json.scanner.py_make_scanner(decoder)  # type: ignore[attr-defined]
    start = len(text) - len(text.removeprefix(_BOM).lstrip())
    document, _ = decoder.raw_decode(text, start)
    cells: list[dict[str, Any]] = document["cells"]
    return cells


def _exchanged(text: str, elements: list[_Text], source: str) -> tuple[int, int, str]:
    """What to write instead of a list's elements: lines that stay as they are written, and so does what is between."""
    old, new = list(elements), _divided(source, elements)
    first = 0
    while first < min(len(old), len(new)) and str(old[first]) == new[first]:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and str(old[-1 - last]) == new[-1 - last]:
        last += 1
    between = text[old[0].end : old[1].begin] if len(old) > 1 else "," + _before(text, old[0])
    gone, come = old[first : len(old) - last], new[first : len(new) - last]
    written = between.join(_written(line, text) for line in come)
    if gone and come:
        return gone[0].begin, gone[-1].end, written
    if come:  # only new lines
        if first < len(old):
            return old[first].begin, old[first].begin, written + between
        return old[-1].end, old[-1].end, between + written
    if not gone:
        return old[0].begin, old[0].begin, ""
    # Only lines that are gone: with what is between them and their neighbour.
    if first + len(gone) < len(old):
        return gone[0].begin, old[first + len(gone)].begin, ""
    return old[first - 1].end if first else gone[0].begin, gone[-1].end, ""


def _before(text: str, element: _Text) -> str:
    """The blanks between the bracket and a list's first element; on one line, those that the file has elsewhere."""
    head = text[: element.begin]
    return head[len(head.rstrip()) :] or (" " if '": ' in text else "")


def _divided(source: str, like: list[_Text]) -> list[str]:
    """A source in lines, as whoever wrote the notebook has divided it."""
    whole = "".join(like)
    if whole.splitlines(keepends=True) == like:
        return source.splitlines(keepends=True)
    return [line + "\n" for line in source.split("\n")[:-1]] + [last for last in [source.rpartition("\n")[2]] if last]


def _written(value: str, text: str) -> str:
    """A string as this file writes strings: a file that is all ASCII has escaped everything else."""
    return json.dumps(value, ensure_ascii=text.removeprefix(_BOM).isascii())
