"""Running programs: what is observed, on the CPU and on the stand-in, and that nothing is left behind."""

import os
import signal
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from torchconv_lint.verify.engine import Order, Server, Servers, execute
from torchconv_lint.verify.machine import this_machine
from torchconv_lint.verify.observation import Observation

pytest.importorskip("torch")

SERVERS: dict[str, Server] = {}


@pytest.fixture(scope="module", autouse=True)
def _servers():
    """One server per device for all tests here: torch is imported once."""
    yield
    while SERVERS:
        SERVERS.popitem()[1].__exit__()


HEAD = "import os, time\nimport numpy as np\nimport torch\nfrom torch import nn\n"


def observe(
    tmp_path: Path,
    body: str,
    device: str = "cpu",
    limit: float = 60,
    marks=(),
    watch: tuple[str, ...] = (),
    after: str = "",
    twin: str = "",
) -> Observation:
    """Run `body`, the body of a function that starts in line 6 of its file."""
    text = HEAD + "def hazard_x():\n" + "".join(f"    {line}\n" for line in body.strip().splitlines()) + after
    job = {
        "path": str(tmp_path / "program.py"),
        "text": text,
        "function": "hazard_x",
        "device": device,
        "watch": watch,
        "marks": list(marks),
        "twin": twin,
    }
    if device not in SERVERS:
        SERVERS[device] = Server(device)
    ((_, seen),) = SERVERS[device].execute(Order(device, (job,), 1, limit))
    return seen


def test_exception(tmp_path):
    seen = observe(tmp_path, "x = torch.ones(2, requires_grad=True)\nreturn x.numpy()")
    assert (seen.outcome, seen.type, seen.lines) == ("raised", "RuntimeError", (7,))
    assert "requires grad" in seen.text


def test_warning_every_time(tmp_path):
    seen = observe(tmp_path, "x = torch.ones(1, requires_grad=True)\nfloat(x)\nfloat(x)")
    assert [(kind, line) for kind, _, line in seen.warnings] == [("UserWarning", 7), ("UserWarning", 8)]


def test_value(tmp_path):
    seen = observe(tmp_path, "return torch.ones(1), {'a': np.float32(2)}, None")
    tensor, table, nothing = seen.value["tuple"]
    assert tensor == {"kind": "tensor", "dtype": "float32", "shape": [1], "values": ["1.0"], "grad": False}
    assert table["dict"][0][1]["dtype"] == "float32"
    assert nothing is None


def test_crash(tmp_path):
    seen = observe(tmp_path, "os.abort()")
    assert (seen.outcome, seen.type) == ("died", "SIGABRT")


def test_hang(tmp_path):
    assert observe(tmp_path, "time.sleep(60)", limit=0.5).outcome == "timed out"


def test_file_that_cannot_be_loaded(tmp_path):
    job = {"path": "p", "text": "import no_such_module", "function": "f", "device": "cpu"}
    ((_, seen),) = execute(Order("cpu", (job,), 1, 60))
    assert (seen.outcome, seen.type) == ("broken", "ModuleNotFoundError")


def test_no_network(tmp_path):
    seen = observe(tmp_path, "import urllib.request\nurllib.request.urlopen('http://localhost:9')")
    assert "without a network" in seen.text


def test_nothing_is_left_behind(tmp_path):
    note = tmp_path / "pid"
    body = f"open({str(note)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    text = HEAD + "def f():\n" + "".join(f"    {line}\n" for line in body.splitlines())
    slow = {"path": "p", "text": text, "function": "f", "device": "cpu"}
    quick = dict(slow, text=HEAD + f"def f():\n    while not os.path.exists({str(note)!r}): time.sleep(0.05)\n")
    running = execute(Order("cpu", (slow, quick), 2, 600))
    assert next(running)[0] == 1
    running.close()
    time.sleep(0.2)
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


