"""Corners of the analysis: annotations, containers, classes, devices and conditions that programs really have."""

# ruff: noqa: E501 (a snippet on one line is easier to read than one folded to fit)

from __future__ import annotations

import pytest
from snippets import found

FOUND = {
    # annotations
    "a quoted annotation that is a mistake": ("CNV101", "def f(x: 'torch.Tensor[', y: 1):\n    x = torch.ones(2).cuda()\n    return x.numpy()"),
    "a model of transformers": ("CNV102", "from transformers import PreTrainedModel\ndef f(m: PreTrainedModel, x: torch.Tensor):\n    return m.get_input_embeddings().weight.numpy(), m(x).numpy()"),
    "an annotated optimiser trains": ("CNV203", "def f(m: nn.Module, o: torch.optim.Adam, loss):\n    old = m.state_dict()\n    loss.backward()\n    o.step()\n    m.load_state_dict(old)"),
    "Annotated": ("CNV101", "from typing import Annotated\ndef f(x: Annotated[torch.Tensor, 'b c']):\n    return x.cuda().numpy()"),
    "jaxtyping": ("CNV101", "from jaxtyping import Float\ndef f(x: Float[torch.Tensor, 'b c']):\n    return x.cuda().numpy()"),
    "NDArray": ("CNV204", "from numpy.typing import NDArray\ndef f(a: NDArray[np.float32]):\n    t = torch.from_numpy(a)\n    t.mul_(2)\n    return t"),
    "star arguments of a kind": ("CNV101", "def f(*xs: torch.Tensor):\n    return [x.cuda().numpy() for x in xs]"),
    # containers
    "lists added": ("CNV121", "def f():\n    q = [torch.ones(2).cuda()] + [torch.ones(2)]\n    return np.stack(q)"),
    "dict()": ("CNV101", "def f():\n    d = dict(x=torch.ones(2).cuda())\n    return d['x'].numpy()"),
    "a dict in a dict": ("CNV101", "def f(other):\n    a = {'x': torch.ones(2).cuda()}\n    b = {**a, **other}\n    return b['x'].numpy()"),
    "update with another dict": ("CNV101", "def f(k):\n    a = {'x': torch.ones(2).cuda()}\n    a[k] = torch.ones(2)\n    b = {}\n    b.update(a)\n    return b['x'].numpy()"),
    "filter": ("CNV101", "def f(keep):\n    return [x.numpy() for x in filter(keep, [torch.ones(2).cuda()])]"),
    "zip of unpacked lists": ("CNV101", "def f():\n    pairs = [(torch.ones(2).cuda(), torch.ones(2).cuda())]\n    for a in zip(*pairs):\n        a[0].numpy()"),
    "a starred target": ("CNV101", "def f():\n    a, *b = [torch.ones(2).cuda(), torch.ones(2).cuda()]\n    return b[0].numpy()"),
    "a slice of a list": ("CNV101", "def f():\n    q = [torch.ones(2).cuda(), torch.ones(2).cuda()]\n    return q[1:][0].numpy()"),
    "an item that grows": ("CNV121", "def f(k, n):\n    d = {'a': [torch.ones(2).cuda()]}\n    d['a'] += [torch.ones(2)]\n    return np.stack(d['a'])"),
    "a copied list": ("CNV121", "def f():\n    q = [torch.ones(2).cuda()]\n    return np.stack(q.copy())"),
    "deque with a start": ("CNV121", "def f(x: torch.Tensor):\n    return np.stack(deque([x.cuda()]))"),
    # tensors
    "T": ("CNV101", "def f():\n    return torch.ones(2, 2).cuda().T.numpy()"),
    "chunk": ("CNV101", "def f(x: torch.Tensor):\n    return x.cuda().chunk(2)[0].numpy()"),
    "a dtype by name": ("CNV101", "def f(x: torch.Tensor):\n    return x.cuda().type('torch.FloatTensor').numpy()"),
    "requires_grad=True of a table's function": ("CNV102", "def f(x: torch.Tensor):\n    return torch.ones_like(x, requires_grad=True).numpy()"),
    "Variable": ("CNV101", "from torch.autograd import Variable\ndef f(x):\n    return Variable(x).cuda().numpy()"),
    "a Variable that requires grad": ("CNV102", "from torch.autograd import Variable\ndef f(x: torch.Tensor):\n    return Variable(x, requires_grad=True).numpy()"),
    "where of one argument": ("CNV101", "def f(x: torch.Tensor):\n    return torch.where(x.cuda())[0].numpy()"),
    "a legacy constructor with sizes": ("CNV401", "def f():\n    return torch.FloatTensor(2, 3).item()"),
    "size=": ("CNV401", "def f():\n    return torch.zeros(size=(2, 3)).item()"),
    "new axis": ("CNV401", "def f():\n    return torch.ones(3)[None].item()"),
    "keepdim": ("CNV401", "def f():\n    return torch.ones(3, 4).sum(dim=1, keepdim=True).item()"),
    "an unseen name for a device": ("CNV101", "def f(x: torch.Tensor, args):\n    return x.to(torch.device(args.device)).numpy()"),
    "a module's device": ("CNV101", "def f(x: torch.Tensor):\n    m = nn.Linear(2, 2).cuda()\n    return x.to(m.device).numpy()"),
    "autocast on the CPU": ("CNV103", "def f(x: torch.Tensor):\n    m = nn.Linear(2, 2)\n    with torch.no_grad(), torch.autocast('cpu'):\n        return m(x).numpy()"),
    "unbound method without a receiver": ("CNV101", "def f(x: torch.Tensor):\n    torch.Tensor.abs()\n    return x.cuda().numpy()"),
    # modules
    "forward by name": ("CNV102", "def f(x: torch.Tensor):\n    return nn.Linear(2, 2).forward(x).numpy()"),
    "a module inside DataParallel": ("CNV101", "def f(x: torch.Tensor):\n    m = nn.DataParallel(nn.Linear(2, 2)).module\n    return nn.Sequential(nn.Linear(2, 2).cuda())(x).detach().numpy()"),
    "children": ("CNV102", "def f(m: nn.Module, x: torch.Tensor):\n    for child in m.children():\n        x = child(x)\n    return x.numpy()"),
    "frozen and thawed": ("CNV102", "def f(x: torch.Tensor):\n    m = nn.Linear(2, 2)\n    m.requires_grad_(False)\n    m.requires_grad_(True)\n    return m(x).numpy()"),
    "elementwise module": ("CNV401", "def f():\n    return nn.ReLU()(torch.ones(3)).item()"),
    "a known library's model": ("CNV102", "import torchvision\ndef f(x: torch.Tensor):\n    return torchvision.models.resnet18()(x).numpy()"),
    "a method of something called model": ("CNV101", "def f(model, x: torch.Tensor):\n    return model.encode(x.cuda()).numpy()"),
    "moved as a statement": ("CNV101", "def f(thing, x: torch.Tensor):\n    thing.to('cuda')\n    return thing(x).detach().numpy()"),
    "a guess that is called": ("CNV101", "def f(thing, x: torch.Tensor):\n    thing = thing.to('cuda')\n    return thing(x).detach().numpy()"),
    "a reduction nobody knows": ("CNV403", "def f(r):\n    return float(nn.MSELoss(reduction=r)(torch.ones(3, requires_grad=True), torch.ones(3)))"),
    # classes
    "class method": ("CNV101", """
        class A:
            @classmethod
            def make(cls):
                return torch.ones(2).cuda()
            @classmethod
            def f(cls):
                return cls.make().numpy()
        def g():
            return A.make().numpy()
    """),
    "static method": ("CNV101", """
        class A:
            @staticmethod
            def make():
                return torch.ones(2).cuda()
            def f(self):
                return self.make().numpy()
    """),
    "a property that gives a function": ("CNV101", """
        class A:
            @property
            def act(self):
                return lambda x: x.cuda()
            def f(self, x: torch.Tensor):
                return self.act(x).numpy()
    """),
    "a module without forward": ("CNV101", """
        class A(nn.Module):
            pass
        def f(x: torch.Tensor):
            return A().cuda()(x).detach().numpy()
    """),
    "an own loader": ("CNV201", """
        from torch.utils.data import DataLoader
        class Batches(DataLoader):
            pass
        def f(d):
            a = np.ones(3)
            t = torch.from_numpy(a)
            for batch in Batches(d):
                a += 1
            return t
    """),
    "configuration": ("CNV101", """
        class A(nn.Module):
            def f(self, x: torch.Tensor):
                if self.training and not self.training:
                    return x.numpy()
                return x.cuda().numpy()
    """),
    "a constant of the class": ("CNV101", """
        class A:
            PLACE = 'cuda'
            def f(self, x: torch.Tensor):
                return x.to(self.PLACE).numpy(), x.to(A.PLACE).numpy()
    """),
    "static without parameters": ("CNV101", """
        class A:
            def oops():
                return torch.ones(2).cuda().numpy()
    """),
    # conditions
    "the device's name decides": ("CNV101", "def f(x: torch.Tensor, device):\n    device = torch.device(device)\n    x = x.to(device)\n    if device == 'cuda':\n        return x.numpy()"),
    "a device compared with a device": ("CNV101", "def f(x: torch.Tensor, device):\n    if x.device == torch.device('cuda'):\n        return x.numpy()"),
    "a chain too long to follow": ("CNV101", "def f(x: torch.Tensor, a, b, c, d, e, g):\n    x = x.cuda()\n    if a or b or c or d or e or g:\n        return x.numpy()"),
    "walrus in a condition": ("CNV101", "def f(x: torch.Tensor, g):\n    if y := g():\n        return x.cuda().numpy(), y"),
    "a type nobody knows": ("CNV101", "def f(x: torch.Tensor, kinds):\n    x = x.cuda()\n    if isinstance(x, kinds):\n        return x.numpy()"),
    # statements
    "on one line": ("CNV101", "def f(x: torch.Tensor):\n    if x is not None: x = x.cuda(); x = x + 1\n    return x.numpy()"),
    "finally after a return": ("CNV101", "def f(x: torch.Tensor):\n    try:\n        return x\n    finally:\n        x.cuda().numpy()"),
    "await": ("CNV101", "async def f(x: torch.Tensor):\n    async def g(y):\n        return y.cuda()\n    return (await g(x)).numpy()"),
    "an empty yield": ("CNV101", "def f(x: torch.Tensor):\n    yield\n    x.cuda().numpy()"),
    "yield from": ("CNV101", "def g(x: torch.Tensor):\n    yield from [x.cuda()]\ndef f(x: torch.Tensor):\n    return next(g(x)).numpy()"),
    "star of an unknown length": ("CNV101", "def g(a, b):\n    return b.numpy()\ndef f(x: torch.Tensor):\n    return g(*[x.cuda() for _ in range(2)], x)"),
    "an import inside": ("CNV101", "def f(x: torch.Tensor):\n    from os.path import *\n    return x.cuda().numpy()"),
    "a matrix by use": ("CNV401", "def f(x):\n    y = torch.transpose(x, 0, 1)\n    return x.item(), y"),
    # NumPy
    "a view of a view": ("CNV201", "def f():\n    a = np.ones((2, 3))\n    t = torch.from_numpy(np.ravel(a))\n    a += 1\n    return t"),
    "transposed array": ("CNV201", "def f():\n    a = np.ones((2, 3))\n    t = torch.from_numpy(a.T)\n    a += 1\n    return t"),
    "reshaped array": ("CNV201", "def f():\n    a = np.ones((2, 3))\n    t = torch.from_numpy(a.reshape(6))\n    a += 1\n    return t"),
    "astype without a copy": ("CNV201", "def f():\n    a = np.ones(3)\n    t = torch.from_numpy(a.astype('float64', copy=False))\n    a += 1\n    return t"),
    "a row of an array": ("CNV201", "def f():\n    a = np.ones((2, 3))\n    for row in a:\n        t = torch.from_numpy(row)\n        row += 1\n        yield t"),
    "pyplot's figure": ("CNV111", "import matplotlib.pyplot as plt\ndef f(x: torch.Tensor):\n    ax = plt.figure().add_subplot()\n    ax.plot(x.cuda())"),
}

