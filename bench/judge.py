"""Record judgements: `python -m bench.judge FINDINGS KEY true|false|unclear "why"`, or `--merge FILE.json`.

FINDINGS is the file that `python -m bench.packages --export FINDINGS` wrote.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import ledger, terminal
from bench.ledger import Entry, Judgement, Place


class UnknownKey(Exception):
    """A judgement names a finding that was not exported."""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0: recorded; 2: a judgement was refused and nothing is changed."""
    arguments = _parse(argv)
    judgements = [{"key": arguments.key, "verdict": arguments.verdict, "why": arguments.why}]
    if arguments.merge:
        judgements = json.loads(arguments.merge.read_text(encoding="utf-8"))
    exported = json.loads(arguments.findings.read_text(encoding="utf-8"))
    try:
        new = entries(exported, judgements)
    except (UnknownKey, ValueError) as error:
        terminal.say(f"nothing recorded: {error}")
        return 2
    known = ledger.load()
    changed = sum(entry.place.key in known for entry in new)
    known.update((entry.place.key, entry) for entry in new)
    ledger.save(known.values())
    print(f"{len(new) - changed} added, {changed} changed, {len(known)} in {ledger.LEDGER_FILE.name}")
    return 0


def entries(exported: Iterable[Mapping[str, Any]], judgements: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """A ledger entry for each judgement. Raises `UnknownKey`, or `ValueError` for a verdict or reason that is none."""
    by_key = {row["key"]: row for row in exported}
    result = []
    for judgement in judgements:
        row = by_key.get(judgement["key"])
        if row is None:
            raise UnknownKey(f"no exported finding has the key {judgement['key']!r}")
        why = str(judgement["why"] or "").strip()
        if not why:
            raise ValueError(f"{judgement['key']}: say why in one sentence")
        place = Place(row["package"], row["path"], row["code"], row["function"], row["text_sha256"], row["ordinal"])
        result.append(Entry(place, row["span"]["line"], Judgement.from_text(str(judgement["verdict"])), why))
    return result


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.judge", description=__doc__)
    parser.add_argument("findings", type=Path, help="what bench.packages --export wrote")
    parser.add_argument("key", nargs="?", help="the finding's key")
    parser.add_argument("verdict", nargs="?", help="true, false or unclear")
    parser.add_argument("why", nargs="?", help="one sentence")
    parser.add_argument(
        "--merge", type=Path, metavar="FILE.json", help='a list of {"key": ..., "verdict": ..., "why": ...}'
    )
    arguments = parser.parse_args(argv)
    if (arguments.merge is None) == (arguments.why is None):
        parser.error("give KEY VERDICT WHY, or --merge FILE.json")
    return arguments


if __name__ == "__main__":
    terminal.run(main)
