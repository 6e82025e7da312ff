"""The knowledge tables: what must hold in them, and facts known from elsewhere. Needs neither torch nor NumPy."""

import json
import subprocess
import sys
import time
from dataclasses import asdict

import pytest

from torchconv_lint.knowledge import numpy_ops, torch_ops
from torchconv_lint.knowledge.tables import FOLDER, load_numpy, load_torch
from torchconv_lint.knowledge.text import render

TORCH = torch_ops()
NUMPY = numpy_ops()
TORCH_SECTIONS = {"method": TORCH.method, "function": TORCH.function}
INPLACE_DUNDERS = {"__iadd__", "__isub__", "__imul__", "__itruediv__", "__imod__", "__ipow__", "__iand__", "__ior__"}


@pytest.fixture(params=TORCH_SECTIONS)
def ops(request):
    return TORCH_SECTIONS[request.param]


def names(ops):
    known = [value for key, value in asdict(ops).items() if key not in ("unprobed", "schema_only")]
    return frozenset().union(*known)


def test_in_place_names_look_like_it():
    assert all(name.endswith("_") for name in TORCH.method.inplace)
    assert TORCH.method.inplace >= INPLACE_DUNDERS
    # Deprecated aliases such as `nn.init.normal` are the only functions that write without saying so.
    assert all(name.endswith("_") or name.startswith("nn.init.") for name in TORCH.function.inplace)


def test_sharing_is_one_thing_at_a_time(ops):
    assert not ops.view & ops.maybe_view
    assert not (ops.view | ops.maybe_view) & ops.inplace
    assert ops.view | ops.maybe_view <= ops.tensor | ops.list


def test_properties_of_one_tensor_belong_to_ops_that_return_one(ops):
    for group in (ops.inplace, ops.no_grad, ops.elementwise, ops.reduces, ops.to_float, ops.factory, ops.blank):
        assert group <= ops.tensor
    assert set(ops.dtype) <= ops.tensor


def test_results_are_one_kind(ops):
    kinds = [ops.tensor - ops.tuple_if_dim, frozenset(ops.tuple), ops.list, ops.python, ops.host, ops.mixed]
    assert sum(map(len, kinds)) == len(frozenset().union(*kinds))
    assert ops.tuple_if_dim <= ops.tensor & frozenset(ops.tuple)


def test_exact_results_never_require_grad(ops):
    exact = {name for name, dtype in ops.dtype.items() if dtype == "bool" or "int" in dtype}
    # `indices` and the sparse constructors cannot be given inputs in the graph.
    assert {name for name in exact if "sparse" not in name} <= ops.no_grad


def test_letters_of_tuples(ops):
    assert all(set(letters) <= {"g", "n"} and letters for letters in ops.tuple.values())


def test_what_is_unprobed_is_known_of_nowhere_else(ops):
    assert not ops.unprobed & names(ops)
    assert ops.schema_only <= names(ops)


def test_few_methods_are_unprobed():
    assert len(TORCH.method.unprobed) < 30
    assert len(TORCH.method.unprobed) < 0.05 * len(names(TORCH.method))


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (
            TORCH.method.view,
            "detach view expand t transpose permute narrow unsqueeze squeeze select data T unbind split",
        ),
        (TORCH.method.maybe_view, "cpu cuda to float contiguous reshape flatten type_as double long"),
        (TORCH.method.inplace, "add_ copy_ zero_ fill_ masked_fill_ scatter_ index_add_ clamp_ uniform_ relu_"),
        (TORCH.method.no_grad, "detach argmax argmin eq isnan nonzero long int bool data grad new_zeros"),
        (
            TORCH.method.python,
            "item tolist size dim numel is_contiguous stride shape device dtype requires_grad backward",
        ),
        (TORCH.method.host, "numpy __array__"),
        (TORCH.method.reduces, "sum mean max min std var norm prod any all argmax"),
        (TORCH.method.elementwise, "relu exp sigmoid softmax add mul clamp sign round clone detach cumsum"),
        (TORCH.method.to_float, "sqrt exp sigmoid div log sin"),
        (TORCH.method.list, "split chunk unbind"),
        (TORCH.method.tuple_if_dim, "max min median"),
        (TORCH.function.factory, "zeros ones rand randn arange full empty eye linspace randint tensor"),
        (TORCH.function.blank, "zeros ones empty full zeros_like ones_like empty_like full_like"),
        (TORCH.method.blank, "new_zeros new_ones new_empty new_full"),
        (TORCH.function.inplace, "nn.init.zeros_ nn.init.kaiming_normal_ nn.functional.relu_ relu_"),
        (TORCH.function.reduces, "sum mean nn.functional.mse_loss nn.functional.cross_entropy nn.functional.nll_loss"),
        (
            TORCH.function.tensor,
            "cat stack matmul where einsum nn.functional.conv2d nn.functional.embedding linalg.norm",
        ),
        (TORCH.function.elementwise, "nn.functional.softmax nn.functional.relu special.expit exp"),
        (TORCH.function.sole, "roll tril topk softmax full_like nn.functional.pad"),
        (TORCH.method.sole, "roll tril topk new_full repeat narrow_copy"),
        (TORCH.module.loss, "MSELoss CrossEntropyLoss BCEWithLogitsLoss L1Loss NLLLoss KLDivLoss CTCLoss"),
        (TORCH.module.no_params, "ReLU Softmax Dropout MaxPool2d Flatten Identity MSELoss"),
        (TORCH.module.all, "Module Linear Conv2d LSTM Sequential"),
        (TORCH.optim, "Adam SGD AdamW"),
        (TORCH.lr_scheduler, "StepLR CosineAnnealingLR ReduceLROnPlateau"),
        (NUMPY.function.converts, "asarray array sqrt where save array_equal testing.assert_allclose random.normal"),
        (NUMPY.function.converts_list, "array stack concatenate mean asarray vstack"),
        (NUMPY.function.keeps_tensor, "sqrt abs add clip isnan squeeze swapaxes"),
        (NUMPY.function.raises_type_error, "mean sum max std"),
        (NUMPY.function.duck, "shape ndim size fromiter"),
        (NUMPY.function.view, "transpose squeeze split broadcast_to flip expand_dims swapaxes"),
        (NUMPY.function.maybe_view, "asarray ascontiguousarray reshape ravel atleast_1d"),
        (NUMPY.function.negative_strides, "flip fliplr flipud rot90"),
        (NUMPY.function.copies, "array copy concatenate stack where sort roll"),
        (NUMPY.function.inplace, "copyto put fill_diagonal place putmask random.shuffle put_along_axis"),
        (NUMPY.function.out_argument, "add sqrt clip sum cumsum concatenate stack"),
        (NUMPY.function.reduces, "sum mean max std linalg.norm"),
        (NUMPY.function.float64, "zeros ones empty eye linspace random.rand random.randn random.normal random.uniform"),
        (NUMPY.function.integer_to_float64, "mean std var sinc"),
        (NUMPY.function.blank, "zeros ones empty full zeros_like ones_like empty_like full_like"),
        (NUMPY.function.ufunc, "add sqrt maximum isnan"),
        (NUMPY.method.view, "T transpose squeeze swapaxes view diagonal"),
        (NUMPY.method.maybe_view, "reshape ravel"),
        (NUMPY.method.copies, "copy flatten astype clip round"),
        (NUMPY.method.inplace, "sort fill put partition resize"),
        (NUMPY.method.reduces, "sum mean max std argmax"),
        (NUMPY.method.python, "tolist item tobytes shape dtype ndim size"),
    ],
)
def test_known_facts(group, expected):
    assert set(expected.split()) <= set(group)


