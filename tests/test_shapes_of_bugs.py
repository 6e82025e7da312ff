"""Shapes of bugs that were mended in public repositories, each beside what is none."""

from __future__ import annotations

import textwrap

import pytest
from snippets import HEADER, found, reported

from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source


def shown(code: str, *opt_in: str) -> set[str]:
    """What is shown with the default confidence, through the sieve."""
    source = Source("x.py", HEADER + textwrap.dedent(code))
    return {finding.code for finding in lint_source(source, Settings(opt_in=opt_in)).findings}


@pytest.mark.parametrize(
    ("condition", "codes"),
    [
        ("not torch.cuda.is_available()", {"CNV101"}),
        ("device != 'cpu' and not torch.cuda.is_available()", {"CNV101"}),
        ("torch.cuda.is_available()", set()),
        ("not verbose", set()),
    ],
)
def test_a_fallback_to_the_cpu_tells_of_other_devices(condition: str, codes: set[str]) -> None:
    code = f"""
    def ones(n, verbose, device="cpu"):
        if {condition}:
            device = torch.device("cpu")
        return torch.ones(n, device=device).numpy()
    """
    assert found(code) == codes


def test_a_parameter_is_wherever_its_data_may_be() -> None:
    code = """
    def weights(n, device):
        if not torch.cuda.is_available():
            device = "cpu"
        return nn.Parameter(torch.zeros(n, device=device)).detach().numpy()
    """
    assert found(code) == {"CNV101"}


def test_products_of_sparse_matrices_are_tensors() -> None:
    code = """
    def sums(graph, x, layers):
        found = [x]
        for _ in range(layers):
            x = torch.sparse.mm(graph.to("cuda"), x)
            found.append(x)
        return np.sum(found, 0)
    """
    assert "CNV121" in found(code)


HOLDER = """
def train(module, loader, optimizer):
    outputs = []
    for batch in loader:
        output = module.training_step(batch.cuda())
        output["loss"].backward()
        optimizer.step()
        {after}
        outputs.append(output)
    return outputs
"""


def test_what_holds_a_loss_keeps_its_graph_wherever_it_is() -> None:
    assert "CNV502" in shown(HOLDER.format(after="pass"))


@pytest.mark.parametrize("after", ['output["loss"] = output["loss"].detach()', 'output["loss"] = 0.0'])
def test_what_held_a_loss_keeps_no_graph(after: str) -> None:
    assert "CNV502" not in reported(HOLDER.format(after=after))


@pytest.mark.parametrize("name", ["backward", "_backward", "do_backward", "backward_pass"])
def test_a_helper_may_go_backward(name: str) -> None:
    code = f"""
    class Trainer:
        def train(self, loader):
            total = 0
            for batch in loader:
                loss = self.criterion(batch)
                self.{name}(loss, self.optimizer)
                self.optimizer.step()
                total += loss
            return total
    """
    assert "CNV501" in shown(code)


@pytest.mark.parametrize(
    ("row", "codes"), [("np.exp(rows[i])", {"CNV201"}), ("values[i]", set()), ("rows[0] * 2", set())]
)
def test_rows_made_of_themselves_change_what_is_kept(row: str, codes: set[str]) -> None:
    code = f"""
    class Chain:
        def __init__(self, n):
            self.steps = torch.zeros(n, n)

        def probabilities(self, values):
            rows = self.steps.numpy()
            for i in range(len(rows)):
                rows[i] = {row}
            return rows
    """
    assert shown(code, "CNV201") == codes


WRITTEN = """
def masked(scores, lengths):
    {before}
    {name}[{index}] = 0
    return {name}
"""


@pytest.mark.parametrize("index", ["lengths > 2", "~lengths", ":, 0", "..., 0"])
@pytest.mark.parametrize(("before", "name"), [("pass", "scores"), ("kept = scores['all']", "kept")])
def test_a_mask_tells_that_it_is_data(before: str, name: str, index: str) -> None:
    code = WRITTEN.format(before=before, name=name, index=index) + "\n\ntorch.ones(2)\n"
    assert "CNV204" not in shown(code)
    assert "CNV204" in reported(code, "CNV204")


@pytest.mark.parametrize("index", ["'all'", "0", "lengths", "lengths is None", "lengths in scores"])
def test_what_a_dict_takes_tells_nothing(index: str) -> None:
    assert not reported(WRITTEN.format(before="pass", name="scores", index=index), "CNV204")


def test_a_second_name_of_an_argument_used_as_a_tensor() -> None:
    code = """
    def projected(x, limit) -> torch.Tensor:
        'Returns what is near.'
        far = torch.abs(x) > limit
        near = x
        near[far] = limit
        return near
    """
    assert shown(code) == {"CNV204"}


def test_a_second_name_that_grows_may_be_that_of_a_number() -> None:
    code = """
    def grown(size) -> torch.Tensor:
        print(torch.log(size))
        total = size
        total += 1
        return total
    """
    assert not shown(code)


@pytest.mark.parametrize(
    ("field", "codes"),
    [
        ("mask: Optional[torch.Tensor] = None", {"CNV402"}),
        ("mask: torch.Tensor = None", {"CNV402"}),
        ("mask: Optional[str] = None", set()),
        ("mask: bool = False", set()),
    ],
)
def test_a_field_is_what_it_is_said_to_be(field: str, codes: set[str]) -> None:
    code = f"""
    class Batch:
        {field}

    def pooled(scores, batch: Batch):
        if batch.mask:
            return scores.masked_fill(batch.mask, 0.0)
        return scores
    """
    assert shown(code) == codes


