"""Notebooks: findings by cell and line, magics out of the way, fixes that change nothing else in the file."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, notebook, run_module
from doc_pages import blocks, run
from hypothesis import given
from hypothesis import strategies as st

import torchconv_lint
from torchconv_lint.model import Edit, Span
from torchconv_lint.notebooks.document import code_cells, with_sources
from torchconv_lint.notebooks.magics import Magics
from torchconv_lint.notebooks.module import Module

CELLS = ("%matplotlib inline\nimport torch\nx = torch.ones(3, device='cuda')", "y = 1\ny = x.numpy()\n")


@pytest.fixture
def train(tmp_path: Path) -> Path:
    path = tmp_path / "train.ipynb"
    path.write_text(notebook(*CELLS))
    return path


def found(*cells: str) -> list[tuple[int, int, int, str]]:
    """Cell, line, column and code of what is found."""
    result = torchconv_lint.lint_source(notebook(*cells), filename="n.ipynb")
    assert result.problems == ()
    return [(one.span.cell, one.span.line, one.span.column, one.code) for one in result.findings]


# -- reports -----------------------------------------------------------------------------------------------------------


def test_findings_name_cell_and_line_and_quote_it(check: Run, train: Path) -> None:
    result = check("--format=text", ".")
    assert result.returncode == 1
    first, excerpt, carets, because = result.stdout.splitlines()
    assert first.startswith("train.ipynb:cell 2:2:5: CNV101 `x` ")
    assert excerpt == "    2 | y = x.numpy()"
    assert carets == "      |     ^^^^^^^^^"
    assert because.startswith("    because train.ipynb:cell 1:3:5: ")


def test_json(check: Run, train: Path) -> None:
    (finding,) = json.loads(check("--format=json", "train.ipynb").stdout)
    assert [finding[key] for key in ("path", "cell", "line", "column", "end_line")] == ["train.ipynb", 2, 2, 5, 2]
    assert [(step["cell"], step["line"]) for step in finding["because"]] == [(1, 3)]
    (edit,) = finding["fix"]["edits"]
    assert (edit["cell"], edit["line"], edit["column"], edit["replacement"]) == (2, 2, 6, ".cpu()")


def row_of(path: Path, text: str) -> int:
    (row,) = [number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line]
    return row


def test_other_reports_name_the_line_of_the_file(check: Run, train: Path) -> None:
    row, cause = row_of(train, "y = x.numpy()"), row_of(train, "x = torch")
    github = check("--format=github", ".").stdout
    assert f"file=train.ipynb,line={row},endLine={row}," in github
    assert "[cell 2, line 2]%0Abecause train.ipynb:" in github
    assert f"because train.ipynb:{cause}: " in github
    (result,) = json.loads(check("--format=sarif", ".").stdout)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == row
    assert "fixes" not in result
    (issue,) = json.loads(check("--format=gitlab", ".").stdout)
    assert issue["location"]["lines"] == {"begin": row, "end": row}
    assert f'line="{row}"' in check("--format=junit", ".").stdout


def test_a_source_that_is_one_string(check: Run, train: Path) -> None:
    document = json.loads(train.read_text())
    for cell in document["cells"]:
        cell["source"] = "".join(cell["source"])
    train.write_text(json.dumps(document, indent=1))
    row = row_of(train, "y = x.numpy()")
    assert f"line={row}," in check("--format=github", ".").stdout
    assert check("--fix", ".").returncode == 0
    assert '"y = 1\\ny = x.cpu().numpy()\\n"' in train.read_text()


def test_files_beside_notebooks_are_reported_as_ever(check: Run, train: Path, hazard: Path) -> None:
    shown = check("--format=github", ".").stdout
    assert "file=hazard.py,line=6,endLine=6,col=12" in shown
    assert "cell 2" in shown


def test_results_are_remembered(check: Run, train: Path) -> None:
    for format_ in ("text", "github"):
        first, second = (check("--format", format_, ".").stdout for _ in range(2))
        assert first == second == check("--no-cache", "--format", format_, ".").stdout


def test_a_baseline_knows_findings_in_cells(check: Run, train: Path) -> None:
    assert check("--baseline=b.json", "--write-baseline", ".").returncode == 0
    assert check("--baseline=b.json", ".").returncode == 0
    train.write_text(notebook("z = 0", *CELLS))
    assert check("--baseline=b.json", ".").returncode == 0


def test_standard_input(check: Run) -> None:
    result = check("-", "--stdin-display-name=n.ipynb", input=notebook(*CELLS))
    assert "n.ipynb:cell 2:2:5: CNV101" in result.stdout


def test_text_cells_count(tmp_path: Path) -> None:
    document = json.loads(notebook(*CELLS))
    document["cells"].insert(1, {"cell_type": "markdown", "metadata": {}, "source": ["# Text"]})
    result = torchconv_lint.lint_source(json.dumps(document).encode(), filename="n.ipynb")
    assert [one.span.cell for one in result.findings] == [3]


def test_noqa() -> None:
    assert found(CELLS[0], "y = x.numpy()  # noqa: CNV101") == []
    assert found("# flake8: noqa", *CELLS) == []
    assert found(CELLS[0], "y = x.numpy()  # noqa: E501") == [(2, 1, 5, "CNV101")]
    # A command is not Python: what it says is no comment of ours.
    assert found(CELLS[0] + "\n!echo # flake8: noqa", CELLS[1]) == [(2, 2, 5, "CNV101")]


def test_other_files_of_the_project_are_followed(check: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "lib.py").write_text('import torch\n\nDEVICE = torch.device("cuda")\n')
    (tmp_path / "n.ipynb").write_text(
        notebook("import torch\nfrom lib import DEVICE", "torch.ones(3).to(DEVICE).numpy()")
    )
    (finding,) = json.loads(check("--format=json", "n.ipynb").stdout)
    assert (finding["cell"], finding["line"]) == (2, 1)
    assert (finding["because"][0]["path"], "cell" in finding["because"][0]) == ("lib.py", False)


@pytest.mark.parametrize(
    ("metadata", "linted"),
    [
        ({}, True),
        ({"kernelspec": {"language": "python"}}, True),
        ({"language_info": {"name": "ipython"}}, True),
        ({"kernelspec": {"language": "R"}}, False),
        ({"language_info": {"name": "julia"}}, False),
        ({"kernelspec": None, "language_info": []}, True),
    ],
)
def test_only_python_is_linted(metadata: dict[str, Any], linted: bool) -> None:
    document = {**json.loads(notebook(*CELLS)), "metadata": metadata}
    result = torchconv_lint.lint_source(json.dumps(document), filename="n.ipynb")
    assert (bool(result.findings), result.problems) == (linted, ())


BROKEN = {
    "": ":1:1: is not a notebook that can be read: it is not JSON: Expecting value",
    '{"cells": [\n}': ":2:1: is not a notebook that can be read: it is not JSON: ",
    "[]": ":1:1: is not a notebook that can be read: it holds no JSON object",
    "{}": "it has no list of cells",
    '{"cells": {}}': "it has no list of cells",
    '{"worksheets": []}': "its format is older than 4: 'jupyter nbconvert",
    '{"cells": [{"cell_type": "code", "source": []}, 1]}': "cell 2 has no type",
    '{"cells": [{"cell_type": "code"}]}': "the source of cell 1 is neither text nor a list of lines",
    '{"cells": [{"cell_type": "code", "source": ["a", 1]}]}': "the source of cell 1 is neither",
    "[" * 100_000: "it is nested too deeply",
}


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("options", [(), ("--fix",)])
def test_what_is_no_notebook_is_a_problem(check: Run, hazard: Path, text: str, options: tuple[str, ...]) -> None:
    path = hazard.with_name("broken.ipynb")
    path.write_text(text)
    result = check(*options, "broken.ipynb")
    assert result.returncode == 2
    assert result.stderr.startswith("broken.ipynb:")
    assert BROKEN[text] in result.stderr
    assert "Traceback" not in result.stderr
    assert path.read_text() == text


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    result = torchconv_lint.lint_source(b"\xff\xfe", filename="n.ipynb")
    assert "it is not UTF-8: " in result.problems[0].message


def test_a_syntax_error_is_named_by_its_cell(check: Run, tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_text(notebook("import torch", "x = 1\ny = = 2"))
    result = check("n.ipynb")
    assert result.returncode == 2
    assert result.stderr.startswith("n.ipynb:cell 2:2:5: syntax error: ")
    row = row_of(tmp_path / "n.ipynb", "y = = 2")
    assert f"::error file=n.ipynb,line={row},col=1" in check("--format=github").stdout


def test_a_notebook_without_code() -> None:
    assert found() == []
    assert found("", "") == []


# -- magics ------------------------------------------------------------------------------------------------------------

MAGIC = [
    "%matplotlib inline",
    "% timeit f()",
    "%timeit -n 3 x.numpy()",
    "!pip install torch",
    "! rm -r x",
    "x?",
    "x.y??",
    "?x",
    "%time?",
    "a = !ls",
    "a, b = %magic x",
    "pip install torch",
    "cd ..",
    "ls",
    "!ls \\\n  -la \\\n  .",
    "if True:\n    %time f()",
    "for i in x:\n    !echo {i}\n    y = 1",
    "%%bash\nif [ 1 ]; then\n  x.numpy()\nfi",
    "%%writefile x.py\ndef f(:",
    "%%time\ny = 1",
    "\n%%capture out\ny = 1",
    "%time y = f(x)",
    "%time  y = f(x)  # why",
    "%%html\n",
]


@pytest.mark.parametrize("cell", MAGIC)
def test_a_magic_becomes_python_line_by_line_and_comes_back(cell: str) -> None:
    magics = Magics("sign ")
    neutral = magics.neutral(cell)
    ast.parse(neutral)
    assert neutral.count("\n") == cell.count("\n")
    assert magics.restored(neutral) == cell


PYTHON = [
    "x = (5\n % 3)",
    "x = '''\n%matplotlib\n!ls\n'''",
    "x = 5 \\\n  % 3",
    "x != y",
    "ls = 3",
    "pip = 1",
    "# %magic\n# what?",
]


@pytest.mark.parametrize("cell", PYTHON)
@pytest.mark.parametrize("before", ["", "%magic\n"])
def test_python_is_left_alone(cell: str, before: str) -> None:
    assert Magics("sign ").neutral(before + cell).endswith(cell)


def test_what_stands_beside_magics_is_linted_where_it_stands() -> None:
    assert found(CELLS[0], "%%time\n!ls\nif y:\n    %magic\n    y = x.numpy()") == [(2, 5, 9, "CNV101")]
    assert found(CELLS[0], "%time y = x.numpy()") == [(2, 1, 11, "CNV101")]
    assert found(CELLS[0], "%%bash\nx.numpy()") == []
    # What a command gives is unknown, and no tensor any more.
    assert found(CELLS[0], "x = !ls\nx.numpy()") == []


def test_a_notebook_that_speaks_as_we_do() -> None:
    """Marks that stand in the notebook already are not taken for ours."""
    cells = ("# magic 0.\n%magic", "x = '# end of magic cell\\n'  # _magic 1.\n!ls")
    module = Module.from_bytes(notebook(*cells).encode())
    assert module is not None
    assert module.sources(module.text) == {}


def test_what_cannot_be_put_back_is_not_written() -> None:
    module = Module.from_bytes(notebook("%magic\nx = 1", "y = 1").encode())
    assert module is not None
    first = module.text.index("\n") + 1
    for text in (module.text[first:], "", module.text + "z = 1\n", module.text.replace("pass", "None")):
        with pytest.raises(ValueError, match=r"lost|told apart"):
            module.sources(text)


# -- fixes -------------------------------------------------------------------------------------------------------------

OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["é 1e5 \u2028", "\\u00e9"]}


def styled(cells: tuple[str, ...], ascii_: bool, **style: Any) -> str:
    document = json.loads(notebook(*cells))
    document["cells"][0]["outputs"] = [OUTPUT]
    document["metadata"]["é"] = [1e-7, 1.0, True, None]
    return json.dumps(document, ensure_ascii=ascii_, **style)


STYLES: dict[str, dict[str, Any]] = {
    "of Jupyter": {"indent": 1},
    "wide": {"indent": 4, "sort_keys": True},
    "one line": {"separators": (",", ":")},
    "tabs": {"indent": "\t"},
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("ascii_", [True, False])
@pytest.mark.parametrize("end", ["", "\n", "\r\n\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_a_fix_changes_only_its_line(
    check: Run, tmp_path: Path, style: dict[str, Any], ascii_: bool, end: str, bom: str
) -> None:
    cells = (CELLS[0], "s = 'é'\ny = x.numpy()  # é\n%magic")
    text = bom + styled(cells, ascii_, **style) + end
    path = tmp_path / "n.ipynb"
    path.write_bytes(text.encode())
    from torchconv_lint.settings import Settings
    from torchconv_lint.shell.check import Checker
    from torchconv_lint.shell.fix import SAFE, Fixer
    from torchconv_lint.shell.selection import Selection

    fixer = Fixer(Checker(Settings(), Selection()), SAFE, write=True)
    checked = fixer.check_file(str(path))
    assert (checked.fixed, checked.findings, checked.problems) == (1, (), ())
    assert path.read_bytes() == text.replace("x.numpy()", "x.cpu().numpy()").encode()
    assert fixer.check_file(str(path)).fixed == 0


UNFROZEN = """\
import torch
from torch import nn
net = nn.Linear(2, 2)"""


def test_an_import_that_a_fix_needs_comes_into_its_cell(check: Run, tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    cells = (UNFROZEN, "best = net.state_dict()\ntorch.optim.SGD(net.parameters(), 1).step()\nprint(best)")
    path.write_text(notebook(*cells))
    (finding,) = json.loads(check("--format=json", "--unsafe-fixes", ".").stdout)
    assert (finding["code"], finding["cell"]) == ("CNV203", 2)
    assert check("--fix", "--unsafe-fixes", ".").returncode == 0
    sources = ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]
    assert sources[1] == cells[1].replace("net.state_dict()", "copy.deepcopy(net.state_dict())")
    assert "import copy\n" in sources[0]
    assert path.read_text() == notebook(*sources)


def test_an_edit_behind_the_last_line_of_a_cell_brings_its_line_break() -> None:
    module = Module.from_bytes(notebook("import torch", "x = 1\n").encode())
    assert module is not None
    assert module._edit(Edit(Span(2, 1, 2, 1), "import copy\n")) == Edit(Span(1, 13, 1, 13, 1), "\nimport copy")
    assert module._edit(Edit(Span(4, 1, 4, 1), "y = 1\n")) == Edit(Span(2, 1, 2, 1, 2), "y = 1\n")


def test_diff_shows_cells_and_writes_nothing(check: Run, train: Path) -> None:
    before = train.read_bytes()
    result = check("--diff", ".")
    assert result.returncode == 1
    assert result.stdout.splitlines() == [
        "--- train.ipynb:cell 2",
        "+++ train.ipynb:cell 2",
        "@@ -1,2 +1,2 @@",
        " y = 1",
        "-y = x.numpy()",
        "+y = x.cpu().numpy()",
    ]
    assert train.read_bytes() == before


LINE = st.text(st.sampled_from('ab é\u2028\x0c\t"\\'), max_size=4).map(lambda text: text + "\n")


@given(st.lists(LINE, min_size=1, max_size=5), st.lists(LINE, max_size=5), st.booleans(), st.sampled_from([None, 1]))
def test_any_source_can_be_exchanged_for_any_other_and_back(
    old: list[str], new: list[str], ascii_: bool, indent: int | None
) -> None:
    cells = [{"cell_type": "code", "source": lines} for lines in (["x\n", "y"], old, ["z"])]
    data = json.dumps({"cells": cells, "a": "é"}, ensure_ascii=ascii_, indent=indent).encode()
    written = with_sources(data, {2: "".join(new)})
    assert [cell.source for cell in code_cells(written) or ()] == ["x\ny", "".join(new), "z"]
    assert (written == data) == (new == old)
    if new:  # lines that stay are written as before, and so is everything around them
        again = with_sources(written, {2: "".join(old)})
        assert [cell.source for cell in code_cells(again) or ()] == ["x\ny", "".join(old), "z"]
        if "".join(old).splitlines(keepends=True) == old:
            assert again == data


# -- nbQA, and the page ------------------------------------------------------------------------------------------------


def test_nbqa_runs_flake8_with_the_plugin(train: Path, tmp_path: Path) -> None:
    (command,) = [block.text for block in blocks("notebooks.md") if block.language == "sh"]
    result = run(command, tmp_path)
    assert result.returncode == 1, result.stdout
    assert "train.ipynb:cell_2:2:5: CNV101" in result.stdout


def test_nbqa_runs_the_command_line(train: Path) -> None:
    result = run_module("nbqa", "torchconv_lint check --no-cache", "train.ipynb", cwd=train.parent)
    assert result.returncode == 1
    assert "train.ipynb:cell_2:2:5: CNV101" in result.stdout
    assert run_module("nbqa", "torchconv_lint check --no-cache --fix", "train.ipynb", cwd=train.parent).returncode == 0
    assert "x.cpu().numpy()" in train.read_text()


def test_the_page_shows_what_is_shown(tmp_path: Path) -> None:
    (shown,) = [block.text for block in blocks("notebooks.md") if block.language == "text"]
    command, _, expected = shown.partition("\n")
    document = json.loads(notebook(CELLS[0].replace("%matplotlib inline\n", ""), CELLS[1]))
    document["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": "# T"})
    (tmp_path / "train.ipynb").write_text(json.dumps(document))
    assert run(command.removeprefix("$ "), tmp_path).stdout.startswith(expected)


def test_jupyters_own_reader_takes_what_was_written(check: Run, train: Path) -> None:
    import nbformat

    check("--fix", "train.ipynb")
    nbformat.validate(nbformat.read(train, as_version=4))
    assert subprocess.run([sys.executable, "-m", "json.tool", train], capture_output=True, check=False).returncode == 0
