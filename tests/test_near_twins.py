"""False alarms of the past, each beside the hazard that it was taken for. Default settings: what a user would see."""

from __future__ import annotations

import textwrap

import pytest
from snippets import HEADER

from torchconv_lint.lint import lint_source
from torchconv_lint.model import Confidence
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

PAIRS = {
    "torch or NumPy, chosen by another argument's type": (
        "CNV111",
        """
        def distance(pred, truth):
            lib = np
            return lib.ones_like(truth)
        def f(edges, device):
            return distance(edges, torch.as_tensor(edges, device=device))
        """,
        """
        def distance(pred, truth):
            lib = torch if isinstance(pred, torch.Tensor) else np
            return lib.ones_like(truth)
        def f(edges, device):
            return distance(edges, torch.as_tensor(edges, device=device))
        """,
    ),
    "a function chosen by the flag that chose the data": (
        "CNV111",
        """
        def f(flag, d, device):
            ceil = np.ceil
            d = torch.as_tensor(d, device=device) if flag else int(d)
            if flag:
                return ceil(d)
        """,
        """
        def f(flag, d, device):
            ceil = torch.ceil if flag else np.ceil
            d = torch.as_tensor(d, device=device) if flag else int(d)
            return ceil(d)
        """,
    ),
    "any two functions chosen by the flag that chose the data": (
        "CNV101",
        """
        def host(x):
            return x.numpy()
        def other(x):
            return x
        def f(flag, d: torch.Tensor):
            act = other if flag else host
            d = d if flag else d.cuda()
            return act(d)
        """,
        """
        def host(x):
            return x.numpy()
        def other(x):
            return x
        def f(flag, d: torch.Tensor):
            act = other if flag else host
            d = d.cuda() if flag else d
            return act(d)
        """,
    ),
    "numbers or tensors, told apart in another function": (
        "CNV111",
        """
        def grid(sizes):
            return [np.linspace(-d, d, 3) for d in sizes]
        def f(flag, d, device):
            return grid([torch.as_tensor(d, device=device)])
        """,
        """
        def grid(sizes):
            return [np.linspace(-d, d, 3) for d in sizes]
        def f(flag, d, device):
            sizes = [torch.as_tensor(d, device=device) if flag else int(d)]
            if look_up(flag):
                return grid(sizes)
        """,
    ),
    "a flag that stands for the condition under which the memory is the caller's": (
        "CNV204",
        """
        def f(old: torch.Tensor, size: int, n: int, deep: bool):
            if size < 1 or size >= n:
                fast = True
                new = old
            else:
                if deep:
                    new = old
                else:
                    new = torch.empty_like(old)
                fast = False
            if deep:
                if not fast:
                    new[:] = old * 2
            return new
        """,
        """
        def f(old: torch.Tensor, size: int, n: int, deep: bool):
            if size < 1 or size >= n:
                fast = True
                new = old
            else:
                if deep:
                    new = torch.empty_like(old)
                else:
                    new = old
                fast = False
            if deep:
                if not fast:
                    new[:] = old * 2
            return new
        """,
    ),
    "a dummy that each type's branch replaces": (
        "CNV204",
        """
        def f(x: torch.Tensor, index):
            deg = x
            if isinstance(index, tuple):
                pass
            elif isinstance(index, torch.Tensor):
                deg = torch.bincount(index)
            deg.clamp_(max=3)
            return deg
        """,
        """
        def f(x: torch.Tensor, index):
            deg = x
            if isinstance(index, tuple):
                deg = index[0] * 2
            elif isinstance(index, torch.Tensor):
                deg = torch.bincount(index)
            deg.clamp_(max=3)
            return deg
        """,
    ),
    "what is kept of the value whose own type is asked": (
        "CNV204",
        """
        def f(x: Union[torch.Tensor, list, tuple]):
            y = x
            if isinstance(x, list):
                y = torch.tensor(x)
            elif isinstance(x, tuple):
                y = torch.stack(x)
            y.clamp_(max=3)
            return y.unsqueeze(0)
        """,
        """
        def f(x: Union[torch.Tensor, list, tuple]):
            y = x
            if isinstance(x, list):
                y = torch.tensor(x)
            else:
                y = torch.stack(x)
            y.clamp_(max=3)
            return y.unsqueeze(0)
        """,
    ),
    "what has been popped": (
        "CNV202",
        """
        class A(nn.Module):
            def f(self, other, labels, prefix, **kwargs):
                if other is not None:
                    other = torch.cat((prefix, other), dim=1)
                kwargs.update({"other": other})
                if labels:
                    return self.g(labels, **kwargs)
            def g(self, labels, device, **kwargs):
                if "mask" in kwargs.keys():
                    mask = kwargs.get("mask").to(device)
                else:
                    mask = torch.ones((2, 3)).to(device) * 4
                if labels is not None:
                    mask[mask > 0] += labels.max()
                    total = torch.cat((labels, mask), dim=1)
                return self.net(total, **kwargs)
        """,
        """
        class A(nn.Module):
            def f(self, other, labels, prefix, **kwargs):
                if other is not None:
                    other = torch.cat((prefix, other), dim=1)
                kwargs.update({"other": other})
                if labels:
                    return self.g(labels, **kwargs)
            def g(self, labels, device, **kwargs):
                if "mask" in kwargs.keys():
                    mask = kwargs.pop("mask").to(device)
                else:
                    mask = torch.ones((2, 3)).to(device) * 4
                if labels is not None:
                    mask[mask > 0] += labels.max()
                    total = torch.cat((labels, mask), dim=1)
                return self.net(total, **kwargs)
        """,
    ),
    "the state that a function has trained": (
        "CNV203",
        """
        def train(net, batches):
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            for x in batches:
                optimizer.zero_grad()
                net(x).mean().backward()
                optimizer.step()
            return net.state_dict()
        def f(net: nn.Module, batches):
            best = None
            for epoch in range(3):
                state = train(net, batches)
                if best is None:
                    best = state
            net.load_state_dict(best)
        """,
        """
        def train(net, batches):
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            for x in batches:
                optimizer.zero_grad()
                net(x).mean().backward()
                optimizer.step()
            return net.state_dict()
        def f(net: nn.Module, batches):
            states = []
            for epoch in range(3):
                state = train(net, batches)
                states.append({k: v.clone() for k, v in state.items()})
            return states
        """,
    ),
    "a sum that becomes part of the loss of an output": (
        "CNV501",
        """
        class A:
            def f(self, x):
                out = self.model(x)
                total = 0
                for p in self.model.parameters():
                    total += (p ** 2).sum()
                out.total = total.item()
                return out
        """,
        """
        class A:
            def f(self, x):
                out = self.model(x)
                total = 0
                for p in self.model.parameters():
                    total += (p ** 2).sum()
                out.loss += 0.5 * total
                return out
        """,
    ),
    "outputs of the few nets that are compared": (
        "CNV502",
        """
        nets = [nn.Linear(1, 1), nn.Linear(1, 1)]
        def f(x):
            pres = []
            for epoch in range(10):
                for net in nets:
                    pres.append(net(x))
            print(pres)
        """,
        """
        nets = [nn.Linear(1, 1), nn.Linear(1, 1)]
        def f(x):
            for epoch in range(10):
                pres = []
                for net, kept in zip(nets, [[], []]):
                    pres.append(net(x))
                print(pres)
        """,
    ),
    "the images of a pipeline": (
        "CNV111",
        """
        def f(model, prompt):
            model = model.to('cuda')
            return np.asarray(model(prompt)[0])
        """,
        """
        from diffusers import FluxPipeline
        def f(prompt):
            model = FluxPipeline.from_pretrained('x')
            model = model.to('cuda')
            return np.asarray(model(prompt)[0])
        """,
    ),
    "a pipeline by name": (
        "CNV111",
        "def f(net, prompt):\n    net = net.to('cuda')\n    return np.asarray(net(prompt)[0])",
        "def f(pipe, prompt):\n    pipe = pipe.to('cuda')\n    return np.asarray(pipe(prompt)[0])",
    ),
    "a pipeline by what it gives": (
        "CNV111",
        "def f(net, prompt):\n    net = net.to('cuda')\n    return np.asarray(net(prompt).logits)",
        "def f(net, prompt):\n    net = net.to('cuda')\n    return np.asarray(net(prompt).images[0])",
    ),
    "a root of a size": (
        "CNV112",
        "def f(q, x: torch.Tensor):\n    return nn.Linear(2, 2)(x) / np.sqrt(x.shape)",
        "def f(q, x: torch.Tensor):\n    return nn.Linear(2, 2)(x) / np.sqrt(x.size(-1))",
    ),
    "grad is switched off by something of that name": (
        "CNV102",
        "def f(net: nn.Module, settings, x):\n    with settings.TIMER():\n        return net(x).numpy()",
        "def f(net: nn.Module, settings, x):\n    with settings.INFERENCE_MODE():\n        return net(x).numpy()",
    ),
    "what a distribution draws": (
        "CNV102",
        "def f(policy, x):\n    x = x.to('cuda')\n    return policy(x).rsample().numpy()",
        "def f(policy, x):\n    x = x.to('cuda')\n    return policy(x).sample().cpu().numpy()",
    ),
    "a graph that was moved tells how large it is": (
        "CNV111",
        "def f(graph):\n    graph = graph.to('cuda')\n    return np.arange(graph.nodes())",
        "def f(graph):\n    graph = graph.to('cuda')\n    return np.arange(graph.num_nodes())",
    ),
    "parts that were not moved": (
        "CNV101",
        "def f(data):\n    data = data.to('cuda')\n    return data.y.numpy()",
        "def f(data):\n    data = data.to('cuda', 'x', 'edge_index')\n    return data.y.numpy()",
    ),
    "an item whose type was asked": (
        "CNV111",
        """
        def f(x: torch.Tensor):
            d = {'loss': x.cuda()}
            if isinstance(d['loss'], torch.Tensor):
                return np.array(d['loss'])
        """,
        """
        def f(x: torch.Tensor):
            d = {'loss': x.cuda()}
            if isinstance(d['loss'], torch.Tensor):
                return 1
            return np.array(d['loss'])
        """,
    ),
    "what sklearn splits and does not convert": (
        "CNV111",
        "import sklearn.preprocessing as s\ndef f(x: torch.Tensor):\n    return s.scale(x.cuda())",
        "import sklearn.model_selection as s\ndef f(x: torch.Tensor):\n    return s.train_test_split(x.cuda())",
    ),
    "a refusal that is caught": (
        "CNV101",
        """
        def f(x: torch.Tensor):
            x = x.cuda()
            try:
                return x.numpy()
            except (OSError, KeyError):
                return None
        """,
        """
        def f(x: torch.Tensor):
            x = x.cuda()
            try:
                return x.numpy()
            except (TypeError, KeyError):
                return x.cpu().numpy()
        """,
    ),
    "a reduction by NumPy, of a tensor or of a list": (
        "CNV114",
        "def f(x: torch.Tensor, check):\n    return np.mean(x)",
        "def f(x: torch.Tensor, check):\n    y = x if check() else x.tolist()\n    return np.mean(y)",
    ),
    "None to from_numpy, which a test elsewhere rules out": (
        "CNV304",
        "def f(flag):\n    z = 3 if flag else np.ones(2)\n    return torch.from_numpy(z)",
        "def f(flag):\n    z = None if flag else np.ones(2)\n    return torch.from_numpy(z)",
    ),
    "a leaf or an array written in place": (
        "CNV517",
        "def f(check):\n    w = torch.ones(3, requires_grad=True)\n    w += 1",
        "def f(check):\n    w = torch.ones(3, requires_grad=True) if check() else np.ones(3)\n    w += 1",
    ),
    "a copy to where the work is done": (
        "CNV611",
        "def f(x):\n    h = x.to('cpu', non_blocking=True)\n    return h.numpy()",
        "def f(x, device):\n    h = x.to(device, non_blocking=True)\n    return h.numpy()",
    ),
    "an accuracy among the outputs of a model": (
        "CNV102",
        "def f(model: nn.Module, x):\n    out, logits = model(x)\n    return logits.numpy()",
        "def f(model: nn.Module, x):\n    out, top_acc = model(x)\n    return top_acc.cpu().numpy()",
    ),
    "of NumPy, and refused": (
        "CNV116",
        """
        def f():
            return np.sqrt(torch.ones(3))
        """,
        """
        def f(device):
            return np.sqrt(torch.ones(3, requires_grad=True)), np.sqrt(torch.ones(3).cuda())
        """,
    ),
    "written across the border": (
        "CNV202",
        """
        def f():
            kept = torch.arange(3.0)
            shown = kept.detach()
            shown += 1
            return kept, shown
        """,
        """
        def f():
            kept = torch.arange(3.0)
            shown = kept.numpy()
            shown += 1
            return kept, shown
        """,
    ),
    "written by an optimiser": (
        "CNV202",
        """
        def f(net: torch.nn.Linear, x):
            weight = net.weight.data
            shown = weight.detach()
            weight += 1
            return weight, shown
        """,
        """
        def f(net: torch.nn.Linear, x):
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            weight = net.weight
            shown = weight.detach()
            net(x).sum().backward()
            optimizer.step()
            return weight, shown
        """,
    ),
}


