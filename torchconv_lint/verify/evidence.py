"""Evidence: what was observed on some machine, kept in the repository.

One JSON file per device kind, GPU, torch, NumPy, Python and system. Each row holds the fingerprint of its function at
the time: once the function (or code it uses) has changed, the evidence is stale and proves nothing any more.
"""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchconv_lint.verify.observation import Observation
from torchconv_lint.verify.proof import DEVICES, MAPPING
from torchconv_lint.verify.rows import NOT_RUN, PROVEN, observed

if TYPE_CHECKING:
    from torchconv_lint.verify.machine import Machine
    from torchconv_lint.verify.rows import Row

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """One file. `rows`: function key → {"fingerprint", "declared", "status", "reason", "observed"}."""

    device: str
    machine: dict[str, Any]
    date: str
    rows: dict[str, dict[str, str]]

    @property
    def title(self) -> str:
        """What the matrix calls it."""
        where = self.machine["gpu"] or self.device
        return f"{where}, torch {self.machine['torch']}, NumPy {self.machine['numpy']}, {self.date}"


def _name(device: str, machine: Machine) -> str:
    parts = [device, machine.gpu if device == "cuda" else "", f"torch{machine.torch}", f"numpy{machine.numpy}"]
    parts += [f"python{machine.python}", machine.system]
    return re.sub(r"[^A-Za-z0-9.+_-]+", "-", "_".join(filter(None, parts))) + ".json"


def record(folder: Path, device: str, machine: Machine, rows: list[Row], complete: bool = True) -> Path | None:
    """Write what was run on `device`; rows that were not run are not evidence. None if nothing was run.

    Unless the rows are `complete`, what the same machine has recorded of other functions is kept.
    """
    run = {row.key: row for row in rows if row.device == device and row.status != NOT_RUN}
    if not run:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _name(device, machine)
    kept = {} if complete or not path.exists() else json.loads(path.read_text(encoding="utf-8"))["rows"]
    shown = replace(machine, gpu=machine.gpu if device == "cuda" else "")
    data = {
        "format": _FORMAT,
        "device": device,
        "machine": shown.to_json(),
        "date": datetime.date.today().isoformat(),
        "rows": dict(sorted({**kept, **{key: _recorded(row) for key, row in run.items()}}.items())),
    }
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _recorded(row: Row) -> dict[str, str]:
    return {
        "fingerprint": row.function.fingerprint,
        "declared": str(row.declared),
        "status": row.status,
        "reason": row.reason,
        "observed": observed(row.observation or Observation("")),
    }


def load(folder: Path) -> list[Evidence]:
    """All evidence of a folder, by device, the newest torch first. A file of another format is ignored."""
    found = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.get("format") == _FORMAT:
            found.append(Evidence(data["device"], data["machine"], data["date"], data["rows"]))
    found.sort(key=lambda one: (_release(one.machine["torch"]), _release(one.machine["numpy"]), one.date), reverse=True)
    return sorted(found, key=lambda one: (*DEVICES, MAPPING).index(one.device))


def _release(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


def consult(row: Row, evidences: list[Evidence]) -> Row:
    """A row that was not run here, answered by the newest evidence that is not stale."""
    stale = ""
    for evidence in evidences:
        known = evidence.rows.get(row.key) if evidence.device == row.device else None
        if known is None:
            continue
        if known["fingerprint"] != row.function.fingerprint or known["declared"] != str(row.declared):
            stale = stale or f"evidence is stale ({evidence.title})"
        else:
            reason = known["reason"] if known["status"] != PROVEN else ""
            return replace(row, status=known["status"], reason=reason, source=evidence.title)
    if stale:
        return replace(row, reason=stale)
    return replace(row, reason="not yet run on CUDA") if row.device == "cuda" else row
