"""What raises before, what a branch or a function is meant for, and what is told beside a result: no accelerator's
tensors for NumPy there, or none that anybody would meet."""

from __future__ import annotations

import pytest
from snippets import codes_shown, found

HEADER = """\
import torch
import numpy as np
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
"""

TWO_METHODS = """
        class A:
            def __init__(self, net):
                self.kind = self.find_out(net)
                self.net = net
            def _placed(self, x):
                if self.kind == "torch":
                    return x.to(next(self.net.parameters()).device)
                return x
            def scores(self, x):
                x = self._placed(x)
                if self.kind == "KIND":
                    return self.net(x).detach().numpy()
        """

SHOWN = {
    "where its argument is": (
        "CNV101",
        "def moved(x: torch.Tensor, device, flat=False):\n    x = x.to(device)\n    if flat:\n        x = x.numpy()\n"
        "    return x",
    ),
    "what two modules give together": (
        "CNV101",
        "def f(net, classifier, x, noise):\n    net, classifier = net.to(device), classifier.to(device)\n"
        "    x, noise = x.to(device), noise.to(device)\n    out = net(x)\n"
        "    return classifier(out, noise).detach().numpy()",
    ),
    "a module is given a tensor": (
        "CNV101",
        "def f(net, x):\n    net.to(device)\n    return net(torch.from_numpy(x).to(device)).detach().numpy()",
    ),
    "batches of data that was moved": (
        "CNV121",
        """
        def f(x, y):
            net = nn.Linear(3, 1).to(device)
            loader = DataLoader(TensorDataset(x.to(device), y.to(device)))
            found = []
            for a, b in loader:
                found.append(net(a).detach())
            return np.concatenate(found)
        """,
    ),
    "a wrapper moves its batches": (
        "CNV121",
        """
        def f(net, data):
            net = nn.DataParallel(net).to(device)
            found = []
            for x, _ in DataLoader(data):
                found.append(net(x).detach().mean())
            return np.mean(found)
        """,
    ),
    "a number is an index": ("CNV101", "def f(x):\n    return torch.ones(3).to(torch.cuda.current_device()).numpy()"),
    "an output beside the loss": (
        "CNV121",
        """
        def f(net, loader):
            net.to(device)
            found = []
            for x in loader:
                loss, parts = net(x.to(device))
                found.append(parts["first"].detach())
            return np.mean(found)
        """,
    ),
    "what is encoded": (
        "CNV121",
        """
        def f(net, loader):
            net = net.to(device)
            found = []
            for x in loader:
                found.append(net.encode(x.to(device)).detach())
            return np.concatenate(found)
        """,
    ),
    "a dict of tensors": (
        "CNV121",
        """
        def f(loader):
            found = []
            for batch in loader:
                batch = {key: torch.as_tensor(value).to(device) for key, value in batch.items()}
                found.append(batch["x"])
            return np.concatenate(found)
        """,
    ),
    "its own framework": (
        "CNV101",
        "def f(x, backend):\n    if backend == 'torch':\n        return torch.as_tensor(x).to(device).numpy()",
    ),
    "a flag for the accelerator": (
        "CNV101",
        "def f(x, device, use_gpu):\n    y = torch.ones(3).to(device)\n    if use_gpu:\n        return y.numpy()",
    ),
    "a flag for several": (
        "CNV101",
        "def f(device, multi_gpu):\n    y = torch.ones(3).to(device)\n    if not multi_gpu:\n        return y.numpy()",
    ),
}