def test_known_tuples_and_dtypes():
    assert {name: TORCH.method.tuple[name] for name in ("max", "min", "topk", "sort", "svd")} == {
        "max": "gn", "min": "gn", "topk": "gn", "sort": "gn", "svd": "ggg",
    }  # fmt: skip
    assert {name: TORCH.method.dtype[name] for name in ("argmax", "eq", "float", "half", "bfloat16", "int")} == {
        "argmax": "int64", "eq": "bool", "float": "float32", "half": "float16", "bfloat16": "bfloat16", "int": "int32",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("group", "absent"),
    [
        # Gradients of sign and round are zero, but they are there.
        (TORCH.method.no_grad, "sign round floor clone cumsum gather copy_"),
        (TORCH.method.elementwise, "matmul sum transpose view gather index_select unique mm"),
        (TORCH.method.dtype, "sum sqrt add to mean"),
        (TORCH.method.reduces, "det softmax cumsum item"),
        # These change how memory is seen, not what it holds.
        (TORCH.method.inplace, "requires_grad_ detach_ unsqueeze_ squeeze_ t_ share_memory_"),
        (TORCH.function.factory, "add mul zeros_like cat"),
        (TORCH.function.sole, "cat stack meshgrid clamp pow quantile where"),
        (TORCH.method.sole, "clamp pow masked_fill add quantile repeat_interleave tensor_split"),
        (TORCH.function.blank, "rand arange eye linspace tensor isnan"),
        (TORCH.module.no_params, "Linear PReLU Sequential ModuleList DataParallel Conv2d LazyLinear"),
        (TORCH.module.loss, "ReLU Linear Softmax"),
        (NUMPY.function.keeps_tensor, "concatenate mean stack"),
        (NUMPY.function.converts, "shape ndim"),
        (NUMPY.function.view, "array copy concatenate"),
        (NUMPY.function.float64, "mean array asarray sum arange"),
        (NUMPY.function.blank, "arange eye identity isnan"),
    ],
)
def test_known_negatives(group, absent):
    assert not set(absent.split()) & set(group)


def test_numpy_sharing_is_one_thing_at_a_time():
    for ops in (NUMPY.function, NUMPY.method):
        assert not ops.view & ops.maybe_view
        assert not ops.copies & (ops.view | ops.maybe_view)
        assert not ops.unprobed & names(ops) - ops.out_argument - ops.ufunc
    assert NUMPY.function.negative_strides <= NUMPY.function.view
    assert not NUMPY.function.duck & NUMPY.function.converts


@pytest.mark.parametrize("name", ["torch.json", "numpy.json"])
def test_files_are_in_the_written_form(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert render(json.loads(text)) + "\n" == text
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("load", [load_torch, load_numpy])
def test_loading_is_fast(load):
    def seconds():
        start = time.perf_counter()
        load()
        return time.perf_counter() - start

    assert min(seconds() for _ in range(20)) < 0.002


def test_reading_the_tables_imports_neither_torch_nor_numpy():
    code = (
        "import sys; from torchconv_lint.knowledge import torch_ops, numpy_ops; torch_ops(); numpy_ops(); "
        "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_tables_are_read_once():
    assert torch_ops() is torch_ops()
    assert numpy_ops() is numpy_ops()