@pytest.mark.parametrize(
    ("body", "together"),
    [
        ("a = np.zeros(2)\nt = torch.from_numpy(a)\na += 1", [8]),
        ("a = np.zeros(2)\nt = torch.tensor(a)\na += 1", []),
        ("a = np.zeros(2)\nt = torch.from_numpy(a)\na = a + 1", []),
        ("t = torch.zeros(2)\nu = t.cpu()\nu.add_(1)", [8]),
        ("t = torch.zeros(2, dtype=torch.bfloat16)\nu = t.view(1, 2)\nu[0, 0] = 1", [8]),
        ("n = nn.Linear(1, 1)\np = n.weight\nwith torch.no_grad():\n    p.add_(1)", []),
        ("n = nn.Linear(1, 1)\np = n.weight.data\np.add_(1)", [8]),
        ("x = torch.zeros(2)\nxs = [x]\nx.add_(1)", [8]),
    ],
)
def test_writes_through(tmp_path, body, together):
    seen = observe(tmp_path, body, watch=("memory",))
    assert [write.line for write in seen.writes if write.together] == together


def test_write_that_autograd_does_not_notice(tmp_path):
    body = "a = np.ones(2)\nt = torch.from_numpy(a)\n{}"
    assert [w.silent for w in observe(tmp_path, body.format("a += 1"), watch=("memory",)).writes] == [True]
    assert [w.silent for w in observe(tmp_path, body.format("t += 1"), watch=("memory",)).writes] == [False]


def test_write_into_what_the_caller_holds(tmp_path):
    seen = observe(tmp_path, "def f(x):\n    x += 1\n    return x\na = torch.zeros(1)\nf(a)", watch=("memory",))
    assert [(write.line, write.outer) for write in seen.writes] == [(7, ("a",))]


def test_what_is_kept_and_changes(tmp_path):
    body = "n = nn.Linear(1, 1)\nbest = n.state_dict()\nwith torch.no_grad():\n    n.weight.add_(1)"
    assert observe(tmp_path, body, watch=("memory",), marks=[(7, "best")]).drifted == (7,)
    copied = body.replace("n.state_dict()", "{k: v.clone() for k, v in n.state_dict().items()}")
    assert observe(tmp_path, copied, watch=("memory",), marks=[(7, "best")]).drifted == ()


STEPS = """
n = nn.Linear(2, 1)
total, losses = 0.0, []
for _ in range(4):
    loss = n(torch.ones(3, 2)).square().mean()
    loss.backward()
    {}
"""


@pytest.mark.parametrize(
    ("line", "grows"),
    [
        ("total += loss", True),
        ("total = total + loss", True),
        ("losses.append(loss)", True),
        ("losses.append([loss.square()])", True),
        ("total += loss.item()", False),
        ("total += loss.detach()", False),
        ("losses.append(loss.detach())", False),
        ("losses = [loss]", False),
        ("loss.cpu().float()", False),
    ],
)
def test_a_graph_that_is_kept(tmp_path, line, grows):
    growing = observe(tmp_path, STEPS.format(line), watch=("graph",)).growing
    assert (11 in {growth.line for growth in growing}) is grows
    assert all(growth.executions >= 3 and growth.last > growth.first for growth in growing)


def test_a_graph_that_grows_and_is_let_go(tmp_path):
    body = """
layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
for _ in range(3):
    x = torch.ones(1, 2)
    for layer in layers:
        x = layer(x)
    x.sum().backward()
"""
    assert observe(tmp_path, body, watch=("graph",)).growing == ()


def test_graph_and_memory_at_once(tmp_path):
    body = "w = torch.ones(2, requires_grad=True)\na = w.detach().numpy()\nkept = []\nfor _ in range(3):\n"
    body += "    kept.append(w * 2)\n    a += 1"
    seen = observe(tmp_path, body, watch=("memory", "graph"))
    assert 10 in {growth.line for growth in seen.growing}
    assert [write.line for write in seen.writes if write.together] == [11, 11, 11]