TOLD_ON_REQUEST = {
    "a net of the object is moved in a loop": """
        class Nets:
            def __init__(self, n):
                self.nets = {i: nn.Linear(3, 3) for i in range(n)}
                for net in self.nets.values():
                    net.to(device)
            def first(self, x):
                return self.nets[0](torch.from_numpy(x).to(device)).detach().numpy()
        """,
    "the net of a module": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(3, 3)
            def first(self, x):
                return self.layer(torch.from_numpy(x).to(device)).detach().numpy()
        """,
    "a net of the object goes by another name": """
        class Nets:
            def __init__(self):
                self.net = nn.Linear(3, 3)
            def start(self):
                net = self.net
                net.to(device)
            def first(self, x):
                return self.net(torch.from_numpy(x).to(device)).detach().numpy()
        """,
    "an array's function that places the data itself": """
        class A:
            def apply_np(self, x):
                return self.net(torch.from_numpy(x).to(self.device)).detach().numpy()
        """,
    "another method of the same class has no such choice": TWO_METHODS.replace("KIND", "torch"),
}
"""Of what another function has put on the device, or a module gives that is not seen to be moved there."""


@pytest.mark.parametrize(("code", "snippet"), SHOWN.values(), ids=SHOWN.keys())
def test_is_shown(code: str, snippet: str) -> None:
    assert codes_shown(snippet, HEADER) == [code]


@pytest.mark.parametrize("snippet", TOLD_ON_REQUEST.values(), ids=TOLD_ON_REQUEST.keys())
def test_is_told_on_request(snippet: str) -> None:
    assert codes_shown(snippet, HEADER) == []
    assert codes_shown(snippet, HEADER, "CNV101") == ["CNV101"]


SILENT = {
    "a caller who asks for an array": (
        "def moved(x: torch.Tensor, device, as_numpy=False):\n    x = x.to(device)\n    if as_numpy:\n"
        "        x = x.numpy()\n    return x"
    ),
    "a measure of what a module gives": (
        "def f(net, classifier, x, y):\n    x, y = x.to(device), y.to(device)\n    out = net(x)\n"
        "    return classifier(out, y).detach().numpy()"
    ),
    "a module that takes arrays": "def f(net, x):\n    net.to(device)\n    return net(np.concatenate(x)).numpy()",
    "nets of the object that stay on the CPU": """
        class Nets:
            def __init__(self, n):
                self.nets = {i: nn.Sequential(nn.Linear(3, 3)) for i in range(n)}
            def start(self):
                for net in list(self.nets.values()):
                    net.train(True)
            def first(self, x):
                return {i: self.nets[i](torch.from_numpy(x).to(device)).detach().numpy() for i in range(3)}
        """,
    "batches that are never moved": """
        def f(data):
            net = nn.Sequential(nn.Linear(3, 1)).to(device)
            losses = []
            for x, y in DataLoader(data):
                losses.append((net(x) - y).mean().data)
            return np.mean(losses)
        """,
    "batches that are never moved, through a list of layers": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.ModuleList()
                for i in range(3):
                    self.layers.append(nn.Linear(3, 3))
                self.last = nn.Linear(3, 3)
            def encode(self, x):
                for layer in self.layers:
                    x = layer(x)
                return self.last(x)
        def f(data):
            net = Net().to(device)
            for x, y in DataLoader(data):
                print(net.encode(x.float()).detach().numpy())
        """,
    "what is looked up may be a dtype": """
        from elsewhere import KIND, BITS
        def f(x, settings):
            config = {BITS: len(x), "other": settings["other"]}
            return torch.ones(3).to(config[KIND]).numpy()
        """,
    "a number under the name of a dtype": """
        from elsewhere import DTYPE, BITS
        def f(x):
            config = {BITS: len(x)}
            return torch.ones(3).to(config[DTYPE]).numpy()
        """,
    "what is told beside the loss": """
        def f(net, loader):
            net.to(device)
            found = []
            for x in loader:
                loss, logs = net(x.to(device))
                found.append(logs["first"])
            return np.mean(found)
        """,
    "what an agent tells the world": """
        def f(policy, env):
            policy = policy.to(device)
            action, value = policy.step(torch.as_tensor(env.reset(), device=device))
            return np.array([value])
        """,
    "a dict of tensors and others": """
        def f(loader):
            found = []
            for batch in loader:
                batch = {key: value.to(device) if torch.is_tensor(value) else value for key, value in batch.items()}
                found.append(batch["name"])
            return np.array(found)
        """,
    "a dict of tensors whose items are replaced": """
        def f(net, loader, reduced):
            net = net.to(device)
            kept = []
            for x in loader:
                out = net(x.to(device))
                for key, value in out.items():
                    out[key] = reduced(value.detach().cpu().numpy())
                kept.append(out["first"])
            return np.stack(kept)
        """,
    "an item that is replaced by its name": """
        def f(net, loader, reduced):
            net = net.to(device)
            kept = []
            for x in loader:
                out = net(x.to(device))
                out["first"] = reduced(out["first"])
                out['second'] = reduced(x)
                kept.append(out["first"])
            return np.stack(kept)
        """,
    "another framework": (
        "def f(x, backend):\n    y = torch.as_tensor(x).to(device)\n    if backend == 'tf':\n        return y.numpy()"
    ),
    "another framework, in two methods": TWO_METHODS.replace("KIND", "other"),
    "a flag for the host": (
        "def f(x, device, use_gpu):\n    y = torch.ones(3).to(device)\n    if not use_gpu:\n        return y.numpy()"
    ),
    "no flag for the accelerator": (
        "def f(x, device, gpu=None):\n    y = torch.ones(3).to(device)\n    if gpu is None:\n        return y.numpy()"
    ),
    "a flag of another object": """
        class Joint:
            def target(self, x):
                x = torch.as_tensor(x).to(self.device)
                if self.scene.gpu_sim_enabled:
                    self.targets[:] = x
                else:
                    self.target = x.numpy()
        """,
    "an array's function of what its object holds": """
        class Skeleton:
            def __init__(self, offsets, device):
                self.offsets = offsets.clone().to(device)
            def joints_np(self, x):
                return self.offsets.expand(3, -1).numpy() + x
        """,
    "no accelerator, and a device of the file": """
        def f():
            if not torch.cuda.is_available():
                return torch.ones(3, device=device).numpy()
        """,
}