QUIET = {
    "narrowed by the same test": "def f(x: torch.Tensor, a, b):\n    if a and b:\n        x = x.cuda()\n    if not (a and b):\n        return x.numpy()",
    "a condition and its opposite": "def f(x: torch.Tensor, a):\n    x = x.cuda()\n    if a:\n        if not a:\n            return x.numpy()",
    "available, or on the CPU": "def f(x: torch.Tensor):\n    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')\n    x = x.to(device)\n    if device.type == 'cpu':\n        return x.numpy()",
    "a device taken from arguments": "def f(x: torch.Tensor, args):\n    x = x.to(args.device)\n    if str(args.device) == 'cpu':\n        return 1\n    return x.shape",
    "the dtype that is chosen": "def f(x: torch.Tensor, half):\n    dtype = torch.bfloat16 if half else torch.float32\n    if dtype == torch.float32:\n        return x.to(dtype).numpy()",
    "a decorator that switches grad off": "@torch.set_grad_enabled(False)\ndef f(m: nn.Module, x: torch.Tensor):\n    return m(x).numpy()",
    "a custom function": """
        class Double(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x: torch.Tensor, w: nn.Parameter):
                return torch.from_numpy((x * w).numpy())
        def f(x: torch.Tensor):
            return Double()
    """,
    "Lightning's validation": """
        class M(nn.Module):
            def validation_step(self, batch: torch.Tensor):
                return self(batch).numpy()
    """,
    "an attribute of an array": "def f(a: np.ndarray, m: nn.Module):\n    return float(a.size), a.dtype == np.float32, a.real, m.training, np.clip(3, 0, 1), -a, np.clip(a.ndim, 0, 1)",
    "empty at once": "def f():\n    q = [torch.ones(2).cuda()]\n    q.clear()\n    return np.stack(q)",
    "keys": "def f():\n    d = {'a': torch.ones(2).cuda()}\n    return np.array([k for k in d]), d.copy().keys()",
    "frozen": "def f(x: torch.Tensor):\n    m = nn.Linear(2, 2).requires_grad_(False)\n    return m(x).numpy()",
    "a text in slices": "def f(n):\n    return np.array('abc'[1:]), np.array(f'{n}')",
    "never looked at": "def f(x: torch.Tensor):\n    return [y.numpy() for y in [x.cuda()] if y is None]",
    "and with a constant": "def f(x: torch.Tensor):\n    return False and x.cuda().numpy()",
    "None where a dtype could be": "def f(x: torch.Tensor):\n    return x.to(None).numpy()",
    "numbers of a default factory": "def f():\n    d = defaultdict(float)\n    d['a'] += 1.0\n    return np.array([d['a']])",
}


@pytest.mark.parametrize(("expected", "code"), FOUND.values(), ids=FOUND.keys())
def test_found(expected: str, code: str) -> None:
    assert expected in found(code)


@pytest.mark.parametrize("code", QUIET.values(), ids=QUIET.keys())
def test_quiet(code: str) -> None:
    assert found(code) == set()
