"""A baseline holds what is known: only new findings count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import HAZARD, Run

TWICE = HAZARD + HAZARD.replace("scores", "more")


@pytest.fixture
def project(check: Run, tmp_path: Path) -> Path:
    """A folder with old findings, all of them known."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "old.py").write_text(TWICE)
    (tmp_path / "pyproject.toml").write_text('[tool.torchconv_lint]\nbaseline = "known.json"\n')
    result = check("--write-baseline")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == f"2 findings written to {tmp_path / 'known.json'}\n"
    return tmp_path


def test_known_findings_do_not_count(check: Run, project: Path) -> None:
    result = check()
    assert (result.returncode, result.stdout) == (0, "")
    assert "2 known findings left out" in result.stderr


def test_the_file_has_no_line_numbers(project: Path) -> None:
    entry = {"path": "src/old.py", "code": "CNV101", "text": "return x.numpy()", "count": 2}
    assert json.loads((project / "known.json").read_text()) == {"version": 1, "findings": [entry]}


def test_it_holds_when_lines_move_and_from_every_folder(check: Run, project: Path) -> None:
    (project / "src" / "old.py").write_text("# moved\n\n" + TWICE.replace("    ", "        "))
    assert check().returncode == 0
    assert check(cwd=project / "src").returncode == 0
    assert check(str(project / "src"), "--baseline", "../known.json", cwd=project / "src").returncode == 0


def test_new_findings_fail_alone(check: Run, project: Path) -> None:
    (project / "src" / "new.py").write_text(HAZARD)
    (project / "src" / "old.py").write_text(TWICE + HAZARD.replace("scores", "third"))
    result = check("--format=json")
    assert result.returncode == 1
    assert [(one["path"], one["line"]) for one in json.loads(result.stdout)] == [("src/new.py", 6), ("src/old.py", 18)]


def test_what_is_gone_is_said_of_files_that_were_looked_at(check: Run, project: Path) -> None:
    (project / "src" / "old.py").write_text(HAZARD)
    (project / "src" / "other.py").write_text("")
    assert "1 of the baseline are gone: --write-baseline forgets them\n" in check().stderr
    assert "gone" not in check("src/other.py").stderr
    check("--write-baseline")
    assert json.loads((project / "known.json").read_text())["findings"][0]["count"] == 1


def test_a_file_that_cannot_be_linted_is_still_trouble(check: Run, project: Path) -> None:
    (project / "src" / "broken.py").write_text("x = = 1\n")
    assert check().returncode == 2
    assert check("--write-baseline").returncode == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "known.json: cannot be read: No such file or directory; --write-baseline makes one"),
        ("{", "known.json: not valid JSON"),
        ("[]", "known.json: is not a baseline of this version"),
        ('{"version": 2}', "known.json: is not a baseline of this version"),
        ('{"version": 1}', "known.json: is damaged (KeyError"),
        (
            '{"version": 1, "findings": [{"path": "a", "code": "b", "text": "c", "count": "?"}]}',
            "is damaged (ValueError",
        ),
    ],
)
def test_a_file_that_is_no_baseline(check: Run, hazard: Path, content: str | None, message: str) -> None:
    if content is not None:
        (hazard.parent / "known.json").write_text(content)
    result = check("--baseline=known.json")
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_writing_needs_a_name(check: Run, hazard: Path) -> None:
    result = check("--write-baseline")
    assert result.returncode == 2
    assert "--write-baseline needs a file" in result.stderr
