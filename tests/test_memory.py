"""Results that are remembered between runs: used as long as everything they rest on is the same, and never else."""

from __future__ import annotations

import ast
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from conftest import HAZARD, REPOSITORY, Run

from torchconv_lint.analysis.elsewhere.locate import forget
from torchconv_lint.model import Problem
from torchconv_lint.settings import Settings
from torchconv_lint.shell import memory as remembered
from torchconv_lint.shell.batch import check_all
from torchconv_lint.shell.check import Checker
from torchconv_lint.shell.checked import Checked
from torchconv_lint.shell.fix import SAFE, Fixer
from torchconv_lint.shell.memory import FOLDER, Memory, remembering
from torchconv_lint.shell.packing import packed, unpacked
from torchconv_lint.shell.selection import Selection
from torchconv_lint.shell.store import Store

CHECKER = Checker(Settings(), Selection())


class Counting(Checker):
    """Writes down what it is asked to check."""

    asked: ClassVar[list[str]] = []

    def check_file(self, path: str) -> Checked:
        self.asked.append(path)
        return super().check_file(path)


def checked_anew(*files: Path | str, folder: Path, checker: Checker = CHECKER) -> list[str]:
    """The names of the files that were linted, and not remembered."""
    counting = Counting(checker.settings, checker.selection)
    counting.asked.clear()
    with remembering(str(folder / FOLDER), checker) as memory:
        results = check_all([str(file) for file in files], counting, memory=memory)
    expected = [checker.check_file(str(file)) for file in files]
    assert [(one.findings, one.lines) for one in results] == [(one.findings, one.lines) for one in expected]
    return [Path(name).name for name in counting.asked]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file whose findings rest on another one."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "lib.py").write_text('import torch\n\nDEVICE = torch.device("cuda")\n')
    (tmp_path / "a.py").write_text("import torch\n\nfrom lib import DEVICE\n\ntorch.ones(3).to(DEVICE).numpy()\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_has_not_changed_is_not_linted_again(project: Path) -> None:
    assert checked_anew("a.py", "lib.py", folder=project) == ["a.py", "lib.py"]
    assert checked_anew("a.py", "lib.py", folder=project) == []
    os.utime("a.py", (1, 1))
    assert checked_anew("a.py", folder=project) == []


def change_own_text(project: Path) -> None:
    (project / "a.py").write_text((project / "a.py").read_text() + "# more\n")


def change_import(project: Path) -> None:
    (project / "lib.py").write_text((project / "lib.py").read_text().replace("cuda", "cpu"))


def remove_import(project: Path) -> None:
    (project / "lib.py").unlink()


def hide_import(project: Path) -> None:
    """Another file with the same name comes first."""
    (project / "lib").mkdir()
    (project / "lib" / "__init__.py").write_text("DEVICE = None\n")
    (project / "lib.py").unlink()


@pytest.mark.parametrize("change", [change_own_text, change_import, remove_import, hide_import])
def test_a_change_of_anything_that_has_a_say_is_noticed(project: Path, change: Any) -> None:
    checked_anew("a.py", folder=project)
    change(project)
    # What it must be now, without the caches that live as long as a process.
    forget()
    assert checked_anew("a.py", folder=project) == ["a.py"]
    assert checked_anew("a.py", folder=project) == []


def test_a_file_that_appears_is_noticed(project: Path) -> None:
    library = (project / "lib.py").read_text()
    (project / "lib.py").unlink()
    assert checked_anew("a.py", folder=project) == ["a.py"]
    (project / "lib.py").write_text(library)
    forget()
    assert checked_anew("a.py", folder=project) == ["a.py"]
    assert CHECKER.check_file("a.py").findings


def test_files_that_were_not_asked_for_do_not_matter(project: Path) -> None:
    checked_anew("a.py", folder=project)
    (project / "unrelated.py").write_text("import torch\n")
    assert checked_anew("a.py", folder=project) == []


@pytest.mark.parametrize(
    "other",
    [
        Checker(replace(Settings(), assume_device="cpu"), Selection()),
        Checker(replace(Settings(), opt_in=("ALL",)), Selection()),
        Checker(replace(Settings(), sieve=False), Selection()),
        Checker(Settings(), Selection(("CNV2",))),
        Checker(Settings(), Selection(ignore=("CNV101",))),
    ],
    ids=range(5),
)
def test_other_settings_are_another_matter(project: Path, other: Checker) -> None:
    checked_anew("a.py", folder=project)
    assert checked_anew("a.py", folder=project, checker=other) == ["a.py"]
    assert checked_anew("a.py", folder=project, checker=other) == []
    assert checked_anew("a.py", folder=project) == []


def test_another_name_for_the_same_file_is_another_matter(project: Path) -> None:
    checked_anew("a.py", folder=project)
    assert checked_anew(project / "a.py", folder=project) == ["a.py"]


def test_another_version_of_the_program_is_another_matter(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked_anew("a.py", folder=project)
    monkeypatch.setattr(remembered, "__version__", "999")
    assert checked_anew("a.py", folder=project) == ["a.py"]
    monkeypatch.setattr(sys, "version", "9.9.9")
    assert checked_anew("a.py", folder=project) == ["a.py"]


def test_a_program_that_is_worked_on_is_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torchconv_lint

    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "rule.py").write_text("")
    monkeypatch.setattr(torchconv_lint, "__path__", [str(tmp_path)])
    first = remembered._program()
    assert remembered._program() == first
    (tmp_path / "sub" / "rule.py").write_text("x = 1\n")
    assert remembered._program() != first
    monkeypatch.setattr(torchconv_lint, "__path__", [str(tmp_path / "nowhere")])
    assert remembered._program() != first


def test_what_went_wrong_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("def f(:\n")
    assert checked_anew(path, folder=tmp_path) == ["a.py"]
    assert checked_anew(path, folder=tmp_path) == ["a.py"]
    assert checked_anew(tmp_path / "none.py", folder=tmp_path) == ["none.py"]


def spoil_everything(path: Path) -> None:
    path.write_bytes(b"no database at all\n" * 100)


def spoil_the_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[200:] = b"\xff" * (len(data) - 200)
    path.write_bytes(bytes(data))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def other_layout(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE results")
        database.execute("CREATE TABLE results (something TEXT)")


def edited(value: object) -> Any:
    def edit(path: Path) -> None:
        with sqlite3.connect(path) as database:
            database.execute("UPDATE results SET value = ?", (value,))

    return edit


@pytest.mark.parametrize(
    "damage",
    [
        *(spoil_everything, spoil_the_middle, cut, empty, other_layout),
        *(
            edited("{}"),
            edited("no JSON"),
            edited("[1,2,3,4,5]"),
            edited("[[[]],[],[],[],[]]"),
            edited(b"\xff"),
            edited(None),
        ),
        *(edited("[[],[],[],[[1]],[]]"), edited('[[["a","b","c","d",[1],3,[],null]],[],[],[],[]]')),
    ],
)
def test_a_damaged_memory_is_no_memory(project: Path, damage: Any) -> None:
    checked_anew("a.py", folder=project)
    (path,) = (project / FOLDER).glob("*.sqlite")
    damage(path)
    assert checked_anew("a.py", folder=project) == ["a.py"]
    checked_anew("a.py", folder=project)  # may have to begin anew
    if damage is not other_layout:
        assert checked_anew("a.py", folder=project) == []


def test_a_folder_that_cannot_be_made_or_written(project: Path) -> None:
    (project / FOLDER).write_text("a file is in the way")
    assert checked_anew("a.py", folder=project) == ["a.py"]
    assert checked_anew("a.py", folder=project) == ["a.py"]
    assert (project / FOLDER).read_text() == "a file is in the way"


def test_a_memory_that_another_run_keeps_locked(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torchconv_lint.shell.store._SECONDS_TO_WAIT", 0.01)
    checked_anew("a.py", folder=project)
    (path,) = (project / FOLDER).glob("*.sqlite")
    with sqlite3.connect(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert checked_anew("a.py", folder=project) == ["a.py"]
    assert path.exists()
    assert checked_anew("a.py", folder=project) == []


def test_the_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days = iter(range(100, 200))

    def run(*keys: str, **new: str) -> list[str | None]:
        day = next(days)
        monkeypatch.setattr("torchconv_lint.shell.store._today", lambda: day)
        with Store(str(tmp_path / "memory"), most_bytes=200_000) as store:
            for key, value in new.items():
                store.put(key, value)
            return [store.get(key) for key in keys]

    long = "x" * 40_000
    run(old=long)
    run(wanted=long)
    run(later=long)
    assert run("wanted") == [long]
    run(new=long, newer=long)
    run(newest=long)
    assert run("newest", "newer", "wanted") == [long, long, long]
    assert run("old", "later") == [None, None]
    assert sum(path.stat().st_size for path in (tmp_path / "memory").glob("*.sqlite")) < 200_000


def test_findings_survive_with_all_they_have(tmp_path: Path) -> None:
    """The fixtures hold findings of every rule, with fixes and because-lines, some in other files."""
    checker = Checker(Settings(opt_in=("ALL",)), Selection())
    count = 0
    for path in sorted((REPOSITORY / "fixtures").rglob("*.py"))[::7]:
        checked = checker.check_file(str(path))
        text = packed(checked)
        assert unpacked(str(path), checked.digest, text) == (
            checked if checked.consulted else replace(checked, consulted=unpacked("", "", text).consulted)
        )
        count += len(checked.findings)
    assert count > 50


def test_lone_surrogates_survive(tmp_path: Path) -> None:
    checked = Checked("a\udcff.py", lines={(0, 1): "'\ud800'"}, digest="d")
    again = unpacked("a\udcff.py", "d", packed(checked))
    assert again.lines == checked.lines


def test_fixing_remembers_only_what_has_nothing_to_fix(hazard: Path, tmp_path: Path) -> None:
    def run(checker: Checker | Fixer) -> list[Checked]:
        with remembering(str(tmp_path / FOLDER), CHECKER) as memory:
            return check_all([str(hazard)], checker, memory=memory)

    (before,) = run(CHECKER)
    assert before.findings
    (shown,) = run(Fixer(CHECKER, SAFE, write=False))
    assert shown.diff
    (fixed,) = run(Fixer(CHECKER, SAFE, write=True))
    assert (fixed.fixed, fixed.findings) == (1, ())
    (after,) = run(CHECKER)
    assert after.findings == ()
    assert run(Fixer(CHECKER, SAFE, write=True))[0].fixed == 0
    hazard.write_text(HAZARD)
    assert run(CHECKER)[0].findings == before.findings


def test_a_problem_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    checked = replace(CHECKER.check_file(str(tmp_path / "a.py")), problems=(Problem("a.py", 1, 1, "m"),))
    with Store(str(tmp_path / FOLDER)) as store:
        memory = Memory(store, CHECKER)
        memory.keep(checked)
        assert memory.recall(checked.path) is None
        memory.keep(replace(checked, problems=()))
    with Store(str(tmp_path / FOLDER)) as store:
        assert Memory(store, CHECKER).recall(checked.path) is not None


# -- as a user meets it ------------------------------------------------------------------------------------------------


def test_the_command_line_remembers_beside_the_configuration(check: Run, hazard: Path, tmp_path: Path) -> None:
    first = check("--format=json", ".")
    assert first.returncode == 1
    assert sorted(os.listdir(tmp_path / FOLDER)) == [".gitignore", "CACHEDIR.TAG", "results-1.sqlite"]
    assert check("--format=json", ".").stdout == first.stdout
    shutil.rmtree(tmp_path / FOLDER)
    assert check("--no-cache", "--format=json", ".").stdout == first.stdout
    assert not (tmp_path / FOLDER).exists()
    assert check("--cache-dir", "elsewhere", ".").returncode == 1
    assert (tmp_path / "elsewhere" / "CACHEDIR.TAG").exists()
    assert not (tmp_path / FOLDER).exists()
    (tmp_path / "sub").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.torchconv_lint]\n")
    assert check("../hazard.py", cwd=tmp_path / "sub").returncode == 1
    assert (tmp_path / FOLDER).exists()


def test_a_run_that_remembers_everything_parses_and_imports_nothing(check: Run, hazard: Path, tmp_path: Path) -> None:
    """What makes it fast, without a clock."""
    script = (
        "import sys, ast\n"
        "ast.parse = None\n"
        "sys.argv = ['torchconv-lint', 'check', '-j', '4', '.']\n"
        "from torchconv_lint.cli import main\n"
        "try:\n    main()\nfinally:\n    print(*sys.modules, file=sys.stderr)\n"
    )
    check("hazard.py", ".")
    result = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert "hazard.py:6:12: CNV101" in result.stdout, result.stderr
    modules = set(result.stderr.splitlines()[-1].split())
    unwanted = {"libcst", "torchconv_lint.rules.base", "torchconv_lint.sieve", "concurrent.futures", "rich.console"}
    assert not unwanted & modules


def test_several_runs_at_once(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"x{number}.py").write_text(HAZARD + f"# {number}\n")
    command = [sys.executable, "-m", "torchconv_lint", "check", "--format=json", "-j1", "."]
    runs = [subprocess.Popen(command, cwd=tmp_path, stdout=-1, stderr=-1, text=True) for _ in range(4)]
    outputs = [run.communicate(timeout=120) for run in runs]
    assert len({stdout for stdout, _ in outputs}) == 1
    assert len(json.loads(outputs[0][0])) == 12
    assert not any("Traceback" in stderr for _, stderr in outputs)


def test_the_sources_of_a_result_are_checked_without_parsing() -> None:
    """`locate` is imported by every run that remembers."""
    import torchconv_lint.analysis.elsewhere.locate as located

    imports = [
        node for node in ast.walk(ast.parse(Path(located.__file__).read_text())) if isinstance(node, ast.ImportFrom)
    ]
    assert not any((node.module or "").startswith("torchconv_lint") for node in imports)
