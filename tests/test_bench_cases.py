from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.cases import Case, Tally, Verdict, load_cases, selected, tally


def case(case_id: str = "X1", category: str = "alias-then-write", scope: str = "same-file", line: int = 12) -> Case:
    return Case(case_id, "owner/name", "pkg/mod.py", line, category, scope, "because", (20, 21))


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        ([], Verdict.MISSED),
        ([11, 13], Verdict.MISSED),
        ([3, 12], Verdict.REPORTED),
        ([21], Verdict.REPORTED),
    ],
)
def test_a_case_is_reported_on_its_line_or_an_also_flaggable_one(lines: list[int], verdict: Verdict) -> None:
    assert case().judge(lines) is verdict


def test_loading_reads_bugs_and_lookalikes(tmp_path: Path) -> None:
    entries = [
        {
            "id": "B1",
            "repo": "o/n",
            "path": "a.py",
            "line": 3,
            "category": "c",
            "evidence_scope": "same-function",
            "why": "w",
            "also_flaggable_lines": [4],
        },
        {"id": "N1", "repo": "o/n", "path": "b.py", "line": 7, "why_not_a_bug": "fine"},
    ]
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    bug, lookalike = load_cases(path)
    assert bug == Case("B1", "o/n", "a.py", 3, "c", "same-function", "w", (4,))
    assert lookalike == Case("N1", "o/n", "b.py", 7, "", "", "fine")
    assert bug.file_in(Path("fetched")) == Path("fetched/B1/a.py")


def test_selection_by_scope_and_category_pattern() -> None:
    cases = [case("1"), case("2", category="truthiness"), case("3", scope="cross-file")]
    assert [item.id for item in selected(cases, [], [])] == ["1", "2", "3"]
    assert [item.id for item in selected(cases, ["same-file"], ["alias-*"])] == ["1"]


def test_tally_counts_by_category_and_scope_and_keeps_unfetched_out_of_recall() -> None:
    counts = tally(
        [
            (case("1"), Verdict.REPORTED),
            (case("2"), Verdict.MISSED),
            (case("3"), Verdict.NOT_FETCHED),
            (case("4", scope="same-function"), Verdict.NOT_FETCHED),
        ]
    )
    assert list(counts) == [("alias-then-write", "same-function"), ("alias-then-write", "same-file")]
    assert counts["alias-then-write", "same-file"] == Tally(reported=1, missed=1, not_fetched=1)
    assert counts["alias-then-write", "same-file"].recall == 0.5
    assert counts["alias-then-write", "same-function"].recall is None


def test_a_file_that_fails_to_lint_counts_as_not_recalled() -> None:
    assert Tally(reported=1, failed=1).recall == 0.5
