"""Shapes of mistakes that people made and mended, beside what looks like them."""

from __future__ import annotations

import pytest
from snippets import codes_shown

HEAD = (
    "import numpy as np\nimport torch\nfrom torch import nn\nfrom elsewhere import to_device, batch_to_cuda, Trainer\n"
)

FOUND = {
    "made where a model's output is": (
        "CNV101",
        """
        def f(model, x, levels):
            shape, scores = model.forward(x)
            place = torch.tensor(levels).to(scores.device)
            return (place + 1).numpy()
        """,
    ),
    "after a layer that lies nowhere": (
        "CNV101",
        """
        def f(model, x, levels):
            scores = model(x)
            scores = nn.LogSoftmax(dim=1)(scores)
            place = torch.tensor(levels).to(scores.device)
            return place.numpy()
        """,
    ),
    "where the output of itself is": (
        "CNV101",
        """
        class Policy(Base):
            def learn(self, batch, returns):
                values = self(batch).values
                difference = torch.tensor(returns, device=values.device) - values
                return difference.detach().numpy()
        """,
    ),
    "a device in a dict of settings": (
        "CNV101",
        "def f(x, settings):\n    return x.unsqueeze(0).to(settings['device']).numpy()",
    ),
    "carried to a device": ("CNV101", "def f(x, device):\n    return to_device(x, device).numpy()"),
    "a batch is carried to the accelerator": (
        "CNV101",
        "def f(loader):\n    for batch in loader:\n        batch = batch_to_cuda(batch)\n        batch['x'].numpy()",
    ),
    "the bias of anything": (
        "CNV402",
        "def f(layer, other):\n    torch.ones(1)\n    if layer.bias:\n        other.bias = layer.bias.clone()",
    ),
    "what a forward may do without": (
        "CNV402",
        """
        class Average(nn.Module):
            def forward(self, hidden, attn=None):
                if attn:
                    return [part(hidden, attn) for part in self.parts]
                return [part(hidden) for part in self.parts]
        """,
    ),
    "what something made takes the place of": (
        "CNV402",
        """
        class Weighted(nn.Module):
            def __init__(self, weight=None, n=3):
                super().__init__()
                self.weight = weight if weight else torch.tensor([1.0] * n)
        """,
    ),
    "integers by annotation": (
        "CNV402",
        "def f(x, start: torch.IntTensor = None):\n    if start:\n        return x[start]\n    return x",
    ),
    "another loss of the same name below": (
        "CNV501",
        """
        def f(model: nn.Module, criteria, optimizer, loader):
            total = 0
            for x in loader:
                output = model(x)
                loss = sum(c(output) for c in criteria)
                loss.backward()
                optimizer.step()
                total += loss
            loss = sum(c(model(x)) for c in criteria)
            return total, loss
        """,
    ),
    "a file that evaluates in a context of its own": (
        "CNV501",
        """
        def quiet():
            return torch.no_grad()

        def evaluate(model, x):
            with quiet():
                return model(x)

        def train(model: nn.Module, optimizer, loader):
            total = 0
            for x in loader:
                loss = model(x).sum()
                loss.backward()
                optimizer.step()
                total += loss
            return total
        """,
    ),
    "restored after somebody else has had it": (
        "CNV203",
        """
        def f(model: nn.Module, trainers):
            start = model.state_dict()
            for trainer in trainers:
                model.load_state_dict(start)
                Trainer(model, trainer).fit()
        """,
    ),
    "the first of a sum of gradients": (
        "CNV203",
        """
        class Private(torch.optim.Optimizer):
            def accumulate(self):
                for p in self.params:
                    if p.summed is None:
                        p.summed = p.grad
                    else:
                        p.summed += p.grad
        """,
    ),
}

