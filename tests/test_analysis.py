"""What the analysis makes of code, through its public door: a hazard is found, its near twin is not."""

# ruff: noqa: E501 (a snippet on one line is easier to read than one folded to fit)

from __future__ import annotations

import pytest
from snippets import found, reported

from torchconv_lint.analysis.run import shared
from torchconv_lint.knowledge import numpy_ops, torch_ops
from torchconv_lint.lint import lint_source
from torchconv_lint.model import Confidence
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

ON_CUDA = {
    "zeros_like on a device": "def f(x: torch.Tensor):\n    return torch.zeros_like(x, device='cuda').numpy()",
    "full": "def f():\n    return torch.full((2, 3), 1.0, device='cuda').numpy()",
    "randint": "def f():\n    return torch.randint(0, 9, (4,), device='cuda').numpy()",
    "as_tensor on a device": "def f(a: np.ndarray):\n    return torch.as_tensor(a, device='cuda').numpy()",
    "legacy cuda constructor": "def f(a):\n    return torch.cuda.FloatTensor(a).numpy()",
    "unbound method": "def f(x: torch.Tensor):\n    return torch.Tensor.abs(x.cuda()).numpy()",
    "where": "def f(x: torch.Tensor):\n    x = x.cuda()\n    return torch.where(x > 0, x, x).numpy()",
    "split": "def f(x: torch.Tensor):\n    return torch.split(x.cuda(), 2)[0].numpy()",
    "cat": "def f(x: torch.Tensor):\n    return torch.cat([x.cuda(), x.cuda()]).numpy()",
    "an index as the device": "def f(x: torch.Tensor):\n    return x.to(0).numpy()",
    "an f-string as the device": "def f(x: torch.Tensor, n):\n    return x.to(f'cuda:{n}').numpy()",
    "another tensor as the place": "def f(x: torch.Tensor):\n    y = x.cuda()\n    return x.to(y).numpy()",
    "a module with device=": "def f():\n    return nn.Linear(2, 2, device='cuda')(torch.ones(1, 2).cuda()).detach().numpy()",
    "DataParallel": "def f(x):\n    return nn.DataParallel(nn.Linear(2, 2))(x).detach().numpy()",
    "the device of a module's parameters": """
        def f(model, x: torch.Tensor):
            return x.to(next(model.parameters()).device).numpy()
    """,
    "dict comprehension": "def f(xs):\n    d = {k: torch.ones(2).cuda() for k in xs}\n    return d['a'].numpy()",
    "zip and enumerate": """
        def f(xs: List[torch.Tensor]):
            for i, (a, b) in enumerate(zip([x.cuda() for x in xs], xs)):
                a.numpy()
    """,
    "map": "def f(xs: List[torch.Tensor]):\n    return list(map(lambda x: x.cuda(), xs))[0].numpy()",
    "star arguments": """
        def g(*parts):
            return parts[0].numpy()
        def f(x: torch.Tensor):
            return g(x.cuda(), x)
    """,
    "double star arguments": """
        def g(**parts):
            return parts['x'].numpy()
        def f(x: torch.Tensor):
            return g(x=x.cuda())
    """,
    "keyword default": """
        def g(x, device='cuda'):
            return x.to(device).numpy()
        def f(x: torch.Tensor):
            return g(x)
    """,
    "generator": """
        def g(x: torch.Tensor):
            yield x.cuda()
        def f(x: torch.Tensor):
            for y in g(x):
                y.numpy()
    """,
    "property": """
        class A:
            @property
            def x(self):
                return torch.ones(2).cuda()
            def f(self):
                return self.x.numpy()
    """,
    "base class": """
        class A:
            def __init__(self):
                self.x = torch.ones(2, device='cuda')
        class B(A):
            def f(self):
                return self.x.numpy()
    """,
    "setdefault and get": """
        def f():
            d = {}
            d.setdefault('a', torch.ones(2).cuda())
            return d.get('a').numpy()
    """,
    "update": "def f():\n    d = {}\n    d.update(a=torch.ones(2).cuda())\n    return d['a'].numpy()",
    "namespace": "def f():\n    n = types.SimpleNamespace(x=torch.ones(2).cuda())\n    return n.x.numpy()",
    "try and finally": """
        def f(x: torch.Tensor):
            try:
                y = x.cuda()
            except RuntimeError:
                y = x.cuda()
            else:
                pass
            finally:
                del x
            return y.numpy()
    """,
    "match": """
        def f(x: torch.Tensor, n):
            match n:
                case 1:
                    x = x.cuda()
                case _:
                    pass
            return x.numpy()
    """,
    "while and else": """
        def f(x: torch.Tensor, n):
            while n:
                x = x.cuda()
                break
            else:
                x = x.cuda()
            return x.numpy()
    """,
    "walrus": "def f(x: torch.Tensor):\n    if (y := x.cuda()) is not None:\n        return y.numpy()",
    "import inside": "def f():\n    import torch as th\n    from torch import ones as o\n    return o(2).to(th.device('cuda')).numpy()",
    "pair annotation": "def f(p: Tuple[torch.Tensor, int]):\n    return p[0].cuda().numpy()",
    "mapping annotation": "def f(p: Dict[str, torch.Tensor]):\n    return p['a'].cuda().numpy()",
    "quoted annotation": "def f(p: 'Optional[torch.Tensor]'):\n    return p.cuda().numpy()",
    "nested function nobody calls": """
        def f(register):
            def callback(x: torch.Tensor):
                return x.cuda().numpy()
            register(callback)
    """,
    "guard that proves the accelerator": "def f(x: torch.Tensor):\n    if x.is_cuda:\n        return x.numpy()",
    "guard by the device's type": "def f(x: torch.Tensor):\n    if x.device.type == 'cuda':\n        return x.numpy()",
}

