"""Corners of the analysis: annotations, containers, classes, devices and conditions that programs really have."""

# ruff: noqa: E501 (a snippet on one line is easier to read than one folded to fit)

from __future__ import annotations

import pytest
from snippets import HEADER, codes_shown, found

FOUND = {
    "issubclass": (
        "CNV113",
        "def g(d, k):\n    return torch.as_tensor(d) if issubclass(k, torch.Tensor) else np.asarray(d)\ndef f(d):\n    return np.ones(3) - g(d, torch.Tensor)",
    ),
    # attributes by name
    "an attribute of a known name": (
        "CNV101",
        "class A:\n    def __init__(self):\n        setattr(self, 'x', torch.ones(3).cuda())\n    def f(self):\n        return self.x.numpy()",
    ),
    "one of several attributes": (
        "CNV101",
        "class A:\n    def __init__(self):\n        for i in range(3):\n            setattr(self, 'x%d' % i, torch.ones(3).cuda())\n    def f(self, i):\n        return getattr(self, 'x' + str(i)).numpy()",
    ),
    "one of several attributes, or a default": (
        "CNV101",
        "class A:\n    def __init__(self, i):\n        setattr(self, f'x{i}', torch.ones(3))\n    def f(self, i):\n        return getattr(self, f'x{i}', torch.ones(3).cuda()).numpy()",
    ),
    "the last of several attributes": (
        "CNV101",
        "class A:\n    def f(self, i):\n        setattr(self, f'x{i}', torch.ones(3))\n        setattr(self, f'x{i}', torch.ones(3).cuda())\n        return getattr(self, f'x{i}').numpy()",
    ),
    # annotations
    "a quoted annotation that is a mistake": (
        "CNV101",
        "def f(x: 'torch.Tensor[', y: 1):\n    x = torch.ones(2).cuda()\n    return x.numpy()",
    ),
    "a model of transformers": (
        "CNV102",
        "from transformers import PreTrainedModel\ndef f(m: PreTrainedModel, x: torch.Tensor):\n    return m.get_input_embeddings().weight.numpy(), m(x).numpy()",
    ),
    "an annotated optimiser trains": (
        "CNV203",
        "def f(m: nn.Module, o: torch.optim.Adam, loss):\n    old = m.state_dict()\n    loss.backward()\n    o.step()\n    m.load_state_dict(old)",
    ),
    "Annotated": (
        "CNV101",
        "from typing import Annotated\ndef f(x: Annotated[torch.Tensor, 'b c']):\n    return x.cuda().numpy()",
    ),
    "jaxtyping": (
        "CNV101",
        "from jaxtyping import Float\ndef f(x: Float[torch.Tensor, 'b c']):\n    return x.cuda().numpy()",
    ),
    "NDArray": (
        "CNV204",
        "from numpy.typing import NDArray\ndef f(a: NDArray[np.float32]):\n    t = torch.from_numpy(a)\n    t.mul_(2)\n    return t",
    ),
    "star arguments of a kind": ("CNV101", "def f(*xs: torch.Tensor):\n    return [x.cuda().numpy() for x in xs]"),
    # containers
    "lists added": ("CNV121", "def f():\n    q = [torch.ones(2).cuda()] + [torch.ones(2)]\n    return np.stack(q)"),
    "dict()": ("CNV101", "def f():\n    d = dict(x=torch.ones(2).cuda())\n    return d['x'].numpy()"),
    "a dict in a dict": (
        "CNV101",
        "def f(other):\n    a = {'x': torch.ones(2).cuda()}\n    b = {**a, **other}\n    return b['x'].numpy()",
    ),
    "update with another dict": (
        "CNV101",
        "def f(k):\n    a = {'x': torch.ones(2).cuda()}\n    a[k] = torch.ones(2)\n    b = {}\n    b.update(a)\n    return b['x'].numpy()",
    ),
    "filter": ("CNV101", "def f(keep):\n    return [x.numpy() for x in filter(keep, [torch.ones(2).cuda()])]"),
    "zip of unpacked lists": (
        "CNV101",
        "def f():\n    pairs = [(torch.ones(2).cuda(), torch.ones(2).cuda())]\n    for a in zip(*pairs):\n        a[0].numpy()",
    ),
    "a starred target": (
        "CNV101",
        "def f():\n    a, *b = [torch.ones(2).cuda(), torch.ones(2).cuda()]\n    return b[0].numpy()",
    ),
    "a slice of a list": (
        "CNV101",
        "def f():\n    q = [torch.ones(2).cuda(), torch.ones(2).cuda()]\n    return q[1:][0].numpy()",
    ),
    "an item that grows": (
        "CNV121",
        "def f(k, n):\n    d = {'a': [torch.ones(2).cuda()]}\n    d['a'] += [torch.ones(2)]\n    return np.stack(d['a'])",
    ),
    "a copied list": ("CNV121", "def f():\n    q = [torch.ones(2).cuda()]\n    return np.stack(q.copy())"),
    "deque with a start": ("CNV121", "def f(x: torch.Tensor):\n    return np.stack(deque([x.cuda()]))"),
    # tensors
    "T": ("CNV101", "def f():\n    return torch.ones(2, 2).cuda().T.numpy()"),
    "chunk": ("CNV101", "def f(x: torch.Tensor):\n    return x.cuda().chunk(2)[0].numpy()"),
    "a dtype by name": ("CNV101", "def f(x: torch.Tensor):\n    return x.cuda().type('torch.FloatTensor').numpy()"),
    "requires_grad=True of a table's function": (
        "CNV102",
        "def f(x: torch.Tensor):\n    return torch.ones_like(x, requires_grad=True).numpy()",
    ),
    "Variable": ("CNV101", "from torch.autograd import Variable\ndef f(x):\n    return Variable(x).cuda().numpy()"),
    "a Variable that requires grad": (
        "CNV102",
        "from torch.autograd import Variable\ndef f(x: torch.Tensor):\n    return Variable(x, requires_grad=True).numpy()",
    ),
    "where of one argument": ("CNV101", "def f(x: torch.Tensor):\n    return torch.where(x.cuda())[0].numpy()"),
    "a legacy constructor with sizes": ("CNV401", "def f():\n    return torch.FloatTensor(2, 3).item()"),
    "size=": ("CNV401", "def f():\n    return torch.zeros(size=(2, 3)).item()"),
    "new axis": ("CNV401", "def f():\n    return torch.ones(3)[None].item()"),
    "keepdim": ("CNV401", "def f():\n    return torch.ones(3, 4).sum(dim=1, keepdim=True).item()"),
    "an unseen name for a device": (
        "CNV101",
        "def f(x: torch.Tensor, args):\n    return x.to(torch.device(args.device)).numpy()",
    ),
    "a module's device": (
        "CNV101",
        "def f(x: torch.Tensor):\n    m = nn.Linear(2, 2).cuda()\n    return x.to(m.device).numpy()",
    ),
    "autocast on the CPU": (
        "CNV103",
        "def f(x: torch.Tensor):\n    m = nn.Linear(2, 2)\n    with torch.no_grad(), torch.autocast('cpu'):\n        return m(x).numpy()",
    ),
    "unbound method without a receiver": (
        "CNV101",
        "def f(x: torch.Tensor):\n    torch.Tensor.abs()\n    return x.cuda().numpy()",
    ),
    # modules
    "forward by name": ("CNV102", "def f(x: torch.Tensor):\n    return nn.Linear(2, 2).forward(x).numpy()"),
    "a module inside DataParallel": (
        "CNV101",
        "def f(x: torch.Tensor):\n    m = nn.DataParallel(nn.Linear(2, 2)).module\n    return nn.Sequential(nn.Linear(2, 2).cuda())(x).detach().numpy()",
    ),
    "children": (
        "CNV102",
        "def f(m: nn.Module, x: torch.Tensor):\n    for child in m.children():\n        x = child(x)\n    return x.numpy()",
    ),
    "frozen and thawed": (
        "CNV102",
        "def f(x: torch.Tensor):\n    m = nn.Linear(2, 2)\n    m.requires_grad_(False)\n    m.requires_grad_(True)\n    return m(x).numpy()",
    ),
    "elementwise module": ("CNV401", "def f():\n    return nn.ReLU()(torch.ones(3)).item()"),
    "a known library's model": (
        "CNV102",
        "import torchvision\ndef f(x: torch.Tensor):\n    return torchvision.models.resnet18()(x).numpy()",
    ),
    "a method of something called model": (
        "CNV101",
        "def f(model, x: torch.Tensor):\n    return model.encode(x.cuda()).numpy()",
    ),
    "moved as a statement": (
        "CNV101",
        "def f(thing, x: torch.Tensor):\n    thing.to('cuda')\n    return thing(x).detach().numpy()",
    ),
    "a guess that is called": (
        "CNV101",
        "def f(thing, x: torch.Tensor):\n    thing = thing.to('cuda')\n    return thing(x).detach().numpy()",
    ),
    "a reduction nobody knows": (
        "CNV403",
        "def f(r):\n    return float(nn.MSELoss(reduction=r)(torch.ones(3, requires_grad=True), torch.ones(3)))",
    ),
    # classes
    "class method": (
        "CNV101",
        """
        class A:
            @classmethod
            def make(cls):
                return torch.ones(2).cuda()
            @classmethod
            def f(cls):
                return cls.make().numpy()
        def g():
            return A.make().numpy()
    """,
    ),
    "static method": (
        "CNV101",
        """
        class A:
            @staticmethod
            def make():
                return torch.ones(2).cuda()
            def f(self):
                return self.make().numpy()
    """,
    ),
    "a property that gives a function": (
        "CNV101",
        """
        class A:
            @property
            def act(self):
                return lambda x: x.cuda()
            def f(self, x: torch.Tensor):
                return self.act(x).numpy()
    """,
    ),
    "a module without forward": (
        "CNV101",
        """
        class A(nn.Module):
            pass
        def f(x: torch.Tensor):
            return A().cuda()(x).detach().numpy()
    """,
    ),
    "an own loader": (
        "CNV201",
        """
        from torch.utils.data import DataLoader
        class Batches(DataLoader):
            pass
        def f(d):
            a = np.ones(3)
            t = torch.from_numpy(a)
            for batch in Batches(d):
                a += 1
            return t
    """,
    ),
    "configuration": (
        "CNV101",
        """
        class A(nn.Module):
            def f(self, x: torch.Tensor):
                if self.training and not self.training:
                    return x.numpy()
                return x.cuda().numpy()
    """,
    ),
    "a constant of the class": (
        "CNV101",
        """
        class A:
            PLACE = 'cuda'
            def f(self, x: torch.Tensor):
                return x.to(self.PLACE).numpy(), x.to(A.PLACE).numpy()
    """,
    ),
    "static without parameters": (
        "CNV101",
        """
        class A:
            def oops():
                return torch.ones(2).cuda().numpy()
    """,
    ),
    # conditions
    "the device's name decides": (
        "CNV101",
        "def f(x: torch.Tensor, device):\n    device = torch.device(device)\n    x = x.to(device)\n    if device == 'cuda':\n        return x.numpy()",
    ),
    "a device compared with a device": (
        "CNV101",
        "def f(x: torch.Tensor, device):\n    if x.device == torch.device('cuda'):\n        return x.numpy()",
    ),
    "a chain too long to follow": (
        "CNV101",
        "def f(x: torch.Tensor, a, b, c, d, e, g):\n    x = x.cuda()\n    if a or b or c or d or e or g:\n        return x.numpy()",
    ),
    "walrus in a condition": (
        "CNV101",
        "def f(x: torch.Tensor, g):\n    if y := g():\n        return x.cuda().numpy(), y",
    ),
    "a type nobody knows": (
        "CNV101",
        "def f(x: torch.Tensor, kinds):\n    x = x.cuda()\n    if isinstance(x, kinds):\n        return x.numpy()",
    ),
    # statements
    "on one line": (
        "CNV101",
        "def f(x: torch.Tensor):\n    if x is not None: x = x.cuda(); x = x + 1\n    return x.numpy()",
    ),
    "finally after a return": (
        "CNV101",
        "def f(x: torch.Tensor):\n    try:\n        return x\n    finally:\n        x.cuda().numpy()",
    ),
    "await": (
        "CNV101",
        "async def f(x: torch.Tensor):\n    async def g(y):\n        return y.cuda()\n    return (await g(x)).numpy()",
    ),
    "an empty yield": ("CNV101", "def f(x: torch.Tensor):\n    yield\n    x.cuda().numpy()"),
    "yield from": (
        "CNV101",
        "def g(x: torch.Tensor):\n    yield from [x.cuda()]\ndef f(x: torch.Tensor):\n    return next(g(x)).numpy()",
    ),
    "star of an unknown length": (
        "CNV101",
        "def g(a, b):\n    return b.numpy()\ndef f(x: torch.Tensor):\n    return g(*[x.cuda() for _ in range(2)], x)",
    ),
    "an import inside": ("CNV101", "def f(x: torch.Tensor):\n    from os.path import *\n    return x.cuda().numpy()"),
    "a matrix by use": ("CNV401", "def f(x):\n    y = torch.transpose(x, 0, 1)\n    return x.item(), y"),
    # NumPy
    "a view of a view": (
        "CNV201",
        "def f():\n    a = np.ones((2, 3))\n    t = torch.from_numpy(np.ravel(a))\n    a += 1\n    return t",
    ),
    "transposed array": (
        "CNV201",
        "def f():\n    a = np.ones((2, 3))\n    t = torch.from_numpy(a.T)\n    a += 1\n    return t",
    ),
    "reshaped array": (
        "CNV201",
        "def f():\n    a = np.ones((2, 3))\n    t = torch.from_numpy(a.reshape(6))\n    a += 1\n    return t",
    ),
    "astype without a copy": (
        "CNV201",
        "def f():\n    a = np.ones(3)\n    t = torch.from_numpy(a.astype('float64', copy=False))\n    a += 1\n    return t",
    ),
    "a row of an array": (
        "CNV201",
        "def f():\n    a = np.ones((2, 3))\n    for row in a:\n        t = torch.from_numpy(row)\n        row += 1\n        yield t",
    ),
    # corners
    "a loader as a parameter": (
        "CNV101",
        "def f(batches: torch.utils.data.DataLoader):\n    for x in batches:\n        x.cuda().numpy()",
    ),
    "an attribute somewhere else": (
        "CNV101",
        "def f(g, x: torch.Tensor):\n    g().x = 1\n    g().n += 1\n    return x.cuda().numpy()",
    ),
    "an output's attribute": (
        "CNV102",
        "def f(model, x: torch.Tensor):\n    model.train()\n    model.parameters()\n    return model(x).logits.numpy()",
    ),
    "backward on something unknown": (
        "CNV203",
        "def f(m: nn.Module, o: torch.optim.Adam, get):\n    old = m.state_dict()\n    get().backward()\n    o.step()\n    m.load_state_dict(old)",
    ),
    "a dtype as a function": (
        "CNV111",
        "def f(x: torch.Tensor):\n    to = np.float32\n    return to(x.cuda()), to(), to([1, 2])",
    ),
    "a tensor that is called": (
        "CNV101",
        "def f(x: torch.Tensor):\n    layer = x.cuda()\n    return layer(1).detach().numpy()",
    ),
    "moved by an unknown object": (
        "CNV101",
        "def f(m: nn.Module, x: torch.Tensor, where):\n    m.cuda()\n    m.to(where)\n    m.cuda()\n    return m(x).detach().numpy()",
    ),
    "requires_grad of something unknown": (
        "CNV102",
        "def f(get, x: torch.Tensor):\n    y = get()\n    y.requires_grad = True\n    return y.numpy()",
    ),
    "requires_grad of a guess": (
        "CNV102",
        "def f(d):\n    for x in torch.utils.data.DataLoader(d):\n        x.requires_grad = True\n        x.numpy()",
    ),
    "deeply nested lists": (
        "CNV101",
        "def f():\n    q = []\n    q.append([[[torch.ones(2)]]])\n    d = {}\n    d['a'] = {'b': {'c': {'d': q}}}\n    return torch.ones(2).cuda().numpy()",
    ),
    "two targets for three": (
        "CNV101",
        "def f(x: torch.Tensor):\n    a, b = (1, 2, x)\n    return x.cuda().numpy(), a",
    ),
    "a tuple assigned to": (
        "CNV101",
        "def f(x: torch.Tensor, g):\n    t = torch.ones(2)\n    t[0] = x\n    g[0] = 1\n    'ab'[0]\n    return x.cuda().numpy()",
    ),
    "many steps": (
        "CNV101",
        "def f(x: torch.Tensor):\n    x = x.cuda()\n"
        + "".join("    x = nn.Linear(2, 2)(x)\n" for _ in range(8))
        + "    return x.detach().numpy()",
    ),
    "with a target at module level": (
        "CNV101",
        "with open('a') as file:\n    text = file.read()\nA = type('A', (), {})\nA.b = 1\ndef f(x: torch.Tensor):\n    return x.cuda().numpy(), text",
    ),
    "where of branches": (
        "CNV102",
        "def f(m: torch.Tensor):\n    w = torch.ones(2, requires_grad=True)\n    return torch.where(m > 0, w, m).numpy(), torch.cuda.current_device()",
    ),
    "no arguments at all": (
        "CNV101",
        "def f():\n    torch.as_tensor()\n    torch.autograd.grad()\n    return torch.ones(1).cuda().numpy()",
    ),
    "an unknown device object": (
        "CNV101",
        "def f(x: torch.Tensor, place):\n    return x.to(torch.device(place)).numpy()",
    ),
    "gradients computed by hand": (
        "CNV101",
        "def f(x: torch.Tensor):\n    w = torch.ones(2, device='cuda', requires_grad=True)\n    return torch.autograd.grad((w * x).sum(), w)[0].numpy()",
    ),
    "a shape from something": ("CNV401", "def f(n):\n    return (torch.ones(n, 3) + torch.ones(3)).item()"),
    "an image's parts": (
        "CNV201",
        "def f():\n    a = np.ones((2, 3))\n    t = torch.from_numpy(a[:, 0:1])\n    a += 1\n    return t",
    ),
    "a keyword nobody passes": (
        "CNV101",
        "def g(x, *, where, then=None):\n    return x.numpy()\ndef f(x: torch.Tensor):\n    return g(x.cuda())",
    ),
    "a chain of writes through helpers": (
        "CNV201",
        "def bump(a, n):\n    a += n\ndef f():\n    a = np.ones(3)\n    t = torch.from_numpy(a)\n    bump(a, n=2)\n    return t",
    ),
    "a method that writes its argument": (
        "CNV201",
        "class A:\n    def bump(self, a):\n        a += 1\ndef f():\n    a = np.ones(3)\n    t = torch.from_numpy(a)\n    A().bump(a)\n    return t",
    ),
    "the loop of a comprehension": (
        "CNV201",
        "def f():\n    a = np.ones(3)\n    t = torch.from_numpy(a)\n    for i in range(3):\n        a[i] = i\n        if i:\n            continue\n    return [t for _ in range(2) if t is not None]",
    ),
    "pyplot's figure": (
        "CNV111",
        "import matplotlib.pyplot as plt\ndef f(x: torch.Tensor):\n    ax = plt.figure().add_subplot()\n    ax.plot(x.cuda())",
    ),
}

