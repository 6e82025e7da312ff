"""What a function or class of another file of the project gives is seen where it is converted."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from torchconv_lint.analysis.elsewhere.locate import forget
from torchconv_lint.analysis.run import shared
from torchconv_lint.lint import lint_source
from torchconv_lint.model import Finding
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

AGENT = """
    import torch
    from torch import nn

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def policy(x):
        return torch.softmax(torch.as_tensor(x, device=device), 0)

    def safe_policy(x):
        return policy(x).cpu()

    def penalty():
        return torch.ones(3, requires_grad=True)

    class Base(nn.Module):
        def score(self, x):
            return torch.ones(3, device="cuda") * 2

    class Agent:
        def __init__(self):
            self.device = torch.device("cuda")

        def act(self, x):
            x = torch.tensor(x).to(self.device)
            return x.argmax().item(), x.exp()
"""


ASKED = Settings(opt_in=("CNV101",))
"""What another file has put on a device is told to those who ask for it."""


def project(folder: Path, **files: str) -> Path:
    """A folder with these files; "__" in a name stands for a slash."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def findings(path: Path, settings: Settings | None = None) -> tuple[Finding, ...]:
    """What is found in one file of a project."""
    outcome = lint_source(Source.from_bytes(str(path), path.read_bytes()), settings or ASKED)
    assert outcome.problems == ()
    return outcome.findings


def codes(path: Path) -> list[str]:
    """The codes found in one file."""
    return [finding.code for finding in findings(path)]


