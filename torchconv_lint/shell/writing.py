"""A file is written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile


def write_atomically(path: str, data: bytes) -> None:
    """Replace what is at `path`, or make it; whoever reads it meanwhile sees the old content or the new. May raise
    `OSError`, and then has changed nothing."""
    # What a link points at is written; the link stays.
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        # A device or a pipe (/dev/stdout) cannot be replaced.
        with open(target, "wb") as file:
            file.write(data)
        return
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=f".{os.path.basename(target)}.")
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        _give_to_owner(temporary, target)
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _give_to_owner(temporary: str, target: str) -> None:
    """Files of others stay theirs, where one may write for them at all (as root, in a container)."""
    with contextlib.suppress(OSError):
        old = os.stat(target)
        if hasattr(os, "chown") and (old.st_uid, old.st_gid) != (os.getuid(), os.getgid()):
            os.chown(temporary, old.st_uid, old.st_gid)


def _mode(path: str) -> int:
    """The mode of the file at `path`, or that of a new file."""
    try:
        return os.stat(path).st_mode & 0o7777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
