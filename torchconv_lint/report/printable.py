"""Text from someone's files that is safe on a terminal and stays on its line."""

from __future__ import annotations

# Control characters could move the cursor or set colours; Unicode has a picture of each. A tab may stay.
_PICTURES = {number: 0x2400 + number for number in range(0x20) if chr(number) != "\t"} | {0x7F: 0x2421}
# Line separators, and the C1 controls, which some terminals obey.
_REPLACED = dict.fromkeys([*range(0x80, 0xA0), 0x2028, 0x2029], 0xFFFD)
_TABLE = _PICTURES | _REPLACED


def printable(text: str) -> str:
    """`text` with every control character but the tab replaced by one visible character."""
    return text.translate(_TABLE)