USES = {
    "function": "from agent import policy\ndef f(x):\n    return policy(x).numpy()",
    "function under another name": "from agent import policy as p\ndef f(x):\n    y = p(x)\n    return y.numpy()",
    "function of a module": "import agent\ndef f(x):\n    return agent.policy(x).numpy()",
    "function of a module under another name": "import agent as a\ndef f(x):\n    return a.policy(x).numpy()",
    "everything": "from agent import *\ndef f(x):\n    return policy(x).numpy()",
    "device": "from agent import device\nimport torch\ndef f():\n    return torch.ones(3, device=device).numpy()",
    "method": "from agent import Agent\nimport numpy as np\ndef f(x):\n    _, p = Agent().act(x)\n    return p.numpy()",
    "attribute": """
        import numpy as np
        from agent import Agent

        class Runner:
            def __init__(self):
                self.agent = Agent()
                self.kept: list[torch.Tensor] = []

            def step(self, x):
                action, scores = self.agent.act(x)
                self.kept.append(scores)

            def report(self):
                return np.stack(self.kept)
    """,
    "base class": """
        from agent import Base

        class Net(Base):
            def report(self, x):
                return self.score(x).numpy()
    """,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_what_comes_from_another_file_is_known(tmp_path: Path, use: str):
    project(tmp_path, agent=AGENT, main="import torch\n" + textwrap.dedent(use))
    found = findings(tmp_path / "main.py", Settings(opt_in=("CNV101", "CNV121")))
    assert len(found) == 1
    assert found[0].code in ("CNV101", "CNV111", "CNV121")
    assert any(because.path.endswith("agent.py") for because in found[0].because)


SAFE = {
    "moved over there": "from agent import safe_policy\ndef f(x):\n    return safe_policy(x).numpy()",
    "shadowed": "from agent import policy\ndef policy(x):\n    return x\ndef f(x):\n    return policy(x).numpy()",
    "not there": "from agent import nothing\ndef f(x):\n    return nothing(x).numpy()",
    "no such module": "from agents import policy\ndef f(x):\n    return policy(x).numpy()",
    "standard library": "from json import policy\ndef f(x):\n    return policy(x).numpy()",
}


@pytest.mark.parametrize("use", SAFE.values(), ids=SAFE)
def test_what_does_not_come_from_there_is_not_known(tmp_path: Path, use: str):
    project(tmp_path, agent=AGENT, main=use, json="import torch\ndef policy(x):\n    return torch.ones(3).to('cuda')")
    assert codes(tmp_path / "main.py") == []


PACKAGES = {
    "relative": ("pkg__sub__main", "from ..agent import policy\ndef f(x):\n    return policy(x).numpy()"),
    "beside": ("pkg__main", "from .agent import policy\ndef f(x):\n    return policy(x).numpy()"),
    "from the package itself": ("pkg__main", "from . import policy\ndef f(x):\n    return policy(x).numpy()"),
    "by a name passed on": ("pkg__sub__main", "from pkg import policy\ndef f(x):\n    return policy(x).numpy()"),
    "by a module passed on": ("pkg__main", "from pkg import agent\ndef f(x):\n    return agent.policy(x).numpy()"),
    "by its full name": ("pkg__sub__main", "import pkg.agent\ndef f(x):\n    return pkg.agent.policy(x).numpy()"),
    "by a star passed on": ("script", "from pkg.all import policy\ndef f(x):\n    return policy(x).numpy()"),
    "from a script below": ("tools__deep__script", "from pkg import policy\ndef f(x):\n    return policy(x).numpy()"),
}


@pytest.mark.parametrize(("name", "use"), PACKAGES.values(), ids=PACKAGES)
def test_packages(tmp_path: Path, name: str, use: str):
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    files = {"pkg____init__": "from .agent import policy", "pkg__sub____init__": "", "pkg__all": "from .agent import *"}
    folder = tmp_path
    for file, text in {**files, "pkg__agent": AGENT, name: use}.items():
        *parents, last = file.replace("____init__", "__/init/").split("__")
        path = folder.joinpath(*parents, "__init__.py" if last == "/init/" else f"{last}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    assert codes(folder.joinpath(*name.split("__")).with_suffix(".py")) == ["CNV101"]


def test_modules_that_import_each_other(tmp_path: Path):
    project(
        tmp_path,
        one="from two import g\ndef f(x):\n    return g(x)\ndef h(x):\n    return g(x).numpy()",
        two="import torch\nfrom one import f\ndef g(x):\n    return f(x) if x else torch.ones(3).to('cuda')",
    )
    assert codes(tmp_path / "one.py") == ["CNV101"]
    project(tmp_path, three="from four import a", four="from three import a", five="from four import a\na().numpy()")
    assert codes(tmp_path / "five.py") == []


@pytest.mark.parametrize("text", ["import torch\ndef policy(x:\n", "# coding: nothing\nimport torch\n", "\0"])
def test_a_file_that_cannot_be_read_gives_nothing(tmp_path: Path, text: str):
    project(tmp_path, main=USES["function"])
    (tmp_path / "agent.py").write_text(text, encoding="utf-8")
    assert codes(tmp_path / "main.py") == []


def test_one_name_above_the_package_and_another_beside_the_file(tmp_path: Path):
    """Which of them is meant depends on how the program is started."""
    folder = project(tmp_path, agent=AGENT, part____init__="", part__main=USES["function"])
    assert codes(folder / "part" / "main.py") == ["CNV101"]
    project(tmp_path, part__agent="def policy(x):\n    return x\n")
    forget()
    assert codes(folder / "part" / "main.py") == []


def test_a_file_that_changes_is_read_again(tmp_path: Path):
    project(tmp_path, agent=AGENT, main=USES["function"])
    assert codes(tmp_path / "main.py") == ["CNV101"]
    project(tmp_path, agent="import torch\ndef policy(x):\n    return torch.ones(3, device='cpu')\n# changed\n")
    assert codes(tmp_path / "main.py") == []


def test_only_where_asked_for_and_where_there_is_a_file(tmp_path: Path):
    path = project(tmp_path, agent=AGENT, main=USES["function"]) / "main.py"
    assert findings(path, Settings(follow_imports=False)) == ()
    text = path.read_text(encoding="utf-8")
    assert lint_source(Source("stdin", text), Settings()).findings == ()
    assert codes(path) == ["CNV101"]


def test_findings_of_other_files_are_not_told(tmp_path: Path):
    agent = "import torch\ndef policy(x):\n    y = torch.ones(3).to('cuda')\n    y.numpy()\n    return y\n"
    project(tmp_path, agent=agent, main=USES["function"])
    (found,) = findings(tmp_path / "main.py")
    assert (found.path, found.span.line) == (str(tmp_path / "main.py"), 3)


def test_so_many_files_and_no_more(tmp_path: Path):
    names = [f"m{number}" for number in range(30)]
    files = {name: f"import torch\ndef f{name}():\n    return torch.ones(3).to('cuda')\n" for name in names}
    main = "".join(f"from {name} import f{name}\n" for name in names)
    main += "".join(f"def g{name}():\n    return f{name}().numpy()\n" for name in names)
    project(tmp_path, main=main, **files)
    assert 1 < len(codes(tmp_path / "main.py")) < 30


def test_another_file_too_large_to_be_run_spares_the_functions_that_ask_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "STATEMENT_BUDGET", 50)
    values = "\n".join(f"x{number} = torch.device('cuda')" for number in range(60))
    main = """
        import torch
        from values import x1

        def inner(t):
            return t.to(x1).numpy()

        def outer():
            return inner(torch.ones(3))

        def other():
            return torch.ones(2).cuda().numpy()
    """
    folder = project(tmp_path, main=main)
    (folder / "values.py").write_text(f"import torch\n{values}\n", encoding="utf-8")
    path = folder / "main.py"
    outcome = lint_source(Source.from_bytes(str(path), path.read_bytes()), Settings(sieve=False, opt_in=("CNV101",)))
    assert [finding.span.line for finding in outcome.findings if finding.code == "CNV101"] == [6, 12]


SIMULATOR = """
    import torch

    class Simulator:
        def __init__(self, size, device="cuda"):
            self.size, self.device = size, device

        def __call__(self):
            return torch.ones(self.size, device=self.device)
"""


@pytest.mark.parametrize(
    ("arguments", "default"), [("3", True), ("3, device='cpu'", False), ("3, 'cpu'", False), ("3, device=where", False)]
)
def test_a_default_is_of_no_object_whose_makers_name_a_device(tmp_path: Path, arguments: str, default: bool) -> None:
    uses = f"""
    from simulator import Simulator

    def f(where):
        simulate = Simulator({arguments})
        return simulate().numpy()
    """
    (found,) = findings(project(tmp_path, simulator=SIMULATOR, uses=uses) / "uses.py")
    assert any('"cuda"' in because.message for because in found.because) is default


ON_CUDA = """
    import torch

    class Filter:
        def __init__(self, args):
            if args.use_cuda:
                self.device = torch.device("cuda")
            else:
                self.device = torch.device("cpu")

        def run(self, x):
            self.out = torch.zeros(3).to(self.device)
"""

USE = "def f(args, x):\n    print('cuda')\n    one = Filter(args)\n    one.run(x)\n    return np.sort(one.out)\n"


def test_what_another_file_states_of_a_device_is_told_of_implicit_arrays_on_request(tmp_path: Path) -> None:
    """Where it is chosen by a setting, who calls it from here chooses."""
    project(tmp_path, filters=ON_CUDA, main="import numpy as np\nimport torch\nfrom filters import Filter\n" + USE)
    assert codes(tmp_path / "main.py") == []
    assert [one.code for one in findings(tmp_path / "main.py", Settings(opt_in=("CNV111",)))] == ["CNV111"]


def test_what_another_file_puts_on_a_device_is_told_on_request(tmp_path: Path):
    """Who calls that may choose another device, or never get so far; where the linted file itself moves something
    there, findings were true."""
    chosen = """
    import torch

    device = torch.device("cuda")

    def made():
        return torch.ones(3).to(device)
    """
    project(tmp_path, chosen=chosen, asks="from chosen import made\n\nprint(made().numpy())\n")
    moves = "import torch\nfrom chosen import device\n\nprint(torch.ones(3).to(device).numpy())\n"
    project(tmp_path, moves=moves)
    assert codes(tmp_path / "asks.py") == codes(tmp_path / "moves.py") == ["CNV101"]
    assert findings(tmp_path / "asks.py", Settings()) == ()
    assert [one.code for one in findings(tmp_path / "moves.py", Settings())] == ["CNV101"]
