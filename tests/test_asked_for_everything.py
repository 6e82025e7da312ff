"""What is told to those who ask for every rule: shapes of bugs that were mended in public repositories."""

from __future__ import annotations

import re
import textwrap

import pytest
from snippets import HEADER

from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source


def told(code: str, *opt_in: str) -> set[tuple[int, str]]:
    """The lines of `code` and the codes that are shown there."""
    source = Source("x.py", HEADER + textwrap.dedent(code))
    outcome = lint_source(source, Settings(opt_in=opt_in))
    assert outcome.problems == ()
    above = HEADER.count("\n") + 1
    return {(finding.span.line - above, finding.code) for finding in outcome.findings}


SHAPES = [
    pytest.param(
        """
        class Tiered(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn, self.histories = nn.GRU(3, 4), {}
            def forward(self, users, x):
                before = torch.stack([self.histories[u] for u in users])
                hidden, _ = self.rnn(x, before)
                for u, h in zip(users, hidden):
                    self.histories[u] = h
                return hidden
        """,
        (9, "CNV502"),
        id="a table of states that the next call goes on with",
    ),
    pytest.param(
        """
        class Evaluator:
            def add(self, losses):
                self.losses = np.concatenate((self.losses, losses.detach()))
        """,
        (3, "CNV111"),
        id="what a method is given and joins to an array of its object",
    ),
    pytest.param(
        """
        def put(table, seconds):
            table["seconds"] = np.asarray(seconds.detach())
        """,
        (2, "CNV111"),
        id="what a caller has is detached and made an array of",
    ),
    pytest.param(
        """
        def train(model, loader, optimizer, criterion):
            first = True
            for batch in loader:
                out = model(batch)
                if first:
                    every = out
                    first = False
                else:
                    every = torch.cat((every, out), 0)
                criterion(out, batch.y).backward()
                optimizer.step()
            return every
        """,
        (9, "CNV501"),
        id="outputs that are joined from the second round on",
    ),
    pytest.param(
        """
        class Agent:
            def __init__(self, env):
                self.brain = make(env)
            def act(self, obs: torch.Tensor) -> np.ndarray:
                action, value = self.brain.act(obs)
                return action.numpy()
        """,
        (6, "CNV101"),
        id="what something the object holds gives for a tensor of the caller's",
    ),
    pytest.param(
        """
        class Agent:
            def __init__(self, env):
                self.actor = make(env)
            def act(self, obs):
                with torch.no_grad():
                    return self.actor.best(obs).numpy()
        """,
        (6, "CNV101"),
        id="what a method of a model gives that somebody else has made",
    ),
    pytest.param(
        """
        from models import Actor
        class Agent:
            def __init__(self, env):
                self.actor = Actor(env).to("cuda" if torch.cuda.is_available() else "cpu")
            def act(self, obs):
                with torch.no_grad():
                    return self.actor.best(obs).numpy()
        """,
        (7, "CNV101"),
        id="what an unseen method of a model gives that has been put on a device",
    ),
    pytest.param(
        """
        def hooked(layer, run, before):
            kept = {}
            def hook(module, inputs, output):
                seen = inputs if before else output
                kept[seen.device] = seen
            layer.register_forward_hook(hook)
            run()
            return kept
        """,
        (5, "CNV203"),
        id="a hook that keeps what it sees in what is around it",
    ),
    pytest.param(
        """
        kept = {}
        def hook_for(name):
            def hook(module, inputs, output):
                kept[name] = output
            return hook
        """,
        (4, "CNV502"),
        id="a hook made by a function",
    ),
    pytest.param(
        """
        class Merged:
            def merge(self):
                base = self.base_layer()
                weights = base.weight.data
                weights += self.delta()
                if not torch.isfinite(weights).all():
                    raise ValueError
                base.weight.data = weights
        """,
        (5, "CNV202"),
        id="weights that are put back where they have been all the time",
    ),
    pytest.param(
        """
        def neighbours(nearest, radius):
            missing = nearest == -1
            filled = nearest
            filled[missing] = 0
            return filled.reshape(-1), nearest[:, :radius]
        """,
        (4, "CNV202"),
        id="a second name that is written where a comparison says",
    ),
    pytest.param(
        """
        class Rows(torch.utils.data.Dataset):
            def __getitem__(self, index):
                row = self.rows[index]
                row -= self.mean
                return torch.from_numpy(row)
        """,
        (4, "CNV204"),
        id="rows of a data set that are centred in place",
    ),
    pytest.param(
        """
        def show(writer, image: torch.Tensor):
            shown = image.detach().cpu().numpy()
            shown -= shown.min()
            writer.add_image("shown", shown)
        """,
        (3, "CNV204"),
        id="an image that is stretched for its picture",
    ),
    pytest.param(
        """
        def attack(x, rate, measure):
            change, best = torch.zeros(3), 0
            for _ in range(10):
                loss = measure(x + change)
                if loss > best:
                    best, best_change = loss, change.data
                change += rate
            return best_change
        """,
        (7, "CNV202"),
        id="the best change follows the newest",
    ),
    pytest.param(
        """
        def inputs(batch):
            given = {"ids": torch.from_numpy(batch.ids)}
            if batch.types:
                given["types"] = torch.from_numpy(batch.types)
            return given
        """,
        (3, "CNV402"),
        id="what is given to from_numpy is asked for its truth",
    ),
    pytest.param(
        """
        class Reducer(nn.Module):
            def forward(self, losses, name):
                value = losses.mean()
                setattr(self, name, value)
                return value
        """,
        (4, "CNV502"),
        id="the loss that is returned, set by a name",
    ),
    pytest.param(
        """
        def accumulate(self, batch):
            for part in batch:
                self.train_one_part(part)
        def train_one_part(self, part):
            loss = self.model(part).mean()
            loss.backward()
            self.total += loss.detach().item()
        """,
        (7, "CNV601"),
        id="a number read in a part of a step",
    ),
    pytest.param(
        """
        def norm_of(parameters):
            total = 0
            for p in parameters:
                norm = p.grad.data.norm(2)
                total += norm.item() ** 2
            return total ** 0.5
        """,
        (5, "CNV601"),
        id="a number read for every gradient",
    ),
    pytest.param(
        """
        history = np.zeros((50, 1))
        def train(model, loader, criterion):
            for i, (x, y) in enumerate(loader):
                loss = criterion(model(x.cuda()), y.cuda())
                loss.backward()
                history[i] = loss.data
        """,
        (6, "CNV111"),
        id="a row of an array takes what an unseen loss gives",
    ),
    pytest.param(
        """
        def update(self, batch):
            states, actions, rewards = zip(*batch)
            return self.net(torch.tensor(states, dtype=torch.float32))
        """,
        (3, "CNV311"),
        id="a column of what a memory keeps",
    ),
    pytest.param(
        """
        def gather(env, steps):
            seen = []
            for _ in range(steps):
                observation, reward, done, _ = env.step(0)
                seen.append(observation)
            return torch.FloatTensor(seen)
        """,
        (6, "CNV311"),
        id="what an environment gives, in a list",
    ),
    pytest.param(
        """
        def criterion():
            weights = np.ones(3) / 3
            return nn.CrossEntropyLoss(weight=torch.from_numpy(weights))
        """,
        (3, "CNV315"),
        id="double weights of classes",
    ),
    pytest.param(
        """
        def features(df):
            return torch.tensor(df.iloc[:, 1:].values)
        """,
        (2, "CNV315"),
        id="columns of a data frame",
    ),
    pytest.param(
        """
        def sums(predictions):
            total = torch.empty(4, device=predictions.device)
            for i in range(4):
                total[i] = predictions[:, i].sum()
            return total
        """,
        (2, "CNV319"),
        id="a buffer that is placed like its data, but has another dtype",
    ),
    pytest.param(
        """
        class Stored:
            def __init__(self, shape, dtype):
                self.data = torch.tensor(shape, dtype=dtype)
        """,
        (3, "CNV309"),
        id="a shape, with a dtype of the caller's",
    ),
    pytest.param(
        """
        def weights(by_name):
            return torch.tensor(np.array(by_name.values()))
        """,
        (2, "CNV303"),
        id="the view of a dict",
    ),
    pytest.param(
        """
        def known(values, usable):
            values = np.array([value if usable(value) else None for value in values])
            return torch.from_numpy(values)
        """,
        (3, "CNV303"),
        id="a None in the place of what is missing",
    ),
    pytest.param(
        """
        @torch.compile
        def scaled(x, y):
            gap = (x - y).abs()
            if gap.sum() > 0:
                gap = gap / gap.sum()
            return gap
        """,
        (4, "CNV702"),
        id="a branch in a compiled function",
    ),
    pytest.param(
        """
        def arrays(path):
            return {name: value.cpu().numpy() for name, value in torch.load(path).items()}
        """,
        (2, "CNV103"),
        id="values of a checkpoint, in a comprehension",
    ),
    pytest.param(
        """
        def on_host(x):
            moved = x.cuda().to("cpu", non_blocking=True)
            return moved.numpy()
        """,
        (2, "CNV611"),
        id="where a copy begins that nothing waits for",
    ),
    pytest.param(
        """
        from elsewhere import AverageMeter
        def train(model, loader, optimizer, criterion):
            losses = AverageMeter()
            for x, y in loader:
                loss = criterion(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.update(loss, x.size(0))
        """,
        (9, "CNV502"),
        id="a meter that is given the loss",
    ),
    pytest.param(
        """
        def begin(x, state=None):
            state = state or torch.zeros(1, x.size(0), 8)
            return state
        """,
        (2, "CNV402"),
        id="zeros in the place of a state",
    ),
    pytest.param(
        """
        def numbered(texts, numbers):
            rows = [[numbers[word] for word in text.split()] for text in texts]
            return torch.LongTensor(np.array(rows))
        """,
        (3, "CNV303"),
        id="one row for each text, of any length",
    ),
    pytest.param(
        """
        def watched(layer, run):
            kept = []
            handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
            run()
            handle.remove()
            return kept
        """,
        (3, "CNV502"),
        id="a hook in a lambda",
    ),
    pytest.param(
        """
        def evaluate(model: nn.Module, loader):
            total = 0.0
            for x in loader:
                total += model(x).mean()
            print(total.item())
        """,
        (4, "CNV501"),
        id="a sum through which nothing goes backward, of a model that may be frozen",
    ),
    pytest.param(
        """
        def both(model, args):
            lengths = torch.zeros(3).to(args.device)
            pixels = lengths.cpu().numpy()
            pixels[0] = 0
            return pixels, model(lengths)
        """,
        (4, "CNV201"),
        id="an array that is a copy wherever there is an accelerator",
    ),
    pytest.param(
        """
        def returns(rewards, rate):
            import scipy.signal
            total = scipy.signal.lfilter([1], [1, -rate], rewards[::-1])[::-1]
            return torch.as_tensor(total, dtype=torch.float32)
        """,
        (4, "CNV301"),
        id="a filter gives an array, which is turned round",
    ),
]


