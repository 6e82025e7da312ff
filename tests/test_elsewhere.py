"""What another file's functions and methods convert of what they are given is told where they are called."""

from __future__ import annotations

import runpy
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from torchconv_lint.lint import lint_source
from torchconv_lint.model import Confidence, Finding
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

HELPERS = """
    import numpy as np
    import torch

    def to_array(x):
        return x.numpy()

    def detached(x):
        return x.detach().numpy()

    def on_host(x):
        return x.detach().cpu().numpy()

    def either(x):
        if isinstance(x, torch.Tensor):
            x = x.detach().cpu()
        return np.asarray(x)

    def mean(values, digits=3):
        average = np.mean(values)
        return round(float(average), digits)

    def through(x):
        y = x * 2
        return to_array(y)

    def own(x):
        y = torch.ones(3, requires_grad=True)
        return x, y.numpy()

    class Meter:
        def __init__(self):
            self.values = []

        def add(self, value):
            self.values.append(np.asarray(value))

        def add_safely(self, value):
            self.values.append(np.asarray(value.detach().cpu()))
"""

HAZARDS = {
    "method of a tensor": "from helpers import to_array\ndef f():\n    return to_array(x)",
    "through another helper": "from helpers import through\ndef f():\n    return through(x)",
    "of a module": "import helpers as h\ndef f():\n    return h.to_array(x)",
    "by keyword": "from helpers import mean\ndef f():\n    return mean(digits=2, values=[x.sum()])",
    "list": "from helpers import mean\ndef f():\n    return mean([x.sum(), x.sum()])",
    "method": "from helpers import Meter\nmeter = Meter()\ndef f():\n    meter.add(x)",
}
SAFE = {
    "helper sees to it": "from helpers import on_host\ndef f():\n    return on_host(x)",
    "helper asks": "from helpers import either\ndef f():\n    return either(x)",
    "method sees to it": "from helpers import Meter\nmeter = Meter()\ndef f():\n    meter.add_safely(x)",
    "caller sees to it": "from helpers import to_array\ndef f():\n    return to_array(x.detach())",
    "without grad": "from helpers import to_array\ndef f():\n    with torch.no_grad():\n        return to_array(x * 2)",
}


def written(folder: Path, main: str, helpers: str = HELPERS) -> Path:
    """A program of two files; `main` has a tensor `x` that requires grad."""
    (folder / "helpers.py").write_text(textwrap.dedent(helpers), encoding="utf-8")
    path = folder / "main.py"
    path.write_text(f"import torch\nx = torch.ones(3, requires_grad=True)\n{main}\n", encoding="utf-8")
    return path


IMPLICIT = Settings(opt_in=("CNV111", "CNV112", "CNV122"))


def findings(path: Path, settings: Settings = IMPLICIT) -> tuple[Finding, ...]:
    """What is found in a file with the sieve, which is what is found without it."""
    source = Source.from_bytes(str(path), path.read_bytes())
    outcome = lint_source(source, settings)
    unsieved = lint_source(source, replace(settings, sieve=False))
    assert outcome.problems == ()
    assert outcome.findings == unsieved.findings
    return outcome.findings


def run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Execute `f` of the program."""
    monkeypatch.syspath_prepend(path.parent)
    monkeypatch.delitem(sys.modules, "helpers", raising=False)
    try:
        runpy.run_path(str(path))["f"]()
    finally:
        sys.modules.pop("helpers", None)


@pytest.mark.parametrize("main", HAZARDS.values(), ids=HAZARDS)
def test_a_hazard_is_told_at_the_call_and_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, main: str):
    path = written(tmp_path, main)
    (found,) = findings(path)
    assert found.code in ("CNV112", "CNV122")
    assert (found.path, found.span.line) == (str(path), 2 + main.count("\n") + 1)
    assert found.because[-1].path == str(tmp_path / "helpers.py")
    with pytest.raises(RuntimeError, match="requires grad"):
        run(path, monkeypatch)


@pytest.mark.parametrize("main", SAFE.values(), ids=SAFE)
def test_its_twin_is_silent_and_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, main: str):
    path = written(tmp_path, main)
    assert findings(path) == ()
    run(path, monkeypatch)


def test_each_call_is_told_with_its_own_reason(tmp_path: Path):
    main = "from helpers import to_array\ny = torch.ones(3, requires_grad=True)\n"
    main += "def f():\n    to_array(x)\ndef g():\n    to_array(y)\n"
    found = findings(written(tmp_path, main))
    assert [(each.span.line, each.because[0].span.line) for each in found] == [(6, 2), (8, 4)]


def test_what_happens_on_an_accelerator(tmp_path: Path):
    main = "from helpers import detached, on_host\ndef f(device):\n    y = torch.ones(3).to(device)\n"
    main += "    on_host(y)\n    return detached(y)"
    (found,) = findings(written(tmp_path, main))
    assert (found.code, found.span.line) == ("CNV111", 7)
    assert "`.numpy()` in `detached`" in found.message


def test_a_conversion_of_the_project_may_share_memory(tmp_path: Path):
    helpers = "import torch\ndef convert_to_tensor(x):\n    return torch.as_tensor(x)"
    main = """
