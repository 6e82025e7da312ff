"""What is told on request of graphs, states and columns that are left to somebody else."""

from __future__ import annotations

import pytest

from tests.snippets import HEADER, codes_shown, found, reported

AGENT = """
class Agent:
    def __init__(self, net, lstm: nn.LSTM):
        self.net, self.lstm = net, lstm
        self.optimizer = torch.optim.Adam(net.parameters())
        self.hidden, self.kept = None, {}
"""

KEPT = [
    # a dict that is returned beside the loss, or filled for the caller
    """
    def step(self, x, y):
        loss = F.mse_loss(self.net(x), y)
        loss.backward()
        self.optimizer.step()
        info = dict(loss=loss, rate=0.1)
        return info
    """,
    """
    def losses(self, x, y):
        policy_loss = self.policy(x, y)
        total_loss = policy_loss + self.penalty(x)
        return total_loss, {"policy_loss": policy_loss}
    """,
    """
    def compute(self, batch):
        loss = self.net(**batch).loss
        stats = {"loss": loss}
        return loss, stats
    """,
    """
    def step(self, x, y, log):
        loss = F.mse_loss(self.net(x), y)
        loss.backward()
        self.optimizer.step()
        log["train/loss"] = loss
        return log
    """,
    # what is returned after backward has been through it
    """
    def update(self, x, y):
        loss = F.mse_loss(self.net(x), y)
        loss.backward()
        self.optimizer.step()
        return loss, 3
    """,
    # a state that the next step reads
    """
    def train_step(self, x, y):
        out, hidden = self.lstm(x, self.hidden)
        loss = F.mse_loss(out, y)
        loss.backward()
        self.optimizer.step()
        self.hidden = hidden
        return loss.item()
    """,
    # forward hooks
    """
    def hook(self, module, inputs, output):
        self.kept["out"] = output.cpu()
    """,
    """
    def keep(self, name):
        def fn(module, inputs, output):
            self.kept[name] = output
        return fn
    """,
]


@pytest.mark.parametrize("method", KEPT)
def test_graphs_left_behind_are_told_on_request(method: str) -> None:
    code = AGENT + method
    assert "CNV502" in reported(code, "CNV502")
    assert "CNV502" in codes_shown(code, HEADER, "CNV502")  # the sieve leaves none out
    assert "CNV502" not in codes_shown(code, HEADER, "CNV501")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("loss=loss", "loss=loss.item()"),
        ('"policy_loss": policy_loss', '"policy_loss": policy_loss.detach()'),
        ('{"loss": loss}', '{"loss": loss.item()}'),
        ('log["train/loss"] = loss', 'log["train/loss"] = loss.item()'),
        ("return loss, 3", "return loss.detach(), 3"),
        ("self.hidden = hidden", "self.hidden = tuple(each.detach() for each in hidden)"),
        ("output.cpu()", "output.cpu().detach()"),
        ("= output\n", "= output.detach()\n"),
    ],
)
def test_repaired_ones_are_not(before: str, after: str) -> None:
    method = next(each for each in KEPT if before in each)
    assert "CNV502" not in reported(AGENT + method.replace(before, after), "CNV502")


def test_callers_that_take_the_number_keep_nothing() -> None:
    caller = """
    def run(self, batches):
        for x, y in batches:
            loss, n = self.update(x, y)
            print(loss.item())
    """
    assert "CNV502" not in reported(AGENT + KEPT[4] + caller, "CNV502")


@pytest.mark.parametrize(
    "code",
    [
        "self.best = self.model.state_dict()\n        self.train(self.model)",
        "self.saved = {k: v for k, v in self.model.state_dict().items()}\n        self.fit(self.model)",
        "for k, v in self.model.state_dict().items():\n            self.backup[k] = v",
        "for n, p in self.model.named_parameters():\n            self.backup[n] = p.data",
    ],
)
def test_states_kept_under_a_name_for_another_time(code: str) -> None:
    text = f"""
class Keeper:
    def __init__(self, model: nn.Module):
        self.model, self.backup = model, {{}}

    def keep(self):
        {code}
"""
    assert "CNV203" in codes_shown(text, HEADER, "CNV203")
    copied = (
        text.replace("] = v", "] = v.clone()").replace("p.data", "p.data.clone()").replace(": v for", ": 1 * v for")
    )
    copied = copied.replace("self.model.state_dict()\n", "dict(self.model.state_dict())\n")
    assert "CNV203" not in codes_shown(copied, HEADER, "CNV203")


