"""The pinned applications: taken from clones that the user has, at exact commits, and their Python files listed."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from bench import terminal
from bench.corpus import CACHE, HERE, Package

COMMITS = HERE / "applications.txt"

_PIN = re.compile(r"([\w.-]+/[\w.-]+)@([0-9a-f]{40})")


def read_commits(path: Path = COMMITS) -> dict[str, str]:
    """Repository ("owner/name") to commit."""
    commits: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text:
            pin = _PIN.fullmatch(text)
            if pin is None:
                raise ValueError(f"{path.name}: {text!r} is not owner/name@commit")
            commits[pin[1]] = pin[2]
    return commits


def applications(clones: Path, only: list[str] | None = None) -> list[Package]:
    """The pinned applications, their Python files taken out of the clones at `clones`/owner/name, bare ones too."""
    commits = read_commits()
    unknown = [name for name in only or () if name not in commits]
    if unknown:
        raise SystemExit(f"not in {COMMITS.name}: {', '.join(unknown)}")
    return [_taken_out(clones / name, name, commits[name]) for name in only or commits]


def _taken_out(clone: Path, name: str, commit: str) -> Package:
    folder = CACHE / "applications" / f"{name.replace('/', '+')}-{commit[:12]}"
    if not folder.is_dir():
        if not clone.is_dir():
            raise SystemExit(f"no clone at {clone} (git clone --filter=blob:none https://github.com/{name} {clone})")
        terminal.say(f"taking {name} at {commit[:12]}")
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        archive = partial.with_suffix(".tar")
        command = ["git", "-C", str(clone), "archive", f"--output={archive}", commit, ":(glob)**/*.py"]
        subprocess.run(command, check=True)
        with tarfile.open(archive) as content:
            content.extractall(partial, filter="data")
        archive.unlink()
        partial.rename(folder)
    return Package(name, commit[:12], folder)
