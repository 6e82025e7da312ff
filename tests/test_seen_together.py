"""What has to be seen together: alternatives beyond those that are looked at, columns of rows, parts of one step,
methods of one name, rows of one item, states of another call."""

from __future__ import annotations

import textwrap

from snippets import codes_shown

from torchconv_lint.analysis.domain.values import MAX_ALTERNATIVES, Fact, Graph, Tensor, join, just
from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

HEAD = "import numpy as np\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n"


def told(code: str, *opt_in: str) -> list[str]:
    """The codes that are shown to those who ask for `opt_in`, where every function is looked at."""
    source = Source("x.py", HEAD + textwrap.dedent(code))
    return [finding.code for finding in lint_source(source, Settings(sieve=False, opt_in=opt_in)).findings]


def test_what_one_alternative_too_many_holds_on_to_the_value_holds_on_to() -> None:
    """A sum in a branch with many alternatives is gone through by backward as well as the others."""
    ways = [just(Tensor(dtype=Fact(name))) for name in ("int8", "int16", "int32", "int64", "float16", "float32")]
    last = just(Tensor(graph=Graph(leaf=False, kept=frozenset({"there"}))))
    value = join(*ways, last)
    assert len(value) == MAX_ALTERNATIVES
    assert {place for kind, _ in value if isinstance(kind, Tensor) for place in kind.graph.kept} == {"there"}


PARTS = """\
class Fitter:
    def __init__(self, net, tasks):
        self.net, self.tasks = net, tasks
        self.total = self.inner = torch.zeros(1)

    def slope(self, u, t):
        return torch.autograd.grad(u, t, torch.ones_like(u), create_graph=True)[0]

    def losses(self):
        {anew}
        for task in self.tasks:
            t = task["t"]
            inner = self.slope(self.net(t), t).square().mean()
            loss = inner + (task["u"] - self.net(t)).square().mean()
            self.total += loss
            self.inner += inner
        self.total.backward(retain_graph=True)
"""


def test_parts_of_a_step_that_an_attribute_adds_up_live_as_long_as_their_total() -> None:
    both = "self.total = torch.zeros(1)\n        self.inner = torch.zeros(1)"
    assert codes_shown(PARTS.format(anew=both), HEAD) == []
    assert "CNV501" in codes_shown(PARTS.format(anew="self.total = torch.zeros(1)"), HEAD)


COLUMNS = """\
def collate(samples):
    rows = [(sample.index, torch.ones(3) * sample.x, int(sample.n)) for sample in samples]
    indices, xs, counts = zip(*rows)
    return torch.LongTensor(indices), torch.tensor({column})
"""


def test_zip_of_starred_rows_gives_columns() -> None:
    assert codes_shown(COLUMNS.format(column="counts"), HEAD, "CNV312") == []
    assert codes_shown(COLUMNS.format(column="xs"), HEAD, "CNV312") == ["CNV312"]


HEADS = """\
class Neck(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(2, 3, bias={bias})
        self.head.apply(self.fill)

    def fill(self, layer):
        if layer.__class__.__name__.find("Linear") != -1:
            nn.init.normal_(layer.weight, std=0.1)
            if layer.bias:
                nn.init.zeros_(layer.bias)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        parts = nn.Sequential(nn.Linear(2, 3))
        parts.apply(self.fill)
        self.parts = parts

    def fill(self, layer):
        if layer.__class__.__name__.find("Linear") != -1:
            nn.init.zeros_(layer.bias)
"""


def test_a_method_fills_what_its_own_class_gives_it() -> None:
    assert codes_shown(HEADS.format(bias="False"), HEAD) == []
    assert codes_shown(HEADS.format(bias="True"), HEAD) == ["CNV402"]


CACHED = """\
class Cached:
    def __init__(self, net: nn.Module, device):
        self.net = net
        self.device = device
        if isinstance(net, nn.Module):
            state = net.state_dict()
            self.state = state

    def load(self):
        moved = {{name: value.to(self.device, copy=True) for name, value in self.state.items()}}
        self.net.load_state_dict(moved{how})

    def unload(self):
        self.net.load_state_dict(self.state{how})
"""


def test_a_module_that_is_assigned_other_tensors_leaves_the_kept_ones_alone() -> None:
    assert codes_shown(CACHED.format(how=", assign=True"), HEAD) == []
    assert codes_shown(CACHED.format(how=""), HEAD) == ["CNV203"]


RESUMED = """\
from torch.optim.swa_utils import AveragedModel


class Trainer:
    def train(self, net, epochs):
        average = {made}
        if self.{name} is not None:
            average.load_state_dict(self.{name})
        for epoch in range(epochs):
            self.epoch(net, average)
            self.{name} = average.state_dict()
"""


def test_what_an_earlier_call_has_kept_was_the_state_of_its_own_module() -> None:
    assert codes_shown(RESUMED.format(made="AveragedModel(net)", name="averaged"), HEAD) == []
    assert codes_shown(RESUMED.format(made="self.average", name="averaged"), HEAD) == ["CNV203"]
    assert codes_shown(RESUMED.format(made="AveragedModel(net)", name="best_state"), HEAD) == ["CNV203"]


ROWS = """\
from torch.utils.data import DataLoader


def brighten(image):
    for channel in range(3):
        image[:, :, channel] *= 255


def main(dataset, half):
    show(DataLoader(dataset, batch_size=4), half)


def show(loader, half):
    for batch in loader:
        images = batch["image"]
        if half:
            images = images.half()
        for i in range(images.shape[0]):
            image = np.transpose(images[i].cpu().numpy(), (1, 2, 0))
            brighten(image)
        {after}
"""


