"""Linting from Python: the functions that `torchconv_lint` exports."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from torchconv_lint import config
from torchconv_lint.model import Confidence, Finding, Problem
from torchconv_lint.settings import Settings
from torchconv_lint.shell.batch import check_all
from torchconv_lint.shell.check import NOTEBOOK
from torchconv_lint.shell.discovery import Discovery
from torchconv_lint.shell.memory import remembering
from torchconv_lint.shell.project import checker_for
from torchconv_lint.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import Executor

    from torchconv_lint.shell.checked import Checked


@dataclass(frozen=True, slots=True)
class Result:
    """What linting found: findings sorted by place, and problems that kept something from being linted."""

    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]


def lint_source(
    code: str | bytes,
    *,
    filename: str = "<string>",
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    confidence: Confidence | None = None,
    assume_device: str | None = None,
) -> Result:
    """Lint one module, given as text or as the bytes of its file; if `filename` ends with ".ipynb", a notebook.

    `select` and `ignore` are codes or beginnings of codes; opt-in rules run when `select` names them in full, or "ALL".
    "# noqa" comments count. No configuration is read. Nothing about the code makes this raise: what cannot be parsed
    is a problem. Raises `ValueError` for options that make no sense.
    """
    checker = checker_for(_configured(config.Config(), select, ignore, confidence, assume_device))
    if isinstance(code, str) and filename.endswith(NOTEBOOK):
        code = code.encode()
    if isinstance(code, bytes):
        return _result([checker.check_bytes(filename, code)])
    return _result([checker.check_source(Source(filename, code))])


def lint_paths(
    paths: Iterable[str | os.PathLike[str]],
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    confidence: Confidence | None = None,
    assume_device: str | None = None,
    executor: Executor | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
) -> Result:
    """Lint files, and the Python files of folders, as `torchconv-lint check` does in this working folder.

    The configuration is that of `[tool.torchconv_lint]` in the nearest pyproject.toml, overridden by what is given
    here; `.gitignore` files and `exclude` count. Raises `ValueError` for options or a configuration that make no sense.

    `executor`: where the work is done, such as a `ProcessPoolExecutor`; without one, here. Its workers must see the
    same files under the same absolute paths. `cache_dir`: a folder in which results are remembered, for files that do
    not change; without one, nothing is.
    """
    try:
        project = config.find_config(Path())
    except config.ConfigError as error:
        raise ValueError(str(error)) from None
    checker = checker_for(_configured(project, select, ignore, confidence, assume_device))
    discovery = Discovery([(project.root, project.exclude)])
    files = discovery.files(os.fspath(path) for path in paths)
    with remembering(None if cache_dir is None else os.fspath(cache_dir), checker) as memory:
        result = _result(check_all(files, checker, executor=executor, memory=memory))
    return replace(result, problems=(*discovery.problems, *result.problems))


def _configured(
    project: config.Config,
    select: Sequence[str],
    ignore: Sequence[str],
    confidence: Confidence | None,
    assume_device: str | None,
) -> config.Config:
    settings: Settings = project.settings
    try:
        if confidence is not None:
            settings = replace(settings, confidence=confidence)
        if assume_device is not None:
            settings = replace(settings, assume_device=config.device(assume_device))
        return replace(
            project,
            settings=settings,
            select=config.codes(list(select)) or project.select,
            ignore=config.codes(list(ignore)) or project.ignore,
        )
    except config.ConfigError as error:
        raise ValueError(str(error)) from None


def _result(checked: Sequence[Checked]) -> Result:
    findings = tuple(finding for one in checked for finding in one.findings)
    return Result(findings, tuple(problem for one in checked for problem in one.problems))