@pytest.mark.parametrize("snippet", SILENT.values(), ids=SILENT.keys())
def test_is_not_shown(snippet: str) -> None:
    assert codes_shown(snippet, HEADER) == []


def test_what_is_seldom_true_is_shown_on_request() -> None:
    wanted = ("batches that are never moved", "a flag for the host", "an array's function of what its object holds")
    for name in wanted:
        assert [code[:4] for code in codes_shown(SILENT[name], HEADER, "CNV1")] != []


def test_what_numpy_refuses_is_silent_where_the_code_is_for_numpy() -> None:
    code = """
        def error(truth, guess, lib="numpy"):
            if lib == "{}":
                return np.mean(truth - guess)
            return torch.mean(torch.log(truth) - torch.log(guess))
    """
    assert found(code.format("numpy")) == set()
    assert found(code.format("fast")) == {"CNV114"}


TOLD = """
    class Loss(nn.Module):
        def forward(self, x, y, extra):
            part = extra.measure(x, y)
            return (x - y).abs().mean(), {"part": part.item() if torch.is_tensor(part) else OTHER, "extra": extra.told}
    def run(net: nn.Module, loader, args, extra):
        device, parts = torch.device(args.device), []
        for x, y in loader:
            _, told = Loss()(net.to(device)(x.to(device)), y.to(device), extra)
            for key in ("part", "extra"):
                parts.append(told[key])
        return np.mean(parts)
"""


def test_a_number_or_what_a_tensor_of_one_element_holds_is_a_number() -> None:
    assert found(TOLD.replace("OTHER", "part")) == set()
    assert found(TOLD.replace("OTHER", "x.mean()")) == {"CNV121"}


LEFT_BEHIND = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(3, 3) for _ in range(3)])
        def forward(self, x):
            for layer in self.layers:
                x = layer(MOVED)
            return x
    def run():
        net = Net().to(torch.device("cuda"))
        return net(torch.linspace(0, 1, 3)).detach().numpy()
