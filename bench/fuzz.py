"""Does anything fail on code that nobody would write? `python -m bench.fuzz`.

Excerpts of the packages and the fixtures are spoiled, linted with and without the sieve, and fixed: nothing may crash,
no file may be given up, and the fixes must come to an end. And fixtures are fixed in another spelling: the outcome must
be the same program, in the same encoding and with the same line endings, and there must be nothing left to fix.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from bench import corpus, terminal
from bench.respelling import COMMENT, meaning, respelled
from bench.spoiling import excerpt, spoiled
from torchconv_lint.fixing.settle import Unsettled, settle
from torchconv_lint.lint import lint_source
from torchconv_lint.model import Confidence
from torchconv_lint.parsing import parses
from torchconv_lint.settings import Settings
from torchconv_lint.shell.check import Checker
from torchconv_lint.shell.fix import ALL, Fixer
from torchconv_lint.shell.selection import Selection
from torchconv_lint.source import Source

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results" / "fuzz.json"
EVERYTHING = Settings(confidence=Confidence.POSSIBLE, opt_in=("ALL",))
MOST_CHARACTERS = 40_000


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 1 if anything was wrong; the code that showed it is printed."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000, help="programs of each kind (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same programs")
    parser.add_argument("--save", action="store_true", help=f"write the counts to {RESULTS.name}")
    arguments = parser.parse_args(argv)
    random = Random(arguments.seed)
    counts: Counter[str] = Counter()
    wrong = 0
    fixtures = sorted((ROOT / "fixtures").glob("cnv*/*.py"))
    code = [path for package in corpus.packages() for path in package.python_files()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in terminal.progress(range(arguments.rounds), arguments.rounds, "programs"):
            text = program(random.choice((fixtures, code)), random)
            for what, shown in (*failures(text, counts), *differences(random.choice(fixtures), random, counts)):
                wrong += 1
                print(f"--- {what}\n{shown}")
    print(json.dumps(counts))
    if arguments.save:
        saved = {"seed": arguments.seed, "rounds": arguments.rounds, "wrong": wrong, **dict(sorted(counts.items()))}
        RESULTS.write_text(json.dumps(saved, indent=1) + "\n", encoding="utf-8")
    return int(wrong > 0)


def program(paths: Sequence[Path], random: Random) -> str:
    """An excerpt of one of the files, spoiled more or less."""
    while True:
        text = random.choice(paths).read_text(encoding="utf-8", errors="replace")
        if len(text) < MOST_CHARACTERS and parses(text):
            return spoiled(excerpt(text, 80, random), random.choice((1, 3, 10, 30)), random)


def failures(text: str, counts: Counter[str]) -> Iterator[tuple[str, str]]:
    """What goes wrong when the program is linted and fixed."""
    counts["programs linted"] += 1
    for settings in (Settings(), EVERYTHING):
        for sieve in (True, False):
            try:
                outcome = lint_source(Source("x.py", text), replace(settings, sieve=sieve))
            except Exception as error:  # whatever it is, it is what is looked for
                yield f"{type(error).__name__}: {error}", text
                return
            if outcome.problems:
                yield outcome.problems[0].message, text
    counts["findings"] += len(outcome.findings)
    counts["fixes"] += sum(finding.fix is not None for finding in outcome.findings)
    try:
        settle(text, lambda fixed: lint_source(Source("x.py", fixed), EVERYTHING).findings, ALL)
    except Unsettled:
        yield "the fixes do not settle", text


def differences(path: Path, random: Random, counts: Counter[str]) -> Iterator[tuple[str, str]]:
    """What the fixes make of a fixture in another spelling, and should not."""
    fixer = Fixer(Checker(EVERYTHING, Selection()), ALL, write=False)
    text = path.read_text(encoding="utf-8")
    expected = fixer.fix_bytes("x.py", text.encode())[1] or text.encode()
    spelling = respelled(text, random)
    checked, data = fixer.fix_bytes("x.py", spelling.data)
    counts["programs fixed in another spelling"] += 1
    counts["fixes in another spelling"] += checked.fixed
    fixed = spelling.text(data or spelling.data)
    before = spelling.text(spelling.data)
    told = {
        "a problem": not checked.problems,
        # A fix that would lose a comment is left out.
        "another program": COMMENT in before or meaning(fixed) == meaning(expected.decode()),
        "other line endings": spelling.keeps_lines(data or spelling.data),
        "a comment is lost": fixed.count(COMMENT) == before.count(COMMENT),
        "fixed again": fixer.fix_bytes("x.py", data or spelling.data)[1] is None,
    }
    for what, right in told.items():
        if not right:
            yield f"{path.relative_to(ROOT)}: {what}", before


if __name__ == "__main__":
    terminal.run(main)
