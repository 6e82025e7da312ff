"""The expectations that stand in a fixture's comments: `# CNV101: 12, "scores"; CNV102: 12, "scores"`.

The code and the 1-based column of the finding on this line, then texts that its message must contain.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torchconv_lint.verify.proof import ProofError

if TYPE_CHECKING:
    from torchconv_lint.model import Finding

_STRING = r"\"[^\"]*\"|'[^']*'"
_ONE = re.compile(rf"\s*(?P<code>CNV\d{{3}}):\s*(?P<column>\d+)(?P<texts>(?:\s*,\s*(?:{_STRING}))*)\s*")


@dataclass(frozen=True, slots=True, order=True)
class Expectation:
    """The linter must report `code` at this place, and say `texts`."""

    line: int
    column: int
    code: str
    texts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.line}:{self.column} {self.code}" + "".join(f" {text!r}" for text in self.texts)

    def met_by(self, finding: Finding) -> bool:
        """Whether `finding` is the one that is expected."""
        place = (finding.span.line, finding.span.column, finding.code)
        return place == (self.line, self.column, self.code) and all(text in finding.message for text in self.texts)


def parse_expectations(text: str) -> tuple[Expectation, ...]:
    """All expectations of a fixture's source, by place. Raises `ProofError` on a comment that only looks like one."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT or not re.match(r"#\s*CNV\d", token.string):
            continue
        line, rest = token.start[0], token.string.lstrip("#")
        while rest:
            match = _ONE.match(rest)
            if match is None or rest[match.end() : match.end() + 1] not in ("", ";"):
                raise ProofError(f"line {line}: not an expectation: {token.string!r}")
            texts = tuple(ast.literal_eval(each) for each in re.findall(_STRING, match["texts"]))
            found.append(Expectation(line, int(match["column"]), match["code"], texts))
            rest = rest[match.end() + 1 :]
    return tuple(sorted(found))


def disagreements(expected: tuple[Expectation, ...], findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Check 1: what the linter misses, and what it reports without being asked to. Empty if it is right."""
    left = list(findings)
    missing = []
    for expectation in expected:
        match = next((finding for finding in left if expectation.met_by(finding)), None)
        if match is None:
            missing.append(f"missed alarm: {expectation}")
        else:
            left.remove(match)
    extra = [f"false alarm: {f.span.line}:{f.span.column} {f.code} {f.message}" for f in left]
    return (*missing, *extra)