def shown(code: str) -> set[str]:
    """The codes that a user sees by default, and those of opt-in rules that have a pair here."""
    outcome = lint_source(
        Source("x.py", HEADER + textwrap.dedent(code)), Settings(sieve=False, opt_in=("CNV116", "CNV202", "CNV517"))
    )
    assert not outcome.problems
    return {finding.code for finding in outcome.findings}


@pytest.mark.parametrize(("code", "hazard"), [pair[:2] for pair in PAIRS.values()], ids=PAIRS.keys())
def test_the_hazard_is_found(code: str, hazard: str) -> None:
    assert code in shown(hazard)


@pytest.mark.parametrize(("code", "twin"), [(pair[0], pair[2]) for pair in PAIRS.values()], ids=PAIRS.keys())
def test_the_twin_is_not(code: str, twin: str) -> None:
    assert code not in shown(twin)


def test_what_is_likely_is_only_possible_in_a_test_file() -> None:
    code = HEADER + "def test_it(net, x):\n    return net(x.cuda()).detach().numpy()\n"
    reported = {}
    for name in ("test_net.py", "net_test.py", "evaluate.py"):
        outcome = lint_source(Source(name, code), Settings())
        reported[name] = [finding.code for finding in outcome.findings]
    assert reported == {"test_net.py": [], "net_test.py": [], "evaluate.py": ["CNV101"]}
    shown_all = lint_source(Source("test_net.py", code), Settings(confidence=Confidence.POSSIBLE))
    assert [finding.code for finding in shown_all.findings] == ["CNV101"]
    script = lint_source(Source("test_net.py", code.replace("def test_it", "def evaluate")), Settings())
    assert [finding.code for finding in script.findings] == ["CNV101"]
