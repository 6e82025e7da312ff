"""What is told to those who ask for it, and to nobody else: what the code rests it on is often something else."""

from __future__ import annotations

import pytest
from snippets import HEADER, codes_shown

ASKED_FOR = {
    "an image seen through detach": (
        "CNV204",
        """
        def attack(x, step):
            changed = x.detach()
            changed.clamp_(0, 1)
            return changed
        """,
    ),
    "the data of an image seen through detach": (
        "CNV204",
        """
        def attack(x, step):
            changed = x.detach()
            changed.requires_grad = True
            changed.data.add_(step)
            return changed.detach()
        """,
    ),
    "columns of a view": (
        "CNV204",
        """
        def shifted(boxes, by):
            rows = boxes.view(-1, 4)
            rows[:, 0] += by
            return rows
        """,
    ),
    "columns under another name": (
        "CNV204",
        """
        def corners(x):
            y = x
            y[:, 0] = x[:, 0] - x[:, 2] / 2
            return y
        """,
    ),
    "columns in place": (
        "CNV204",
        """
        def bounded(boxes, size):
            boxes[:, 0].clamp_(0, size)
            return boxes
        """,
    ),
    "each image of a batch": (
        "CNV204",
        """
        def normalised(images, mean, std):
            for image, m, s in zip(images, mean, std):
                image.sub_(m).div_(s)
            return images
        """,
    ),
    "what may have been on the CPU": (
        "CNV204",
        """
        def shown(image, std):
            image = image.detach().cpu()
            image[0] = image[0] * std
            return image.permute(1, 2, 0)
        """,
    ),
    "what has a shape": (
        "CNV204",
        """
        def jittered(points):
            points += np.random.randn(*points.shape)
            return torch.from_numpy(points)
        """,
    ),
    "tokens masked at random": (
        "CNV204",
        """
        class Masked:
            def __init__(self, ids):
                self.ids = torch.as_tensor(ids).clone()

            def __getitem__(self, index):
                ids = self.ids[index]
                chosen = torch.rand(ids.shape) < 0.15
                ids[chosen] = 103
                return ids
        """,
    ),
    "weights of a layer of an unknown model": (
        "CNV203",
        """
        def moved(model, optimizer, loader, criterion):
            old = model.fc.weight.data
            for x, y in loader:
                criterion(model(x), y).backward()
                optimizer.step()
            return torch.equal(old, model.fc.weight.data)
        """,
    ),
    "weights of a layer in a history": (
        "CNV203",
        """
        def history(model, optimizer, x, y, criterion):
            weights = []
            for _ in range(10):
                criterion(model(x), y).backward()
                optimizer.step()
                weights.append(model.weight.detach().numpy())
            return weights
        """,
    ),
    "parameters that may have been on the CPU": (
        "CNV203",
        """
        def history(model, optimizer, x, y, criterion):
            weights = []
            for _ in range(10):
                criterion(model(x), y).backward()
                optimizer.step()
                weights.append([p.data.cpu() for p in model.parameters()])
            return weights
        """,
    ),
    "the parameters themselves under a name that says before": (
        "CNV203",
        """
        def trained(model, optimizer, x, y, criterion):
            old = list(model.parameters())
            criterion(model(x), y).backward()
            optimizer.step()
            return [torch.equal(a, b) for a, b in zip(old, model.parameters())]
        """,
    ),
    "weights in an attribute called shadow": (
        "CNV203",
        """
        class Average:
            def register(self, model):
                for name, p in model.named_parameters():
                    self.shadow[name] = p.data
        """,
    ),
    "weights put aside and overwritten": (
        "CNV203",
        """
        def swap(model, other):
            for p, q in zip(model.parameters(), other.parameters()):
                tmp = p.data
                p.data.copy_(q.data)
                q.data.copy_(tmp)
        """,
    ),
    "gradients under a name that says before": (
        "CNV203",
        """
        def differences(model, batches, criterion, optimizer):
            prev, found = None, []
            for x, y in batches:
                optimizer.zero_grad(set_to_none=False)
                criterion(model(x), y).backward()
                if prev is not None:
                    found.append([(p.grad - g).norm() for p, g in zip(model.parameters(), prev)])
                prev = [p.grad for p in model.parameters()]
            return found
        """,
    ),
    "gradients in a list of lists": (
        "CNV203",
        """
        def of_each(model, losses):
            found = []
            for loss in losses:
                for p in model.parameters():
                    if p.grad is not None:
                        p.grad.zero_()
                loss.backward(retain_graph=True)
                found.append([p.grad for p in model.parameters()])
            return found
        """,
    ),
    "the gradient as the first momentum": (
        "CNV203",
        """
        class Momentum(torch.optim.Optimizer):
            def step(self, closure=None):
                for group in self.param_groups:
                    for p in group["params"]:
                        grad, state = p.grad.data, self.state[p]
                        if "momentum_buffer" not in state:
                            state["momentum_buffer"] = grad
                        else:
                            state["momentum_buffer"].mul_(0.9).add_(grad)
                        p.data.sub_(state["momentum_buffer"])
        """,
    ),
    "the memory of one parameter given to another": (
        "CNV203",
        """
        def copy_weights(source, target):
            for p, q in zip(source.parameters(), target.parameters()):
                q.data = p.data
        """,
    ),
    "the output of a network that works in place": (
        "CNV203",
        """
        class Features:
            def __init__(self):
                self.kept = []
                self.net = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU(inplace=True))
                self.net[0].register_forward_hook(self.hook)

            def hook(self, module, inputs, output):
                self.kept.append(output)
        """,
    ),
    "an average that begins with the first client's weights": (
        "CNV204",
        """
        def average(w):
            mean = w[0]
            for k in mean.keys():
                for i in range(1, len(w)):
                    mean[k] += w[i][k]
                mean[k] = torch.div(mean[k], len(w))
            return mean
        """,
    ),
    "an average that is added up in a client's model": (
        "CNV202",
        """
        def average(server, models):
            mean = models[0].state_dict()
            for model in models[1:]:
                for k, v in model.state_dict().items():
                    mean[k] += v
            server.load_state_dict(mean)
        """,
    ),
    "an argument that is kept after it has been converted": (
        "CNV206",
        """
        class Meter:
            def __init__(self):
                self.kept = []

            def add(self, given):
                given = given.detach().to(torch.float32)
                self.kept.append(given)
        """,
    ),
    "a state whose items the class writes": (
        "CNV205",
        """
        class Buffer:
            def load_state_dict(self, state):
                self.storage = state["storage"]

            def add(self, i, value: torch.Tensor):
                self.storage[i] = value
        """,
    ),
    "a tensor wherever its caller has it": (
        "CNV101",
        """
        def probabilities(scores: torch.Tensor):
            return scores.detach().numpy()
        """,
    ),
    "a tensor or an array wherever its caller has it": (
        "CNV111",
        """
        def distinct(labels: Union[np.ndarray, torch.Tensor]):
            return np.unique(labels)
        """,
    ),
    "the weight of a layer": (
        "CNV102",
        """
        class Shown:
            def vector(self, i):
                weights = self.text_model.token_embedding.weight
                return weights[i].unsqueeze(0)

            def show(self, i):
                vector = self.vector(i).to("cpu").clone()
                print(vector.numpy())
        """,
    ),
    "a hidden state that is not there": (
        "CNV402",
        """
        class Cell(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.GRU(4, 4)

            def forward(self, x, h=None):
                if not h:
                    h = torch.zeros(1, x.size(1), 4)
                return self.rnn(x, h)
        """,
    ),
    "labels of a batch": (
        "CNV402",
        """
        def loss(batch):
            if batch.get("labels"):
                return F.cross_entropy(batch["logits"], batch["labels"])
        """,
    ),
    "a tensor looked up in a list of some": (
        "CNV411",
        """
        def place(tensors: List[torch.Tensor], one: torch.Tensor):
            return tensors.index(one)
        """,
    ),
    "a batch among other arguments": (
        "CNV204",
        """
        def normalising(forward):
            def wrapper(self, *args, **kwargs):
                x: Tuple = args[0][0]
                x[:, :, :3] = self.normalised(x[:, :, :3])
                return self.inverse(forward(self, x, *args[1:], **kwargs))
            return wrapper
        """,
    ),
    "a shape as data": (
        "CNV309",
        """
        def started(name, shape):
            return torch.tensor(shape, dtype=torch.float32)
        """,
    ),
    "the parameters of a group": (
        "CNV411",
        """
        def same(model, optimizer):
            return list(model.parameters()) == optimizer.param_groups[0]["params"]
        """,
    ),
}