SILENT = {
    "a call's own result in each round": """
        class Finder:
            def __call__(self, image):
                return np.array([[0, 0]])

        finder = Finder()
        while True:
            kept = []
            for image in images:
                peaks = finder(image)
                peaks[:, 0] = peaks[:, 0] + 1
                kept.append(peaks)
            print(kept)
    """,
    "the parts of what unique gives": """
        def f(x):
            _, where, counts = torch.unique_consecutive(x.float(), return_counts=True, return_inverse=True)
            _, first = np.unique(x.cpu().numpy(), return_index=True)
            return counts[where], torch.from_numpy(first)
    """,
    "a tuple or a tensor, unpacked": """
        def prepare(latents, frames: int):
            if latents is not None:
                return latents.to(torch.float32)
            return torch.zeros(3), frames

        def f(latents=None):
            values, frames = prepare(latents, 3)
            return values[:frames]
    """,
    "a dict by its annotation": """
        class A(nn.Module):
            def part(self, cache: dict[str, torch.Tensor] | None = None):
                cache = cache or {}
                return cache

            def whole(self, cache: dict[str, torch.Tensor]):
                return self.part(cache=cache.get("part"))
    """,
    "a flag by its default": "def f(x: torch.Tensor, shown: Optional[torch.Tensor] = False):\n    return x if not shown else None",
    "anything by its annotation": "def f(items: dict[str, torch.Tensor | typing.Any]):\n    return [1 if i else 0 for i in items.values()]",
    "keywords of a caller": """
        def f(*args, first: bool = False, **kwargs):
            return 1 if first else 2

        def g(x: torch.Tensor, **kwargs):
            kwargs["x"] = x.cuda()
            return f(**kwargs)
    """,
    "one's own question for a tensor": """
        def f(mask):
            mask = torch.zeros(3, device=mask.device)
            if is_torch_tensor(mask):
                mask = mask.cpu().numpy()
            return np.concatenate([[0], mask])
    """,
    "bits of another type": "def f(t: torch.Tensor):\n    return t.to(torch.bfloat16).view(torch.int16).numpy()",
    "the product of two vectors": "def f():\n    return bool(torch.ones(3) @ torch.ones(3) > 1)",
    "the caller's choice to force": "def f(t: torch.Tensor, force=False):\n    return t.cuda().numpy(force=force)",
    "a key of a dict": "def f(inputs):\n    inputs['labels'] = torch.ones(3)\n    batch = inputs\n    batch['x'] = 1\n    return batch",
    "the caller's choice to write": """
        def f(x: torch.Tensor, inplace: bool = False):
            original = x
            if inplace:
                original[:] = 0
                return original
            return x * 0
    """,
    "an image of a list": """
        def f(mask):
            if isinstance(mask, np.ndarray):
                mask = [mask]
            small = [i.resize((3, 3), resample=1) for i in mask]
            return np.stack(small)
    """,
    "another one in each round": """
        def f(targets: List[Dict[str, torch.Tensor]], indices):
            kept = []
            for target in targets:
                if indices is None:
                    labels = target["labels"].new_zeros(3)
                else:
                    labels = target["labels"][indices]
                labels[indices < 0] = -1
                kept.append(labels)
            return kept
    """,
    "copied to the host": "def f(x: torch.Tensor):\n    return x.cuda().cpu().numpy()",
    "guarded by is_cuda": "def f(x: torch.Tensor):\n    x = x.to('cuda')\n    if not x.is_cuda:\n        return x.numpy()",
    "asserted": "def f(x, device):\n    x = x.to(device)\n    assert x.device.type == 'cpu'\n    return x.numpy()",
    "narrowed to an array": "def f(x: Union[np.ndarray, torch.Tensor]):\n    if isinstance(x, np.ndarray):\n        return np.asarray(x)",
    "None taken out": "def f(x: Optional[torch.Tensor]):\n    return x.numpy() if x is not None else None",
    "unknown": "def f(x):\n    return x.numpy()",
    "meta": "def f():\n    return torch.ones(2, device='meta').shape",
    "numbers": "def f(x: torch.Tensor):\n    return np.array(x.tolist()), np.mean([len(x), x.dim()])",
    "condition of another name": """
        def f(x: torch.Tensor, flag):
            if flag:
                x = x.cuda()
            if flag:
                x = x.cpu()
            return x.numpy()
    """,
    "both conditions": """
        def f(x: torch.Tensor, a, b):
            if a and b:
                x = x.cuda()
            if a and b:
                x = x.cpu()
            return x.numpy()
    """,
    "deep copy of a state": """
        import copy
        def f(model, optimizer, loss):
            best = copy.deepcopy(model.state_dict())
            loss.backward()
            optimizer.step()
            model.load_state_dict(best)
    """,
}


