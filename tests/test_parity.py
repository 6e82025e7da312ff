"""The plugin inside flake8 and the command line find the same on every fixture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import REPOSITORY, run_module

Finding = tuple[int, int, str, str]
FIXTURES = sorted(path.relative_to(REPOSITORY).as_posix() for path in REPOSITORY.glob("fixtures/**/*.py"))


def by_command_line(*options: str) -> dict[str, set[Finding]]:
    arguments = ["check", "--format=json", "--no-gitignore", "--confidence=possible", "--opt-in=ALL", *options]
    result = run_module("torchconv_lint", *arguments, "fixtures", cwd=REPOSITORY)
    found: dict[str, set[Finding]] = {}
    for one in json.loads(result.stdout):
        found.setdefault(one["path"], set()).add((one["line"], one["column"], one["code"], one["message"]))
    return found


@pytest.fixture(scope="module")
def sieved() -> dict[str, set[Finding]]:
    return by_command_line()


@pytest.fixture(scope="module")
def unsieved() -> dict[str, set[Finding]]:
    return by_command_line("--no-sieve")


@pytest.fixture(scope="module")
def by_flake8() -> dict[str, set[Finding]]:
    style = "%(path)s\t%(row)d\t%(col)d\t%(code)s\t%(text)s"
    options = ["--isolated", "--select=CNV", "--torchconv-confidence=possible", "--torchconv-opt-in=ALL"]
    result = run_module("flake8", *options, f"--format={style}", "fixtures", cwd=REPOSITORY)
    found: dict[str, set[Finding]] = {}
    for line in result.stdout.splitlines():
        path, row, column, code, text = line.split("\t")
        found.setdefault(Path(path).as_posix(), set()).add((int(row), int(column), code, text))
    return found


@pytest.mark.parametrize("path", FIXTURES)
def test_plugin_and_command_line_find_the_same(
    path: str, sieved: dict[str, set[Finding]], by_flake8: dict[str, set[Finding]]
) -> None:
    assert sieved.get(path, set()) == by_flake8.get(path, set())


@pytest.mark.parametrize("path", FIXTURES)
def test_the_sieve_loses_nothing(path: str, sieved: dict[str, set[Finding]], unsieved: dict[str, set[Finding]]) -> None:
    assert sieved.get(path, set()) == unsieved.get(path, set())