SILENT = {
    "a package that is imported by a function": """
        def mean(values):
            th, _ = import_torch()
            if th and isinstance(values[0], th.Tensor):
                return th.mean(th.cat([*values]))
        """,
    "a copy of what is detached": """
        def attack(x, step):
            changed = x.detach().clone()
            changed.clamp_(0, 1)
            return changed
        """,
    "parameters that are found again": """
        def trained(model, optimizer, x, y, criterion):
            parameters = list(model.parameters())
            criterion(model(x), y).backward()
            optimizer.step()
            return [p.norm() for p in parameters]
        """,
    "items that a loop has moved to the CPU": """
        def scaled(labels: dict):
            for name in labels:
                labels[name] = labels[name].cpu().numpy()
            boxes, classes = labels.get("boxes"), labels.get("classes")
            boxes[:, 0] *= 2
            return boxes, classes
        """,
    "a swap by copies": """
        def swap(model, other):
            for p, q in zip(model.parameters(), other.parameters()):
                tmp = p.data.clone()
                p.data.copy_(q.data)
                q.data.copy_(tmp)
        """,
    "gradients that each step makes anew": """
        def differences(model, batches, criterion, optimizer):
            prev, found = None, []
            for x, y in batches:
                optimizer.zero_grad()
                criterion(model(x), y).backward()
                if prev is not None:
                    found.append([(p.grad - g).norm() for p, g in zip(model.parameters(), prev)])
                prev = [p.grad for p in model.parameters()]
            return found
        """,
    "numbers that are added up": """
        def average(w):
            mean = w[0]
            for k in mean.keys():
                mean[k] += w[1][k]
            return mean, torch.zeros(1)
        """,
    "the state that its own module gets": """
        def decayed(model, by):
            state = model.state_dict()
            for k in state:
                state[k] *= by
            model.load_state_dict(state)
        """,
    "settings that are called params": """
        def same(config, other):
            assert config["model"]["params"]["channels"] == other["model"]["params"]["channels"]
            return torch.zeros(config["model"]["params"]["channels"])
        """,
    "rows that columns of integers pick": """
        def picked(depth, pairs: torch.Tensor):
            z = depth[pairs[:, 1], pairs[:, 0]]
            z = z.cpu().numpy()
            z[z > 0] += 1
            return z, depth.mean()
        """,
    "boxes that a transform scales": """
        class Scale:
            def __call__(self, image, boxes):
                boxes[:, 0] *= image.shape[0]
                return image, boxes
        """,
    "the sizes of an image": """
        def scale(image, image_shape):
            return torch.tensor(image_shape) / torch.tensor(image.shape, dtype=torch.float32)
        """,
    "a flag": """
        def summed(x, keep=None):
            if keep:
                return torch.relu(x)
            return x.sum()
        """,
    "a text that is split": """
        def parts(text):
            first = text.split("-", 3)
            if first:
                return first[0]
        """,
}


@pytest.mark.parametrize(("code", "text"), ASKED_FOR.values(), ids=ASKED_FOR.keys())
def test_it_is_told_to_those_who_ask(code: str, text: str) -> None:
    assert code in codes_shown(text, HEADER, "ALL")


@pytest.mark.parametrize(("code", "text"), ASKED_FOR.values(), ids=ASKED_FOR.keys())
def test_it_is_told_to_nobody_else(code: str, text: str) -> None:
    assert code not in codes_shown(text, HEADER) or text in KNOWN_BY_ALL


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT.keys())
def test_it_is_not_told(text: str) -> None:
    codes = {"CNV201", "CNV202", "CNV203", "CNV204", "CNV309", "CNV402", "CNV411", "CNV607"}
    assert not codes & set(codes_shown(text, HEADER, "ALL"))


KNOWN_BY_ALL = (ASKED_FOR["tokens masked at random"][1],)
"""What is sure enough for everybody."""
