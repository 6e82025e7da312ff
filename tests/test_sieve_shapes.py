"""Shapes that the sieve once overlooked: it must give what the whole analysis gives."""

from __future__ import annotations

import ast
import textwrap

import pytest

from torchconv_lint.analysis.syntax.outline import outline
from torchconv_lint.analysis.syntax.walking import walk
from torchconv_lint.lint import lint_source
from torchconv_lint.rules.index import wanted
from torchconv_lint.settings import Settings
from torchconv_lint.sieve import sift
from torchconv_lint.source import Source
from torchconv_lint.survey import survey
from torchconv_lint.vocabulary import Vocabulary

SHAPES = {
    "a plot that few people draw": (
        "CNV112",
        """
        import torch
        def show(ax):
            x = torch.ones(3, requires_grad=True)
            ax.hexbin(x, x)
        """,
    ),
    "hooks without a word of torch": (
        "CNV203",
        """
        import torch
        kept = {}
        def hook(module, inputs, output):
            kept["a"] = output
        def cloning(module, inputs, output):
            kept["b"] = output.clone()
        """,
    ),
    "None or a tensor of unknown size": (
        "CNV402",
        """
        import torch
        def f(n, wanted):
            x = torch.rand(n) if wanted else None
            return 1 if x else 2
        """,
    ),
    "None, then a tensor": (
        "CNV402",
        """
        import torch
        def f(n, wanted):
            x = None
            if wanted:
                x = torch.rand(n)
            return x or 1
        """,
    ),
    "a cast that only tensors have": (
        "CNV103",
        """
        import numpy as np
        import torch
        def f(x):
            h = x.bfloat16()
            return np.asarray(h)
        """,
    ),
    "a previous gradient": (
        "CNV203",
        """
        import torch
        class A:
            def remember(self, p: torch.nn.Parameter):
                self.prev_grad = p.grad
            def step(self, optimizer):
                optimizer.zero_grad(set_to_none=False)
        """,
    ),
    "an estimator in a variable": (
        "CNV111",
        """
        import torch
        from sklearn.linear_model import Ridge
        def f(x: torch.Tensor):
            model = Ridge()
            model.fit(x.cuda(), [1])
        """,
    ),
    "restored through a variable": (
        "CNV203",
        """
        import torch
        class Keeper:
            def keep(self, model):
                self.best = model.state_dict()
            def restore(self, model):
                best = self.best
                model.load_state_dict(best)
        def train(model, optimizer, loss):
            loss.backward()
            optimizer.step()
        """,
    ),
    "an imported function under another name": (
        "CNV703",
        """
        import torch
        from torch.func import vmap as over_rows
        def f(x: torch.Tensor):
            return over_rows(lambda row: row * row.mean().item())(x)
        """,
    ),
    "written after a function without a module before it": (
        "CNV201",
        """
        import torch
        from numpy import asarray
        def f():
            mask = torch.zeros(4)
            picture = asarray(mask)
            picture[:2] = 255
            return mask, picture
        """,
    ),
    "written after a method has converted": (
        "CNV202",
        """
        import torch
        class A:
            def to_host(self, x):
                return x.detach().cpu()
            def f(self):
                output = torch.arange(4.0)
                shown = self.to_host(output)
                shown -= shown.mean()
                return output, shown
        """,
    ),
    "handed on by a function that has it from its caller": (
        "CNV101",
        """
        import torch
        def encode(mask):
            return mask.numpy().tolist()
        def encode_all(masks):
            return [encode(masks == number) for number in range(3)]
        def paint(logits):
            canvas = torch.full((4, 4), -1, device=logits.device)
            canvas[logits > 0] = 1
            return encode_all(canvas)
        """,
    ),
    "integers that require grad after they were made": (
        "CNV306",
        """
        import torch
        def f():
            x = torch.arange(5)
            x.requires_grad = True
            return x
        """,
    ),
    "a leaf made of a loss nobody knows": (
        "CNV519",
        """
        import torch
        def f(model, x):
            loss = model(x)
            loss.requires_grad = True
            loss.backward()
        """,
    ),
    "a cache of arrays": (
        "CNV204",
        """
        import numpy as np
        import torch
        class Images:
            def __init__(self):
                self.kept = {}
            def __getitem__(self, index):
                if index not in self.kept:
                    self.kept[index] = np.load(f"{index}.npy")
                image = self.kept[index]
                image -= image.mean()
                return torch.from_numpy(image)
        """,
    ),
    "a grid of images that were moved": (
        "CNV101",
        """
        import torchvision
        def imshow(image):
            return (image / 2 + 0.5).numpy()
        def show(loader, device):
            images, labels = next(iter(loader))
            imshow(torchvision.utils.make_grid(images.to(device)))
        """,
    ),
    "an attribute that is kept in a list and counted on": (
        "CNV201",
        """
        import torch
        class Episodes:
            def __init__(self, n):
                self.returns = torch.zeros(n)
            def step(self, rewards):
                infos = []
                for _ in range(2):
                    infos.append({"r": self.returns.cpu().numpy()})
                self.returns[0] = 0
                return infos
        """,
    ),
    "resized where it is converted": (
        "CNV317",
        """
        import numpy as np
        import torch
        def f():
            return torch.from_numpy(np.zeros(2)).resize_(4)
        """,
    ),
    "rows of a list that are written after they were stored there": (
        "CNV201",
        """
        import torch
        def f(n):
            rows, x = {}, torch.zeros(3)
            rows["a"] = x.numpy()
            rows["a"][0] = 1
            return x, rows
        """,
    ),
    "one tensor is put into a list on every round": (
        "CNV203",
        """
        import torch
        def f(n):
            frames, frame = [], torch.zeros(3)
            for i in range(n):
                frame[0] = i
                frames.append(frame)
            return frames
        """,
    ),
    "made on each round, and written after it was put into a list": (
        "CNV201",
        """
        import torch
        def f(n):
            frames = []
            for i in range(n):
                frame = torch.zeros(3)
                frame[0] = i
                frames.append(frame.numpy())
                frame[1] = i
            return frames
        """,
    ),
    "an array is sorted where it is": (
        "CNV201",
        """
        import torch
        def f():
            x = torch.rand(3)
            y = x.numpy()
            y.sort()
            return x, y
        """,
    ),
    "a keyword under another name of the function": (
        "CNV318",
        """
        from torch import from_numpy as tensor_of
        def f(x):
            return tensor_of(x, dtype=None)
        """,
    ),
    "memory that a function gives back": (
        "CNV201",
        """
        import torch
        def same(x):
            return x
        def f():
            y = torch.zeros(3)
            x = same(y).numpy()
            x[0] = 1
            return y, x
        """,
    ),
}

