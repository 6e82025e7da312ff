"""The tutorial is followed: its files are written, its commands run, and what they show is compared."""

from __future__ import annotations

import re
from pathlib import Path

from doc_pages import blocks, run

ANYTHING = "…"


def shows(expected: str, shown: str) -> bool:
    """True if a command showed what the page says; `…` is anything on the line, and alone on one any lines."""
    pattern = ""
    for line in expected.splitlines(keepends=True):
        if line.strip() == ANYTHING:
            pattern += r"(?:.*\n)*"
        else:
            pattern += ".*".join(re.escape(part) for part in line.split(ANYTHING))
    return re.fullmatch(pattern, shown) is not None


def test_following_the_tutorial(tmp_path: Path) -> None:
    commands, status = 0, 0
    for block in blocks("first-ten-minutes.md"):
        if block.language != "console":
            assert block.title, "a file needs a name"
            (tmp_path / block.title).write_text(block.text)
            continue
        for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE):
            if command == "echo $?":
                assert expected == f"{status}\n"
                continue
            result = run(command, tmp_path, PYTHONDONTWRITEBYTECODE="1")
            status = result.returncode
            assert shows(expected, result.stdout), f"$ {command}\n{result.stdout}"
            commands += 1
    assert commands >= 10


def test_what_stands_for_anything() -> None:
    assert shows("a … b\n…\n", "a x b\n1\n2\n")
    assert shows("…\n", "")
    assert not shows("a\n", "a\nb\n")
    assert not shows("a.\n", "ab\n")
