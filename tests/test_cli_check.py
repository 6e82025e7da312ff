"""`torchconv-lint check` as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import HAZARD, REPOSITORY, Run

CLEAN = HAZARD.replace("x.numpy()", "x.cpu().numpy()")


def test_nothing_found_is_exit_status_0(check: Run, tmp_path: Path) -> None:
    (tmp_path / "clean.py").write_text(CLEAN)
    result = check(".")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "0 findings in 0 of 1 file\n"


def test_findings_are_exit_status_1_and_quoted_with_their_reason(check: Run, hazard: Path) -> None:
    result = check("hazard.py")
    assert result.returncode == 1
    first, excerpt, carets, *because = result.stdout.splitlines()
    assert first.startswith("hazard.py:6:12: CNV101 `x` ")
    assert excerpt == "    6 |     return x.numpy()"
    assert carets == "      |            ^^^^^^^^^"
    assert any(line.startswith("    because hazard.py:5:") for line in because)
    assert result.stderr == "1 finding in 1 of 1 file (1 fixable with --fix)\n"


def test_another_file_is_named_as_the_linted_one_is(check: Run, tmp_path: Path) -> None:
    (tmp_path / "lib.py").write_text(HAZARD.replace("x.numpy()", "x"))
    (tmp_path / "src").mkdir()
    path = tmp_path / "src" / "a.py"
    path.write_text("import torch\n\nfrom lib import scores\n\nscores().numpy()\n")
    (tmp_path / "pyproject.toml").write_text("")

    def named(*arguments: str, **options: Any) -> str:
        (finding,) = json.loads(check("--format=json", "--select=CNV101", *arguments, **options).stdout)
        return finding["because"][0]["path"]  # type: ignore[no-any-return]

    assert named("src") == "lib.py"
    assert named("a.py", cwd=path.parent) == os.path.join("..", "lib.py")
    assert named(str(path)) == str(tmp_path / "lib.py")


def test_without_paths_this_folder_is_linted(check: Run, hazard: Path) -> None:
    assert "hazard.py:6:12: CNV101" in check().stdout


def test_json(check: Run, hazard: Path) -> None:
    result = check("hazard.py", "--format", "json")
    assert result.returncode == 1
    (finding,) = json.loads(result.stdout)
    because = finding.pop("because")
    message = finding.pop("message")
    assert finding == {
        "path": "hazard.py",
        "line": 6,
        "column": 12,
        "end_line": 6,
        "end_column": 21,
        "code": "CNV101",
        "name": "numpy-on-accelerator",
        "confidence": "certain",
        "fix": {
            "message": "call `.cpu()` first",
            "safety": "safe",
            "edits": [{"line": 6, "column": 13, "end_line": 6, "end_column": 13, "replacement": ".cpu()"}],
        },
    }
    assert "`x`" in message
    assert because
    assert all(set(step) == {"path", "line", "column", "message"} for step in because)
    assert because[0]["line"] == 5


def test_json_of_nothing_is_an_empty_array(check: Run, tmp_path: Path) -> None:
    result = check("--format=json", ".")
    assert (result.returncode, json.loads(result.stdout)) == (0, [])


BROKEN = {
    "syntax": (b"import torch\ndef f(:\n", ":2:7: syntax error: "),
    "syntax_without_torch": (b"x = = 1\n", ":1:5: syntax error: "),
    "null": (b"x = 1\x00\n", ":1:"),
    "unknown_encoding": (b"# -*- coding: nonsense -*-\nx = 1\n", ":1:1: cannot be decoded: unknown encoding"),
    "not_utf8": (b"x = '\xff'\n", ":1:1: cannot be decoded: "),
    "cookie_against_bom": (b"\xef\xbb\xbf# coding: latin-1\n", ":1:1: cannot be decoded: "),
    "too_deep": (b"x = " + b"-" * 200_000 + b"1\n", ":1:1: cannot be parsed: "),
    "too_many_brackets": (b"x = " + b"(" * 5000 + b")" * 5000 + b"\n", "too many nested parentheses"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("torch", [b"", b"import torch\n"], ids=["", "torch"])
def test_a_file_that_cannot_be_linted_is_one_problem_and_the_others_are_linted(
    check: Run, hazard: Path, tmp_path: Path, name: str, torch: bytes
) -> None:
    data, message = BROKEN[name]
    if torch and message.startswith(":") and message[1].isdigit():
        message = message.partition(": ")[2]
    (tmp_path / "broken.py").write_bytes(data if b"coding" in data else torch + data)
    result = check(".")
    assert result.returncode == 2
    problem, summary = result.stderr.splitlines()
    assert problem.startswith("broken.py:")
    assert message in problem
    assert "hazard.py:6:12: CNV101" in result.stdout
    assert summary == "1 finding in 1 of 2 files (1 fixable with --fix)"


def test_a_path_that_is_not_there(check: Run, hazard: Path) -> None:
    result = check("nowhere.py", "hazard.py")
    assert result.returncode == 2
    assert "nowhere.py:1:1: cannot be read: No such file or directory\n" in result.stderr
    assert "CNV101" in result.stdout


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is unreadable for root")
def test_unreadable_file_and_folder(check: Run, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text(HAZARD)
    (tmp_path / "secret.py").chmod(0)
    (tmp_path / "folder").mkdir(mode=0)
    result = check(".")
    assert result.returncode == 2
    assert "secret.py:1:1: cannot be read: " in result.stderr
    assert "folder:1:1: cannot be read: " in result.stderr


def test_a_path_with_a_null_character(tmp_path: Path) -> None:
    from torchconv_lint.settings import Settings
    from torchconv_lint.shell.check import Checker
    from torchconv_lint.shell.selection import Selection

    checked = Checker(Settings(), Selection()).check_file("a\0b.py")
    assert "cannot be read" in checked.problems[0].message


def test_noqa(check: Run, tmp_path: Path) -> None:
    for name, comment in {
        "all": "# noqa",
        "code": "# noqa: CNV101",
        "prefix": "# noqa: CNV1",
        "no": "# noqa: E1",
    }.items():
        (tmp_path / f"{name}.py").write_text(HAZARD.replace("x.numpy()", f"x.numpy()  {comment}"))
    (tmp_path / "file.py").write_text("# flake8: noqa\n" + HAZARD)
    (tmp_path / "broken_but_skipped.py").write_text("# flake8: noqa\ndef f(:\n")
    result = check(".")
    assert result.returncode == 1
    assert [line.partition(":")[0] for line in result.stdout.splitlines() if ": CNV" in line] == ["no.py"]


TWO = HAZARD + "\n\ndef truth():\n    if torch.ones(3):\n        return 1\n"


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        ((), {"CNV101", "CNV402"}),
        (("--select", "CNV1"), {"CNV101"}),
        (("--select", "CNV101,CNV402"), {"CNV101", "CNV402"}),
        (("--select", "CNV101", "--select", "CNV402"), {"CNV101", "CNV402"}),
        (("--select", "C"), {"CNV101", "CNV402"}),
        (("--select", "cnv4"), {"CNV402"}),
        (("--select", "ALL"), {"CNV101", "CNV402"}),
        (("--ignore", "CNV4"), {"CNV101"}),
        (("--ignore", "ALL"), set()),
        (("--select", "CNV101", "--ignore", "CNV1"), {"CNV101"}),
        (("--select", "CNV1", "--ignore", "CNV101"), set()),
        (("--select", "CNV1", "--extend-select", "CNV402"), {"CNV101", "CNV402"}),
        (("--ignore", "C", "--extend-select", "CNV402"), {"CNV402"}),
        (("--assume-device", "cpu"), {"CNV402"}),
        (("--confidence", "certain"), {"CNV101", "CNV402"}),
        (("--no-sieve",), {"CNV101", "CNV402"}),
    ],
)
def test_selection(check: Run, tmp_path: Path, arguments: tuple[str, ...], codes: set[str]) -> None:
    (tmp_path / "two.py").write_text(TWO)
    result = check("--format=json", *arguments, "two.py")
    assert {finding["code"] for finding in json.loads(result.stdout)} == codes
    assert result.returncode == (1 if codes else 0)


@pytest.mark.parametrize(("release", "code"), [("2.7", 0), ("2.10", 1)])
def test_the_oldest_torch_that_counts(check: Run, tmp_path: Path, release: str, code: int) -> None:
    (tmp_path / "warns.py").write_text("import torch\n\nx = torch.ones(1, requires_grad=True)\nprint(float(x))\n")
    assert check("--select", "CNV403", "--target-torch", release, "warns.py").returncode == code


@pytest.mark.parametrize(("release", "code"), [("1.26", 0), ("2.0", 1)])
def test_the_oldest_numpy_that_counts(check: Run, tmp_path: Path, release: str, code: int) -> None:
    text = "import numpy as np\nimport torch\n\nprint(np.array(torch.ones(1), copy=False))\n"
    (tmp_path / "refused.py").write_text(text)
    assert check("--target-numpy", release, "refused.py").returncode == code


@pytest.mark.parametrize("how", ["option", "table"])
@pytest.mark.parametrize(("asked", "found"), [("strict", {"CNV111", "CNV116"}), ("Performance", {"CNV605"})])
def test_groups_of_rules_are_asked_for_by_name(
    check: Run, tmp_path: Path, how: str, asked: str, found: set[str]
) -> None:
    text = "import numpy as np\nimport torch\n\n\ndef f(x, device):\n"
    text += "    return np.sqrt(x.to(device)), torch.ones(3).to(device)\n"
    (tmp_path / "both.py").write_text(text)
    if how == "table":
        (tmp_path / "pyproject.toml").write_text(f"[tool.torchconv_lint]\nopt-in = ['{asked}']\n")
    options = ("--opt-in", asked) if how == "option" else ()
    result = check("--format=json", *options, "both.py")
    assert {finding["code"] for finding in json.loads(result.stdout)} == found
    assert result.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--select", "X1"), "'X1' is not the beginning of a CNV code, nor ALL"),
        (("--select", "CNV999"), "no rule has a code that begins with CNV999"),
        (("--jobs", "0"), "'0' is neither a positive number nor 'auto'"),
        (("--jobs", "many"), "'many' is neither a positive number nor 'auto'"),
        (("--target-torch", "two"), "'two' is not a release such as '2.1'"),
        (("--target-numpy", "two"), "'two' is not a release such as '2.1'"),
        (("--confidence", "huge"), "'huge' is not one of"),
        (("--format", "xml"), "'xml' is not one of"),
        (("--config", "none.toml"), "none.toml: cannot be read: No such file or directory"),
        (("--wat",), "No such option"),
    ],
)
def test_bad_usage_is_exit_status_2(check: Run, hazard: Path, arguments: tuple[str, ...], message: str) -> None:
    result = check(*arguments, "hazard.py")
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_standard_input(check: Run, hazard: Path) -> None:
    result = check("-", "hazard.py", "--format=json", "--stdin-display-name", "src/a.py", input=HAZARD)
    assert [finding["path"] for finding in json.loads(result.stdout)] == ["src/a.py", "hazard.py"]
    assert check("-", input="def f(:").stderr.startswith("stdin:1:7: syntax error")


def test_a_reader_that_stops_early_is_no_error(tmp_path: Path) -> None:
    many = TWO + "".join(f"\n\ndef f{n}():\n    return torch.ones(3, device='cuda').numpy()\n" for n in range(400))
    (tmp_path / "many.py").write_text(many)
    command = f"{sys.executable} -m torchconv_lint check many.py | head -n 1"
    result = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert "CNV101" in result.stdout
    assert "Error" not in result.stderr
    assert "Traceback" not in result.stderr


def test_names_and_lines_that_the_terminal_cannot_show(check: Run, tmp_path: Path) -> None:
    (tmp_path / "数\x1b[31m.py").write_text(HAZARD.replace("x.numpy()", "x.numpy()  # \x1b[31m 数"), "utf-8")
    result = check(".", env={"PYTHONIOENCODING": "latin-1"})
    assert result.returncode == 1
    assert "\x1b" not in result.stdout
    assert result.stdout.startswith("\\u6570\\u241b[31m.py:6:12: ")
    assert "x.numpy()  # \\u241b[31m \\u6570\n" in result.stdout
    (finding,) = json.loads(check(".", "--format=json", env={"PYTHONIOENCODING": "latin-1"}).stdout)
    assert finding["path"] == "数\x1b[31m.py"


@pytest.mark.parametrize("jobs", ["1", "2", "auto"])
def test_the_report_does_not_depend_on_processes_or_hash_seeds(check: Run, jobs: str) -> None:
    fixtures = str(REPOSITORY / "fixtures")
    runs = {
        check(fixtures, "--format=json", "-j", jobs, env={"PYTHONHASHSEED": seed}).stdout for seed in ("1", "20", "333")
    }
    assert len(runs) == 1
    paths = [finding["path"] for finding in json.loads(runs.pop())]
    assert paths == sorted(paths)


def test_each_file_is_linted_once(check: Run, hazard: Path) -> None:
    assert check("hazard.py", "./hazard.py", ".", str(hazard)).stdout.count("CNV101") == 1


def test_a_pipeline_that_fails_is_one_problem() -> None:
    from torchconv_lint.shell.check import Checker
    from torchconv_lint.shell.selection import Selection

    # Settings that are none stand for whatever nobody thought of.
    checked = Checker(None, Selection()).check_bytes("odd.py", HAZARD.encode())  # type: ignore[arg-type]
    (problem,) = checked.problems
    assert problem.message.startswith("torchconv_lint failed on this file (AttributeError: ")
