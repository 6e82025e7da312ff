"""What only shows on a terminal: colours and the progress bar."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from torchconv_lint.shell.progress import Progress

pty = pytest.importorskip("pty")


def on_terminal(*arguments: str, cwd: Path, **environment: str) -> str:
    """What a command writes when its standard output is a terminal."""
    ours, theirs = pty.openpty()
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
    process = subprocess.Popen(
        [sys.executable, "-m", "torchconv_lint", *arguments],
        cwd=cwd,
        env=kept | {"TERM": "xterm"} | environment,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    written = b""
    try:
        while data := os.read(ours, 65536):
            written += data
    except OSError:  # the terminal's other side is closed
        pass
    finally:
        os.close(ours)
    process.wait()
    return written.decode()


def test_colours_on_a_terminal(hazard: Path) -> None:
    assert "\x1b[31m" in on_terminal("check", hazard.name, cwd=hazard.parent)


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours_where_they_are_not_wanted(hazard: Path, environment: dict[str, str]) -> None:
    written = on_terminal("check", hazard.name, cwd=hazard.parent, **environment)
    assert "CNV101" in written
    assert "\x1b" not in written


def test_a_page_is_typeset_on_a_terminal(tmp_path: Path) -> None:
    assert "# CNV101" not in on_terminal("explain", "CNV101", cwd=tmp_path)
    assert on_terminal("explain", "CNV101", cwd=tmp_path, NO_COLOR="1").startswith("# CNV101")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "shown"), [(_Terminal, True), (io.StringIO, False)])
def test_a_long_run_shows_its_progress_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], shown: bool
) -> None:
    monkeypatch.setattr(sys, "stderr", stream())
    with Progress(total=2, patience=0) as progress:
        progress.advance()
        progress.advance()
    assert ("linting" in sys.stderr.getvalue()) == shown  # type: ignore[attr-defined]


def test_a_short_run_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", _Terminal())
    with Progress(total=1, patience=3600) as progress:
        progress.advance()
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]