@pytest.mark.parametrize("code", ON_CUDA.values(), ids=ON_CUDA.keys())
def test_on_an_accelerator(code: str) -> None:
    assert "CNV101" in found(code)


@pytest.mark.parametrize("code", SILENT.values(), ids=SILENT.keys())
def test_silent(code: str) -> None:
    assert found(code) == set()


OTHERS = {
    "CNV102": [
        "def f(m: nn.Module, x):\n    with torch.inference_mode(False):\n        return m(x).numpy()",
        "def f(m: nn.Module, x):\n    with torch.no_grad():\n        with torch.enable_grad():\n            y = m(x)\n            return y.numpy()",
        "@torch.enable_grad()\ndef f(m: nn.Module, x):\n    return m(x).numpy()",
        "def f():\n    x = torch.ones(2)\n    x.requires_grad_()\n    return x.numpy()",
        "def f():\n    x = torch.ones(2)\n    x.requires_grad = True\n    return x.numpy()",
        "def f():\n    x = torch.zeros(3)\n    x[0] = torch.ones(1, requires_grad=True).sum()\n    return x.numpy()",
        "def f():\n    return nn.Parameter(torch.ones(2)).numpy()",
        "def f(m):\n    m.train()\n    return nn.Linear(1, 1).train().weight.numpy()",
    ],
    "CNV103": [
        "def f(x: torch.Tensor):\n    return x.to(dtype=torch.bfloat16).numpy()",
        "def f(x):\n    m = nn.Linear(2, 2).bfloat16()\n    with torch.no_grad():\n        return m(x).numpy()",
        "def f(x: torch.Tensor):\n    if x.dtype == torch.bfloat16:\n        return x.numpy()",
    ],
    "CNV111": [
        "from sklearn.linear_model import Ridge\ndef f(x: torch.Tensor):\n    return Ridge().fit(x.cuda(), [1])",
        "from PIL import Image\ndef f(x: torch.Tensor):\n    return Image.fromarray(x.cuda())",
        "import pandas as pd\ndef f(x: torch.Tensor):\n    return pd.Series(x.cuda())",
        "def f(x: torch.Tensor):\n    return np.float32(x.cuda())",
        "def f(x: torch.Tensor, ax):\n    ax.plot(x.cuda())",
        "def f(x: torch.Tensor, file):\n    file.create_dataset('a', data=x.cuda())",
        "def f(x: torch.Tensor):\n    a = np.zeros((2, 3))\n    a[0] = x.cuda()",
    ],
    "CNV121": [
        "def f(x: torch.Tensor):\n    d = defaultdict(list)\n    d['a'].append(x.cuda())\n    return np.array(d['a'])",
        "def f(x: torch.Tensor):\n    q = deque()\n    q.append(x.cuda())\n    return np.array(q)",
        "def f(x: torch.Tensor):\n    q = [x.cuda()] * 3\n    return np.stack(q + q)",
        "def f(x: torch.Tensor):\n    q = []\n    q += [x.cuda()]\n    q.extend([x])\n    return np.stack(q)",
        "def f(x: torch.Tensor):\n    q = OrderedDict()\n    q['a'] = x.cuda()\n    return np.array(list(q.values()))",
    ],
    "CNV201": [
        "def f():\n    a = np.ones(3)\n    t = torch.from_numpy(a)\n    np.add(a, 1, out=a)\n    return a, t",
        "def f():\n    a = np.ones(3)\n    t = torch.as_tensor(a)\n    a.sort()\n    return a, t",
        "def f():\n    t = torch.ones(3)\n    a = t.numpy()\n    t.add_(1)\n    return a, t",
    ],
    "CNV401": [
        "def f():\n    return float(torch.ones(3))",
        "def f():\n    return torch.arange(4).item()",
        "def f():\n    return math.sqrt(torch.tensor([1.0, 2.0]))",
        "def f():\n    return F.mse_loss(torch.ones(3), torch.ones(3), reduction='none').item()",
        "def f():\n    return nn.MSELoss(reduction='none')(torch.ones(3), torch.ones(3)).item()",
        "def f():\n    return torch.ones(2, 3).view(6).item()",
    ],
    "CNV402": [
        "def f():\n    x = torch.ones(3)\n    return 1 if x else 2",
        "def f(x: Optional[torch.Tensor] = None):\n    return x or 1",
        "def f():\n    x = torch.eye(3)\n    while x > 0:\n        pass",
        "def f():\n    x = torch.ones(3)\n    assert not x",
    ],
    "CNV403": [
        "def f():\n    x = torch.ones(1, requires_grad=True)\n    return complex(x), int(x)",
        "def f(loss):\n    loss.backward()\n    return math.exp(loss)",
    ],
}


