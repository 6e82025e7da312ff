"""What tells one content of a file from another."""

from __future__ import annotations

import hashlib


def digest(data: bytes) -> str:
    """A short text that is different for different bytes."""
    return hashlib.blake2b(data, digest_size=20).hexdigest()
