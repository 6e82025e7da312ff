"""A first configuration for a project. What is there already is never changed, only added to."""

from __future__ import annotations

import configparser
from pathlib import Path

from torchconv_lint import config
from torchconv_lint.shell.writing import write_atomically

# What is commented out is what only some projects need.
TABLE = """\
[tool.torchconv_lint]
# The least confidence that is shown: "possible", "likely" or "certain".
confidence = "likely"
# Opt-in rules to run as well ('torchconv-lint rules' lists them): codes, their beginnings, or a group: "strict" for
# what may be wrong, "performance" for what takes time; "ALL" for every rule.
opt-in = []
# Nothing of this project ever runs on an accelerator:
# assume-device = "cpu"
# Do not read other files of the project to see what an imported function gives:
# follow-imports = false
# The oldest torch that the code runs on; rules about later releases are silent:
# target-torch = "2.4"
# The same for NumPy:
# target-numpy = "1.26"

# Read by the command line only; flake8 has its own options for these.
ignore = []
# Files and folders that are not linted, patterns as in a .gitignore:
exclude = []
# Findings that are known and do not count ('torchconv-lint check --write-baseline' writes them):
# baseline = "torchconv-baseline.json"
"""


class CannotStart(Exception):
    """There is something already that is not ours to change; the message says what, in one line."""


def write_configuration(folder: Path) -> Path:
    """Add our table to the folder's pyproject.toml, or make one; its path. May raise `OSError`."""
    path = folder / "pyproject.toml"
    old = path.read_bytes() if path.exists() else b""
    if config.has_table(path, old):
        raise CannotStart(f"{path.name} has [tool.{config.TABLE}] already")
    newline = "\r\n" if b"\r\n" in old else "\n"
    text = TABLE.replace("\n", newline)
    if old:
        text = ("" if old.endswith(b"\n") else newline) + newline + text
    new = old + text.encode()
    # A table may be closed to additions (`tool = {…}`): better no configuration than a broken one.
    try:
        added = config.has_table(path, new)
    except config.ConfigError:
        added = False
    if not added:
        raise CannotStart(f"{path.name} is written in a way that [tool.{config.TABLE}] cannot be added to")
    write_atomically(str(path), new)
    return path


def about_flake8(folder: Path) -> str:
    """What to do, if anything, for flake8 to show our codes."""
    for name in ("setup.cfg", "tox.ini", ".flake8"):
        parser = configparser.RawConfigParser()
        try:
            parser.read(folder / name, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        if parser.has_section("flake8"):
            selected = parser.get("flake8", "select", fallback="CNV").replace(",", " ").split()
            if not any(code.startswith("CNV") or code in ("C", "CN") for code in selected):
                return f"flake8: `select` in {name} leaves the plugin's codes out; add CNV to it"
            return f"flake8: finds the plugin by itself; its options go into {name}"
    return "flake8: finds the plugin by itself"