QUIET = {
    "items of a dict": """
        import torch
        def process(data, indices):
            data["all"].y = torch.from_numpy(indices)
            for name in ("train", "test"):
                data["all"][f"{name}_mask"] = name
            return data
        """,
    "images that are resized are others": """
        import numpy as np
        import torch
        def prepared(path, size):
            image = opened(path)
            image = image.resize(size)
            return torch.from_numpy(np.asarray(image))
        """,
    "made on each round before it is put into a list": """
        import torch
        def coordinates(base, n):
            found = []
            for i in range(n):
                one = base.clone()
                one[:, 0] += i
                found.append(one.squeeze())
            return torch.cat(found)
        """,
    "filled where it is made": """
        import torch
        def noisy(x: torch.Tensor):
            noise = x.data.new(3).normal_().contiguous()
            noise[0] = 0
            return x + noise
        """,
    "converted when it was made": """
        import torch
        def alpha(shown, n):
            made = torch.where(shown, 0, 255).to(torch.uint8)
            made[:n] = torch.full((2,), 255)
            return made
        """,
    "sizes of what will be filled": """
        import torch
        from torch import nn
        class Net(nn.Module):
            def __init__(self, n):
                self.weight = nn.Parameter(torch.Tensor(n, n))
                self.bias = torch.zeros(n, dtype=torch.float32)
        """,
    "an attribute is another name of an argument": """
        import torch
        class Scheduler:
            def step(self, sample):
                self.sample = sample
                self.count += 1
                return sample.unsqueeze(0)
        """,
    "written where it stands": """
        import torch
        def reset(value):
            if isinstance(value, torch.Tensor):
                value.data.fill_(0)
        """,
    "a mask is the index of a write": """
        import torch
        def hide(states, mask, embedding):
            hidden = torch.empty(3)
            hidden[mask] = embedding.to(states.dtype)
            return hidden
        """,
    "computed from what was converted": """
        import torch
        def f(a, b):
            total = torch.zeros(3)
            total = total + a.detach() * b.detach()
            total += 1
            return total
        """,
    "a copy of what was converted": """
        import torch
        def f(x):
            y = x.detach().clone()
            y += 1
            return y
        """,
    "numbers of an object are rounded": """
        import torch
        class Timer:
            def line(self, since):
                return round(since / 60, 2)
        """,
}


@pytest.mark.parametrize("text", QUIET.values(), ids=QUIET.keys())
def test_the_sieve_leaves_nothing(text: str) -> None:
    """What a file of these shapes would cost every user, for nothing."""
    settings = Settings()
    assert sift(ast.parse(textwrap.dedent(text)), wanted=wanted(settings)) is None


@pytest.mark.parametrize(("code", "text"), SHAPES.values(), ids=SHAPES.keys())
def test_the_sieve_keeps_it(code: str, text: str) -> None:
    source = Source("x.py", textwrap.dedent(text))
    with_sieve, without = (
        lint_source(source, Settings(sieve=sieve, opt_in=(code,))).findings for sieve in (True, False)
    )
    assert code in {finding.code for finding in without}
    assert with_sieve == without


