"""The flake8 plugin. flake8 imports this module on every run, so it imports nothing until it is needed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from torchconv_lint import __version__
from torchconv_lint.mentions import mentions_tensors

if TYPE_CHECKING:
    import argparse
    import ast
    from collections.abc import Iterator

    from torchconv_lint.model import Outcome
    from torchconv_lint.settings import Settings

# The code for "this file could not be linted (completely)"; the rules proper have codes below it.
FAILURE = "CNV900"


class Plugin:
    """One file under flake8. Selecting codes and "# noqa" are flake8's own business."""

    name = "torchconv_lint"
    version = __version__

    # flake8 sets options once in the main process; workers inherit the class or parse the options again.
    settings: ClassVar[Settings | None] = None
    cache_dir: ClassVar[str | None] = None
    remembers: ClassVar[bool] = True

    def __init__(self, tree: ast.Module, filename: str, lines: list[str]) -> None:
        self._tree = tree
        self._filename = filename
        self._lines = lines

    @staticmethod
    def add_options(manager: Any) -> None:
        """Register our options. Opt-in rules have one of their own: setting `ignore` must never switch them on."""
        add = manager.add_option
        add(
            "--torchconv-confidence",
            metavar="LEVEL",
            parse_from_config=True,
            help="least confidence of a finding that is shown: possible, likely (the default) or certain",
        )
        add(
            "--torchconv-opt-in",
            metavar="CODES",
            comma_separated_list=True,
            parse_from_config=True,
            help="opt-in rules to run as well, comma-separated: codes, prefixes, strict, performance, or ALL",
        )
        add(
            "--torchconv-assume-device",
            metavar="DEVICE",
            parse_from_config=True,
            help="cpu: nothing ever runs on an accelerator",
        )
        add(
            "--torchconv-target-torch",
            metavar="RELEASE",
            parse_from_config=True,
            help="the oldest release of torch that the code has to run with, such as 2.1",
        )
        add(
            "--torchconv-target-numpy",
            metavar="RELEASE",
            parse_from_config=True,
            help="the oldest release of NumPy that the code has to run with, such as 1.26",
        )
        add(
            "--torchconv-config",
            metavar="FILE",
            parse_from_config=True,
            normalize_paths=True,
            help="read [tool.torchconv_lint] from this file, not from the nearest pyproject.toml",
        )
        add(
            "--torchconv-cache-dir",
            metavar="FOLDER",
            parse_from_config=True,
            normalize_paths=True,
            help="remember the results of files that do not change in this folder, not in the user's cache folder",
        )
        add(
            "--torchconv-no-cache",
            action="store_true",
            default=False,
            parse_from_config=True,
            help="lint everything anew, and remember nothing",
        )

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Settings for this run: the project's, overridden by flake8's options."""
        cls.cache_dir, cls.remembers = options.torchconv_cache_dir, not options.torchconv_no_cache
        own = [value for name, value in vars(options).items() if name.startswith("torchconv_") and "cache" not in name]
        if not any(own) and not _configured():
            return
        from dataclasses import replace
        from pathlib import Path

        from torchconv_lint import config

        try:
            settings = config.find_config(Path(), options.torchconv_config).settings
            if options.torchconv_confidence is not None:
                settings = replace(settings, confidence=config.confidence(options.torchconv_confidence))
            if options.torchconv_opt_in is not None:
                settings = replace(settings, opt_in=config.opt_ins(options.torchconv_opt_in))
            if options.torchconv_assume_device is not None:
                settings = replace(settings, assume_device=config.device(options.torchconv_assume_device))
            if options.torchconv_target_torch is not None:
                settings = replace(settings, target_torch=config.release(options.torchconv_target_torch))
            if options.torchconv_target_numpy is not None:
                settings = replace(settings, target_numpy=config.release(options.torchconv_target_numpy))
        except config.ConfigError as error:
            from flake8.exceptions import ExecutionError

            # flake8 ends with this one message instead of a traceback.
            raise ExecutionError(f"torchconv_lint: {error}") from error
        cls.settings = settings

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """Findings as flake8 wants them; it adds one to columns itself."""
        try:
            text = "".join(self._lines)
            every = self.settings is not None and "ALL" in self.settings.opt_in
            if not mentions_tensors(text) and not every:
                return
            outcome = self._outcome(text)
        except Exception as error:  # whatever we got wrong must not end the user's flake8
            from torchconv_lint.failure import describe_failure

            yield self._failure(1, 1, describe_failure(error))
            return
        for finding in outcome.findings:
            yield finding.span.line, finding.span.column - 1, f"{finding.code} {finding.message}", type(self)
        for problem in outcome.problems:
            yield self._failure(problem.line, problem.column, problem.message)

    def _outcome(self, text: str) -> Outcome:
        from torchconv_lint.settings import Settings
        from torchconv_lint.source import Source

        source, settings = Source(self._filename, text), self.settings or Settings()

        def lint() -> Outcome:
            from torchconv_lint.lint import lint_source

            return lint_source(source, settings, self._tree, fixes=False)

        if not self.remembers:
            return lint()
        from torchconv_lint.shell.hosted import of_the_user, remembered

        return remembered(self.cache_dir or of_the_user(), source, settings, lint)

    def _failure(self, line: int, column: int, message: str) -> tuple[int, int, str, type[Plugin]]:
        return line, column - 1, f"{FAILURE} {self._filename}: {message}", type(self)


def _configured() -> bool:
    """Whether a pyproject.toml in or above the current folder may have our table: without one there is nothing to read,
    and reading costs more than flake8 takes for a small file."""
    folder = os.getcwd()
    while True:
        try:
            with open(os.path.join(folder, "pyproject.toml"), "rb") as file:
                if b"torchconv" in file.read():
                    return True
        except FileNotFoundError:
            pass
        except OSError:
            return True  # the one who reads it will say what is wrong
        parent = os.path.dirname(folder)
        if parent == folder:
            return False
        folder = parent