@pytest.mark.parametrize(("code", "expected"), [(code, rule) for rule, codes in OTHERS.items() for code in codes])
def test_other_rules(code: str, expected: str) -> None:
    assert expected in found(code)


def test_a_file_that_python_cannot_parse_is_a_problem() -> None:
    outcome = lint_source(Source("x.py", "import torch\ndef f(:\n"), Settings())
    assert [problem.line for problem in outcome.problems] == [2]


def test_too_much_to_analyse_is_one_problem_and_spares_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "STATEMENT_BUDGET", 50)
    long = "".join("    x = x + 1\n" for _ in range(60))
    code = (
        "import torch\ndef g():\n    return torch.ones(2).cuda().numpy()\n"
        f"def f(x: torch.Tensor):\n{long}    return x.numpy()\ndef h(x: torch.Tensor):\n    f(x).numpy()\n"
    )
    outcome = lint_source(Source("x.py", code), Settings(sieve=False, opt_in=("CNV101",)))
    assert [finding.code for finding in outcome.findings] == ["CNV101"]
    assert [(problem.line, problem.message.split("`")[1]) for problem in outcome.problems] == [(4, "f"), (66, "h")]


def test_a_module_with_too_many_statements_is_one_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "STATEMENT_BUDGET", 50)
    long = "".join(f"x{number} = 1\n" for number in range(60))
    code = f"import torch\n{long}def g():\n    return torch.ones(x1).cuda().numpy()\n"
    outcome = lint_source(Source("x.py", code), Settings(sieve=False, opt_in=("CNV101",)))
    assert [finding.code for finding in outcome.findings] == ["CNV101"]
    assert [problem.message.split("`")[1] for problem in outcome.problems] == ["<module>"]


