"""`torchconv-lint init` and `completion`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import run_module

from torchconv_lint import config
from torchconv_lint.rules import all_rules


def init(folder: Path) -> subprocess.CompletedProcess[str]:
    return run_module("torchconv_lint", "init", cwd=folder)


@pytest.mark.parametrize(
    "old",
    [
        None,
        b"",
        b'[project]\nname = "a"\n',
        b'[project]\r\nname = "\xc3\xa4"\r\n',
        b'[project]\nname = "a" # no end of line',
        b"[tool.ruff]\nline-length = 100\n",
        b"# torchconv_lint, mentioned\n",
    ],
)
def test_a_configuration_is_added_and_nothing_else_changed(tmp_path: Path, old: bytes | None) -> None:
    path = tmp_path / "pyproject.toml"
    if old is not None:
        path.write_bytes(old)
    result = init(tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "next: torchconv-lint check" in result.stdout
    new = path.read_bytes()
    assert new.startswith(old or b"")
    assert (b"\r\n" in new) == (b"\r\n" in (old or b""))
    assert new.count(b"\n") == new.count(b"\r\n") or b"\r" not in new
    # It says what holds without it: writing it down changes nothing.
    written = config.find_config(tmp_path)
    assert written.settings == config.Config().settings
    assert run_module("torchconv_lint", "check", cwd=tmp_path).returncode == 0
    again = init(tmp_path)
    assert again.returncode == 2
    assert "pyproject.toml has [tool.torchconv_lint] already" in again.stderr
    assert path.read_bytes() == new


def test_every_setting_is_in_it(tmp_path: Path) -> None:
    init(tmp_path)
    text = (tmp_path / "pyproject.toml").read_text()
    assert [key for key in config.KEYS if f"\n{key} = " not in text and f"\n# {key} = " not in text] == [
        "select",
        "extend-select",
    ]
    # What is commented out works when it is not.
    (tmp_path / "pyproject.toml").write_text(text.replace("# assume", "assume").replace("# baseline", "baseline"))
    assert config.find_config(tmp_path).settings.assume_device == "cpu"


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ("[project\n", "not valid TOML"),
        ("tool = {}\n", "is written in a way that [tool.torchconv_lint] cannot be added to"),
        ("[tool.torchconv-lint]\n", "the name is [tool.torchconv_lint]"),
    ],
)
def test_a_file_that_cannot_be_added_to_stays(tmp_path: Path, old: str, message: str) -> None:
    (tmp_path / "pyproject.toml").write_text("# torchconv_lint\n" + old)
    result = init(tmp_path)
    assert result.returncode == 2
    assert message in result.stderr
    assert (tmp_path / "pyproject.toml").read_text() == "# torchconv_lint\n" + old


def test_a_path_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").mkdir()
    result = init(tmp_path)
    assert result.returncode == 2
    assert "pyproject.toml: Is a directory" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [
        ("setup.cfg", "[flake8]\nselect = E,F\n", "`select` in setup.cfg leaves the plugin's codes out; add CNV"),
        (".flake8", "[flake8]\nselect = E\n    CNV1\n", "its options go into .flake8"),
        ("tox.ini", "[flake8]\nmax-line-length = 100\n", "its options go into tox.ini"),
        ("setup.cfg", "[metadata]\n", "flake8: finds the plugin by itself\n"),
        ("setup.cfg", "what is this", "flake8: finds the plugin by itself\n"),
    ],
)
def test_what_flake8_needs(tmp_path: Path, name: str, content: str, hint: str) -> None:
    (tmp_path / name).write_text(content)
    assert hint in init(tmp_path).stdout
    assert (tmp_path / name).read_text() == content


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("explain CNV1", {rule.code for rule in all_rules() if rule.code.startswith("CNV1")}),
        ("check --select CNV402,cnv403", {"CNV402,CNV403"}),
        ("exp", {"explain"}),
        ("check --format s", {"sarif"}),
    ],
)
def test_bash_completes(tmp_path: Path, words: str, expected: set[str]) -> None:
    program = tmp_path / "torchconv-lint"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m torchconv_lint "$@"\n')
    program.chmod(0o755)
    script = (
        'eval "$(./torchconv-lint completion bash)"\n'
        f"COMP_WORDS=(torchconv-lint {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n"
        '_torchconv_lint_completion ./torchconv-lint\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    result = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert set(result.stdout.split()) == expected, result.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_script(tmp_path: Path, shell: str) -> None:
    result = run_module("torchconv_lint", "completion", shell, cwd=tmp_path)
    assert result.returncode == 0
    assert f"_TORCHCONV_LINT_COMPLETE={shell}_complete" in result.stdout