QUIET = {
    "issubclass": """
        def convert(data, kind=None):
            kind = kind or type(data)
            if issubclass(kind, torch.Tensor):
                return torch.as_tensor(data), kind
            return np.asarray(data), kind

        def f(data, n):
            array, _ = convert(data, np.ndarray)
            return np.ones(n) - array
    """,
    "an attribute of any name": """
        class A:
            def __init__(self):
                for name in ("a", "b"):
                    setattr(self, name, torch.ones(3).cuda())

            def f(self, name):
                return getattr(self, name).numpy(), getattr(self, f"a{name}").numpy(), self.a1.numpy()
    """,
    "what slices leave is not known": "def f():\n    return torch.ones(4, 5, 6)[1:, 2, :].item()",
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
    "a hook that does not clone": "def hook(module, inputs, output):\n    return None\ndef f(m: nn.Module):\n    m.register_forward_hook(hook)",
    "restored without training": "def f(m: nn.Module):\n    old = m.state_dict()\n    m.load_state_dict(old)",
    "kinds nobody knows of": "def f(x: Optional[torch.Tensor], y):\n    if x is None or y:\n        return None\n    return x.cpu().numpy() if isinstance(x, (torch.Tensor, y)) else x",
    "all of it impossible": "def f():\n    x = None\n    y = 0\n    if x or y:\n        return torch.ones(2).cuda().numpy()",
    "meta is no place for tests": "def f(x: torch.Tensor):\n    if x.device.type == 'meta':\n        return None\n    return x.shape",
    "a number divided": "def f(n: int):\n    return np.sqrt(n), np.array([n])[0].real, np.zeros((n, 2)).shape[0], np.where(np.ones(2) > 1)",
    "numbers of a default factory": "def f():\n    d = defaultdict(float)\n    d['a'] += 1.0\n    return np.array([d['a']])",
}