from helpers import convert_to_tensor
class Double:
    def __call__(self, img: torch.Tensor) -> torch.Tensor:
        "Apply it to `img`."
        other = convert_to_tensor(img)
        for i, row in enumerate(other):
            other[i] = row * 2
        return other
"""
    found = findings(written(tmp_path, main, helpers), Settings())
    assert [(each.code, each.span.line) for each in found] == [("CNV204", 10)]


def test_it_is_told_to_those_who_ask(tmp_path: Path):
    main = "from helpers import detached\ndef f():\n    y = torch.ones(3, device='cuda')\n    return detached(y)"
    path = written(tmp_path, main)
    assert findings(path, Settings()) == ()
    assert [each.code for each in findings(path)] == ["CNV111"]


def test_what_the_helper_has_made_itself_is_told_there(tmp_path: Path):
    assert findings(written(tmp_path, "from helpers import own\ndef f():\n    return own(x)")) == ()


def test_an_error_that_is_expected_is_only_possible(tmp_path: Path):
    main = "from helpers import to_array\ndef f():\n    try:\n        return to_array(x)\n"
    main += "    except RuntimeError:\n        return None"
    path = written(tmp_path, main)
    assert findings(path) == ()
    (found,) = findings(path, replace(IMPLICIT, confidence=Confidence.POSSIBLE))
    assert found.code == "CNV112"


def test_nothing_is_asked_where_it_may_not_be(tmp_path: Path):
    path = written(tmp_path, HAZARDS["list"])
    outcome = lint_source(Source.from_bytes(str(path), path.read_bytes()), Settings(follow_imports=False))
    assert (outcome.findings, outcome.consulted) == ((), None)


def test_silence_rests_on_the_other_file_too(tmp_path: Path):
    path = written(tmp_path, SAFE["helper sees to it"])
    outcome = lint_source(Source.from_bytes(str(path), path.read_bytes()), IMPLICIT)
    assert outcome.consulted is not None
    assert str(tmp_path / "helpers.py") in outcome.consulted.contents


@pytest.mark.parametrize("helpers", ["def to_array(x:\n    return x.numpy()\n", "\0", "# coding: nothing\n"])
def test_a_helper_that_cannot_be_read_gives_nothing(tmp_path: Path, helpers: str):
    assert findings(written(tmp_path, HAZARDS["method of a tensor"], helpers)) == ()


NET = """
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self, device_name):
            super().__init__()
            self.layer = nn.Linear(3, 3)
            self.device = device_name

        def forward(self, x):
            seen = torch.zeros(x.shape).to(self.device)
            seen += self.layer(x)
            return seen
"""

TRAINING = """
    import torch
    from helpers import Net

    class Training:
        def __init__(self, device_name):
            self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
            self.net = Net(device_name).to(self.device)

        def seen(self, data):
            data = data.to(self.device)
            return self.net(data).detach().numpy()
"""


def test_what_the_linted_file_says_of_the_input_tells_more_than_a_device_that_the_net_is_told(tmp_path: Path):
    asked = Settings(opt_in=("CNV101",))
    (found,) = findings(written(tmp_path, textwrap.dedent(TRAINING), textwrap.dedent(NET)), asked)
    assert (found.code, found.span.line) == ("CNV101", 14)
    assert Path(found.because[0].path).name == "main.py"
    of_another = TRAINING.replace("data = data.to(self.device)", "data = data + 1").replace(".to(self.device)", "")
    assert findings(written(tmp_path, textwrap.dedent(of_another), textwrap.dedent(NET)), Settings()) == ()