@pytest.mark.parametrize(
    ("expression", "unstable"),
    [
        ("torch.Tensor(3)", True),
        ("torch.LongTensor(np.int64(2))", True),
        ("torch.empty(3).numpy()", True),
        ("torch.tensor(3)", False),
        ("torch.zeros(3)", False),
        ("torch.rand(3)", False),
    ],
)
def test_uninitialised_memory(tmp_path, expression, unstable):
    assert observe(tmp_path, f"return {expression}", watch=("fresh memory",)).unstable is unstable


def test_a_race_that_shows(tmp_path):
    body = "runs.append(0)\nreturn 2 if len(runs) == 3 else 1"
    after = "runs = []\ndef safe_x():\n    return 1\n"
    seen = observe(tmp_path, body, watch=("race",), after=after, twin="safe_x")
    assert (seen.race.runs, seen.race.shown) == (2, True)


def test_a_race_that_does_not_show(tmp_path):
    seen = observe(tmp_path, "return torch.rand(1)", watch=("race",))
    assert seen.race.runs > 1
    assert not seen.race.shown


def test_how_much_longer(tmp_path):
    after = "def safe_x():\n    return sum(range(100))\n"
    seen = observe(tmp_path, "return sum(range(100_000))", watch=("ratio",), after=after, twin="safe_x")
    assert seen.ratio > 5


def test_what_raised_is_not_repeated(tmp_path):
    seen = observe(tmp_path, "raise OSError", watch=("race", "ratio", "fresh memory"))
    assert (seen.outcome, seen.race, seen.ratio) == ("raised", None, None)


standin = pytest.mark.skipif(not this_machine().standin, reason="this torch has no stand-in (2.9 or later has)")


@standin
@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("x = torch.zeros(2, 3, device='cuda')\nx.t()[0].add_(2)\nreturn x.cpu().flatten()", [2, 0, 0, 2, 0, 0]),
        ("x = torch.zeros(4, device='cuda')\nx.view(2, 2)[:, 1] = 5\nreturn x.cpu()", [0, 5, 0, 5]),
        ("x = torch.zeros(3).cuda()\nx[x == 0] = 1\nreturn x.cpu()", [1, 1, 1]),
        ("x = torch.ones(2).cuda().requires_grad_()\n(x * x).sum().backward()\nreturn x.grad.cpu()", [2, 2]),
        ("x = torch.ones(1, 1, 2, 2).cuda().requires_grad_()\nc = nn.Conv2d(1, 1, 1, bias=False).cuda()\n"
         "nn.init.ones_(c.weight)\nc(x).sum().backward()\nreturn c.weight.grad.flatten().cpu()", [4]),
        ("x = torch.ones(2)\ny = x.cuda()\nx += 1\nreturn y.cpu()", [1, 1]),
        ("return torch.isfinite(torch.ones(2).cuda()).cpu()", [True, True]),
        ("return torch.ones(4).cuda().view(torch.int32).cpu()[:1] > 1000", [True]),
    ],
)  # fmt: skip
def test_standin_computes(tmp_path, body, values):
    seen = observe(tmp_path, body, "stand-in")
    assert seen.outcome == "returned", seen.text
    assert [float(value.replace("True", "1")) for value in seen.value["values"]] == [float(value) for value in values]


@standin
def test_standin_trains(tmp_path):
    body = """
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
net = nn.Sequential(nn.Linear(2, 4), nn.ReLU(inplace=True), nn.Linear(4, 1)).to(device)
optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
losses = []
for _ in range(30):
    loss = (net(torch.ones(3, 2, device=device)) - 1).square().mean()
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    losses.append(loss.item())
return losses[-1] < losses[0] / 10
"""
    seen = observe(tmp_path, body, "stand-in")
    assert seen.value is True, seen.text
    assert [wait.what for wait in seen.waits].count("read one element") >= 30