@pytest.mark.parametrize(("expected", "code"), FOUND.values(), ids=FOUND.keys())
def test_found(expected: str, code: str) -> None:
    assert expected in found(code)


@pytest.mark.parametrize("code", QUIET.values(), ids=QUIET.keys())
def test_quiet(code: str) -> None:
    assert found(code) == set()


APART = {
    "after a test for None": """
        def f(x: torch.Tensor, valid: Optional[torch.Tensor]):
            if valid is None:
                x = x.cuda()
            else:
                x = x + 1
            return 1 if valid is None else x.numpy()
    """,
    "by what a call gave": """
        def f(x: torch.Tensor, check):
            flag = check()
            if flag:
                x = x.cuda()
            if flag:
                x = x.cpu()
            return x.numpy()
    """,
    "by an expression of calls": """
        def f(x: torch.Tensor, mode, check):
            wanted = check(mode) == 3
            y = x.cuda() if wanted else x
            return y.numpy() if not wanted else y
    """,
    "items of one unknown result": """
        class A:
            def collect(self, env, store):
                while True:
                    obs, rewards = env.step(1)
                    state = torch.as_tensor(obs)
                    rewards += 1
                    store(state, rewards, obs)
    """,
    "one parameter of a module and another": """
        def f(module: nn.Linear):
            weight, bias = module.weight.data, module.bias.data
            weight.mul_(2)
            bias.add_(1)
            return weight, bias
    """,
}