@pytest.mark.parametrize(("cast", "codes"), [("", {"CNV315"}), (".float()", set())])
def test_a_buffer_of_doubles(cast: str, codes: set[str]) -> None:
    code = f"""
    class Filter(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.register_buffer("window", torch.from_numpy(np.hanning(size)){cast})
    """
    assert shown(code, "CNV315") == codes


def test_results_are_put_where_something_unseen_is() -> None:
    code = """
    class Rates(Base):
        def quantiles(self, out):
            rates = super().to_prediction(out)
            return torch.tensor(np.exp(rates.detach().numpy())).to(rates.device)
    """
    assert "CNV101" in shown(code, "CNV101")
    assert "CNV101" not in shown(code)


def test_the_shape_of_what_is_written_row_by_row() -> None:
    code = """
    def normalised(x, mean):
        mean = mean.unsqueeze(0)
        for i in range(x.shape[0]):
            x[i] = (x[i] - mean) / 2
        return x
    """
    assert shown(code, "CNV204") == {"CNV204"}
    assert shown(code) == set()


@pytest.mark.parametrize(
    ("method", "kept", "codes"),
    [
        ("on_epoch_end", "self.model.state_dict()", {"CNV203"}),
        ("on_epoch_end", "{name: value.cpu() for name, value in self.model.state_dict().items()}", {"CNV203"}),
        ("on_epoch_end", "{name: value.clone() for name, value in self.model.state_dict().items()}", set()),
        ("on_epoch_end", "copy.deepcopy(self.model.state_dict())", set()),
        ("on_train_begin", "self.model.state_dict()", set()),
        ("save", "self.model.state_dict()", set()),
    ],
)
def test_a_callback_keeps_the_best_state(method: str, kept: str, codes: set[str]) -> None:
    code = f"""
    import copy

    class Checkpoint:
        def {method}(self, epoch, loss):
            if loss < self.best:
                self.best, self.best_epoch = loss, epoch
                self.best_state = {kept}
    """
    assert shown(code) == set()
    assert shown(code, "CNV203") == codes


@pytest.mark.parametrize(
    "call",
    [
        "np.savetxt('scores.txt', {0}, delimiter=',')",
        "np.savetxt('scores.txt', X={0})",
        "np.save('scores.npy', arr={0})",
        "np.append([1.0], {0})",
        "np.insert([1.0], 0, {0})",
        "np.full(3, {0})",
        "np.isin([1.0], {0})",
        "np.repeat(np.arange(3), {0})",
        "np.einsum('i->', {0})",
        "np.kron(np.ones(3), {0})",
        "np.average(np.ones(3), weights={0})",
        "np.linalg.solve(np.eye(3), {0})",
        "np.copyto(np.ones(3), {0})",
        "np.put(np.ones(3), [0, 1, 2], {0})",
        "np.trapz({0})",
        "np.in1d([1.0], {0})",
    ],
)
@pytest.mark.parametrize(("given", "code"), [("scores", "CNV111"), ("[scores.mean()] * 3", "CNV121")])
def test_numpy_converts_more_than_its_first_argument(call: str, given: str, code: str) -> None:
    text = f"""
    def kept(n, device):
        scores = torch.ones(n, device=device)
        return {call.format(given)}
    """
    assert code in shown(text, "CNV111", "CNV121")
    assert code not in shown(text.replace("device=device", "device='cpu'"), "CNV111", "CNV121")


@pytest.mark.parametrize("call", ["np.full(scores.shape, 1.0)", "np.ones(len(scores))", "np.zeros(scores.shape[0])"])
def test_a_shape_is_no_data(call: str) -> None:
    text = f"""
    def blank(n, device):
        scores = torch.ones(n, device=device)
        return {call}
    """
    assert shown(text, "ALL") == set()


@pytest.mark.parametrize("loss", ["-net(x.to(device)).mean()", "-(net(x.to(device)))[0]", "-net(x.to(device))"])
def test_a_sign_changes_nothing_but_the_sign(loss: str) -> None:
    code = f"""
    def losses(net, batches, device):
        found = []
        for x in batches:
            found.append({loss})
        return np.mean(found)
    """
    assert "CNV121" in found(code)


@pytest.mark.parametrize(
    ("type_", "codes"),
    [
        ("torch.cuda.FloatTensor", {"CNV101"}),
        ("torch.cuda.LongTensor if torch.cuda.is_available() else torch.LongTensor", {"CNV101"}),
        ("torch.FloatTensor", set()),
        ("torch.float64", set()),
    ],
)
def test_a_type_of_tensors_is_a_place(type_: str, codes: set[str]) -> None:
    code = f"""
    def scaled(x):
        dtype = {type_}
        return torch.tensor(x).type(dtype).numpy()
    """
    assert found(code) == codes


def test_a_type_of_tensors_may_be_that_of_the_host() -> None:
    code = """
    def scaled(x, device):
        return torch.ones(3, device=device).type(torch.FloatTensor).numpy()
    """
    assert found(code) == set()
