"""What the rules about constructors have in common: their triggers, and how they name a conversion."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchconv_lint.analysis.telling.events import ToTensor

_PLAIN = {
    "indexing": "indexing with it",
    "new_tensor": "`new_tensor`",
    "pack_padded_sequence": "`pack_padded_sequence`",
}


LEGACY = ("torch.Tensor", "torch.FloatTensor", "torch.LongTensor", "torch.IntTensor", "torch.DoubleTensor")
CONSTRUCTORS = ("from_numpy", "torch.tensor", "as_tensor", "new_tensor", "pack_padded_sequence", *LEGACY)
"""Words that make a function worth a look for these rules."""


def called(event: ToTensor) -> str:
    """The conversion, for messages: `torch.from_numpy`."""
    return _PLAIN.get(event.via, f"`torch.{event.via}`")


def pairs(heads: Iterable[str], others: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Triggers: one of the first words in the function, one of the second anywhere in the file."""
    seconds = tuple(others)
    return tuple((head, other) for head in heads for other in seconds)
