from __future__ import annotations

from pathlib import Path

import pytest

from bench.corpus import imports_torch, mentions_torch, read_pins


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"import torch\n", True),
        (b"def f():\n    from torch.nn import Linear\n", True),
        (b"import torchvision\n", False),
        (b"# import torch\n", False),
        (b"x = 'torch'\n", False),
    ],
)
def test_only_real_imports_of_torch_count(source: bytes, expected: bool) -> None:
    assert imports_torch(source) is expected


def test_any_mention_counts_for_the_files_without_torch() -> None:
    assert mentions_torch(b"from .PyTorch import x")
    assert not mentions_torch(b"import numpy")


def test_pins_are_exact(tmp_path: Path) -> None:
    pins = tmp_path / "packages.txt"
    pins.write_text("# comment\nPyTorch_Lightning==2.6.6\n\n", encoding="utf-8")
    assert read_pins(pins) == {"pytorch-lightning": "2.6.6"}
    pins.write_text("timm>=1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="pins no exact version"):
        read_pins(pins)


def test_the_committed_pins_can_be_read() -> None:
    assert len(read_pins()) >= 20
