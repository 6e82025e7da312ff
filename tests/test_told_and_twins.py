"""What is told to those who ask for every rule, each beside a twin that does it right and is silent."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from snippets import HEADER

from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source


def told(code: str, *, path: str = "x.py", opt_in: tuple[str, ...] = ("ALL",)) -> set[str]:
    """The codes shown for a program."""
    outcome = lint_source(Source(path, HEADER + textwrap.dedent(code)), Settings(opt_in=opt_in))
    assert outcome.problems == ()
    return {finding.code for finding in outcome.findings}


TWINS = [
    pytest.param(
        """
        class Averaged(nn.Module):
            def __init__(self):
                super().__init__()
                self.last = None
            def forward(self, x):
                mean = x if self.last is None else 0.1 * x + 0.9 * self.last
                if self.last is not None:
                    mean = 0.1 * x + 0.9 * self.last
                self.last = {}
                return mean
        class Solver:
            def __init__(self, model, optimizer):
                self.model, self.optimizer, self.ema = model, optimizer, Averaged()
            def step(self, x, y):
                out = self.model(x)
                loss = nn.functional.cross_entropy(out, y) + self.ema(out.mean())
                loss.backward()
                self.optimizer.step()
        """,
        ("mean", "mean.detach()"),
        "CNV501",
        id="a mean over the calls of a module",
    ),
    pytest.param(
        """
        class Solver:
            def __init__(self, model, optimizer):
                self.model, self.optimizer, self.mean = model, optimizer, 0
            def step(self, x, y):
                out = self.model(x)
                mean = 0.9 * self.mean + 0.1 * out.mean()
                self.mean = {}
                loss = nn.functional.cross_entropy(out, y)
                loss.backward()
                self.optimizer.step()
        """,
        ("mean", "mean.detach()"),
        "CNV501",
        id="a mean over the steps, by another name",
    ),
    pytest.param(
        """
        from torch.utils.data import DataLoader, TensorDataset
        def loader_of(data, labels, scaler):
            rows = torch.from_numpy(scaler.fit_transform(data)){}
            return DataLoader(TensorDataset(rows, torch.tensor(labels)), batch_size=4)
        """,
        ("", ".float()"),
        "CNV315",
        id="a data set of what a scaler gives",
    ),
    pytest.param(
        """
        def predicted(learner, frame, pd):
            pred = learner.model.forward(torch.column_stack((frame.u, frame.m))){}
            return pred.numpy()
        """,
        ("", ".detach()"),
        "CNV102",
        id="a model whose forward is called by its name",
    ),
    pytest.param(
        """
        def graph_of(classes, config):
            device = torch.device("cuda:0") if torch.cuda.is_available() else torch.device("cpu")
            net = getattr(classes, "Causal")(config)
            net.to(device)
            return (net.W * net.mask).detach(){}.numpy()
        """,
        ("", ".cpu()"),
        "CNV101",
        id="parts of a model of an unknown class",
    ),
    pytest.param(
        """
        class Trainer:
            def __init__(self, model, device):
                self.model = model.to(device)
            def show(self, n):
                images, latents = self.model.generate(n, 100)
                plt.imshow(images[0].T.detach(){})
        """,
        ("", ".cpu()"),
        "CNV111",
        id="what a model generates of nothing",
    ),
    pytest.param(
        """
        class Trainer:
            def __init__(self, model, optimizer, classes, width):
                self.model, self.optimizer = model, optimizer
                self.centers = torch.zeros(classes, width)
            def step(self, inputs, labels):
                codes = self.model(inputs)
                for code, label in zip(codes, labels):
                    self.centers[label] = 0.9 * self.centers[label] + 0.1 * {}
                loss = nn.functional.cross_entropy(codes, labels)
                loss.backward()
                self.optimizer.step()
        """,
        ("code", "code.detach()"),
        "CNV501",
        id="centres that every step moves",
    ),
    pytest.param(
        """
        def restored(path, x):
            net = torch.load(path, weights_only=False)
            net.eval()
            mean, spread = net.encoder(x)
            return mean.cpu(){}.numpy()
        """,
        ("", ".detach()"),
        "CNV102",
        id="a part of a model that was loaded whole",
    ),
    pytest.param(
        """
        def train(model, loader, optimizer, weight):
            for i, batch in enumerate(loader):
                _, recon_loss, kl_loss = model(batch)
                recon_loss = recon_loss * weight
                loss = recon_loss + kl_loss
                if i == 0:
                    total = recon_loss{0}
                else:
                    total += recon_loss{0}
                loss.backward()
                optimizer.step()
            return float(total)
        """,
        ("", ".detach()"),
        "CNV501",
        id="a weighted term of a loss, added up from the first batch on",
    ),
    pytest.param(
        """
        class Memory:
            def __init__(self, capacity, obs_shape):
                self.obs = torch.{}((capacity,) + tuple(obs_shape), dtype=torch.float32)
        """,
        ("tensor", "zeros"),
        "CNV309",
        id="a shape that a longer one is made of",
    ),
    pytest.param(
        """
        def padded(rows):
            size = target_size(rows)
            out = torch.{}(size, dtype=rows[0].dtype)
            for i, row in enumerate(rows):
                out[i, :len(row)] = row
            return out
        """,
        ("tensor", "zeros"),
        "CNV309",
        id="sizes whose tensor is written by rows",
    ),
    pytest.param(
        """
        def target(boxes):
            if boxes:
                boxes = torch.as_tensor(boxes, dtype=torch.float32)
            else:
                boxes = torch.{}((0, 4), dtype=torch.float32)
            return boxes
        """,
        ("tensor", "zeros"),
        "CNV309",
        id="an empty tensor where there are no boxes",
    ),
    pytest.param(
        """
        def edges(bonds, src, dst):
            if len(bonds) > 0:
                index = torch.tensor([src, dst], dtype=torch.long)
            else:
                index = torch.{}, dtype=torch.long)
            return index
        """,
        ("tensor([2, 0]", "empty((2, 0)"),
        "CNV309",
        id="a list of sizes beside one of data",
    ),
    pytest.param(
        """
        def mel(self, wav):
            if wav.numel() < self.n_fft:
                return torch.{}((0, self.n_mels), dtype=torch.float32)
            return self.mel @ wav
        """,
        ("tensor", "zeros"),
        "CNV309",
        id="an empty one whose other size has a name",
    ),
    pytest.param(
        """
        class Bank:
            def __init__(self, kernels):
                self.kernels = [k[::-1]{} for k in map(np.asarray, kernels)]
            def pick(self, i):
                return self.kernels[i]
        class Reverb:
            def __init__(self, bank):
                self.bank = bank
            def __call__(self, wav):
                return F.conv1d(wav, torch.as_tensor(self.bank.pick(3)))
        """,
        ("", ".copy()"),
        "CNV301",
        id="a method that only one class in sight has",
    ),
    pytest.param(
        """
        class RewardScorer:
            def __init__(self, model):
                self.model = model.to("cuda")
            def __call__(self, pairs):
                return self.model(torch.ones(3).to("cuda"))
        def score(scorer, chunks):
            return torch.cat([scorer(chunk) for chunk in chunks]).detach(){}.numpy()
        """,
        ("", ".cpu()"),
        "CNV101",
        id="a parameter that is called as a class is",
    ),
    pytest.param(
        """
        def predict(model, rows, blob):
            x = np.zeros((len(rows), 9))
            x = (x - np.array(blob["mu"])) / np.array(blob["sd"])
            return model(torch.from_numpy(x){})
        """,
        ("", ".float()"),
        "CNV315",
        id="float64 next to arrays of any dtype",
    ),
    pytest.param(
        """
        class Regressor:
            def predict(self, row):
                x = torch.as_tensor(self.scaler.transform(row){})
                return self.net(x)
        """,
        ("", ", dtype=torch.float32"),
        "CNV315",
        id="what a scaler gives",
    ),
    pytest.param(
        """
        def train(model, coder, texts):
            return model(torch.FloatTensor(coder.coded(texts)))
        def evaluate(model, coder, texts):
            feats = coder.coded(texts)
            return model(torch.tensor(feats{}))
        """,
        ("", ", dtype=torch.float32"),
        "CNV315",
        id="what is made float32 elsewhere",
    ),
    pytest.param(
        """
        class Agent(nn.Module):
            def forward(self, x, adjacency):
                return adjacency @ x
        def run(n, x, device):
            model = Agent().to(device)
            adjacency = torch.from_numpy(np.eye(n){}).to(device)
            return model(x, adjacency)
        """,
        ("", ".astype(np.float32)"),
        "CNV315",
        id="float64 for a module of the file",
    ),
    pytest.param(
        """
        def neighbours(clouds, k):
            from scipy.spatial import cKDTree
            return torch.tensor({}[cKDTree(points).query(points, k=k)[1] for points in clouds])
        """,
        ("", "list(map(int, clouds)) + 0 * "),
        "CNV311",
        id="indices of neighbours",
    ),
    pytest.param(
        """
        def batch(memory):
            return torch.FloatTensor({}([t.obs for t in memory]))
        """,
        ("", "np.stack"),
        "CNV311",
        id="observations that a memory has kept",
    ),
    pytest.param(
        """
        def collate(samples, key):
            first = samples[0][key]
            if torch.is_tensor(first):
                return torch.stack([torch.{}(sample[key]) for sample in samples])
            return samples
        """,
        ("tensor", "clone"),
        "CNV310",
        id="items beside one that was asked for its type",
    ),
    pytest.param(
        """
        class Experts(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.router = nn.Linear(n, n)
            def forward(self, x):
                gates = self.router(x)
                if gates{} > 0:
                    return x
                return gates
        """,
        (".sum()", ".shape[0]"),
        "CNV607",
        id="a branch on what a part of a module gives",
    ),
    pytest.param(
        """
        def update(net, obs, ret, args, optimizer):
            policy_loss = net(obs).mean()
            value_loss = (net.value(obs) - ret).pow(2).mean()
            value_{} = value_loss.item()
            loss = policy_loss + args.k * value_loss
            loss.backward()
            optimizer.step()
        """,
        ("loss", "number"),
        "CNV513",
        id="a loss that a number takes the place of",
    ),
    pytest.param(
        """
        class Metric:
            def __call__(self, prediction, target):
                prediction = prediction{}.float()
                return self.compute(prediction, target)
        class Dice(Metric):
            def compute(self, prediction, target):
                return (prediction * target).mean()
        class Loss(nn.Module):
            def __init__(self):
                super().__init__()
                self.dice = Dice()
            def forward(self, logits, target):
                dice = 1 - self.dice(torch.sigmoid(logits), target)
                return 0.5 * dice
        """,
        (".detach()", ""),
        "CNV513",
        id="a metric in the place of a loss",
    ),
    pytest.param(
        """
        class Session:
            def remember(self, epoch):
                self.checkpoint = {{"epoch": epoch, "net": {}(self.net.state_dict())}}
            def backtrack(self):
                self.net.load_state_dict(self.checkpoint["net"])
        """,
        ("dict", "copy.deepcopy"),
        "CNV203",
        id="a state that another method loads back",
    ),
    pytest.param(
        """
        def gradients(net, losses):
            kept = []
            for loss in losses:
                net.zero_grad(set_to_none=False)
                loss.backward()
                kept.append([p.grad{} for p in net.parameters()])
            return kept
        """,
        ("", ".clone()"),
        "CNV203",
        id="gradients that are set to zero in place",
    ),
    pytest.param(
        """
        import matplotlib.pyplot as plt
        def show(net, x):
            figure, (left, right) = plt.subplots(1, 2)
            left.plot(net.to("cuda")(x.to("cuda")).detach(){})
        """,
        ("", ".cpu()"),
        "CNV111",
        id="axes that are unpacked",
    ),
    pytest.param(
        """
        class Net(nn.Module):
            def forward(self, x, y):
                return F.mse_loss(x, y), x
        def validate(loader):
            net = Net().cuda()
            if torch.cuda.device_count() > 1:
                net = nn.DataParallel(net)
            for x, y in loader:
                loss, out = net(x, y)
                print(loss{}.item())
        """,
        ("", ".mean()"),
        "CNV401",
        id="a tuple that is gathered of several devices",
    ),
    pytest.param(
        """
        class Rates(torch.optim.Optimizer):
            def step(self):
                for group in self.param_groups:
                    for p in group["params"]:
                        if p.dim() > 1:
                            norms = torch.stack([p.norm(), p.grad.norm()])
                            print({})
        """,
        ("norms.tolist()", "norms.shape"),
        "CNV602",
        id="norms of each matrix",
    ),
    pytest.param(
        """
        def dump(model, path):
            arrays = {{key: value{} for key, value in model.state_dict().items()}}
            np.savez(path, **arrays)
        """,
        ("", ".cpu()"),
        "CNV111",
        id="a state that is saved as arrays",
    ),
    pytest.param(
        """
        import scipy.io as sio
        def dump(model, path):
            arrays = {{}}
            for key, value in model.state_dict().items():
                arrays["w_" + key] = value{}
            sio.savemat(path, arrays)
        """,
        ("", ".cpu()"),
        "CNV121",
        id="a dict of a state",
    ),
    pytest.param(
        """
        def simulate(position, velocity, steps, store):
            frames = []
            for step in range(steps):
                frames.append(position.to(store){})
                position.add_(velocity)
            return torch.stack(frames)
        """,
        ("", ".clone()"),
        "CNV202",
        id="positions that are moved on after they are kept",
    ),
    pytest.param(
        """
        def detect(net, frames, count):
            host = torch.empty((4, 5)).pin_memory()
            heat = net(frames.cuda(non_blocking=True))
            host[:count].copy_(heat, non_blocking={})
            return host[:count].numpy()
        """,
        ("True", "False"),
        "CNV611",
        id="a copy into a part of pinned memory",
    ),
    pytest.param(
        """
        import matplotlib.pyplot as plt
        def losses(paths):
            if torch.cuda.is_available():
                states = [torch.load(path{}) for path in paths]
            else:
                states = [torch.load(path, map_location="cpu") for path in paths]
            plt.plot([state["loss"] for state in states])
        """,
        ("", ", map_location='cpu'"),
        "CNV121",
        id="checkpoints that one branch leaves where they were saved",
    ),
]


@pytest.mark.parametrize(("code", "ways", "expected"), TWINS)
def test_one_is_told_and_its_twin_is_not(code: str, ways: tuple[str, str], expected: str) -> None:
    wrong, right = (code.format(way) for way in ways)
    assert expected in told(wrong)
    assert expected not in told(right)


def test_helpers_of_files_without_torch_are_read_on_request(tmp_path: Path) -> None:
    (tmp_path / "figures.py").write_text(
        "import matplotlib.pyplot as plt\n\n\ndef save_grid(images, rows):\n"
        "    figure, axes = plt.subplots(rows, rows)\n"
        "    for one, image in zip(axes.flat, images):\n        one.imshow(image)\n",
        encoding="utf-8",
    )
    code = """
    from figures import save_grid
    def sample(generator, z):
        save_grid(generator(z.to("cuda")).detach(){}, 3)
    """
    path = tmp_path / "main.py"
    for way, expected in (("", True), (".cpu()", False)):
        text = code.format(way)
        path.write_text(HEADER + textwrap.dedent(text), encoding="utf-8")
        assert ("CNV111" in told(text, path=str(path))) is expected


def test_a_file_without_torch_may_be_given_tensors(tmp_path: Path) -> None:
    (tmp_path / "extractor.py").write_text(
        "import torch\n\n\nclass Extractor:\n    def __init__(self):\n"
        "        self.device = 'cuda' if torch.cuda.is_available() else 'cpu'\n\n"
        "    def extract(self, tiles):\n        return torch.ones(3, device=self.device)\n",
        encoding="utf-8",
    )
    code = (
        "import numpy as np\nfrom extractor import Extractor\n\n\ndef f(tiles):\n"
        "    return np.asarray(Extractor().extract(tiles))\n"
    )
    path = tmp_path / "main.py"
    path.write_text(code, encoding="utf-8")

    def codes(*opt_in: str, text: str = code) -> set[str]:
        return {each.code for each in lint_source(Source(str(path), text), Settings(opt_in=opt_in)).findings}

    assert codes("ALL") == {"CNV111"}
    assert codes("CNV111") == set()
    assert codes("ALL", text=code.replace("extractor", "elsewhere")) == set()


@pytest.mark.parametrize(("asked", "codes"), [("bfloat16", set()), ("float16", {"CNV103"})])
def test_a_branch_for_bfloat16_is_believed(asked: str, codes: set[str]) -> None:
    code = f"""
    class Writer:
        def __init__(self):
            self.dtype = torch.bfloat16 if torch.cuda.is_available() else torch.float16
        def write(self, feats):
            block = feats.detach().to(self.dtype).cpu()
            if self.dtype == torch.{asked}:
                block = block.view(torch.int16)
            return block.numpy()
    """
    assert told(code, opt_in=()) == codes


def test_what_something_else_makes_of_a_tensor_may_be_an_array() -> None:
    code = """
    def cost(point: torch.Tensor):
        point = point.to("cuda" if torch.cuda.is_available() else "cpu")
        return np.max(np.abs({}[0].reshape(-1)))
    """
    assert told(code.format("gradients(point)"), opt_in=()) == set()
    assert "CNV114" in told(code.format("torch.autograd.grad(point.sum(), point)"), opt_in=())


@pytest.mark.parametrize(("moved", "codes"), [(False, set()), (True, {"CNV203"})])
def test_states_that_are_saved_at_once_may_change(moved: bool, codes: set[str]) -> None:
    saved = "torch.save(best, 'best.pt')"
    code = f"""
    def train(net, others, loader, optimizer, lowest):
        for epoch, (x, y) in enumerate(loader):
            loss = F.mse_loss(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if loss.item() < lowest:
                best = {{"net": net.state_dict(), "others": {{k: other.state_dict() for k, other in others.items()}}}}
                {"pass" if moved else saved}
        {saved if moved else ""}
    """
    assert told(code, opt_in=()) == codes


@pytest.mark.parametrize(("what", "codes"), [("scores", {"CNV101"}), ("lengths", set())])
def test_packed_sequences_are_where_they_were_packed(what: str, codes: set[str]) -> None:
    code = f"""
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
    class Acoustic(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.head = nn.GRU(3, 4, batch_first=True), nn.Linear(4, 5)
        def forward(self, x, lengths):
            packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True)
            out, _ = self.rnn(packed)
            out, lengths = pad_packed_sequence(out, batch_first=True)
            return self.head(out), lengths
    class Reader:
        def __init__(self):
            self.model = Acoustic()
            if torch.cuda.is_available():
                self.model.cuda()
        @torch.no_grad()
        def read(self, x, lengths):
            if torch.cuda.is_available():
                x, lengths = x.cuda(), lengths.cuda()
            scores, lengths = self.model(x, lengths)
            return {what}.numpy()
    """
    assert told(code, opt_in=()) == codes


@pytest.mark.parametrize(("made", "codes"), [("np.zeros((3, 3))", set()), ("torch.ones(3, 3)", {"CNV114"})])
def test_a_product_of_tensors_refuses_arrays(made: str, codes: set[str]) -> None:
    code = f"""
    def centred(k):
        h = torch.eye(3)
        return torch.mm(torch.mm(h, k), h)
    def alignment(x):
        return np.sum(centred({made}))
    """
    assert told(code, opt_in=()) == codes


@pytest.mark.parametrize(("picked", "codes"), [("picked", set()), ("3:5", {"CNV316"}), ("0", {"CNV316"})])
def test_what_is_picked_out_of_a_mapped_file_may_be_a_copy(picked: str, codes: set[str]) -> None:
    code = f"""
    def rows(path, rng):
        data = np.memmap(path, dtype=np.float32, mode="r", shape=(9, 4))
        picked = rng.choice(len(data), size=3)
        return torch.from_numpy(data[{picked}])
    """
    assert told(code, opt_in=()) == codes


@pytest.mark.parametrize(("kept", "codes"), [("pass", set()), ("self.last, self.n = obs, 1", {"CNV402"})])
def test_what_is_only_emptied_is_never_there(kept: str, codes: set[str]) -> None:
    code = f"""
    class Flicker:
        def __init__(self):
            self.last = None
        def observation(self, obs):
            if self.last:
                obs = torch.max(self.last, obs)
            {kept}
            return obs
        def reset(self):
            self.last = None
    """
    assert told(code, opt_in=()) == codes


@pytest.mark.parametrize(("rows", "codes"), [("weights.detach().cpu().numpy()", set()), ("weights", {"CNV114"})])
def test_a_row_of_an_array_is_no_tensor_whatever_takes_its_name(rows: str, codes: set[str]) -> None:
    code = f"""
    def sampled(weights, indices):
        weights = torch.softmax(weights, 1)
        for row in {rows}:
            odds = row.flatten() / np.sum(row.flatten())
            row = weights[0]
            print(torch.gather(row, 2, indices), odds)
    """
    assert told(code, opt_in=()) == codes


@pytest.mark.parametrize(("use", "codes"), [("depths.reshape(-1)", set()), ("depths.unsqueeze(0)", {"CNV114"})])
def test_an_annotation_is_no_tensor_where_an_array_is_meant(use: str, codes: set[str]) -> None:
    code = f"""
    def scaled(depths: torch.Tensor):
        low = np.amin(depths)
        return {use}, low
    """
    assert told(code, opt_in=()) == codes


@pytest.mark.parametrize(("read", "codes"), [("best['epoch']", set()), ("best['state']", {"CNV203"})])
def test_who_reads_another_key_does_not_read_the_state(read: str, codes: set[str]) -> None:
    code = f"""
    def fit(net, loader, optimizer, lowest):
        best = {{"state": net.state_dict()}}
        for epoch in range(9):
            for x in loader:
                loss = net(x).sum()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        return {read}
    """
    assert told(code, opt_in=()) == codes


@pytest.mark.parametrize(
    ("made", "codes"), [("eval(name)().to(cfg.device)", set()), ("build_net(cfg)", set()), ("self.net", {"CNV203"})]
)
def test_a_model_that_is_made_for_every_call_follows_no_state(made: str, codes: set[str]) -> None:
    code = f"""
    class Server:
        def __init__(self, net):
            self.net = net
            self.state = net.state_dict()
        def evaluate(self, x, name, cfg):
            model = {made}
            model.load_state_dict(self.state)
            return model(x)
        def train(self, loader, optimizer_of, name, cfg):
            model = {made}
            model.load_state_dict(self.state)
            optimizer = optimizer_of(model.parameters())
            for x in loader:
                model(x)["loss"].backward()
                optimizer.step()
            self.state = {{k: v.cpu() for k, v in model.state_dict().items()}}
    """
    assert told(code, opt_in=()) == codes


def test_a_list_that_no_round_fills_is_no_other_branch() -> None:
    """All that is in it is float32: nothing leaves it as NumPy makes it."""
    code = """
    from scipy.signal import butter, filtfilt
    def filtered(signal, order):
        if order:
            b, a = butter(order, [1, 2], btype="band")
            low = filtfilt(b, a, low)
        return low - low.mean()
    def windows(width, source):
        rows = []
        for name in ["first", "second"]:
            try:
                record = source.x
            except OSError:
                continue
            signal = filtered(record.signal, 3)
            for start in record.starts:
                rows.append(signal[start : start + width].astype(np.float32))
        x = np.asarray(rows); y = 3
        return x, y
    def main(args):
        x, y = windows(args.width, args.source)
        order = np.arange(len(x))
        device = "cpu"
        for epoch in range(args.epochs):
            opt.zero_grad(); loss.backward(); opt.step()
        with torch.no_grad():
            batch = torch.from_numpy(x[order]).to(device)
            recon = model(batch)
    """
    assert told(code, opt_in=("CNV315",)) == set()