def test_each_round_has_a_row_of_its_own_of_what_a_key_gives() -> None:
    assert told(ROWS.format(after="pass"), "CNV201") == []
    assert told(ROWS.format(after="print(images.mean())"), "CNV201") == ["CNV201"]


COORDINATES = """\
def run(forecaster, steps):
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    forecaster = forecaster.to(device)
    return np.asarray([forecaster.out({given})["lead"] * i for i in range(steps)])
"""


def test_methods_that_no_tensor_has_may_give_anything_if_given_no_tensor() -> None:
    assert codes_shown(COORDINATES.format(given="forecaster.coordinates()"), HEAD) == []
    assert codes_shown(COORDINATES.format(given="torch.zeros(3, device=device)"), HEAD) == ["CNV121"]


SCORES = """\
def finished(net, x, ends, length, bonus):
    found = []
    scores = F.log_softmax(net(x), dim=-1)
    for i in range(scores.size(0)):
        for j in range(scores.size(1)):
            score = None
            if ends[i, j] > length:
                score = {score}
            if score:
                found.append((i, j, score.item()))
    return found
"""


def test_an_element_of_a_table_has_one_truth() -> None:
    assert told(SCORES.format(score="scores[i][j] + bonus")) == []
    assert told(SCORES.format(score="torch.exp(scores[i])")) == ["CNV402"]


CALLED = """\
class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, states, actions{default}):
        return self.layer(states)


class Agent:
    def __init__(self):
        self.critic = Critic()
        self.optimizer = torch.optim.Adam(self.critic.parameters())

    def train(self, batches):
        losses = []
        for states, goals in batches:
            loss = (goals - self.critic(states)).square().mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            losses.append(loss)
        return losses
"""


def test_what_lacks_an_argument_is_not_called() -> None:
    assert codes_shown(CALLED.format(default=""), HEAD) == []
    assert codes_shown(CALLED.format(default="=None"), HEAD) == ["CNV502"]


OUTPUTS = """\
def evaluate(net, loader):
    {made}net.eval()
    losses = []
    {around}for x in loader:
        outputs = net(x)
        {anew}
        for i in range(len(outputs)):
            total += outputs[i].square().mean()
        losses.append((total / len(outputs)).item())
    return losses
"""


def test_outputs_of_one_call_are_few_however_they_are_counted() -> None:
    made = "net = nn.Linear(3, 3)\n    "
    assert told(OUTPUTS.format(made=made, around="", anew="total = 0")) == []
    assert told(OUTPUTS.format(made=made, around="total = 0\n    ", anew="pass")) == ["CNV501"]


def test_a_model_that_nobody_trains_here_may_be_frozen() -> None:
    assert told(OUTPUTS.format(made="", around="total = 0\n    ", anew="pass")) == []


def test_tensors_of_another_torch_may_become_arrays_where_they_are() -> None:
    """A package that mimics torch."""
    code = "def f(a):\n    b = torch.mm(a, a).to('cuda')\n    return b.numpy()\n"
    assert codes_shown(code, "import mimic.torch as torch\n") == []
    assert codes_shown(code, "import torch\n") == ["CNV101"]


MODES = """\
def run(batches, mode):
    for batch in batches:
        {before}if mode == "first":
            video = np.stack(batch)
        elif mode == "second":
            video = np.concatenate(batch)
        frames = [np.asarray(frame) for frame in video]
        video = torch.tensor(frames).bfloat16()
        yield video
"""


def test_a_choice_of_modes_leaves_nothing_of_an_earlier_round() -> None:
    assert codes_shown(MODES.format(before=""), HEAD) == []
    assert codes_shown(MODES.format(before="video = torch.zeros(2, 3).bfloat16()\n        "), HEAD) == ["CNV103"]


MASKED = """\
def masked(x, mask: torch.Tensor | None = None, value=None):
    if {first}:
        x = x.masked_fill(mask == 0, 0.0)
    elif mask:
        x = x.masked_fill(mask == 0, value)
    return x
"""


def test_what_a_chain_asks_for_first_has_raised_there() -> None:
    assert codes_shown(MASKED.format(first="mask and value is None"), HEAD) == ["CNV402"]
    assert codes_shown(MASKED.format(first="value is None and mask"), HEAD) == ["CNV402", "CNV402"]


PADDED = """\
def padded(scores: torch.Tensor, rows: torch.Tensor = None, sizes: torch.Tensor = None, extra=False) -> torch.Tensor:
    if scores.shape[0] > scores.shape[1]:
        scores = scores.T
        rows, sizes = sizes, rows
    if rows is None:
        rows = torch.full((len(scores),), scores.shape[1])
    if sizes is None:
        sizes = torch.full((len(scores),), scores.shape[1])
    longer = sizes > rows
    if extra:
        sizes += 1
    found = scores.clone()
    for i in range(len(scores)):
        found[i, sizes[i] :] = 0
    {after}
    return torch.where(longer[:, None], found, scores)


def rounds(scores: torch.Tensor, rows: torch.Tensor, sizes: torch.Tensor) -> torch.Tensor:
    for _ in range(3):
        scores = 0.5 * padded(scores, rows, sizes).transpose(0, 1) + scores
    return scores
"""


def test_what_is_added_and_taken_away_again_is_as_it_was() -> None:
    assert told(PADDED.format(after="if extra:\n        sizes -= 1")) == []
    assert told(PADDED.format(after="pass")) == ["CNV204"]
