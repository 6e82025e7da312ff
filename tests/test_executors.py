"""Executors of the caller's: threads, processes, and a Dask cluster give what one process gives."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY
from doc_pages import blocks

import torchconv_lint
from torchconv_lint.shell.lots import lots_of

FIXTURES = REPOSITORY / "fixtures"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hazards that can only be seen with another file, and one file that cannot be parsed."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "lib.py").write_text('import torch\n\nDEVICE = torch.device("cuda")\n')
    (tmp_path / "src").mkdir()
    for number in range(5):
        text = "import torch\n\nfrom lib import DEVICE\n\ntorch.ones(3).to(DEVICE).numpy()\n" * (number + 1)
        (tmp_path / "src" / f"a{number}.py").write_text(text)
    (tmp_path / "broken.py").write_text("def f(:\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def in_threads() -> Executor:
    return ThreadPoolExecutor(3)


def in_processes() -> Executor:
    import multiprocessing

    return ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))


@pytest.mark.parametrize("make", [in_threads, in_processes])
@pytest.mark.parametrize("relative", [True, False])
def test_an_executor_changes_nothing(project: Path, make: Any, relative: bool) -> None:
    paths = ["."] if relative else [str(project)]
    expected = torchconv_lint.lint_paths(paths)
    assert len(expected.findings) == 15
    assert len(expected.problems) == 1
    with make() as executor:
        assert torchconv_lint.lint_paths(paths, executor=executor) == expected


def test_threads_on_many_files() -> None:
    folders = [FIXTURES / name for name in ("cnv101", "cnv201", "cnv301", "cnv401", "cnv501")]
    expected = torchconv_lint.lint_paths(folders)
    with ThreadPoolExecutor(4) as executor:
        assert torchconv_lint.lint_paths(folders, executor=executor) == expected


def test_a_dask_cluster(project: Path) -> None:
    from distributed import Client, LocalCluster

    expected = torchconv_lint.lint_paths(["."])
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
        client.get_executor() as executor,
    ):
        workers = client.run(os.getpid)
        assert len(set(workers.values())) == 2
        assert os.getpid() not in workers.values()
        assert torchconv_lint.lint_paths(["."], executor=executor) == expected


@pytest.mark.parametrize("example", [1, 2])
def test_the_examples_of_the_page(project: Path, example: int) -> None:
    """As programs of their own: what starts processes is imported by them."""
    code = [block.text for block in blocks("api.md") if block.language == "python"][example]
    (project / "src").rename(project / "repositories")
    (project / "src").symlink_to("repositories", target_is_directory=True)
    body = textwrap.indent(code, "    ")
    program = project / "program.py"
    program.write_text(f"import torchconv_lint\nif __name__ == '__main__':\n{body}    print(len(result.findings))\n")
    result = subprocess.run([sys.executable, program], cwd=project, capture_output=True, text=True, timeout=300)
    assert result.stdout == "15\n", result.stderr


class Unreachable(Executor):
    """Loses what it is given, as a machine does that goes down."""

    def submit(self, *arguments: Any, **keywords: Any) -> Future[Any]:  # type: ignore[override]
        future: Future[Any] = Future()
        future.set_exception(ConnectionError("gone"))
        return future


def test_a_worker_that_fails_is_a_problem_of_each_of_its_files(project: Path) -> None:
    result = torchconv_lint.lint_paths(["src"], executor=Unreachable())
    assert {problem.path for problem in result.problems} == {
        os.path.join("src", f"a{number}.py") for number in range(5)
    }
    assert {problem.message for problem in result.problems} == {
        "the worker that had this file failed (ConnectionError: gone)"
    }


def test_results_are_remembered(project: Path) -> None:
    with ThreadPoolExecutor(1) as executor:
        expected = torchconv_lint.lint_paths(["src"], executor=executor, cache_dir=project / "memory")
    assert torchconv_lint.lint_paths(["src"], executor=Unreachable(), cache_dir=project / "memory") == expected


def test_lots_hold_every_file_once_large_ones_first(tmp_path: Path) -> None:
    files = []
    for number in range(40):
        path = tmp_path / f"{number}.py"
        path.write_bytes(b"#" * number**3)
        files.append(str(path))
    lots = lots_of([*files, str(tmp_path / "gone.py")], 10)
    assert sorted(file for lot in lots for file in lot) == sorted([*files, str(tmp_path / "gone.py")])
    assert lots[0] == [files[-1]]
    assert 5 <= len(lots) <= 20
    assert lots_of([], 10) == []
