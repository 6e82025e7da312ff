"""Results that flake8 finds again."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import HAZARD, Run

from torchconv_lint.analysis.elsewhere.locate import forget
from torchconv_lint.flake8_plugin import Plugin
from torchconv_lint.model import Confidence, Outcome, Problem
from torchconv_lint.settings import Settings
from torchconv_lint.shell.hosted import _opened, remembered
from torchconv_lint.source import Source

MAIN = "import torch\nfrom lib import DEVICE\n\n\ndef f():\n    return torch.ones(3).to(DEVICE).numpy()\n"
ON_CUDA = "import torch\n\nDEVICE = torch.device('cuda')\n"
ON_CPU = ON_CUDA.replace("cuda", "cpu")


@pytest.fixture(autouse=True)
def _another_process() -> None:
    """Every test starts as a process of its own would."""
    _opened.cache_clear()
    forget()


@pytest.fixture
def lint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[str], bool]]:
    """Lints main.py in the plugin: what is found, and whether the file was linted for it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Plugin, "cache_dir", "kept")
    monkeypatch.setattr(Plugin, "settings", None)
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "lib.py").write_text(ON_CUDA)

    def run(**settings: object) -> tuple[list[str], bool]:
        import torchconv_lint.lint

        asked: list[str] = []
        real = torchconv_lint.lint.lint_source

        def listening(source: Source, *arguments: object, **keywords: object) -> Outcome:
            asked.append(source.path)
            return real(source, *arguments, **keywords)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(torchconv_lint.lint, "lint_source", listening)
            if settings:
                patch.setattr(Plugin, "settings", Settings(**settings))  # type: ignore[arg-type]
            text = Path("main.py").read_text()
            found = list(Plugin(ast.parse(text), "main.py", text.splitlines(keepends=True)).run())
        return [message.split()[0] for _, _, message, _ in found], bool(asked)

    return run


def test_what_has_not_changed_is_not_linted_again(lint: Callable[..., tuple[list[str], bool]]) -> None:
    assert lint() == (["CNV101"], True)
    assert lint() == (["CNV101"], False)
    _opened.cache_clear()
    assert lint() == (["CNV101"], False)


def test_what_it_imports_has_a_say(lint: Callable[..., tuple[list[str], bool]]) -> None:
    lint()
    Path("lib.py").write_text(ON_CPU)
    _opened.cache_clear()
    forget()
    assert lint() == ([], True)


def test_so_have_the_settings_and_the_file_itself(lint: Callable[..., tuple[list[str], bool]]) -> None:
    lint()
    assert lint(assume_device="cpu") == ([], True)
    assert lint(confidence=Confidence.CERTAIN)[1]
    Path("main.py").write_text(MAIN.replace(".numpy()", ".cpu().numpy()"))
    assert lint() == ([], True)


def test_problems_are_not_kept(tmp_path: Path) -> None:
    source, outcome = Source("x.py", "import torch\n"), Outcome(problems=(Problem("x.py", 1, 1, "no"),))
    for _ in range(2):
        assert remembered(str(tmp_path), source, Settings(), lambda: outcome) is outcome


def test_a_folder_that_cannot_be_made_changes_nothing(lint: Callable[..., tuple[list[str], bool]]) -> None:
    Path("kept").write_text("a file")
    assert [lint(), lint()] == [(["CNV101"], True)] * 2


def test_in_flake8(flake8: Run, tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(HAZARD)
    (tmp_path / "y.py").write_text(HAZARD)
    (tmp_path / ".flake8").write_text("[flake8]\ntorchconv-cache-dir = kept\nselect = CNV\n")
    first = flake8("-j2", ".")
    assert first.returncode == 1
    assert sorted(path.name for path in (tmp_path / "kept").iterdir())[-1].endswith(".sqlite")
    assert flake8("-j1", ".").stdout.splitlines() == sorted(first.stdout.splitlines())
    assert not any(path.name == "kept" for path in tmp_path.parent.iterdir())


def test_flake8_remembers_for_the_user(flake8: Run, hazard: Path, tmp_path: Path) -> None:
    home = tmp_path / "caches"
    before = {path.name for path in tmp_path.iterdir()}
    for arguments, kept in ((("--torchconv-no-cache",), False), ((), True)):
        assert flake8(*arguments, hazard.name, env={"XDG_CACHE_HOME": str(home)}).stdout.count("CNV101") == 1
        assert any(home.rglob("*.sqlite")) is kept
    assert {path.name for path in tmp_path.iterdir()} == before | {"caches"}


def test_whether_others_import_the_file_has_a_say(lint: Callable[..., tuple[list[str], bool]]) -> None:
    lint()
    Path("README.md").write_text("An application.\n")
    _opened.cache_clear()
    forget()
    assert lint() == (["CNV101"], True)
