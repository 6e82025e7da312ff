"""Faults that linters of this kind are known for; none of them may come back here."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest
from conftest import HAZARD, Run

NOTHING_TO_SAY = {
    "a local class named torch": """\
class torch:
    @staticmethod
    def ones(*shape, device=None):
        return Array()


class Array:
    def numpy(self):
        return 1


def f():
    return torch.ones(3, device="cuda").numpy()
""",
    "a call with **keywords": """\
import torch


def f(**keywords):
    return torch.ones(3, **keywords).numpy()
""",
    "a nested function does not end a with": """\
import torch


def f(x):
    w = torch.ones(3, requires_grad=True)
    with torch.no_grad():

        def inner():
            with torch.enable_grad():
                return 1

        y = w * 2
        return y.numpy()
""",
}

ONE_FINDING = {
    "arguments that are no literals": """\
import torch


def f(cfg, *arguments, **keywords):
    x = torch.ones(*arguments, requires_grad=cfg.flags["grad"], dtype=cfg.dtype(), device=cfg.device, **keywords)
    y = torch.ones(cfg.n, *arguments, device="cuda", requires_grad=not cfg)
    z = getattr(torch, cfg.op)(x, **{**keywords})
    return y.numpy(**keywords)
""",
    "a nested function does not end the outer one": """\
import torch


def f():
    x = torch.ones(3, device="cuda")

    def inner(x):
        return x

    return x.numpy()
""",
    "of nested calls none is lost": """\
import torch


def f():
    return [[(lambda t: t)(torch.ones(3, device="cuda").numpy())]]
""",
}


@pytest.mark.parametrize("name", NOTHING_TO_SAY)
def test_false_alarms(check: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "a.py").write_text(NOTHING_TO_SAY[name])
    result = check("a.py")
    assert (result.returncode, result.stdout) == (0, ""), result.stderr


@pytest.mark.parametrize("name", ONE_FINDING)
def test_missed_alarms_and_crashes(check: Run, flake8: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "a.py").write_text(ONE_FINDING[name])
    result = check("a.py", "--format=json")
    assert [finding["code"] for finding in json.loads(result.stdout)] == ["CNV101"]
    assert result.returncode == 1
    assert flake8("a.py").stdout.count("CNV") == 1


def test_findings_are_never_exit_status_0(check: Run, hazard: Path) -> None:
    for options in ([], ["--format=json"], ["-j", "2"], ["--select", "ALL"]):
        assert check(*options, "hazard.py").returncode == 1


def test_linting_writes_nothing(check: Run, flake8: Run, tmp_path: Path) -> None:
    files = {
        "crlf.py": HAZARD.replace("\n", "\r\n").encode(),
        "latin.py": b"# coding: latin-1\n" + HAZARD.replace("scores", "gr\xf6\xdfe").encode("latin-1"),
        "broken_latin.py": b"# gr\xf6\xdfe\n" + HAZARD.encode(),
        "no_newline.py": HAZARD.rstrip().encode(),
        "bom.py": b"\xef\xbb\xbf" + HAZARD.encode(),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        os.utime(tmp_path / name, (1, 1))
    ours, theirs = check("--no-cache", "."), flake8(".")
    assert ours.returncode == 2  # broken_latin.py
    assert ours.stdout.count(": CNV101") == 4
    assert theirs.stdout.count(": CNV101") == 5  # flake8 reads the broken one as latin-1
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files
    assert {path.stat().st_mtime for path in tmp_path.iterdir()} == {1}


SPEC = importlib.util.find_spec("torch")
INSTALLED = sorted(
    path
    for location in (SPEC.submodule_search_locations or () if SPEC else ())
    for folder in ("optim", "distributions", "nn/modules", "nn/utils")
    for path in Path(location, folder).glob("*.py")
)


def test_installed_code_is_really_analysed_and_crashes_nothing(check: Run, tmp_path: Path) -> None:
    # The same hazard at the end of every file shows that the checker got that far.
    for number, path in enumerate(INSTALLED):
        copy = tmp_path / f"{number:03}_{path.name}"
        copy.write_bytes(path.read_bytes() + b"\n\n" + HAZARD.encode())
    result = check(".", "--format=json", "--confidence=possible", "--opt-in=ALL")
    assert result.returncode == 1
    assert result.stderr == ""
    findings = [finding for finding in json.loads(result.stdout) if finding["message"].startswith("`x` ")]
    assert len(INSTALLED) > 100
    assert {finding["path"] for finding in findings if finding["code"] == "CNV101"} == {
        path.name for path in tmp_path.glob("*.py")
    }