@standin
@pytest.mark.parametrize(
    ("body", "type_", "text"),
    [
        ("torch.ones(2).cuda().numpy()", "TypeError", "can't convert standin:0 device type tensor to numpy"),
        ("np.asarray(torch.ones(2).cuda())", "TypeError", "device type tensor to numpy"),
        ("torch.ones(2).cuda() + torch.ones(2)", "RuntimeError", "Expected all tensors to be on the same device"),
    ],
)
def test_standin_refuses(tmp_path, body, type_, text):
    seen = observe(tmp_path, body, "stand-in")
    assert seen.type == type_
    assert text in seen.text


@standin
def test_standin_looks_like_cuda_from_inside(tmp_path):
    body = "x = torch.ones(1).cuda()\nreturn x.is_cuda, str(x.device), torch.ones(1).is_cuda, repr(x)"
    assert observe(tmp_path, body, "stand-in").value["tuple"] == [
        True,
        "cuda:0",
        False,
        "tensor([1.], device='standin:0')",
    ]


@standin
@pytest.mark.parametrize(
    ("body", "waits"),
    [
        ("x.cpu()", ["copy to the host"]),
        ("x.sum().item()", ["read one element"]),
        ("x.nonzero()", ["count elements"]),
        ("x + 1", []),
        ("torch.zeros(3).copy_(x)", ["copy to the host"]),
        ("x.to('cuda')", []),
    ],
)
def test_standin_counts_what_waits(tmp_path, body, waits):
    assert [wait.what for wait in observe(tmp_path, f"x = torch.ones(3).cuda()\n{body}", "stand-in").waits] == waits


@standin
def test_where_it_waits(tmp_path):
    body = "x = torch.ones(3).cuda()\ndef read(t):\n    return t.item()\nread(x.sum())"
    assert [wait.lines for wait in observe(tmp_path, body, "stand-in").waits] == [(8, 9)]


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        ("torch.ones(2, device='cuda').numpy()", "TypeError"),
        ("np.asarray(torch.ones(2).cuda())", "TypeError"),
        ("torch.ones(2).cuda().to('cuda').cpu().numpy()", ""),
        ("torch.ones(2).cuda().to('cpu', torch.float64).numpy()", ""),
        ("torch.ones(2).cuda().to(torch.ones(1)).numpy()", ""),
        ("float(torch.ones(2, device=torch.device('cuda')).sum())", ""),
        ("torch.ones(2).pin_memory().to('cuda').tolist()", ""),
        ("nn.Linear(2, 2).cuda()(torch.ones(1, 2, device='cuda')).sum().backward()", ""),
        ("torch.ones(2).copy_(torch.ones(2).cuda())", "NotImplementedError"),
    ],
)
def test_the_mapping_shows_what_is_refused(tmp_path, body, type_):
    assert observe(tmp_path, body, "meta").type == type_


def test_the_mapping_looks_like_cuda_from_inside(tmp_path):
    body = "x = torch.ones(1).cuda()\nreturn x.is_cuda, str(x.device), torch.ones(1).is_cuda, torch.ones(2, 3).cuda()"
    *looks, tensor = observe(tmp_path, body, "meta").value["tuple"]
    assert looks == [True, "cuda:0", False]
    assert tensor == {"kind": "tensor", "dtype": "float32", "shape": [2, 3], "grad": False}


def test_one_server_serves_a_device_until_it_dies(tmp_path, monkeypatch):
    parent = {"path": "p", "text": HEAD + "def f():\n    return os.getppid()\n", "function": "f", "device": "cpu"}
    order = Order("cpu", (parent,), 1, 60)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with Servers() as servers:
        assert list(servers.execute(Order("cpu", (), 1, 60))) == []
        first, second = ([seen.value for _, seen in servers.execute(order)] for _ in range(2))
        assert first == second
        ((_, loaded),) = servers.execute(replace(order, preload=("pandas",)))
        assert [loaded.value] != first  # The processes of what needs nothing are forked from a small one.
        os.kill(int(first[0]), signal.SIGKILL)
        time.sleep(0.2)
        (third,) = (seen.value for _, seen in servers.execute(order))
        assert third not in first
    with pytest.raises(ProcessLookupError):
        os.kill(int(third), 0)
    assert list(tmp_path.iterdir()) == []