@pytest.mark.parametrize(("code", "expected"), SHAPES)
def test_is_told_on_request(code: str, expected: tuple[int, str]) -> None:
    assert expected in told(code, "ALL")


@pytest.mark.parametrize(("code", "expected"), SHAPES[:-1])
def test_is_not_told_otherwise(code: str, expected: tuple[int, str]) -> None:
    assert expected not in told(code)


@pytest.mark.parametrize(
    "code",
    [
        """
        class Agent:
            def __init__(self, env):
                self.brain = make(env)
            def act(self, obs: torch.Tensor) -> np.ndarray:
                return self.brain.act(obs.cpu()).numpy()
        """,
        """
        def accuracy(model, loader, device):
            found = []
            for x in loader:
                label = torch.max(model(x).data, 1)[1]
                if device == "cpu":
                    found.append(label.numpy())
                else:
                    found.append(label.cpu().numpy())
            return found
        """,
        """
        class Agent:
            def __init__(self, env):
                self.frames = make(env)
            def act(self, index):
                with torch.no_grad():
                    return self.frames.get(index).numpy()
        """,
    ],
)
def test_what_nobody_puts_anywhere_is_silent(code: str) -> None:
    assert told(code, "ALL") == set()


@pytest.mark.parametrize(
    "code",
    [
        """
        class Tiered(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn, self.histories = nn.GRU(3, 4), {}
            def forward(self, users, x):
                before = torch.stack([self.histories[u] for u in users])
                hidden, _ = self.rnn(x, before)
                for u, h in zip(users, hidden):
                    self.histories[u] = h.detach()
                return hidden
        """,
        """
        def hook_for(name, kept):
            def hook(module, inputs, output):
                kept[name] = output.detach().clone()
            return hook
        """,
        """
        def hook(module, inputs, output):
            mine = []
            mine.append(output)
            return mine[0]
        """,
        """
        def merge(base, delta):
            weights = base.weight.data.clone()
            weights += delta
            base.weight.data = weights
        """,
        """
        def show(writer, image: torch.Tensor):
            shown = image.detach().cpu().numpy().copy()
            shown -= shown.min()
            writer.add_image("shown", shown)
        """,
        """
        def inputs(batch):
            given = {"ids": torch.tensor(batch.ids)}
            if batch.types:
                given["types"] = torch.tensor(batch.types)
            return given
        """,
        """
        class Reducer(nn.Module):
            def forward(self, losses, name):
                value = losses.mean()
                setattr(self, name, value.item())
                return value
        """,
    ],
)
def test_what_is_copied_or_left_is_silent(code: str) -> None:
    assert told(code, "CNV2", "CNV402", "CNV502") == set()


