"""What can notice a mutant: the fixtures and the tests of the analysis, and which lines each of them runs."""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import inspect
import io
import os
import pickle
import pkgutil
import re
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "torchconv_lint"
_OF_THE_ANALYSIS = re.compile(
    r"^from (?:snippets|torchconv_lint\.(?:analysis|lint|sieve|survey|rules))\b", re.MULTILINE
)
TESTS = tuple(
    path.stem.removeprefix("test_")
    for path in sorted((ROOT / "tests").glob("test_*.py"))
    if not path.stem.startswith(("test_bench", "test_variants"))  # each variant is a fixture's text once more
    and _OF_THE_ANALYSIS.search(path.read_text(encoding="utf-8"))
)
"""Of the analysis and the rules."""
SECONDS, SLOW = 20, 4
"""CPU time that a check may take with a mutant; a check that takes longer than the second without one is left out."""
MEMORY = 4 << 30

FIXTURE, FIX, TEST = "fixture", "fix", "test"


@dataclass(frozen=True)
class Check:
    """One fixture as it is or after its fixes, or one test with its parameters; `kind` says which. `own`: the rule that
    it is about, as modules and folders are named. `reached`: the lines that it runs, by file."""

    kind: str
    name: str
    own: str
    passes: Callable[[], bool]
    reached: dict[str, frozenset[int]] = field(default_factory=dict)


def checks() -> list[Check]:
    """All that pass as things are, with the lines they run."""
    _import_all()
    found = [*_fixtures(), *_fixes(), *_tests()]
    memories = _memories()
    reached = in_child(lambda: [_traced(check, memories) for check in found])
    known = [replace(check, reached=lines) for check, lines in zip(found, reached, strict=True) if lines is not None]
    missing = {FIXTURE, FIX, TEST} - {check.kind for check in known}
    if missing:
        raise RuntimeError(f"nothing would be noticed by: {', '.join(sorted(missing))}")
    for memory in memories:
        memory.cache_clear()
    gc.disable()  # Collecting in a child would copy all that it shares with its parent.
    return known


def _memories() -> list[functools._lru_cache_wrapper[Any]]:
    """What the linter remembers of code that it has met; a mutant must find it out for itself."""
    gc.unfreeze()  # What has been frozen is not listed.
    remembering = [each for each in gc.get_objects() if isinstance(each, functools._lru_cache_wrapper)]
    return [each for each in remembering if each.__module__.startswith("torchconv_lint.")]


def _import_all() -> None:
    for package in ("torchconv_lint.analysis", "torchconv_lint.rules", "torchconv_lint.fixing"):
        module = importlib.import_module(package)
        for each in pkgutil.walk_packages(module.__path__, f"{package}."):
            importlib.import_module(each.name)
    importlib.import_module("torchconv_lint.verify.fixed")
    _agrees(next((ROOT / "fixtures").glob("cnv101/*.py")))  # What is loaded late is loaded before the processes fork.


def _fixtures() -> Iterator[Check]:
    for path in sorted((ROOT / "fixtures").glob("cnv*/*.py")):
        yield Check(FIXTURE, f"{path.parent.name}/{path.name}", path.parent.name, lambda path=path: _agrees(path))  # type: ignore[misc]


def _agrees(path: Path) -> bool:
    """Imported anew each time, as a mutant may have had the package imported again."""
    return not importlib.import_module("torchconv_lint.verify.fixture").read_fixture(path).lint()


def _fixes() -> Iterator[Check]:
    """What the fixes make of each fixture: `verify` executes that, and the pages tell how many hazards are cured."""
    for path in sorted((ROOT / "fixtures").glob("cnv*/*.py")):
        right = _fixed(path)

        def same(path: Path = path, right: object = right) -> bool:
            return _fixed(path) == right

        yield Check(FIX, f"{path.parent.name}/{path.name}", path.parent.name, same)


def _fixed(path: Path) -> tuple[str, dict[str, bool]]:
    fixture = importlib.import_module("torchconv_lint.verify.fixture").read_fixture(path)
    fixed = importlib.import_module("torchconv_lint.verify.fixed").fixed_fixture(fixture)
    return fixed.fixture.text, fixed.cured


class _Collected:
    """A plugin of pytest that keeps what has been collected."""

    items: Sequence[Any] = ()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = list(session.items)


def _tests() -> Iterator[Check]:
    plugin = _Collected()
    paths = [str(ROOT / "tests" / f"test_{name}.py") for name in TESTS]
    options = ["--collect-only", "-q", "--assert=plain", "-pno:cacheprovider", "-pno:xdist", "-pno:cov"]
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main([*options, *paths], plugins=[plugin])
    for item in plugin.items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        if set(inspect.signature(item.function).parameters) <= set(parameters):
            own = re.search(r"CNV\d+", item.name)
            yield Check(
                TEST,
                item.name,
                own[0].lower() if own else "",
                _call(item.module.__name__, item.originalname, parameters),
            )


def _call(module: str, name: str, parameters: dict[str, Any]) -> Callable[[], bool]:
    def passes() -> bool:
        given = {key: _anew(value) for key, value in parameters.items()}
        getattr(importlib.import_module(module), name)(**given)
        return True

    return passes


def _anew(value: Any) -> Any:
    """A rule that was a parameter before the package was imported again, as it is now."""
    rules = importlib.import_module("torchconv_lint.rules").all_rules() if hasattr(value, "hears") else ()
    return next((rule for rule in rules if rule.code == value.code), value)


def _traced(check: Check, memories: list[functools._lru_cache_wrapper[Any]]) -> dict[str, frozenset[int]] | None:
    for memory in memories:
        memory.cache_clear()
    coverage = Coverage(data_file=None, include=[f"{PACKAGE}/*"], config_file=False)
    started = time.process_time()
    coverage.start()
    try:
        passed = check.passes()
    except Exception:
        return None
    finally:
        coverage.stop()
    if not passed or time.process_time() - started > SLOW:
        return None
    data = coverage.get_data()
    return {name: frozenset(data.lines(name) or ()) for name in data.measured_files()}


def in_child(work: Callable[[], Any]) -> Any:
    """What `work` returns in a forked process; a string if it raised, ran out of time or memory, or died."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        answer: Any = "died"
        try:
            signal.signal(signal.SIGPROF, _too_long)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                answer = work()
        except TooLong:
            answer = "time limit"
        except BaseException as error:  # whatever a mutant does, its process answers
            answer = f"raises {type(error).__name__}"
        with os.fdopen(writer, "wb") as stream:
            stream.write(pickle.dumps(answer))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        data = stream.read()
    os.waitpid(child, 0)
    return pickle.loads(data) if data else "died"


class TooLong(BaseException):
    """No `except Exception` of the linter stops it."""


def _too_long(*_: object) -> None:
    raise TooLong


def timed(work: Callable[[], bool]) -> bool:
    """What `work` returns. Raises `TooLong` after `SECONDS` of CPU time."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS, 1)
    try:
        return work()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


sys.path.insert(0, str(ROOT / "tests"))
