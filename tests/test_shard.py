"""`--shard`: machines that lint a project together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import HAZARD, Run

from torchconv_lint.shell.shard import Shard

FILES = [f"src/pkg{n % 7}/modül_{n}.py" for n in range(300)]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 400])
def test_every_file_is_in_exactly_one_shard(count: int) -> None:
    shards = [Shard(number, count).of(FILES) for number in range(1, count + 1)]
    assert sorted(file for shard in shards for file in shard) == sorted(FILES)


def test_shards_are_about_equal() -> None:
    assert all(50 < len(Shard(number, 4).of(FILES)) < 100 for number in range(1, 5))


def test_a_file_stays_where_it_is_when_others_come_and_go() -> None:
    assert [file for file in Shard(2, 5).of(FILES) if file in FILES[::3]] == Shard(2, 5).of(FILES[::3])


def test_where_the_project_lies_and_how_its_files_are_named_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards = []
    for folder in (tmp_path / "one", tmp_path / "two" / "deeper"):
        folder.mkdir(parents=True)
        monkeypatch.chdir(folder)
        absolute = Shard(1, 3).of(str(folder / file) for file in FILES)
        assert [str(Path(file).relative_to(folder)) for file in absolute] == Shard(1, 3).of(FILES)
        shards.append(Shard(1, 3).of(f"./{file}" for file in FILES))
    assert shards[0] == shards[1]


def test_the_command_line_lints_each_file_on_one_machine(check: Run, tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"x{number}.py").write_text(HAZARD)
    runs = [check("--format=json", "--shard", f"{number}/3") for number in (1, 2, 3)]
    found = [finding["path"] for run in runs for finding in json.loads(run.stdout)]
    assert sorted(found) == [f"x{number}.py" for number in range(9)]
    assert max(len(json.loads(run.stdout)) for run in runs) < 9


@pytest.mark.parametrize("text", ["0/2", "3/2", "1/0", "1", "1/", "a/b", "-1/2", "1/2/3", "1 / 2"])
def test_what_is_no_shard(check: Run, hazard: Path, text: str) -> None:
    result = check("--shard", text)
    assert result.returncode == 2
    assert "is not a shard such as '1/4'" in result.stderr


def test_standard_input_has_no_shards(check: Run) -> None:
    assert check("--shard", "1/2", "-", input="").returncode == 2
