"""A bounded table of texts in a folder. SQLite keeps it whole when several runs write at once, or one is killed.

Nothing that happens to the folder may disturb a run: what cannot be read is not there, and what cannot be written is
not kept.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

FOLDER = ".torchconv_lint_cache"
MOST_BYTES = 64_000_000
# Another number for another layout: the old file is left for old versions of the program.
_FILE = "results-1.sqlite"
_SECONDS_TO_WAIT = 2.0
_DAY = 86_400
# The folder needs no line in anyone's .gitignore, and backup programs know the tag.
_SIGNS = {
    ".gitignore": "*\n",
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n# Made by torchconv-lint. It may be deleted.\n",
}


class Store:
    """Texts by key. What has not been asked for longest goes first when there is too much."""

    def __init__(self, folder: str, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._path = os.path.join(folder, _FILE)
        self._most_bytes = most_bytes
        self._database: sqlite3.Connection | None = None
        self._new: dict[str, str] = {}
        self._used: list[str] = []

    def __enter__(self) -> Store:
        with self._at_risk():
            self._database = _opened(self._path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an error, too: what was worked out until Ctrl-C is worth keeping.
        self.write()
        if self._database is not None:
            self._database.close()

    @contextlib.contextmanager
    def _at_risk(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.OperationalError):  # no folder, no rights, no space, or another run keeps it locked
            pass
        except sqlite3.DatabaseError:  # it is no database, or a broken one: the next run starts anew
            with contextlib.suppress(OSError):
                os.unlink(self._path)

    def get(self, key: str) -> str | None:
        """The text kept under `key`."""
        if self._database is None:
            return None
        row = None
        with self._at_risk():
            row = self._database.execute("SELECT value, used FROM results WHERE key = ?", (key,)).fetchone()
        if row is None or not isinstance(row[0], str):
            return None
        if row[1] != _today():  # one write a day is enough to know what is still wanted
            self._used.append(key)
        return row[0]

    def put(self, key: str, value: str) -> None:
        """Keep a text; it is written at the end of the run, or with `write`."""
        self._new[key] = value

    def write(self) -> None:
        """Write what is kept."""
        if self._new or self._used:
            with self._at_risk():
                self._write()
            self._new, self._used = {}, []

    def _write(self) -> None:
        database = self._database or self._made()
        today = _today()
        with database:
            rows = [(key, today, value) for key, value in self._new.items()]
            database.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?)", rows)
            database.executemany("UPDATE results SET used = ? WHERE key = ?", [(today, key) for key in self._used])
        self._bound(database)

    def _made(self) -> sqlite3.Connection:
        os.makedirs(self._folder, exist_ok=True)
        for name, content in _SIGNS.items():
            path = os.path.join(self._folder, name)
            if not os.path.exists(path):
                with open(path, "w", encoding="ascii") as file:
                    file.write(content)
        self._database = _opened(self._path, make=True)
        return self._database

    def _bound(self, database: sqlite3.Connection) -> None:
        """Forget what was used longest ago, until three quarters of what is allowed are left."""
        pages, page = (database.execute(f"PRAGMA {of}").fetchone()[0] for of in ("page_count", "page_size"))
        if pages * page <= self._most_bytes:
            return
        (count,) = database.execute("SELECT count(*) FROM results").fetchone()
        with database:
            kept = int(count * 0.75 * self._most_bytes / (pages * page))
            order = "SELECT key FROM results ORDER BY used DESC, rowid DESC LIMIT ?"
            database.execute(f"DELETE FROM results WHERE key NOT IN ({order})", (kept,))
        database.execute("VACUUM")


def _opened(path: str, *, make: bool = False) -> sqlite3.Connection:
    uri = f"{Path(path).absolute().as_uri()}?mode={'rwc' if make else 'rw'}"
    database = sqlite3.connect(uri, _SECONDS_TO_WAIT, uri=True)
    try:
        # What a crash of the machine leaves half written is noticed, and thrown away: no need to wait for the disk.
        database.execute("PRAGMA synchronous = OFF")
        if make:
            database.execute("CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, used INTEGER, value TEXT)")
        database.execute("SELECT key, used, value FROM results LIMIT 1")
    except BaseException:
        database.close()
        raise
    return database


def _today() -> int:
    return int(time.time() // _DAY)
