"""What is told to those who ask for it, and to nobody else: what the code rests it on is often something else."""

from __future__ import annotations

import pytest
from snippets import HEADER, codes_shown

ASKED_FOR = {
    "a copy to the host that nothing waits for": (
        "CNV611",
        """
        def saved(model, path):
            state = {}
            for key, value in model.state_dict().items():
                state[key] = value.to("cpu", non_blocking=True)
            torch.save(state, path)
        """,
    ),
    "rows that are put back where the weights are": (
        "CNV611",
        """
        def updated(rows, index, where, work, grad):
            new = rows[index].to(work, non_blocking=True) - grad
            rows[index] = new.to(where, non_blocking=True)
        """,
    ),
    "outputs of the steps when the epoch has ended": (
        "CNV121",
        """
        import pytorch_lightning as pl

        class Task(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.net = nn.Linear(3, 1)
                self.criterion = nn.MSELoss()

            def validation_step(self, batch, batch_idx):
                x, y = batch
                results = {"size": len(y)}
                results.update({"val_loss": self.criterion(self.net(x), y)})
                return results

            def validation_epoch_end(self, outputs):
                return {"loss": np.mean([each["val_loss"] for each in outputs])}
        """,
    ),
    "a term of a loss that nothing learns from": (
        "CNV513",
        """
        def step(model, memory, x, y, optimizer, criterion):
            out, features = model(x)
            loss_ce = criterion(out, y)
            loss_memory = 1.0 - memory.loss(features.detach(), y.detach())
            loss = loss_ce + 0.1 * loss_memory
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        """,
    ),
    "a legacy constructor with a device that nobody tells": (
        "CNV320",
        """
        def weights(gammas, made):
            return torch.Tensor(gammas, device=made.place())
        """,
    ),
    "zeros that are a shape elsewhere": (
        "CNV309",
        """
        def layer(x, cache: torch.Tensor = torch.zeros((0, 0, 0))):
            fake = torch.tensor((0, 0, 0), dtype=x.dtype)
            return x, cache, fake
        """,
    ),
    "a sum of an evaluation that is plotted in the end": (
        "CNV501",
        """
        import matplotlib.pyplot as plt

        class Trainer:
            def __init__(self, model):
                self.model = model(3)
                self.loss = nn.MSELoss()
                self.valid_loss = []

            def plot_loss(self):
                valid_loss = self.valid_loss
                if len(valid_loss) > 1:
                    plt.plot(range(len(valid_loss)), valid_loss)

            def train(self):
                for epoch in range(10):
                    self.valid_loss.append(self.eval(self.valid_loader))

            def eval(self, loader):
                self.model.eval()
                total = 0
                for x, y in loader:
                    total += self.loss(self.model(x), y)
                return total
        """,
    ),
    "the previous gradient where gradients are dropped as a rule": (
        "CNV203",
        """
        from torch.optim import Optimizer

        class Diff(Optimizer):
            '''optimizer.zero_grad()'''

            def step(self):
                for group in self.param_groups:
                    for p in group["params"]:
                        grad = p.grad.data
                        state = self.state[p]
                        change = abs(state["previous_grad"] - grad)
                        state["previous_grad"] = grad
                        p.data.addcmul_(grad, change, value=-group["lr"])
        """,
    ),
    "an argument that a tensor's method prepares": (
        "CNV101",
        """
        def shown(batch):
            image = batch["inputs"][0]
            return image.permute(1, 2, 0).numpy()
        """,
    ),
    "results of a module's own methods": (
        "CNV101",
        """
        class Branches(nn.Module):
            def forward(self, x):
                losses = [self.estimated(each, x) for each in range(3)]
                return np.hstack([e.detach().numpy().reshape(len(x), 1) for e in losses])
        """,
    ),
    "outputs that are moved, and not detached": (
        "CNV102",
        """
        def answers(logits):
            return np.argmax(logits.cpu().numpy(), axis=1)
        """,
    ),
    "outputs of the object's model in its dtype": (
        "CNV103",
        """
        class Handler:
            def __init__(self, model):
                self._model = model

            def predict(self, batch):
                results = self._model.predict(batch)
                return [{k: v.detach().cpu().numpy() for k, v in result.items()} for result in results]
        """,
    ),
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
    "what is detached, wherever a caller has it": (
        "CNV101",
        """
        def heights(y):
            return y[:, 0].detach().numpy()
        """,
    ),
    "an argument that is called a tensor": (
        "CNV101",
        """
        def picture(img_tensor, i=0):
            return (255 * img_tensor[i].numpy()).astype(np.uint8)
        """,
    ),
    "one of two that are brought to the host": (
        "CNV101",
        """
        def rows(layer, changes, i):
            w = layer.weight.detach().cpu().numpy()
            return w, changes[i].numpy()
        """,
    ),
    "weights of a model that is handed over": (
        "CNV101",
        """
        def factors(fitted):
            return fitted.item_factors.weight.data.numpy()
        """,
    ),
    "a posterior of a model, two names later": (
        "CNV101",
        """
        def means(model, x):
            with torch.no_grad():
                posterior = model.posterior(x)
                mean = posterior.mean
                return mean.view(-1).numpy()
        """,
    ),
    "what something unknown gives of what is on a device": (
        "CNV101",
        """
        def on_arrays(func: Callable, device: torch.device):
            def inner(x: np.ndarray):
                return func(torch.from_numpy(x).to(device)).detach().numpy()
            return inner
        """,
    ),
    "parts of outputs that are joined": (
        "CNV101",
        """
        def embedded(embed, batches, use_cuda):
            found = []
            for batch in batches:
                if use_cuda:
                    batch = batch.cuda()
                found.append(embed(batch)["tokens"].data)
            return torch.cat(found, 0).numpy()
        """,
    ),
    "a model that is handed over with something else": (
        "CNV101",
        """
        def survival(fitted, x):
            net, spline = fitted
            return spline(net(x).detach().numpy())
        """,
    ),
    "a choice of what a caller has": (
        "CNV111",
        """
        from sklearn.metrics import f1_score

        class Measure:
            def compute(self, preds, y):
                preds = torch.argmax(preds, dim=1)
                return f1_score(y, preds)
        """,
    ),
    "a helper that detaches nothing": (
        "CNV102",
        """
        def to_np(tensor):
            return tensor.cpu().numpy()
        """,
    ),
    "a helper that takes whatever dtype there is": (
        "CNV103",
        """
        def tensor_to_array(x):
            return x.detach().cpu().numpy()
        """,
    ),
    "the output of a model of unknown dtype": (
        "CNV103",
        """
        def vectors(model, ids, device):
            with torch.no_grad():
                encoded = model(input_ids=ids.to(device))
                out: torch.Tensor = encoded.last_hidden_state
            return out[:, 1].cpu().numpy()
        """,
    ),
    "the values of a checkpoint": (
        "CNV103",
        """
        def arrays(path):
            weights = torch.load(path, map_location="cpu")
            return {k: v for k, v in _arrays(weights)}

        def _arrays(path):
            found = {}
            for k, v in torch.load(path).items():
                found[k] = v.cpu().numpy()
            return found
        """,
    ),
    "an item of a dict that is asked for its shape": (
        "CNV204",
        """
        def differences(shared):
            rows = shared["gradients"]
            for i in reversed(range(1, rows.shape[0])):
                rows[i] -= rows[i - 1]
            return rows.nonzero()
        """,
    ),
    "a running mean under a second name": (
        "CNV202",
        """
        class Stepping(torch.optim.Optimizer):
            def step(self):
                for group in self.param_groups:
                    for p in group["params"]:
                        state = self.state[p]
                        mean, square = state["mean"], state["square"]
                        mean.mul_(0.9).add_(p.grad, alpha=0.1)
                        square.mul_(0.9).addcmul_(p.grad, p.grad, value=0.1)
                        update = mean if group["beta"] > 0 else p.grad
                        update.div_(square.sqrt().add_(1e-8))
                        p.add_(update, alpha=-group["lr"])
        """,
    ),
    "a part that is given beside the loss": (
        "CNV501",
        """
        class Training:
            def epoch(self, loader):
                total = 0
                for x, y in loader:
                    loss, ce, kl = self.losses(self.model(x), y)
                    self.optimizer.zero_grad()
                    loss.backward()
                    self.optimizer.step()
                    total += ce
                return total
        """,
    ),
    "parts that a method returns, and its caller adds up": (
        "CNV501",
        """
        class Training:
            def one(self, x, y):
                loss, parts = self.criterion(self.model(x), y)
                loss.backward()
                self.optimizer.step()
                return parts

            def epoch(self, loader):
                total = defaultdict(float)
                for x, y in loader:
                    for name, value in self.one(x, y).items():
                        total[name] += value * 3
                return total
        """,
    ),
    "a dict of losses, some of which are gone through": (
        "CNV501",
        """
        def train(model, loader, optimizer, criterion):
            log = {"ce": 0, "kl": 0}
            for x, y in loader:
                parts = criterion(model(x), y)
                loss = parts["ce"] + 0.1 * parts["kl"]
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                for k, v in parts.items():
                    log[k] += v
            return log
        """,
    ),
    "a dict that holds the loss it is returned beside": (
        "CNV502",
        """
        class Training:
            def loss(self, x, y):
                policy = self.policy(x, y)
                value = self.value(x, y)
                stats = dict(losses=dict(policy=policy, value=value))
                return policy, value, flatten_dict(stats)

            def batch(self, x, y):
                loss_p, loss_v, told_stats = self.loss(x, y)
                loss = loss_p + loss_v
                loss.backward()
                self.optimizer.step()
                return told_stats

            def epoch(self, loader):
                found = []
                for x, y in loader:
                    found.append(self.batch(x, y))
                return found
        """,
    ),
    "a measure of an output": (
        "CNV502",
        """
        def train(model, loader, optimizer, criterion, ssim):
            measured = []
            for x, y in loader:
                out = model(x)
                loss = criterion(out, y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                measured.append(ssim(out, y))
            return measured
        """,
    ),
    "predictions that are looked at when the epoch has ended": (
        "CNV502",
        """
        class Fitted(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.predictions = []
                self.layer = nn.Linear(3, 3)

            def training_step(self, batch, i):
                found = self.layer(batch["x"])
                for b in range(3):
                    self.predictions.append(self.layer(batch["x"][b]).clamp_(min=0.0))
                return F.mse_loss(found, batch["y"])

            def on_train_epoch_end(self):
                self.log("mean", torch.cat(self.predictions).mean())
                self.predictions.clear()
        """,
    ),
    "a mask written where it is true": (
        "CNV208",
        """
        def searched(losses: torch.Tensor):
            going = torch.ones(5, dtype=torch.bool)
            while going.any():
                going[going] = losses[going] > 2
            return losses
        """,
    ),
    "a matrix written with its own transpose": (
        "CNV208",
        """
        def turned(first, second):
            pair = torch.bmm(first, second)
            pair[1] = pair[1].transpose(dim0=-2, dim1=-1)
            return pair.mean(dim=0)
        """,
    ),
    "a number read for each parameter": (
        "CNV601",
        """
        class Stepping(torch.optim.Optimizer):
            def step_parameter(self, p, group):
                self.numerator += torch.dot(p.grad.flatten(), p.data.flatten()).item()

            def step(self, closure=None):
                for group in self.param_groups:
                    for p in group["params"]:
                        self.step_parameter(p, group)
        """,
    ),
}

