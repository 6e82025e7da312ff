"""Names that a function returns for its callers to call backward on."""

import ast

import pytest

from torchconv_lint.analysis.syntax.awaited import awaited
from torchconv_lint.analysis.syntax.outline import outline


def names(code: str) -> dict[str, set[str]]:
    return {function.name: set(found) for function, found in awaited(outline(ast.parse(code))).items() if found}


def step(call: str, backward: str, returns: str, body: str = "loss = f(x)\n    aux = g(x)\n    stats = {}") -> str:
    return f"def made(x):\n    {body}\n    return {returns}\n\ndef step(x, engine):\n    {call}\n    {backward}\n"


@pytest.mark.parametrize(
    ("call", "backward", "returns", "found"),
    [
        ("loss = made(x)", "loss.backward()", "loss", {"loss"}),
        ("loss = made(x)", "engine.backward(loss)", "loss", {"loss"}),
        ("loss, stats = made(x)", "loss.mean().backward()", "loss, stats", {"loss"}),
        ("a, b, _ = made(x)", "(a + 0.5 * b).backward()", "loss, 2 * aux, stats", {"loss", "aux"}),
        ("a, b = made(x); total = a - b", "total.backward()", "loss, aux", {"loss", "aux"}),
        # Of a product nobody knows which part requires grad, and of a sum that is returned which term does.
        ("a, b = made(x)", "(a * b).backward()", "loss, aux", set()),
        ("loss = made(x)", "loss.backward()", "loss + aux", set()),
        ("loss, stats = made(x)", "loss.backward()", "loss, aux, stats", set()),
        ("loss, stats = made(x)", "loss.backward()", "f(x)", set()),
        ("loss = made(x)", "print(loss)", "loss", set()),
        ("loss = unknown(x)", "loss.backward()", "loss", set()),
        ("loss = x.made(x)", "loss.backward()", "loss", set()),
        ("x.loss = made(x)", "x.loss.backward()", "loss", set()),
    ],
)
def test_what_is_returned_for_backward(call: str, backward: str, returns: str, found: set[str]) -> None:
    assert names(step(call, backward, returns)).get("made", set()) == found


def test_a_name_that_is_bound_twice_is_not_known() -> None:
    code = step("loss = made(x)", "loss.backward()", "loss", "loss = f(x)\n    loss = loss.numpy()")
    assert names(code) == {}


def test_methods_are_found_through_self() -> None:
    code = (
        "class A:\n"
        "    def made(self, x):\n        loss = f(x)\n        return loss\n\n"
        "    def step(self, x):\n        loss = self.made(x)\n        loss.backward()\n"
    )
    assert names(code) == {"made": {"loss"}}
