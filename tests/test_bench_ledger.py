from __future__ import annotations

from pathlib import Path

import pytest

from bench import ledger
from bench.judge import UnknownKey, entries
from bench.ledger import Entry, FunctionNames, Judgement, Place, normalised, places

SOURCE = """\
import torch


class Net:
    @property
    def scores(self):
        return self.out.numpy()  # the flagged line

    def both(self):
        def inner():
            return self.out.numpy()

        return inner(), self.out.numpy()


top = torch.ones(3).numpy()
"""


def only(source: str, *lines: int, code: str = "CNV101") -> list[Place]:
    return places("pkg", "pkg/mod.py", source, [(code, line) for line in lines])


def test_functions_are_named_by_line() -> None:
    names = FunctionNames(SOURCE)
    assert names.at(5) == "Net.scores"
    assert names.at(7) == "Net.scores"
    assert names.at(11) == "Net.both.inner"
    assert names.at(13) == "Net.both"
    assert names.at(8) == "Net"
    assert names.at(16) == ""


def test_a_place_survives_shifts_spacing_and_comments() -> None:
    moved = "# a new header\n\n" + SOURCE.replace("self.out.numpy()  # the flagged line", "self.out.numpy()")
    moved = moved.replace(
        "        return self.out.numpy()\n\n    def both", "        return  self.out.numpy()\n\n    def both"
    )
    assert only(SOURCE, 7) == only(moved, 9)


def test_a_place_differs_by_code_function_text_and_file() -> None:
    (place,) = only(SOURCE, 7)
    others = [*only(SOURCE, 11), *only(SOURCE, 13), *only(SOURCE, 7, code="CNV102")]
    others += places("pkg", "pkg/other.py", SOURCE, [("CNV101", 7)])
    assert len({place.key, *(other.key for other in others)}) == 5


def test_equal_lines_of_one_function_are_counted() -> None:
    source = "def f(x):\n    x.numpy()\n    x.numpy()\n"
    first, second = only(source, 2, 3)
    assert (first.ordinal, second.ordinal) == (0, 1)
    assert first.key != second.key


def test_a_file_that_does_not_parse_still_gives_places() -> None:
    (place,) = only("def f(:\n", 1)
    assert place.function == ""


def test_normalising_keeps_the_code_only() -> None:
    assert normalised("\treturn  a [ 0 ]   # why\n") == "return a [ 0 ]"


def test_the_ledger_comes_back_as_it_was_written(tmp_path: Path) -> None:
    entry = Entry(only(SOURCE, 7)[0], 7, Judgement.FALSE_ALARM, "the model stays on the CPU – always")
    path = tmp_path / "ledger.json"
    assert ledger.load(path) == {}
    ledger.save([entry], path)
    assert ledger.load(path) == {entry.place.key: entry}
    ledger.save([], path)
    assert ledger.load(path) == {}


def test_verdicts_may_be_short() -> None:
    assert Judgement.from_text("true") is Judgement.from_text("true alarm") is Judgement.TRUE_ALARM
    with pytest.raises(ValueError, match="no verdict"):
        Judgement.from_text("maybe")


def exported(place: Place) -> dict[str, object]:
    fields = {name: getattr(place, name) for name in ("package", "path", "code", "function", "text_sha256", "ordinal")}
    return {"key": place.key, **fields, "span": {"line": 7}}


def test_judgements_become_entries() -> None:
    (place,) = only(SOURCE, 7)
    judgement = {"key": place.key, "verdict": "true", "why": " moved to the GPU two lines above "}
    expected = Entry(place, 7, Judgement.TRUE_ALARM, "moved to the GPU two lines above")
    assert entries([exported(place)], [judgement]) == [expected]


def test_judgements_of_unknown_findings_or_without_a_reason_are_refused() -> None:
    (place,) = only(SOURCE, 7)
    with pytest.raises(UnknownKey):
        entries([], [{"key": place.key, "verdict": "true", "why": "x"}])
    with pytest.raises(ValueError, match="say why"):
        entries([exported(place)], [{"key": place.key, "verdict": "true", "why": " "}])
