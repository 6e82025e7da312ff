"""The project's settings: the table `[tool.torchconv_lint]` of the nearest pyproject.toml that has one."""

from __future__ import annotations

import re
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchconv_lint.model import Confidence
from torchconv_lint.record import plain
from torchconv_lint.settings import GROUPS, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

TABLE = "torchconv_lint"
# What a code or the beginning of one looks like; "ALL" stands for every rule, opt-in ones included.
_PREFIX = re.compile(r"ALL|C|CN|CNV[0-9]{0,3}")
# The devices that may be assumed. Assuming an accelerator would say nothing that the analysis does not say already.
_DEVICES = ("cpu",)


class ConfigError(Exception):
    """A setting that cannot be used. The message names the place and the choices, in one line."""


@plain
class Config:
    """What a project configures.

    `settings` change the analysis, for the command line and flake8 alike. The rest is read by the command line only:
    flake8 has options of its own for selecting codes and excluding files. `root` is where `exclude` starts from.
    """

    settings: Settings = field(default_factory=Settings)
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    baseline: str | None = None
    root: Path = Path()


def find_config(start: Path, explicit: str | None = None) -> Config:
    """The configuration for a run in the folder `start`, or the one in the file that the user named."""
    if explicit is not None:
        path = Path(explicit)
        table = _table(path, _read(path))
        if table is None:
            raise ConfigError(f"{path}: has no [tool.{TABLE}]")
        return _config(path, table)
    folder = start.absolute()
    for path in (parent / "pyproject.toml" for parent in (folder, *folder.parents)):
        if path.is_file() and (table := _table(path, _read(path))) is not None:
            return _config(path, table)
    return Config(root=folder)


def has_table(path: Path, data: bytes) -> bool:
    """True if `data`, the content of the file at `path`, has our table. Raises `ConfigError` if it is broken."""
    return _table(path, data) is not None


def confidence(value: object) -> Confidence:
    """A confidence by its label. Raises `ConfigError`, as the following do, when the value makes no sense."""
    try:
        return Confidence.from_label(_string(value))
    except ValueError as error:
        raise ConfigError(str(error)) from None


def device(value: object) -> str:
    """A device that may be assumed."""
    if value not in _DEVICES:
        raise ConfigError(f"unknown device {value!r} (choose from {', '.join(_DEVICES)})")
    return _string(value)


def release(value: object) -> tuple[int, int]:
    """A release such as "2.1" or "2.1.3", as (major, minor)."""
    found = re.fullmatch(r"(\d+)\.(\d+)(\.\d+)?", _string(value))
    if found is None:
        raise ConfigError(f"{value!r} is not a release such as '2.1'")
    return int(found[1]), int(found[2])


def codes(value: object, groups: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Codes, beginnings of codes, or names of these `groups` of rules, in upper case."""
    prefixes = tuple(prefix.upper() for prefix in _strings(value))
    names = tuple(name.upper() for name in groups)
    for prefix in prefixes:
        if prefix not in names and not _PREFIX.fullmatch(prefix):
            others = ", ".join(("ALL", *names[:-1])) + (f" or {names[-1]}" if names else "")
            raise ConfigError(f"{prefix!r} is not the beginning of a CNV code, nor {others}")
    return prefixes


def opt_ins(value: object) -> tuple[str, ...]:
    """The same, names of groups included."""
    return codes(value, GROUPS)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def _table(path: Path, data: bytes) -> Mapping[str, object] | None:
    # The plugin comes by here on every run of flake8: TOML is parsed only where it can matter.
    if b"torchconv" not in data:
        return None
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        tool = tomllib.loads(data.decode("utf-8-sig")).get("tool", {})
    except ValueError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    if "torchconv-lint" in tool:
        raise ConfigError(f"{path}: [tool.torchconv-lint] is not read, the name is [tool.{TABLE}]")
    table: Any = tool.get(TABLE)
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{path}: tool.{TABLE} must be a table")
    return table


def _config(path: Path, table: Mapping[str, object]) -> Config:
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in KEYS:
            import difflib  # only for a mistake

            near = difflib.get_close_matches(key, KEYS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(KEYS)}"
            raise ConfigError(f"{path}: [tool.{TABLE}]: unknown key {key!r} ({hint})")
        try:
            values[key] = KEYS[key](value)
        except ConfigError as error:
            raise ConfigError(f"{path}: [tool.{TABLE}]: {key}: {error}") from None
    default = Settings()
    return Config(
        settings=Settings(
            confidence=values.get("confidence", default.confidence),
            opt_in=values.get("opt-in", default.opt_in),
            assume_device=values.get("assume-device", default.assume_device),
            follow_imports=values.get("follow-imports", default.follow_imports),
            target_torch=values.get("target-torch", default.target_torch),
            target_numpy=values.get("target-numpy", default.target_numpy),
        ),
        select=values.get("select", ()),
        extend_select=values.get("extend-select", ()),
        ignore=values.get("ignore", ()),
        exclude=values.get("exclude", ()),
        baseline=str(path.parent / values["baseline"]) if "baseline" in values else None,
        root=path.absolute().parent,
    )


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"must be a string, not {value!r}")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"must be true or false, not {value!r}")
    return value


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise ConfigError(f"must be a list of strings, not {value!r}")
    items: Iterable[object] = value
    return tuple(_string(item) for item in items)


# From the keys of the table to what reads their values.
KEYS: Mapping[str, Callable[[object], object]] = {
    "confidence": confidence,
    "opt-in": opt_ins,
    "assume-device": device,
    "follow-imports": _flag,
    "target-torch": release,
    "target-numpy": release,
    "select": codes,
    "extend-select": codes,
    "ignore": codes,
    "exclude": _strings,
    "baseline": _string,
}