TOGETHER = {
    "a flag that is asked for again": """
        def f(x: torch.Tensor, check):
            flag = check()
            if flag:
                x = x.cuda()
            flag = check()
            if flag:
                x = x.cpu()
            return x.numpy()
    """,
    "a flag of every round": """
        def f(x: torch.Tensor, check):
            for _ in range(3):
                flag = check()
                if not flag:
                    x.numpy()
                if flag:
                    x = x.cuda()
    """,
}


@pytest.mark.parametrize("code", APART.values(), ids=APART.keys())
def test_told_apart(code: str) -> None:
    assert found(code) == set()


@pytest.mark.parametrize("code", TOGETHER.values(), ids=TOGETHER.keys())
def test_not_told_apart(code: str) -> None:
    assert "CNV101" in found(code)


def test_a_loop_over_old_and_new_allocations() -> None:
    code = """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks = nn.ModuleList([])
                self.first = nn.Conv2d(1, 1, 1)

            def _through(self, x, extras):
                seen: list[torch.Tensor] = [x]
                for block in self.blocks:
                    x, parts = block(x)
                    seen.extend(parts)
                new: list[torch.Tensor] = []
                for one, extra in zip(seen, extras):
                    one += extra
                    new.append(one)
                return x, new

            def forward(self, x, extras: tuple[torch.Tensor]):
                x, _ = self._through(self.first(x), extras)
                return x
    """
    assert "CNV203" not in found(code)


