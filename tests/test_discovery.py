"""Which files a folder stands for. git itself is the oracle for .gitignore files."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from torchconv_lint.shell.discovery import Discovery


def tree(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def found(root: Path, monkeypatch: pytest.MonkeyPatch, *paths: str, **options: object) -> list[str]:
    monkeypatch.chdir(root)
    return Discovery(**options).files(paths or ["."])  # type: ignore[arg-type]


def test_python_files_sorted_and_without_foreign_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(
        tmp_path,
        "b.py",
        "a/z.py",
        "a/b/c.py",
        "a/n.ipynb",
        "a/.ipynb_checkpoints/n.ipynb",
        "a/stub.pyi",
        "a/data.txt",
        ".git/hook.py",
        "node_modules/x.py",
    )
    tree(tmp_path, "my_env/pyvenv.cfg", "my_env/lib.py", "__pycache__/x.py", "build/kept.py")
    assert found(tmp_path, monkeypatch) == ["b.py", "a/n.ipynb", "a/z.py", "a/b/c.py", "build/kept.py"]


def test_named_files_and_folders_are_linted_whatever_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "script", "venv/x.py", "skipped/y.py")
    (tmp_path / ".gitignore").write_text("script\nskipped/\n")
    (tmp_path / ".git").mkdir()
    options = {"exclude": [(tmp_path, ["script"])]}
    assert found(tmp_path, monkeypatch, "script", "venv", "skipped", **options) == [
        "script",
        "venv/x.py",
        "skipped/y.py",
    ]


def test_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "a/x.py")
    (tmp_path / "a" / "circle").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / ".#lock.py").symlink_to("nobody@nowhere.1234")
    (tmp_path / "a" / "self.py").symlink_to("self.py")
    (tmp_path / "link.py").symlink_to("a/x.py")
    assert found(tmp_path, monkeypatch) == ["link.py", "a/x.py"]
    assert found(tmp_path, monkeypatch, "a/circle/a") == ["a/circle/a/x.py"]


def test_pipes_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    assert found(tmp_path, monkeypatch) == []


def test_exclude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "src/a.py", "src/a_test.py", "src/vendored/b.py", "vendored/c.py", "src/deep/gen/d.py")
    exclude = [(tmp_path, ["*_test.py", "/vendored"]), (tmp_path / "src", ["deep/gen/"])]
    assert found(tmp_path, monkeypatch, exclude=exclude) == ["src/a.py", "src/vendored/b.py"]
    assert found(tmp_path / "src", monkeypatch, "..", exclude=exclude) == ["../src/a.py", "../src/vendored/b.py"]


def test_a_folder_that_vanished(tmp_path: Path) -> None:
    discovery = Discovery()
    assert list(discovery._entries(str(tmp_path / "gone"))) == []
    assert "cannot be read" in discovery.problems[0].message


NAMES = [
    f"{folder}{name}"
    for folder in ("", "src/", "src/deep/", "build/", "src/build/", "docs/", "gen_1/", "ö/")
    for name in ("a.py", "b.py", "keep.py", "tmp_x.py", "x y.py")
]
IGNORED = [
    {".gitignore": "a.py\n"},
    {".gitignore": "/a.py\nbuild/\n"},
    {".gitignore": "*.py\n!keep.py\n"},
    {".gitignore": "build\n!build/keep.py\n"},
    {".gitignore": "build/*\n!build/keep.py\n"},
    {".gitignore": "src/**/b.py\n**/tmp_*\n# a.py\n\\!x\n"},
    {".gitignore": "src/deep\n", "src/.gitignore": "!deep\n"},
    {".gitignore": "*.py\n", "src/.gitignore": "!*.py\n", "src/deep/.gitignore": "a.py\n"},
    {"src/.gitignore": "/a.py\ndeep/b.py\n", "docs/.gitignore": "*\n"},
    {".gitignore": "gen_[0-9]/\nx\\ y.py\nö\n"},
    {".gitignore": "a.py/\nsrc/a.py  \n"},
]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle")
@pytest.mark.parametrize("below", [".", "src"])
@pytest.mark.parametrize("rules", IGNORED, ids=range(len(IGNORED)))
def test_gitignore_equals_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: dict[str, str], below: str
) -> None:
    tree(tmp_path, *NAMES)
    for name, content in rules.items():
        (tmp_path / name).write_text(content)
    subprocess.run(["git", "init", "--quiet", "."], cwd=tmp_path, check=True)
    command = ["git", "-c", "core.quotePath=off", "ls-files", "--others", "--exclude-standard", "-z", "--", "*.py"]
    listed = subprocess.run(command, cwd=tmp_path / below, capture_output=True, check=True).stdout.decode()
    files = found(tmp_path / below, monkeypatch)
    assert set(files) == {name for name in listed.split("\0") if name}
    assert sorted(found(tmp_path / below, monkeypatch, gitignore=False)) == sorted(
        name.removeprefix("src/") if below == "src" else name
        for name in NAMES
        if below == "." or name.startswith("src/")
    )


def test_without_a_repository_only_what_lies_below_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "src/a.py", "src/b.py")
    (tmp_path / ".gitignore").write_text("a.py\n")
    (tmp_path / "src" / ".gitignore").write_text("b.py\n")
    assert found(tmp_path / "src", monkeypatch) == ["a.py"]
