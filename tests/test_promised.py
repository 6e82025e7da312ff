"""What annotations, and functions that refuse tensors, say of what a value cannot be."""

from __future__ import annotations

import pytest
from snippets import reported

CALLER = """
def pooled(model, texts, as_tensor, as_array):
    model = nn.Linear(2, 2).cuda()
    found = []
    for text in texts:
        out = model(text)
        found.extend(out.cpu() if as_array else out)
    if as_tensor:
        found = torch.stack(found)
    elif as_array:
        found = np.asarray([one.detach().numpy() for one in found])
    return norm(found)

def norm(found{annotation}):
    return np.linalg.norm(found)
"""


@pytest.mark.parametrize(
    ("annotation", "codes"),
    [
        (": np.ndarray", set()),
        (": np.ndarray | None", set()),
        (": Optional[np.ndarray]", set()),
        (": Union[torch.Tensor, np.ndarray]", {"CNV111"}),
        (": Union[list, np.ndarray]", {"CNV111", "CNV121"}),
        ("", {"CNV111", "CNV121"}),
    ],
)
def test_a_parameter_is_what_it_is_promised_to_be(annotation: str, codes: set[str]) -> None:
    found = reported(CALLER.format(annotation=annotation), "CNV111", "CNV121")
    assert {code for code in found if code in ("CNV111", "CNV121")} == codes


@pytest.mark.parametrize(("annotation", "codes"), [("", {"CNV114"}), (": np.ndarray", set())])
def test_what_is_guessed_to_be_a_tensor_is_the_array_that_is_promised(annotation: str, codes: set[str]) -> None:
    code = f"""
    class Features(nn.Module):
        def __init__(self, body):
            super().__init__()
            self.body = body

        def forward(self, x):
            return self.body(x), x.shape[0]

    def cut(grid{annotation}, rows):
        part = grid[np.ix_(rows, rows)]
        degrees = part.sum(axis=1)
        return np.mean(degrees)

    def f(body, x: torch.Tensor, rows):
        features = Features(body).cuda()
        grid, height = features(x.cuda())
        return cut(grid, rows)
    """
    assert reported(code, "CNV114") == codes


def test_what_is_surely_a_tensor_stays_one() -> None:
    code = """
    def norm(found: np.ndarray):
        return np.linalg.norm(found)

    norm(torch.ones(3).cuda())
    """
    assert reported(code, "CNV111") == {"CNV111"}


@pytest.mark.parametrize(
    ("given", "codes"), [("", {"CNV114"}), (", collate_fn=None", {"CNV114"}), (", collate_fn=f", set())]
)
def test_what_collates_a_batch_decides_what_it_is(given: str, codes: set[str]) -> None:
    code = f"""
    for x, y in torch.utils.data.DataLoader(data{given}):
        print(np.sum(x.data.argmax(axis=-1) == y.data.argmax(axis=-1)))
    """
    assert reported(code, "CNV114") == codes


def test_from_numpy_takes_no_tensor() -> None:
    code = """
    def f(x: torch.Tensor | np.ndarray):
        if isinstance(x, torch.Tensor):
            x = torch.from_numpy(x)
        return np.linalg.norm(x)

    f(torch.ones(3).cuda())
    """
    assert "CNV111" not in reported(code, "CNV111")


@pytest.mark.parametrize(("made", "codes"), [("nn.Linear(2, 2)", {"CNV305"}), ("elsewhere.Net()", set())])
def test_a_wrapper_has_the_parameters_of_what_it_wraps(made: str, codes: set[str]) -> None:
    code = f"""
    import elsewhere
    net = nn.DataParallel({made})
    net(torch.ones(3, 2).double())
    """
    assert reported(code, "CNV305") == codes