def test_what_getattr_gives_may_give_tensors() -> None:
    (function,) = ast.parse(
        "def f(self, x):\n    y = getattr(self, 'net')(x)\n    z = len(x)\n    t = time.time()\n"
    ).body
    file = outline(ast.parse("import time\nimport torch\n"))
    found = survey(walk(function), Vocabulary(file)).conclude(set())
    assert "y" in found.made
    assert found.made.isdisjoint({"z", "t"})


def test_what_a_caller_has_is_no_new_result() -> None:
    text = "def f(models):\n    for model in models:\n        kept.append({})\n"
    file = outline(ast.parse("import torch\n"))
    words = [
        survey(walk(ast.parse(text.format(what))), Vocabulary(file)).conclude(set()).words
        for what in ("model", "(0, model)", "model(0)", "(0, model(0))")
    ]
    assert ["append()" in found for found in words] == [False, False, True, True]


def test_items_that_are_unpacked_are_apart() -> None:
    text = """
    import torch
    def f(pair, shift) -> tuple:
        image, mask = pair
        image = torch.from_numpy(image)
        image.sub_(shift)
        return image, mask
    """
    found = lint_source(Source("x.py", textwrap.dedent(text)), Settings()).findings
    assert [(finding.code, finding.message.count("`pair`")) for finding in found] == [("CNV204", 1)]


def _words(text: str) -> set[str]:
    file = outline(ast.parse("import numpy as np\nimport torch\n"))
    return survey(walk(ast.parse(textwrap.dedent(text))), Vocabulary(file)).conclude(set()).words


@pytest.mark.parametrize(
    ("line", "is_turned"),
    [
        ("y = x[::-1]", True),
        ("y = x[:, ::-1]", True),
        ("y = g(x[::-1])", True),
        ("for row in x[:, ::-1]: g(row)", True),
        ("for row in x[::-1]: g(row)", False),
        ("for row in x[::-1][:3]: g(row)", False),
        ("y = [g(row) for row in x[::-1]]", False),
        ("y = x[:, ::-1].copy()", False),
        ("y = x[..., ::-1].astype('f4')", False),
        ("y = [1, 2, x][::-1]; z = y[::-1]", True),
        ("y = [a for a in x][::-1]", False),
        ("y = []; y.append(x); z = y[::-1]", False),
        ("y = []; y = x; z = y[::-1]", True),
        ("x = x or []; z = x[::-1]", True),
    ],
)
def test_what_is_turned_round(line: str, is_turned: bool) -> None:
    assert ("[::-1]" in _words(f"def f(x):\n    {line}")) == is_turned


@pytest.mark.parametrize(
    ("test", "is_tested"),
    [
        ("if x: pass", True),
        ("y = x or 1", True),
        ("assert not x", True),
        ("while x > 0: pass", True),
        ("y = 1 if self.x == 2 else 3", False),
        ("if x is None: pass", False),
        ("if x.shape[0] > 1: pass", False),
        ("if other: pass", False),
    ],
)
def test_which_arrays_are_tested(test: str, is_tested: bool) -> None:
    text = f"def f(self, x, other):\n    {test}\n    return torch.from_numpy(x)"
    assert ("array tested" in _words(text)) == is_tested
    assert ("array tested" in _words(text.replace("(x)", "(self.x)"))) == (test == "y = 1 if self.x == 2 else 3")


def test_where_an_array_meets_a_tensor_is_looked_at_only_if_it_can_matter() -> None:
    text = "import numpy as np\nimport torch\ndef f(x):\n    return np.ones(3) * (torch.relu(x) + 1)\n"
    file = ast.parse(text)
    assert sift(file, wanted=wanted(Settings(opt_in=("CNV113",)))) is not None
    assert sift(file, wanted=wanted(Settings())) is None
    assert sift(file, lambda: frozenset({"'cuda'"}), wanted=wanted(Settings())) is not None


@pytest.mark.parametrize(("called", "is_kept"), [("self.one_epoch(loader)", True), ("self.state(loader)", False)])
def test_graphs_are_looked_for_where_a_loop_goes_back_through_whatever_it_calls(called: str, is_kept: bool) -> None:
    text = f"""
import torch

class Training:
    def run(self, loader, epochs):
        logs = []
        for epoch in range(epochs):
            logs.append({called})
        return logs

    def one_epoch(self, loader):
        for x in loader:
            loss = self.update(x)
        return loss

    def update(self, x):
        loss = self.model(x).sum()
        loss.backward()
        return loss

    def state(self, x):
        return self.model(x)
"""
    sifted = sift(ast.parse(text), wanted=wanted(Settings()))
    assert sifted is not None
    assert ("run" in [function.name for function in sifted.functions]) == is_kept