def test_columns_overwritten_before_their_last_use() -> None:
    code = """
    def corners(boxes: torch.Tensor):
        cx, w = boxes[..., 0], boxes[..., 2]
        boxes[..., 0] = cx - w / 2
        boxes[..., 2] = cx + w / 2
        return boxes
    """
    assert "CNV202" in codes_shown(code, HEADER, "CNV202")
    assert "CNV202" not in found(code.replace("boxes[..., 0], ", "boxes[..., 0].clone(), "))
    assert "CNV202" not in found(code.replace("= cx + w / 2", "= w / 2"))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def f(v):\n    if torch.is_tensor(v):\n        v = v.numpy()\n    return v", {"CNV101"}),
        (
            "def f(items):\n    return [i.cpu().numpy() if isinstance(i, torch.Tensor) else i for i in items]",
            {"CNV102", "CNV103"},
        ),
        (
            "def f(d):\n    out = {}\n    for k, v in d.items():\n        if isinstance(v, torch.Tensor):\n"
            "            out[k] = v.numpy()\n    return out",
            {"CNV101"},
        ),
        ("def f(action):\n    return action.squeeze(0).cpu().numpy()", {"CNV102"}),
        ("def f(action):\n    return action.detach().float().cpu().numpy()", set()),
        (
            "class P(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            "        self.net = nn.Linear(3, 3)\n    @torch.no_grad()\n    def act(self, x):\n"
            "        return self.net(x).numpy()",
            {"CNV101"},
        ),
    ],
)
def test_tensors_wherever_a_caller_has_them(code: str, told: set[str]) -> None:
    assert set(codes_shown(code, HEADER, "CNV101", "CNV102", "CNV103")) == told


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def f(x, g):\n    return g(x.to('cpu', non_blocking=True), x.tolist())", "CNV611"),
        (
            "class C:\n    def cpu(self):\n        assert torch.is_tensor(self.x)\n"
            "        return self._to(device='cpu', non_blocking=True)",
            "CNV611",
        ),
        ("def f(layer):\n    return layer.weight.numel() + (1 if layer.bias else 0)", "CNV402"),
        ("def f(a, b, v):\n    i = torch.Tensor([a, b])\n    return torch.sparse_coo_tensor(i, v, (3, 3))", "CNV308"),
        (
            "class Y(nn.Module):\n    def forward(self, x):\n        n, c = x.shape\n"
            "        return torch.tensor(x.reshape(n, c)[:, 0:4], device='cuda')",
            "CNV310",
        ),
        ("def f(x, d):\n    w = np.ones(3)\n    return {'w': torch.tensor(w.astype(float), device=d)}, 1", "CNV315"),
    ],
)
def test_told_on_request(code: str, told: str) -> None:
    assert told in codes_shown(code, HEADER, told)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        # what an unseen agent or model gives, once it was given what is on an accelerator
        (
            "def f(agent, env):\n    x = torch.tensor(env.reset(), device='cuda')\n    action = agent.act(x)\n"
            "    env.step(action)",
            "CNV111",
        ),
        (
            "def f(agent, states):\n    policies = []\n    for s in states:\n        policy = agent.run(s.to('cuda'))\n"
            "        policies.append(policy)\n    return np.vstack(policies)",
            "CNV121",
        ),
        # arrays of a caller, whatever their dtype
        (
            "class P:\n    def act(self, obs: np.ndarray):\n        x = torch.from_numpy(obs).unsqueeze(0)\n"
            "        return self.policy(x)",
            "CNV315",
        ),
        ("def f(env, model):\n    s = env.reset()\n    return model(torch.as_tensor(s).to('cpu'))", "CNV315"),
        # questions in `forward`
        (
            "class M(nn.Module):\n    def forward(self, data):\n        if data['padded'].item():\n"
            "            return torch.zeros(3)\n        return torch.ones(3)",
            "CNV607",
        ),
        (
            "class M(nn.Module):\n    def forward(self, x):\n        y = self.scale(x)\n        if y.max() > 3:\n"
            "            y = torch.relu(y)\n        return y",
            "CNV607",
        ),
        # losses by their names
        (
            "class T:\n    def run(self, data):\n        found = []\n        for x in data:\n"
            "            loss = self.criterion(self.net(x))\n            self.optimize(self.net, loss)\n"
            "            found.append(loss)\n        return torch.tensor(3), found",
            "CNV502",
        ),
        (
            "def f(net, data, optimizer, criterion):\n    running = 0\n    for x, y in data:\n"
            "        loss = criterion(net(x), y)\n        running += loss\n        loss = loss / 3\n"
            "        loss.backward()\n        optimizer.step()\n    return running",
            "CNV501",
        ),
    ],
)
def test_told_by_names_on_request(code: str, told: str) -> None:
    assert told in codes_shown(code, HEADER, told)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            "def f(agent, env):\n    x = torch.tensor(env.reset(), device='cuda')\n    action = agent.act(x)\n"
            "    env.step(action.cpu().numpy())",
            "CNV111",
        ),
        ("def f(env, model):\n    s = env.reset()\n    return model(torch.as_tensor(s).float())", "CNV315"),
        (
            "def f(env, model):\n    s = env.reset()\n    x = torch.from_numpy(s)\n    return model(x.double())",
            "CNV315",
        ),
        (
            "class T:\n    def run(self, data):\n        found = []\n        for x in data:\n"
            "            loss = self.criterion(self.net(x))\n            self.optimize(self.net, loss)\n"
            "            found.append(loss.item())\n        return torch.tensor(3), found",
            "CNV502",
        ),
        (
            "def f(net, data, criterion):\n    for x in data:\n        loss = 0\n        for part in x:\n"
            "            one = criterion(net(part))\n            loss += one\n        loss.backward()",
            "CNV501",
        ),
    ],
)
def test_repaired_by_names(code: str, told: str) -> None:
    assert told not in codes_shown(code, HEADER, told)