def test_the_weight_of_a_module_that_is_passed_is_there_to_be_written() -> None:
    code = """
        def doubled(layer):
            values = layer.{}.numpy()
            values *= 2
            return values
    """
    assert "CNV204" not in found(code.format("weight.detach()"))
    assert "CNV204" not in found(code.format("bias"))
    assert "CNV204" in found(code.format("table"))


def test_each_round_keeps_the_part_of_an_object_of_its_own() -> None:
    code = """
        def frames(records):
            kept = []
            for record in records:
                frame = torch.from_numpy(record.frame)
                frame += 1
                kept.append(frame)
            return kept
    """
    assert found(code) == {"CNV204"}  # the next round reads another record


NAMED_TYPES = {
    "the name of its type": ({"CNV101"}, "x", 'type(x).__name__ == "Tensor"'),
    "the name of its class": (set(), "x: torch.Tensor", 'x.__class__.__name__ == "ndarray"'),
    "some other name": ({"CNV101"}, "x: torch.Tensor", 'x.module.__name__ == "ndarray"'),
}


@pytest.mark.parametrize(("codes", "parameter", "test"), NAMED_TYPES.values(), ids=NAMED_TYPES)
def test_a_type_is_asked_for_by_its_name(codes: set[str], parameter: str, test: str) -> None:
    assert found(f"def f({parameter}):\n    if {test}:\n        return x.cuda().numpy()\n") == codes