def test_what_python_cannot_compile_is_a_problem() -> None:
    outcome = lint_source(Source("x.py", "import torch\0\n"), Settings())
    assert "null byte" in outcome.problems[0].message


@pytest.mark.parametrize("sieve", [True, False])
@pytest.mark.parametrize("deep", ["+".join(["1"] * 1200), "-" * 800 + "x", "x" + ".a()" * 800, "lambda: " * 800 + "x"])
def test_deep_code_spares_the_rest(deep: str, sieve: bool) -> None:
    code = (
        "import torch\ndef f():\n    return torch.ones(2).cuda().numpy()\n"
        f"def g(x: torch.Tensor):\n    y = {deep}\n    return torch.ones(y).cuda().numpy()\n"
    )
    outcome = lint_source(Source("x.py", code), Settings(sieve=sieve, opt_in=("CNV101",)))
    assert [finding.span.line for finding in outcome.findings] == [3, 6]
    assert not outcome.problems


def test_methods_may_be_kept_under_names() -> None:
    table = torch_ops().method
    tensors = {*table.tensor, *table.tuple, *table.python, *table.host, *table.inplace, "numpy", "item", "to", "cuda"}
    owners = {
        "torch.ones(3).cuda()": tensors,
        "np.ones(3)": numpy_ops().method.inplace | {"astype", "copy", "item"},
        "[loss]": {"append", "extend", "insert", "pop", "clear", "update", "index"},
        "{1: loss}": {"update", "pop", "get", "setdefault", "items", "values"},
        "nn.Linear(2, 2)": {"to", "cuda", "cpu", "state_dict", "load_state_dict", "parameters", "forward", "eval"},
        "torch.optim.SGD([loss], 0.1)": {"step", "zero_grad", "state_dict"},
        "unknown": {"numpy", "cpu", "append", "backward", "freeze", "float"},
    }
    lines = [
        f"    for _ in range(3):\n        call = ({owner}).{name}\n        result = call(), call(loss)\n"
        for owner, names in owners.items()
        for name in sorted(names)
    ]
    head = "import numpy as np\nimport torch\nfrom torch import nn\n"
    functions = [
        f"def f{i}(unknown):\n    loss = nn.Linear(2, 2).cuda()(unknown).sum()\n    loss.backward()\n{line}"
        for i, line in enumerate(lines)
    ]
    settings = Settings(opt_in=("ALL",), confidence=Confidence.POSSIBLE, sieve=False)
    outcome = lint_source(Source("kept.py", "\n".join([head, *functions])), settings)
    assert not outcome.problems
    assert {finding.code for finding in outcome.findings} >= {"CNV101", "CNV401"}
    assert not any(finding.fix for finding in outcome.findings if finding.code == "CNV101")


@pytest.mark.parametrize(
    "call",
    ["torch.arange({})", "torch.eye({})", "torch.zeros({})", "functools.partial({})(1)", "float({})", "math.sqrt({})"],
)
def test_a_value_that_cannot_exist_stops_nothing(call: str) -> None:
    code = f"""
    import functools
    def nothing():
        pass
    def f(x):
        if x:
            {call.format("nothing().size(0)")}
        float(torch.ones(3))
    """
    assert reported(code) == {"CNV401"}


@pytest.mark.parametrize(
    ("size", "codes"), [("1", set()), ("1.5", {"CNV401"}), ("0.5", set()), ("1 if x else 2", set())]
)
def test_a_range_of_numbers_is_rounded_up(size: str, codes: set[str]) -> None:
    assert reported(f"def f(x):\n    return float(torch.arange({size}))") == codes


@pytest.mark.parametrize("index", ["()", "(i,)", "i,", ":", "...", "None", "(i, 0)", "[i]"])
def test_any_index_in_a_loop(index: str) -> None:
    code = f"""
    def f(tables):
        kept = torch.ones(3)
        for i in range(3):
            row = tables[{index}]
            view = row.numpy()
            row += 1
        float(kept)
    """
    assert "CNV401" in reported(code)
