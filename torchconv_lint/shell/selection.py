"""Which codes the command line shows."""

from __future__ import annotations

import re
from dataclasses import dataclass

_EVERYTHING = "ALL"
_FULL_CODE = re.compile(r"CNV[0-9]{3}")


@dataclass(frozen=True, slots=True)
class Selection:
    """Prefixes of codes. Of a selecting and an ignoring prefix the longer one wins, as in flake8."""

    select: tuple[str, ...] = (_EVERYTHING,)
    ignore: tuple[str, ...] = ()

    def shows(self, code: str) -> bool:
        """True if findings of `code` are shown."""
        return _longest(self.select, code) > _longest(self.ignore, code)


def opted_in(prefixes: tuple[str, ...]) -> tuple[str, ...]:
    """Those prefixes that also switch on an opt-in rule: its whole code, or ALL. "CNV2" asks for no rule by name."""
    return tuple(prefix for prefix in prefixes if prefix == _EVERYTHING or _FULL_CODE.fullmatch(prefix))


def _longest(prefixes: tuple[str, ...], code: str) -> int:
    lengths = [0 if prefix == _EVERYTHING else len(prefix) for prefix in prefixes if _matches(prefix, code)]
    return max(lengths, default=-1)


def _matches(prefix: str, code: str) -> bool:
    return prefix == _EVERYTHING or code.startswith(prefix)