def test_only_what_is_surely_apart_raises_before() -> None:
    code = """
        def f(args):
            x, y = torch.ones(3, device={}), torch.ones(3)
            z = x + y
            return x.numpy(), z
    """
    assert found(code.format("args.device")) == {"CNV101"}
    assert found(code.format('"cuda"')) == set()


def test_some_functions_of_numpy_convert_what_is_in_a_list_only() -> None:
    assert found("def f(x: torch.Tensor):\n    return np.array_split(x.cuda(), 2)\n") == set()
    assert found("def f(x: torch.Tensor):\n    return np.array_split([x.cuda()], 1)\n") == {"CNV121"}


def test_a_star_import_brings_what_the_usual_names_stand_for() -> None:
    code = (
        "def f(x):\n    d = torch.device('cuda' if torch.cuda.is_available() else 'cpu')\n    return x.to(d).numpy()\n"
    )
    assert codes_shown(code, "from archs import *\n") == ["CNV101"]
    assert codes_shown(code, "from archs import made\n") == []
    assert codes_shown(code, "from archs import *\nfrom mimic import torch\n") == []


def test_what_is_starred_has_places_of_its_own() -> None:
    code = """
        def migrated(saved, params, sizes):
            return [len(group) for group in saved] != list({0})
        def of_layout(layout, saved):
            return migrated(saved, *layout)
        def run():
            net = nn.Linear(2, 2)
            return [of_layout(layout, [[1]]) for layout in [(list(net.parameters()), [1, 1])]]
        def chosen(split):
            return migrated([], *((list(nn.Linear(2, 2).parameters()), [1, 1]) if split else ([], [])))
    """
    assert "CNV411" not in found(code.format("sizes"))
    alone = code.replace("params, sizes", "params").replace(", [1, 1])", ",)").replace("([], [])", "([],)")
    assert "CNV411" in found(alone.format("params"))