SILENT = {
    "a copy to the host that is waited for": """
        def saved(model, path):
            state = {}
            for key, value in model.state_dict().items():
                state[key] = value.to("cpu", non_blocking=True)
            torch.cuda.synchronize()
            torch.save(state, path)
    """,
    "rows that are moved to one place": """
        def updated(rows, index, work, grad):
            new = rows[index].to(work, non_blocking=True) - grad
            rows[index] = new.to(work, non_blocking=True)
    """,
    "outputs of the steps as numbers": """
        import pytorch_lightning as pl

        class Task(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.net = nn.Linear(3, 1)
                self.criterion = nn.MSELoss()

            def validation_step(self, batch, batch_idx):
                x, y = batch
                return {"val_loss": self.criterion(self.net(x), y).item()}

            def validation_epoch_end(self, outputs):
                return {"loss": np.mean([each["val_loss"] for each in outputs])}
    """,
    "a discriminator that learns from what is detached": """
        def step(discriminator, generator, x, optimizer, criterion, ones):
            loss_fake = criterion(discriminator(generator(x).detach()), ones)
            loss_real = criterion(discriminator(x), ones)
            loss = loss_fake + loss_real
            loss.backward()
            optimizer.step()
    """,
    "a black pixel": """
        def black():
            return torch.tensor((0, 0, 0))
    """,
    "outputs that are made float32": """
        class Handler:
            def __init__(self, model):
                self._model = model

            def predict(self, batch):
                results = self._model.predict(batch)
                return [{k: v.detach().cpu().float().numpy() for k, v in result.items()} for result in results]
    """,
    "outputs that are moved and detached and made float32": """
        def answers(logits):
            return np.argmax(logits.float().detach().cpu().numpy(), axis=1)
    """,
    "an argument that is moved": """
        def shown(batch):
            image = batch["inputs"][0]
            return image.permute(1, 2, 0).detach().float().cpu().numpy()
    """,
    "a package that is imported by a function": """
        def mean(values):
            th, _ = import_torch()
            if th and isinstance(values[0], th.Tensor):
                return th.mean(th.cat([*values]))
        """,
    "what a helper brings to the host": """
        def heights(y):
            return y[:, 0].detach().cpu().numpy()
        """,
    "what a function asks for its device": """
        def heights(y):
            if y.device.type == "cuda":
                y = y.cpu()
            return y.detach().float().numpy()
        """,
    "a helper that thinks of everything": """
        def to_np(tensor):
            return tensor.detach().cpu().float().numpy()
        """,
    "a copy of a running mean": """
        class Stepping(torch.optim.Optimizer):
            def step(self):
                for group in self.param_groups:
                    for p in group["params"]:
                        mean = self.state[p]["mean"]
                        mean.mul_(0.9).add_(p.grad, alpha=0.1)
                        update = mean.clone()
                        update.mul_(group["lr"])
                        p.add_(-update)
        """,
    "parts of a loss that are detached": """
        class Training:
            def epoch(self, loader):
                total = 0
                for x, y in loader:
                    loss, ce = self.losses(self.model(x), y)
                    loss.backward()
                    self.optimizer.step()
                    total += ce.detach()
                return total
        """,
    "how many were right, beside the loss": """
        class Training:
            def epoch(self, loader):
                total = 0
                for x, y in loader:
                    loss, acc, n = self.losses(self.model(x), y)
                    loss.backward()
                    self.optimizer.step()
                    total += n
                return total
        """,
    "a mask that is emptied where it is true": """
        def searched(going: torch.Tensor):
            open_ones = going > 0
            open_ones[open_ones] = False
            return open_ones
        """,
    "an array with its own transpose": """
        def turned(n):
            pair = np.ones((2, n, n))
            pair[1] = pair[1].T
            going = pair > 2
            going[going] = pair[going] > 3
            return torch.zeros(1)
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
    codes = {
        "CNV101",
        "CNV102",
        "CNV103",
        "CNV121",
        "CNV201",
        "CNV202",
        "CNV203",
        "CNV204",
        "CNV208",
        "CNV309",
        "CNV402",
        "CNV411",
        "CNV513",
        "CNV611",
    }
    assert not codes & set(codes_shown(text, HEADER, "ALL"))


KNOWN_BY_ALL = (ASKED_FOR["tokens masked at random"][1],)
"""What is sure enough for everybody."""