@pytest.mark.parametrize(
    "code",
    [
        "def f(net):\n    return torch.cat([p.view(-1) for p in net.parameters()]).cpu().numpy()",
        "def f(net: nn.Module, x):\n    return net(x).cpu().numpy()",
        "def f(text):\n    emb_vec, n = lookup(text)\n    emb_vec = emb_vec.to('cpu').clone()\n"
        "    return emb_vec[0].numpy()",
    ],
)
def test_graphs_that_nobody_in_sight_has_left(code: str) -> None:
    assert "CNV102" in codes_shown(code, HEADER, "CNV102")
    repaired = code.replace(".cpu()", ".detach().cpu()").replace(".clone()", ".detach().clone()")
    assert "CNV102" not in codes_shown(repaired, HEADER, "CNV102")


def test_data_sets_of_files_and_patches() -> None:
    data_set = """
    import h5py

    def f(path):
        for name, group in h5py.File(path).items():
            yield name, torch.tensor(group["positions"], dtype=torch.float32)
    """
    assert "CNV311" in codes_shown(data_set, HEADER, "CNV311")
    assert "CNV311" not in codes_shown(data_set.replace('["positions"]', '["positions"][:]'), HEADER, "CNV311")
    patch = """
    import matplotlib.pyplot as plt

    def f(model, x, ax):
        for box in model(x.to("cuda")).detach():
            ax.add_patch(plt.Rectangle((box[0], box[1]), box[2], box[3]))
    """
    assert {"CNV111", "CNV121"} <= set(codes_shown(patch, HEADER, "CNV111", "CNV121"))
    assert not codes_shown(patch.replace(".detach()", ".detach().cpu()"), HEADER, "CNV111", "CNV121")