FILLED = """
    def collect(batch, into):
        {statement}
    def run(loader):
        net, outputs = nn.Linear(3, 3).cuda(), {made}
        for batch in loader:
            collect(net(batch.cuda()).detach(), outputs)
        return np.concatenate({read})
"""


@pytest.mark.parametrize(
    ("codes", "statement", "made", "read"),
    [
        ({"CNV121"}, "into.append(batch)", "[]", "outputs"),
        ({"CNV121"}, "into['all'] = batch", "{}", "list(outputs.values())"),
        (set(), "into.append(batch.cpu())", "[]", "outputs"),
        (set(), "into = [batch]", "[]", "outputs"),
    ],
    ids=["a list", "a dict", "on the host", "another list under the name"],
)
def test_what_a_function_puts_into_a_container_its_caller_finds(
    codes: set[str], statement: str, made: str, read: str
) -> None:
    code = FILLED.replace("{statement}", statement).replace("{made}", made).replace("{read}", read)
    assert found(code) == codes


def test_a_nested_function_fills_what_the_function_around_it_returns() -> None:
    code = """
        def flat(nested):
            def walk(one, into):
                for key, value in one.items():
                    if isinstance(value, dict):
                        walk(value, into)
                    else:
                        into[key] = value
            whole = {}
            walk(nested, whole)
            return whole
        def run(x: torch.Tensor):
            return flat({"a": {"b": 1}, "c": x.cuda()})["c"].numpy()
    """
    assert found(code) == {"CNV101"}


OWN_CRITERION = """
    class Criterion(nn.Module):
        def __init__(self, eps=1e-3):
            super().__init__()
            self.eps = {attribute}
        def forward(self, x, y):
            return torch.sqrt((x - y) ** 2 + {read}).mean()
    def run(batch):
        net, criterion = nn.Linear(3, 3).cuda(), Criterion()
        return criterion(net(batch.cuda()).detach(), batch.cuda()).numpy()
"""


def test_a_module_without_weights_takes_tensors_of_any_device() -> None:
    numbers = OWN_CRITERION.replace("{attribute}", "eps").replace("{read}", "self.eps")
    weights = OWN_CRITERION.replace("{attribute}", "nn.Linear(3, 3)").replace("{read}", "self.eps(x)")
    assert found(numbers) == {"CNV101"}
    assert found(weights) == set()


def test_what_the_parts_of_a_module_do_not_tell_the_module_does() -> None:
    code = """
        class Net(nn.Module):
            def __init__(self, blocks):
                super().__init__()
                self.last = blocks["last"]
            def forward(self, x):
                return self.last(x)
        def run(blocks, batch):
            net = Net(blocks)
            if torch.cuda.is_available():
                net, batch = net.cuda(), batch.cuda()
            with torch.no_grad():
                return net(batch).numpy()
    """
    assert found(code) == {"CNV101"}