"""


def test_a_module_of_the_project_refuses_what_stayed_on_the_host() -> None:
    assert found(LEFT_BEHIND.replace("MOVED", "x")) == set()
    assert found(LEFT_BEHIND.replace("MOVED", "x.cuda()")) == {"CNV101"}


def test_what_is_converted_where_the_device_is_the_host_is_shown_on_request() -> None:
    code = """
        def run(x, use_gpu, loops):
            device = "cpu"
            if use_gpu:
                if torch.cuda.is_available():
                    device = "cuda"
                elif torch.backends.mps.is_available():
                    device = "mps"
            y = torch.tensor(x, device=device)
            return y.numpy() if device == "{}" else y.cpu().numpy()
    """
    assert codes_shown(code.format("cpu"), HEADER) == []
    assert codes_shown(code.format("cuda"), HEADER) == ["CNV101"]


def test_an_index_of_the_branch_for_arrays_meets_no_tensor() -> None:
    code = """
        import scipy.linalg
        def sort(matrix):
            if isinstance(matrix, torch.Tensor):
                values, vectors = torch.linalg.eigh(matrix)
                order = values.argsort().flip(0)
            else:
                values, vectors = scipy.linalg.eigh(matrix)
                order = values.argsort()[::-1]
            return values[order], vectors[:, order]
        def pick(values: torch.Tensor, order: np.ndarray):
            return values[np.sort(order)[::-1]]
    """
    assert found(code.partition("        def pick")[0]) == set()
    assert found(code) == {"CNV301"}


def test_what_a_transform_refuses_may_be_expected() -> None:
    code = """
        def one(x):
            if x.sum() > 0:
                return x
            return -x
        def run(x):
            try:
                return torch.vmap(one)(x)
            except {}:
                return torch.stack([one(row) for row in x])
    """
    assert "CNV703" not in found(code.format("RuntimeError"))
    assert "CNV703" in found(code.format("KeyError"))


def test_to_be_asked_where_it_is_puts_nothing_on_an_accelerator() -> None:
    code = """
        def half(x: torch.Tensor):
            kind = torch.float32 if x.device.type == "mps" else torch.float64
            return x.to(device=x.device, dtype=kind).numpy()
    """
    assert codes_shown(code, HEADER) == []
    assert codes_shown(code, HEADER, "CNV101") == ["CNV101"]


@pytest.mark.parametrize(
    "question", ["torch.is_tensor(x) != True", "isinstance(x, torch.Tensor) is False", "torch.is_tensor(x) == False"]
)
def test_a_question_may_be_compared_with_its_answer(question: str) -> None:
    code = f"""
        def taken(x):
            if {question}:
                x = torch.from_numpy(x)
            return x
        print(taken(torch.ones(3)), taken(np.ones(3)))
    """
    assert "CNV304" not in found(code)
    assert "CNV304" in found(code.replace("!=", "==").replace("is False", "is True").replace("== False", "== True"))


@pytest.mark.parametrize(("axes", "codes"), [("1, 2, 0", []), ("(1, 2, 0)", []), ("", []), ("0, 1", ["CNV111"])])
def test_tensors_exchange_two_axes_and_arrays_any(axes: str, codes: list[str]) -> None:
    code = f"""
        def seen(loader, net: nn.Module, decoder):
            net.to(device)
            for images in loader:
                masks, scores = decoder(net(images.to(device)))
                for mask in masks:
                    np.unique(mask.transpose({axes}))
    """
    assert codes_shown(code, HEADER, "CNV111") == codes


SCRIPT = """
    images = {name: torch.from_numpy(image).to(device) for name, image in {"a": np.ones((3, 3))}.items()}

    def made():
        return nn.Sequential(nn.Linear(3, 4), nn.ReLU())

    nets = {"one": made()}

    def scored(image):
        return nets["one"](image)

    def loss():
        total = 0
        for name in ["a", "b"]:
            if name == "b":
                continue
            total += scored(images[name]).sum()
        return total

    for epoch in range(3):
        print(loss())
        print(np.histogram(images["a"][:, 0], 3))
"""


def test_what_a_module_refuses_on_one_way_ends_the_script() -> None:
    assert codes_shown(SCRIPT, HEADER) == []
    assert codes_shown(SCRIPT.replace("nn.ReLU())", "nn.ReLU()).to(device)"), HEADER) == ["CNV111"]
    assert codes_shown(SCRIPT.replace("nn.ReLU())", "nn.ReLU()).to(device)"), HEADER, "CNV111") == ["CNV111"]
    assert codes_shown(SCRIPT, HEADER, "CNV111") == ["CNV111"]


def test_functions_that_a_script_calls_know_what_it_has_assigned_after_a_branch() -> None:
    code = """
        if device.type == "cuda":
            print("there is an accelerator")
        net = nn.Linear(3, 1).to(device)

        def scored(x):
            return net(x).detach()

        scores = scored(torch.ones(1, 3).to(device))
        print(scores.numpy())
    """
    assert codes_shown(code, HEADER, "CNV101") == ["CNV101"]