OTHERS = [
    "import tensorflow as tf",
    "from tensorflow.keras import layers",
    "import keras",
    "import jax.numpy as jnp",
    "from paddle import nn",
    "import mxnet as mx",
]
CONVERTED = """
def evaluate(model, batches):
    losses = []
    for batch in batches:
        losses.append(model(batch).numpy())
    return losses
"""


@pytest.mark.parametrize("imported", OTHERS)
def test_other_frameworks_tensors_are_not_ours(imported: str) -> None:
    def codes(text: str) -> set[str]:
        return {finding.code for finding in lint_source(Source("x.py", text), Settings(opt_in=("ALL",))).findings}

    assert codes(f"{imported}\n{CONVERTED}") == set()
    assert codes(f"{imported}\nimport torch\n{CONVERTED}") != set()
    assert codes(CONVERTED) != set()


RUNNING = """
def sums(scores):
    done = []
    total = torch.zeros(1)
    for score in scores:
        total += score
        {kept}
    return done
"""


@pytest.mark.parametrize(
    "kept", ["done.append((total, 1))", "done.append({'total': total, 'n': 1})", "done.extend([total])"]
)
def test_what_every_round_rewrites_is_followed_into_what_holds_it(kept: str) -> None:
    """Whoever asks for every rule has memory followed in every function, as without the sieve."""
    assert "CNV203" in {found for _, found in told(RUNNING.format(kept=kept), "ALL")}
    assert told(RUNNING.format(kept=re.sub(r"(?<!')\btotal", "total.clone()", kept)), "ALL") == set()