ACCUMULATED = """
    def run(net: nn.Module, optimizer, loader, parts):
        for batch in loader:
            total = 0
            for part in range(parts):
                loss = net(batch[part]).mean()
                loss.backward()
                {inner}
                total += loss
            {outer}
            print(total)
"""


def test_the_parts_of_one_step_are_no_rounds() -> None:
    within = ACCUMULATED.replace("{inner}", "").replace("{outer}", "optimizer.step()")
    each = ACCUMULATED.replace("{inner}", "optimizer.step()").replace("{outer}", "")
    assert codes_shown(within, HEADER) == []
    assert codes_shown(each, HEADER) == ["CNV501"]


def test_what_a_method_made_for_use_gives_may_be_on_the_host() -> None:
    code = """
        def run(net: nn.Module, args, batch):
            net = net.to(args.device)
            return net.{}(batch.to(args.device)).numpy()
    """
    assert codes_shown(code.format("encode"), HEADER) == ["CNV101"]
    assert codes_shown(code.format("generate"), HEADER) == []
    assert codes_shown(code.format("generate"), HEADER, "CNV101") == ["CNV101"]


def test_a_module_of_tensors_that_ask_for_no_gradient_trains_nothing() -> None:
    code = """
        class Transform(nn.Module):
            def __init__(self):
                super().__init__()
                self.table = {}
            def forward(self, x):
                return x * self.table
        def run(x: torch.Tensor):
            return Transform()(x).numpy()
    """
    assert found(code.format("torch.ones(3)")) == set()
    assert found(code.format("nn.Parameter(torch.ones(3))")) == {"CNV102"}


def test_what_was_in_one_container_another_one_keeps_no_longer() -> None:
    code = """
        def flat(nested):
            whole = {}
            for key, value in nested.items():
                whole[key] = value
            return whole
        def run(loader, optimizer):
            net = nn.Linear(3, 1)
            for batch in loader:
                loss = net(batch).mean()
                loss.backward()
                optimizer.step()
                print(flat({"loss": loss}))
    """
    assert codes_shown(code, HEADER) == []
    assert codes_shown(code.replace("print(flat(", "kept.append(flat(").replace("net = ", "kept, net = [], "), HEADER)


@pytest.mark.parametrize(
    ("test", "shown"),
    [
        ("if torch.cuda.is_available():", ["CNV101"]),
        ("use_cuda = torch.cuda.is_available()\n    if use_cuda:", ["CNV101"]),
        ("if True:", []),
        ("if verbose:", []),
    ],
)
def test_what_also_runs_on_the_host_has_not_been_seen_to_fail(test: str, shown: list[str]) -> None:
    code = f"""
def logits(net, x, verbose):
    {test}
        x = x.cuda()
    with torch.no_grad():
        return torch.exp(x).numpy()
"""
    assert codes_shown(code, HEADER) == shown
    assert codes_shown(code, HEADER, "CNV101") == ["CNV101"]


@pytest.mark.parametrize(
    ("length", "used", "codes"),
    [
        (70, "print(made(x).numpy())", ["CNV101"]),
        # Calls of long functions are not followed, except for what is trained.
        (100, "print(made(x).numpy())", []),
        (100, "y = made(x)\n    y.sum().backward()\n    print(y.detach().numpy())", ["CNV101"]),
        (100, "y = 1 + made(x)\n    y.sum().backward()\n    print(y.detach().numpy())", ["CNV101"]),
        (130, "y = made(x)\n    y.sum().backward()\n    print(y.detach().numpy())", []),
    ],
)
def test_how_long_functions_are_that_are_followed(length: int, used: str, codes: list[str]) -> None:
    filler = "    print()\n" * length
    code = f"\ndef made(x):\n{filler}    return x.to('cuda')\n\ndef main():\n    x = torch.ones(2)\n    {used}\n"
    assert codes_shown(code, HEADER, "CNV101") == codes


def test_a_long_method_is_run_for_what_it_stores() -> None:
    filler = "        print()\n" * 90
    code = f"""
class Histogram:
    def fit(self, x):
{filler}        self.counts = x.to("cuda")

    def shown(self):
        return self.counts.numpy()
"""
    assert codes_shown(code, HEADER, "CNV101") == ["CNV101"]
