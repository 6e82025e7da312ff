"""`check --fix`, `--unsafe-fixes` and `--diff`: what is written, and that nothing else is."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from conftest import HAZARD, Run

from torchconv_lint.model import Edit, Finding, Fix, Safety, Span
from torchconv_lint.settings import Settings
from torchconv_lint.shell import fix as fixing
from torchconv_lint.shell.check import Checker
from torchconv_lint.shell.checked import Checked
from torchconv_lint.shell.fix import ALL, SAFE, Fixer
from torchconv_lint.shell.selection import Selection

FIXED = HAZARD.replace("x.numpy()", "x.cpu().numpy()")

UNSAFE = """\
import torch


def scores():
    x = torch.ones(3, dtype=torch.bfloat16)
    return x.numpy()
"""


def test_safe_fixes_are_applied_and_nothing_is_left(check: Run, hazard: Path) -> None:
    result = check("--fix", "hazard.py")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "0 findings in 0 of 1 file (1 fixed)\n"
    assert hazard.read_text() == FIXED
    again = check("--fix", "hazard.py")
    assert (again.returncode, again.stderr) == (0, "0 findings in 0 of 1 file\n")


def test_unsafe_fixes_are_applied_on_demand_only(check: Run, tmp_path: Path) -> None:
    path = tmp_path / "unsafe.py"
    path.write_text(UNSAFE)
    result = check("--fix", "unsafe.py")
    assert result.returncode == 1
    assert result.stderr.endswith("1 finding in 1 of 1 file (1 with --fix --unsafe-fixes)\n")
    assert path.read_text() == UNSAFE
    assert check("--unsafe-fixes", "unsafe.py").returncode == 1
    assert path.read_text() == UNSAFE
    assert check("--fix", "--unsafe-fixes", "unsafe.py").returncode == 0
    assert path.read_text() == UNSAFE.replace("x.numpy()", "x.float().numpy()")


def test_diff_shows_and_writes_nothing(check: Run, hazard: Path) -> None:
    result = check("--diff", "hazard.py")
    assert result.returncode == 1
    assert result.stderr == "would fix 1 finding in 1 file\n"
    assert hazard.read_text() == HAZARD
    patched = subprocess.run(["patch", "-p0"], input=result.stdout, cwd=hazard.parent, text=True, check=False)
    assert patched.returncode == 0
    assert hazard.read_text() == FIXED
    result = check("--diff", "hazard.py")
    assert (result.returncode, result.stdout) == (0, "")


def test_diff_of_a_file_without_a_final_newline(check: Run, hazard: Path) -> None:
    hazard.write_text(HAZARD.rstrip("\n"))
    result = check("--diff", "hazard.py")
    assert result.stdout.count("\\ No newline at end of file\n") == 2


@pytest.mark.parametrize("options", [("--diff", "--fix"), ("--diff", "--write-baseline")])
def test_diff_goes_with_nothing_that_writes(check: Run, hazard: Path, options: tuple[str, ...]) -> None:
    assert check(*options, "hazard.py").returncode == 2
    assert hazard.read_text() == HAZARD


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("    return x.numpy()  # noqa\n", ()),
        ("    return x.numpy()  # noqa: CNV101\n", ()),
        ("    return x.numpy()\n# flake8: noqa\n", ()),
        ("    return x.numpy()\n", ("--ignore", "CNV101")),
        ("    return x.numpy()\n", ("--select", "CNV2")),
        ("    return x.numpy()\n", ("--assume-device", "cpu")),
    ],
)
def test_what_is_not_shown_is_not_fixed(check: Run, hazard: Path, line: str, options: tuple[str, ...]) -> None:
    text = HAZARD.replace("    return x.numpy()\n", line)
    hazard.write_text(text)
    before = hazard.stat()
    assert check("--fix", "--unsafe-fixes", *options, "hazard.py").returncode == 0
    assert hazard.read_text() == text
    assert (hazard.stat().st_mtime_ns, hazard.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


FAITHFUL = {
    "CRLF": HAZARD.replace("\n", "\r\n").encode(),
    "CR": HAZARD.replace("\n", "\r").encode(),
    "mixed line endings": HAZARD.replace("\n\n", "\r\n\n").encode(),
    "no final newline": HAZARD.rstrip("\n").encode(),
    "many final newlines": (HAZARD + "\n\n\n").encode(),
    "a BOM": b"\xef\xbb\xbf" + HAZARD.encode(),
    "latin-1": b"# -*- coding: latin-1 -*-\n# caf\xe9\n" + HAZARD.encode(),
    "a Japanese encoding": "# vim: set fileencoding=shift_jis :\n# 変換\n".encode("shift_jis") + HAZARD.encode(),
    "tabs": HAZARD.replace("    ", "\t").encode(),
    "form feeds and separators": HAZARD.replace("\n\n\n", "\n\x0c\n# \u2028 \x85\n").encode(),
    "trailing blanks": HAZARD.replace("import torch\n", "import torch   \n").encode(),
    "wide characters": HAZARD.replace("return ", "return '𝔘é', ").encode(),
}


@pytest.mark.parametrize("data", FAITHFUL.values(), ids=FAITHFUL)
def test_every_other_byte_stays(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.py"
    path.write_bytes(data)
    checked = Fixer(Checker(Settings(), Selection()), SAFE, write=True).check_file(str(path))
    assert (checked.findings, checked.problems, checked.fixed) == ((), (), 1)
    assert path.read_bytes() == data.replace(b"x.numpy()", b"x.cpu().numpy()")


def test_mode_and_links_stay(tmp_path: Path, hazard: Path) -> None:
    hazard.chmod(0o751)
    link = tmp_path / "link.py"
    link.symlink_to(hazard)
    fixer().check_file(str(link))
    assert link.is_symlink()
    assert hazard.read_text() == FIXED
    assert hazard.stat().st_mode & 0o777 == 0o751
    assert sorted(os.listdir(tmp_path)) == ["hazard.py", "link.py"]


def fixer(checker: Checker | None = None) -> Fixer:
    return Fixer(checker or Checker(Settings(), Selection()), ALL, write=True)


def test_a_file_that_changes_meanwhile_is_not_overwritten(hazard: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = fixing.settle

    def slow(*arguments: object) -> object:
        hazard.write_text(HAZARD + "# changed\n")
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fixing, "settle", slow)
    checked = fixer().check_file(str(hazard))
    assert hazard.read_text() == HAZARD + "# changed\n"
    assert [problem.message for problem in checked.problems] == ["is not fixed: it has changed meanwhile"]
    assert [finding.code for finding in checked.findings] == ["CNV101"]


def test_a_write_protected_file_stays(hazard: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    checked = fixer().check_file(str(hazard))
    assert hazard.read_text() == HAZARD
    assert "write-protected" in checked.problems[0].message


def test_a_full_disk_leaves_the_file(hazard: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: str, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fixing, "write_atomically", full)
    checked = fixer().check_file(str(hazard))
    assert hazard.read_text() == HAZARD
    assert "No space left on device" in checked.problems[0].message
    assert len(checked.findings) == 1


class Stubborn(Checker):
    """Finds something that no fix removes."""

    def check_source(self, source: object) -> Checked:
        edit = Edit(Span(1, 1, 1, 1), "x\n")
        finding = Finding("CNV101", "n", "m", "x.py", Span(1, 1, 1, 2), 3, (), Fix("f", Safety.SAFE, (edit,)))  # type: ignore[arg-type]
        return Checked("x.py", (finding,))


def test_fixes_that_do_not_settle_change_nothing(hazard: Path) -> None:
    checked = fixer(Stubborn(Settings(), Selection())).check_file(str(hazard))
    assert hazard.read_text() == HAZARD
    assert "do not settle" in checked.problems[0].message


def test_bytes_that_cannot_be_written_back_are_left_alone(tmp_path: Path) -> None:
    """UTF-7 has many ways to write the same text."""
    path = tmp_path / "x.py"
    data = b"# coding: utf-7\n# +AGE-\n" + HAZARD.replace("=", "+AD0-").encode()
    path.write_bytes(data)
    checked = fixer().check_file(str(path))
    assert path.read_bytes() == data
    assert "utf-7" in checked.problems[0].message


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert "cannot be read" in fixer().check_file(str(tmp_path / "none.py")).problems[0].message
    (tmp_path / "bad.py").write_bytes(b"\xff")
    assert "cannot be decoded" in fixer().check_file(str(tmp_path / "bad.py")).problems[0].message


def test_standard_input_is_fixed_to_standard_output(check: Run) -> None:
    result = check("--fix", "-", input=HAZARD)
    assert (result.returncode, result.stdout) == (0, FIXED)
    result = check("--fix", "-", input=UNSAFE)
    assert (result.returncode, result.stdout) == (1, UNSAFE)
    assert "CNV103" in result.stderr
    result = check("--diff", "-", "--stdin-display-name=a.py", input=HAZARD)
    assert result.returncode == 1
    assert result.stdout.startswith("--- a.py\n+++ a.py\n")


def test_many_files_in_several_processes(check: Run, tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"x{number}.py").write_text(HAZARD)
    (tmp_path / "y.py").write_text(UNSAFE)
    result = check("--fix", "-j2", "--format=json", ".")
    assert result.returncode == 1
    assert [finding["path"] for finding in json.loads(result.stdout)] == ["y.py"]
    assert {path.read_text() for path in tmp_path.glob("x*.py")} == {FIXED}


def test_nested_conversions_take_several_passes(check: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text(
        "import numpy as np\nimport torch\n\n\ndef f():\n    x = torch.ones(3, device='cuda')\n"
        "    return np.array(torch.from_numpy(x.numpy()).cuda())\n"
    )
    result = check("--fix", "--extend-select=CNV111", "x.py")
    assert result.returncode == 0, result.stdout
    assert "np.array(torch.from_numpy(x.cpu().numpy()).cuda().cpu())" in path.read_text()
