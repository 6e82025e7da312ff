"""Element counts and dtypes of results that depend on more than the name of the operation: torch has shown each."""

from __future__ import annotations

import pytest
from snippets import codes_shown, reported

HEAD = "import torch\n\nx = torch.rand(2, 3)\ny = torch.rand(3, 3)\n"


@pytest.mark.parametrize(
    "one",
    [
        "torch.einsum('ij,ij', x, x)",
        "torch.einsum('ij, ij -> ', x, x)",
        "torch.einsum('ii', y)",
        "torch.einsum('ij->', x)",
        "x.norm(2)",
        "x.norm(p=2)",
        "torch.norm(x, 1)",
        "torch.linalg.norm(x, 2)",
        "torch.linalg.vector_norm(x, 1)",
        "torch.nn.utils.get_total_norm([x, y], 2.0)",
        "x.std(False)",
        "torch.var(x, True)",
        "x.sum_to_size(1, 1)",
        "torch.view_as_complex(torch.rand(1, 2))",
        "torch.scalar_tensor(3)",
    ],
)
def test_one_element(one: str) -> None:
    assert reported(f"({one}).item()", header=HEAD) & {"CNV401"} == set()


@pytest.mark.parametrize(
    "many",
    ["x.norm(2, 0)", "x.norm(dim=1)", "torch.norm(x, 1, 0)", "torch.linalg.norm(x, 2, 1)", "x.sum(0)", "x.std(0)"],
)
def test_many_elements(many: str) -> None:
    assert "CNV401" in reported(f"({many}).item()", header=HEAD)


@pytest.mark.parametrize(
    ("made", "codes"),
    [
        ("torch.ones(8)", {"CNV314"}),
        ("torch.empty(8)", set()),  # there are no values yet
        ("torch.get_rng_state()[:8]", set()),  # bytes
        ("torch.normal(x.double(), 1.0)", set()),
        ("torch.as_tensor(torch.ones(8), dtype=torch.float64)", set()),
        ("torch.clamp(torch.ones(8, dtype=torch.int16), 0.5)", set()),
    ],
)
def test_a_dtype_that_is_known_is_the_one(made: str, codes: set[str]) -> None:
    assert reported(f"z = {made}\nz.view(torch.uint64)", header=HEAD) & {"CNV314"} == codes


def test_who_names_the_dtype_wants_the_bits() -> None:
    code = "z = torch.ones(8)\nz.view(torch.uint64)"
    assert codes_shown(code, HEAD) == []
    assert codes_shown(code, HEAD, "CNV314") == ["CNV314"]


def test_sums_of_booleans_and_bytes_are_int64() -> None:
    code = """
    mask = torch.rand(4) > 0.5
    torch.from_numpy(mask.sum().numpy()) - 1
    bytes_ = torch.zeros(4, dtype=torch.uint8)
    total = bytes_.sum() - 1
    kept = ~bytes_
    """
    assert "CNV322" not in reported(code, header=HEAD)
