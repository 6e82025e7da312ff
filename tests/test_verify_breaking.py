"""Any one broken fixture makes `verify` exit with 1 and is named; what hangs or dies is one row; Ctrl-C ends all."""

import ast
import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

FIXTURES = Path(__file__).parent.parent / "fixtures"
SHARE = 20
"""One fixture of so many is broken, always the same."""


def first(tree: ast.Module, kind: str) -> ast.FunctionDef:
    """The first function of a kind."""
    return next(each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name.startswith(kind))


def inserted(text: str, kind: str, statement: str) -> str:
    """The fixture with a statement before all others of its first function of a kind."""
    lines = text.splitlines()
    body = first(ast.parse(text), kind).body[0]
    lines.insert(body.lineno - 1, " " * body.col_offset + statement)
    return "\n".join(lines) + "\n"


WAYS = {
    "a hazard that does nothing": lambda text: inserted(text, "hazard_", "return None"),
    "a twin that raises": lambda text: inserted(text, "safe_", "raise KeyError('broken')"),
    "a file that cannot be imported": lambda text: text.replace("import torch\n", "import torch\nimport no_such\n", 1),
    "an expectation on the wrong line": lambda text: inserted(text, "hazard_", "pass  # CNV999: 5"),
    "a declaration of something else": lambda text: text.replace("-> nothing", '-> raises KeyError "broken"', 1),
    "a syntax error": lambda text: inserted(text, "safe_", "return ("),
}


def sample(share: int) -> list[Path]:
    """Fixtures that hold both kinds of functions, and are run wherever torch is."""
    texts = {path: path.read_text(encoding="utf-8") for path in FIXTURES.glob("cnv*/*.py")}
    both = {path for path, text in texts.items() if "\ndef hazard_" in text and "\ndef safe_" in text}
    paths = sorted(path for path in both if "# needs:" not in texts[path])
    return [path for path in paths if zlib.crc32(f"{path.parent.name}/{path.name}".encode()) % share == 0]


def verify(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and report."""
    command = [sys.executable, "-m", "torchconv_lint", "verify", *arguments, "--format", "json"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    return result.returncode, json.loads(result.stdout)


def test_every_broken_fixture_is_named(tmp_path: Path) -> None:
    paths = sample(SHARE)
    assert len(paths) >= len(WAYS)
    for path, way in zip(paths, itertools.cycle(WAYS.values()), strict=False):
        text = path.read_text(encoding="utf-8")
        assert way(text) != text
        for folder, content in (("whole", text), ("broken", way(text))):
            copy = tmp_path / folder / path.parent.name / path.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(content, encoding="utf-8")
    status, report = verify(str(tmp_path / "whole"), "--device", "cpu")
    assert (status, report["failures"]) == (0, [])
    status, report = verify(str(tmp_path / "broken"), "--device", "cpu")
    assert status == 1
    named = {path for path in paths if any(f"{path.parent.name}/{path.name}" in line for line in report["failures"])}
    assert set(paths) - named == set()


HANGS_AND_DIES = """# /// proof
# hazard: cpu -> nothing
# safe:   cpu -> nothing
# ///
import os
import time


def hazard_hangs():
    with open({note!r}, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(600)


def hazard_dies():
    os.abort()


def safe_returns():
    return 1
"""


def test_what_hangs_or_dies_is_one_failed_row(tmp_path: Path) -> None:
    (tmp_path / "topic.py").write_text(HANGS_AND_DIES.format(note=str(tmp_path / "pid")))
    status, report = verify(str(tmp_path), "--device", "cpu", "--timeout", "3")
    assert status == 1
    rows = {row["function"]: (row["status"], row["reason"].partition(":")[0]) for row in report["rows"]}
    assert rows == {
        "hazard_hangs": ("failed", "timed out"),
        "hazard_dies": ("failed", "died"),
        "safe_returns": ("proven", ""),
    }


def parents() -> dict[int, int]:
    """The parents of all processes."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            found[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
    return found


def below(pid: int) -> set[int]:
    """The descendants of a process."""
    known = parents()
    inner = {child for child, parent in known.items() if parent == pid}
    return inner.union(*(below(child) for child in inner))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_ctrl_c_leaves_no_children(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    (tmp_path / "topic.py").write_text(HANGS_AND_DIES.format(note=str(note)))
    command = [sys.executable, "-m", "torchconv_lint", "verify", str(tmp_path), "--device", "cpu"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while not (note.exists() and note.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    children = below(process.pid)
    assert int(note.read_text()) in children
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) != 0
    until = time.monotonic() + 60
    while children & parents().keys() and time.monotonic() < until:
        time.sleep(0.05)
    assert children & parents().keys() == set()
