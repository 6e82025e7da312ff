"""`torchconv-lint rules`, `explain` and `--version`."""

from __future__ import annotations

import json
import platform
import sys

import pytest
from click.testing import CliRunner
from conftest import REPOSITORY, run_module

import torchconv_lint
from torchconv_lint.cli import cli, main
from torchconv_lint.rules import all_rules


def test_rules_as_text() -> None:
    lines = CliRunner().invoke(cli, ["rules"]).output.splitlines()
    assert [line.split()[:2] for line in lines] == [[rule.code, rule.name] for rule in all_rules()]


def test_rules_as_json() -> None:
    rows = json.loads(CliRunner().invoke(cli, ["rules", "--format", "json"]).output)
    assert [row["code"] for row in rows] == [rule.code for rule in all_rules()]
    assert all(set(row) == {"code", "name", "default", "default_confidence", "group", "summary"} for row in rows)
    assert all(row["summary"] and row["default_confidence"] in ("likely", "certain") for row in rows)


@pytest.mark.parametrize("name", ["CNV101", "cnv101", "numpy-on-accelerator"])
def test_explain(name: str) -> None:
    result = CliRunner().invoke(cli, ["explain", name])
    assert result.exit_code == 0
    assert result.output.startswith("# CNV101: ")
    assert "`numpy-on-accelerator` · on by default" in result.output


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("numpy-on-acelerator", "did you mean numpy-on-accelerator?"),
        ("NumPy-On-Grat", "did you mean numpy-on-grad?"),
        ("cnv110", "did you mean CNV111?"),
        ("102", "did you mean CNV102?"),
        ("CNW101", "did you mean CNV101?"),
        ("?", "see 'torchconv-lint rules'"),
    ],
)
def test_explain_what_is_not_there(name: str, hint: str) -> None:
    result = CliRunner().invoke(cli, ["explain", name])
    assert result.exit_code == 2
    assert hint in result.output


def test_version_names_what_a_report_of_a_bug_needs() -> None:
    result = run_module("torchconv_lint", "--version", cwd=REPOSITORY)
    name, version, *rest = result.stdout.split()
    assert (name, version) == ("torchconv-lint", torchconv_lint.__version__)
    assert " ".join(rest).startswith(f"(Python {platform.python_version()}, libcst ")
    assert "torch " not in result.stdout


def test_the_console_script(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["torchconv-lint", "--help"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0
    assert "Usage: torchconv-lint" in capsys.readouterr().out
