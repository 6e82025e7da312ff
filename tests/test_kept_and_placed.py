"""Where results are put, settings handed on with two stars, models under second names, and what datasets rewrite."""

from __future__ import annotations

import pytest
from snippets import codes_shown

FOUND = {
    "made where the argument is": (
        "CNV101",
        "def f(x):\n    y = x.detach().numpy()\n    return torch.zeros(len(y), device=x.device)",
    ),
    "a tensor by annotation": (
        "CNV101",
        "def f(x: torch.Tensor):\n    return torch.from_numpy(x.numpy() + 1).to(x.device)",
    ),
    "settings of a dict": (
        "CNV101",
        "def f(n, device):\n    kind = {'device': device, 'other': 1}\n    return torch.zeros(n, **kind).numpy()",
    ),
    "the dtype of another one": (
        "CNV101",
        "def f(x, y):\n    return x.unsqueeze(0).cuda().to(y.dtype).numpy()",
    ),
    "a dtype by its keyword": (
        "CNV101",
        "def f(x, kind):\n    return x.unsqueeze(0).cuda().to(dtype=kind).numpy()",
    ),
    "a buffer": (
        "CNV402",
        "class M(nn.Module):\n    def __init__(self, start=None):\n        super().__init__()\n        if start:\n"
        "            self.register_buffer('start', start)",
    ),
    "weights of an embedding": (
        "CNV402",
        "def f(weights=None):\n    return nn.Embedding.from_pretrained(weights) if weights else None",
    ),
    "a parameter by its bare name": (
        "CNV402",
        "def f(weights):\n    if weights:\n        weights = Parameter(weights)\n    return weights",
    ),
    "the bias of one of two layers": (
        "CNV402",
        "def f(n, start, wide):\n    layer = nn.Linear(n, 8) if wide else nn.Conv2d(n, 8, 3)\n    if layer.bias:\n"
        "        start(layer.bias)",
    ),
    "gradients in a hook of Lightning": (
        "CNV121",
        "class L(pl.LightningModule):\n    def on_after_backward(self):\n        self.draw(self.named_parameters())\n"
        "    def draw(self, parameters):\n        norms = []\n        for name, p in parameters:\n"
        "            norms.append(p.grad.abs().mean())\n        plt.plot(norms)",
    ),
    "a model under a second name, in a while loop": (
        "CNV203",
        """
        def f(net, optimizer, score):
            best_net = None
            while score() < 3:
                loss = net(torch.ones(3)).sum()
                loss.backward()
                optimizer.step()
                if score() > 1:
                    best_net = net
            return best_net(torch.ones(3))
        """,
    ),
    "weights kept and loaded in another call": (
        "CNV203",
        """
        class Stop:
            def __call__(self, model, better):
                if better:
                    self.weights = self.model.state_dict()
                else:
                    self.model.load_state_dict(self.weights)
        """,
    ),
    "columns of an item": (
        "CNV204",
        "class D:\n    def __getitem__(self, i):\n        boxes = self.boxes[i]\n"
        "        boxes[:, 0] = 9 - boxes[:, 0]\n        return boxes",
    ),
}

SILENT = {
    "a device for a message": "def f(x):\n    print(x.device)\n    return x.detach().numpy()",
    "brought to the host": "def f(x):\n    return torch.from_numpy(x.cpu().numpy() + 1).to(x.device)",
    "the device of another one": "def f(x, y):\n    return torch.from_numpy(x.numpy() + 1).to(y.device)",
    "known to be on the host": (
        "def f(n):\n    x = torch.zeros(n)\n    return torch.from_numpy(x.numpy() + 1).to(x.device)"
    ),
    "a number beside it": ("def f(x, n):\n    x = 3 if n else x\n    y = x.numpy() if n is None else x\n    return y"),
    "told apart by what it is": (
        "def f(x):\n    if isinstance(x, np.ndarray):\n        return x\n    if x.device.type == 'cpu':\n"
        "        return torch.from_numpy(x.numpy()).to(x.device)\n    return None"
    ),
    "a setting said twice": (
        "def f(n, device):\n    kind = {'device': device}\n"
        "    return torch.zeros(n, **{**kind, 'device': 'cpu'}).numpy()"
    ),
    "settings nobody knows": "def f(n, kind):\n    return torch.zeros(n, **kind).numpy()",
    "no graph": (
        "def f(model, x):\n    y = model(x.requires_grad_()).sum()\n"
        "    return torch.autograd.grad(y, x, create_graph=False)[0].numpy()"
    ),
    "perhaps a graph": (
        "def f(model, x, keep):\n    y = model(x.requires_grad_()).sum()\n"
        "    return torch.autograd.grad(y, x, create_graph=keep)[0].numpy()"
    ),
    "a bias of one number": (
        "def f(n, start):\n    layer = nn.Linear(n, 1)\n    if layer.bias:\n        start(layer.bias)"
    ),
    "a flag of that name": "def f(options, x):\n    if options.bias:\n        x = torch.relu(x)\n    return x",
    "the bias of nobody knows what": "def f(m, x):\n    if m.bias:\n        x = m(torch.relu(x))\n    return x",
    "a model whose loop ends there": """
        def f(net, optimizer, score):
            best_net = None
            for x in range(3):
                net(torch.ones(3)).sum().backward()
                optimizer.step()
                if score() > 1:
                    best_net = net
                    break
            return best_net
        """,
    "a second name that nobody asks for": """
        def f(net, optimizer, score):
            best_net = None
            for x in range(3):
                net(torch.ones(3)).sum().backward()
                optimizer.step()
                if best_net is None:
                    best_net = net
        """,
    "another model from here on": """
        def f(net, make, score):
            best_net = None
            for x in range(3):
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                net(torch.ones(3)).sum().backward()
                optimizer.step()
                if score() > 1:
                    best_net = net
                net = make()
            return best_net
        """,
    "weights of another model": """
        class Stop:
            def __call__(self, better):
                if better:
                    self.weights = self.model.state_dict()
                else:
                    self.other.load_state_dict(self.weights)
        """,
    "counted in calls": """
        class Stop:
            def __call__(self, model):
                self.count = self.count + 1
                return model.state_dict() if self.count else None
        """,
    "read from a file": (
        "import h5py\nclass D:\n    def __getitem__(self, i):\n        boxes = self.boxes[i]\n"
        "        boxes[:, 0] = 9 - boxes[:, 0]\n        return boxes"
    ),
    "filled with something else": (
        "class D:\n    def __getitem__(self, i):\n        boxes = self.boxes[i]\n        boxes[:, 0] = i\n"
        "        return boxes"
    ),
    "a method of another name": (
        "class D:\n    def item(self, i):\n        boxes = self.boxes[i]\n        boxes[:, 0] = 9 - boxes[:, 0]\n"
        "        return boxes"
    ),
    "an item of a list": (
        "class D:\n    def __getitem__(self, i):\n        boxes = self.boxes[i]\n        boxes[0] = 9 - boxes[0]\n"
        "        return boxes"
    ),
}

HEAD = """\
import matplotlib.pyplot as plt
import numpy as np
import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn import Parameter
"""


ASKED = ("CNV101", "CNV111", "CNV121")
"""Rules that show by default nothing, or little, of what is told here."""


def codes(code: str) -> list[str]:
    """The codes of what is shown to who asks for these."""
    return codes_shown(code, HEAD, *ASKED)


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    expected, code = FOUND[name]
    assert codes(code) == [expected]


@pytest.mark.parametrize("name", SILENT)
def test_silent(name: str) -> None:
    assert codes(SILENT[name]) == []
