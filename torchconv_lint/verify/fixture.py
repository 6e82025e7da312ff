"""A fixture file, read: its functions, what is expected of the linter, and what running them must show."""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass
from pathlib import Path

from torchconv_lint.lint import lint_source
from torchconv_lint.model import Outcome
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source
from torchconv_lint.verify.claim import KINDS as CLAIM_KINDS
from torchconv_lint.verify.claim import Claim, check_verdict, parse_claim
from torchconv_lint.verify.expectations import Expectation, disagreements, parse_expectations
from torchconv_lint.verify.fingerprint import fingerprint
from torchconv_lint.verify.proof import Proof, ProofError, parse_proof

KINDS = ("hazard", "safe")
"""Of functions that prove a rule; a claim's are in `claim`."""


@dataclass(frozen=True, slots=True)
class Function:
    """One program of a fixture: a function without arguments. `kind` is "hazard" or "safe"."""

    name: str
    kind: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Fixture:
    """One file."""

    path: Path
    text: str
    proof: Proof
    expectations: tuple[Expectation, ...]
    functions: tuple[Function, ...]
    claim: Claim | None = None

    @property
    def rule(self) -> str:
        """The code of the rule that the fixture proves: its folder's name, or the only one that is expected in it."""
        name = self.path.parent.name.upper()
        codes = {expectation.code for expectation in self.expectations}
        return name if name.startswith("CNV") else codes.pop() if len(codes) == 1 else ""

    @property
    def key(self) -> str:
        """How reports and evidence name the file."""
        return f"{self.path.parent.name}/{self.path.name}"

    def statement_at(self, line: int) -> tuple[int, int]:
        """First and last line of the innermost statement that covers `line`."""
        best = (line, line)
        size = None
        for node in ast.walk(ast.parse(self.text)):
            if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or line):
                end = node.body[0].lineno - 1 if _has_body(node) else node.end_lineno or line  # type: ignore[attr-defined]
                if line <= max(end, node.lineno) and (size is None or end - node.lineno < size):
                    size, best = end - node.lineno, (node.lineno, max(end, node.lineno))
        return best

    def lint(self) -> tuple[str, ...]:
        """Check 1: how the linter disagrees with the expectations, by default but for its own rule, which is on.

        A claim is about torch, and nothing is expected of the linter.
        """
        if self.claim is not None:
            return ()
        outcome = self.linted(self.text)
        problems = tuple(f"{problem.line}:{problem.column} {problem.message}" for problem in outcome.problems)
        return disagreements(self.expectations, outcome.findings) + problems

    def linted(self, text: str) -> Outcome:
        """What the linter says of `text`, which is the fixture's own or what fixes have made of it."""
        return _linted(str(self.path), text, self.rule)


@functools.lru_cache(maxsize=1024)
def _linted(path: str, text: str, rule: str) -> Outcome:
    """Remembered: each kind of fixes begins with the text as it is, and ends with one that is looked at again."""
    return lint_source(Source(path, text), Settings(opt_in=(rule,) if rule else ()))


def _has_body(node: ast.stmt) -> bool:
    return bool(getattr(node, "body", None))


def read_fixture(path: Path) -> Fixture:
    """Read one file. Raises `ProofError` with the reason if it is no fixture."""
    text = Source.from_bytes(str(path), path.read_bytes()).text
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise ProofError(f"syntax error in line {error.lineno}: {error.msg}") from error
    claim = parse_claim(text)
    kinds = KINDS if claim is None else CLAIM_KINDS
    functions = tuple(
        Function(node.name, node.name.partition("_")[0], fingerprint(tree, node.name))
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith(tuple(f"{kind}_" for kind in kinds))
    )
    if not functions:
        raise ProofError(f"no function named {'_… or '.join(kinds)}_…")
    for function in functions:
        if sum(other.name == function.name for other in functions) > 1:
            raise ProofError(f"two functions are called {function.name!r}: the first is never run")
    if claim is not None:
        check_verdict(claim, {function.kind for function in functions})
    fixture = Fixture(path, text, parse_proof(text), parse_expectations(text), functions, claim)
    for who, _ in fixture.proof.declared:
        if who not in kinds and who not in {function.name for function in functions}:
            raise ProofError(f"the proof block speaks of {who!r}, which the file does not have")
    return fixture


def find_fixtures(paths: list[Path]) -> list[Path]:
    """The Python files in and under `paths`, sorted; folders named `evidence` hold no fixtures."""
    found: set[Path] = set()
    for path in paths:
        found |= set(path.rglob("*.py")) if path.is_dir() else {path}
    return sorted(path for path in found if not {"evidence", "__pycache__"} & set(path.parts))