SILENT = {
    "where an output was that is on the host now": """
        def f(model, x, levels):
            scores = model(x).cpu()
            place = torch.tensor(levels).to(scores.device)
            return place.numpy()
        """,
    "where something was that others made of an output": """
        def f(model, x, levels):
            scores = model(x)
            scores = postprocess(levels)
            place = torch.tensor(levels).to(scores.device)
            return place.numpy()
        """,
    "carried nobody knows where": "def f(x, other):\n    return to_device(x, other, 3).numpy()",
    "carried to the host": "def f(x):\n    return to_device(x.cuda(), 'cpu').numpy()",
    "carried by a name that only begins so": "def f(x):\n    return to_device_name(x).numpy()",
    "a flag called bias": "def f(layer):\n    torch.ones(1)\n    if layer.bias:\n        return layer.bias.name",
    "not told from None and copied": """
        def f(layer, other):
            if layer.bias is not None:
                other.bias = layer.bias.clone()
        """,
    "flags of a forward": """
        class Average(nn.Module):
            def forward(self, hidden, output_attentions=None, mask: bool = None, *, attn=None):
                if output_attentions or mask:
                    hidden = hidden + 1
                return hidden if attn is None else attn
        """,
    "an argument of something else": "def put(self, attn=None):\n    torch.ones(1)\n    return 1 if attn else 2",
    "a number takes its place": "def f(eps=None):\n    return eps if eps else torch.tensor(1e-5)",
    "one element takes its place": "def f(scale=None):\n    return scale if scale else torch.ones(1)",
    "another thing takes its place": "def f(layer=None):\n    return layer if layer else nn.Linear(3, 3)",
    "something else is taken": "def f(flag, x):\n    return x if flag else torch.ones(3)",
    "a loss that backward never goes through": """
        def f(model: nn.Module, criteria, optimizer, loader):
            total = 0
            for x in loader:
                loss = sum(c(model(x)) for c in criteria)
                loss.backward()
                optimizer.step()
            with torch.no_grad():
                for x in loader:
                    loss = sum(c(model(x)) for c in criteria)
                    total += loss
            return total
        """,
    "trained only if asked to": """
        def quiet():
            return torch.no_grad()

        def run(model: nn.Module, optimizer, loader, train):
            with quiet():
                pass
            total = 0
            for x in loader:
                loss = model(x).sum()
                if train:
                    loss.backward()
                total += loss
            return total

        def all(model, loader):
            with torch.no_grad():
                return run(model, None, loader, False)
        """,
    "another model under the same name": """
        def f(model: nn.Module, make):
            start = model.state_dict()
            Trainer(model).fit()
            model = make()
            model.load_state_dict(start)
        """,
    "a state that somebody may fill": """
        def f(model: nn.Module, pretrained):
            state = model.state_dict()
            Trainer(model).fill(state, pretrained)
            model.load_state_dict(state)
        """,
    "nobody has had it": """
        def f(model: nn.Module):
            state = model.state_dict()
            model.load_state_dict(state)
        """,
    "gradients that each backward makes anew": """
        def f(model: nn.Module, batches, sums):
            for x in batches:
                model.zero_grad()
                model(x).sum().backward()
                for name, p in model.named_parameters():
                    if name in sums:
                        sums[name] += p.grad
                    else:
                        sums[name] = p.grad
        """,
    "a copy of the first gradient": """
        class Private(torch.optim.Optimizer):
            def accumulate(self):
                for p in self.params:
                    if p.summed is None:
                        p.summed = p.grad.clone()
                    else:
                        p.summed += p.grad
        """,
    "nothing left of what is asked": """
        def f(data, new):
            if isinstance(data, torch.Tensor):
                data = torch.from_numpy(f(data.cpu().numpy(), new)).to(data.device)
            elif isinstance(data, np.ndarray):
                if new not in ("<", ">"):
                    raise NotImplementedError
                data = data.byteswap().newbyteorder(new)
            return data

        class A:
            def g(self, img):
                img = f(img, "<")
                return img
        """,
}


def codes(code: str) -> list[str]:
    """The codes of what is shown by default."""
    return codes_shown(code, HEAD)


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    expected, code = FOUND[name]
    assert codes(code) == [expected]


@pytest.mark.parametrize("name", SILENT)
def test_silent(name: str) -> None:
    assert codes(SILENT[name]) == []
