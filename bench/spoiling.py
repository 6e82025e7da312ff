"""Real code, spoiled so that it still parses: tokens dropped, doubled and swapped, statements moved and wrapped."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from random import Random

from torchconv_lint.parsing import parses

_AWKWARD = (
    *("(yield)", "(await x)", "lambda *a, **k: a", "(n := x)", "[*x]", "{**x}", "x[...]", "x[::-1]", "f'{x!r:>{x}}'"),
    *("super()", "x if x else x", "b''", "1e400", "x < x < x", "(x for x in x)", "[i async for i in x]", "x()()()"),
    *("{i: j for i, j in x if i}", "x[y := 0]", "()", "[]", "{}", "*x", "**x", "__class__", "'\\N{DIGIT ONE}'"),
    *("x.numpy()", "x.item()", "x.data", "float(x)", "x.cuda()", "torch.from_numpy(x)", "np.asarray(x)", "x.detach()"),
    *(
        "torch.tensor(x)",
        "torch.no_grad()",
        "x.append(x)",
        "x.backward()",
        "x.state_dict()",
        "x @ x",
        "x.requires_grad_()",
    ),
)
_OPERATORS = (
    "+",
    "-",
    "*",
    "@",
    "/",
    "//",
    "==",
    "is",
    "in",
    "and",
    "=",
    "+=",
    "@=",
    ":=",
    ".",
    ",",
    "(",
    ")",
    "[",
    "]",
)
_BLOCKS = (
    *("if x:", "while x:", "for x in x:", "with x as x:", "with torch.no_grad():", "async def f(x):", "try:", "try*:"),
    *("def f(*a, x=1, **k):", "class C(nn.Module):", "class C(C, metaclass=x):", "while True:", "if x := x:"),
    *("for x, (y, *z) in x:", "async with x as x:", "async for x in x:", "for self.x in x:", "for x[0] in x:"),
    *("if isinstance(x, torch.Tensor):", "if torch.cuda.is_available():", "match x:\n case [a, *b] if a:"),
)
_WORDS = (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING)


def spoiled(text: str, times: int, random: Random) -> str:
    """The text after so many changes, each of which leaves code that parses; changes that do not are tried again."""
    for _ in range(times):
        for _ in range(10):
            changed = random.choice((_token_changed, _statement_changed))(text, random)
            if parses(changed):
                text = changed
                break
    return text


def excerpt(text: str, lines: int, random: Random) -> str:
    """The module's imports and assignments, and some of its definitions."""
    body = ast.parse(text).body
    kept = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom | ast.Assign)]
    for node in random.sample(body, len(body)):
        if lines > 0 and node not in kept:
            kept.append(node)
            lines -= (node.end_lineno or node.lineno) - node.lineno
    parts = (_lines_of(node) for node in sorted(kept, key=lambda node: node.lineno))
    source = text.split("\n")
    return "\n".join("\n".join(source[first:last]) for first, last in parts) + "\n"


def _lines_of(node: ast.stmt) -> tuple[int, int]:
    decorators = getattr(node, "decorator_list", [])
    return min(node.lineno, *(each.lineno for each in decorators), node.lineno) - 1, node.end_lineno or node.lineno


def _token_changed(text: str, random: Random) -> str:
    lines = io.StringIO(text).readlines()
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    tokens = [token for token in tokenize.generate_tokens(iter(lines).__next__) if token.type in _WORDS]
    if len(tokens) < 2:
        return text
    one, other = sorted(random.sample(tokens, 2), key=lambda token: token.start)
    begin, end = starts[one.start[0] - 1] + one.start[1], starts[one.end[0] - 1] + one.end[1]
    second, behind = starts[other.start[0] - 1] + other.start[1], starts[other.end[0] - 1] + other.end[1]
    awkward = re.sub(r"\bx\b", lambda _: random.choice((one, other)).string, random.choice(_AWKWARD))
    return random.choice(
        (
            text[:begin] + text[end:],
            f"{text[:end]} {one.string}{text[end:]}",
            text[:begin] + other.string + text[end:],
            text[:begin] + other.string + text[end:second] + one.string + text[behind:],
            text[:begin] + (random.choice(_OPERATORS) if one.type == tokenize.OP else awkward) + text[end:],
        )
    )


def _statement_changed(text: str, random: Random) -> str:
    tree = ast.parse(text)
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    if not statements:
        return text
    lines = text.split("\n")
    node, target = random.choice(statements), random.choice(statements)
    first, last = _lines_of(node)
    block = lines[first:last]
    margin = _margin(block[0])
    names = [each.id for each in ast.walk(tree) if isinstance(each, ast.Name)] or ["x"]
    head = re.sub(r"\bx\b", lambda _: random.choice(names), random.choice(_BLOCKS))
    kind = random.randrange(5)
    if kind == 0:
        return "\n".join([*lines[:first], *lines[last:]])
    if kind == 1:
        return "\n".join([*lines[:last], *block, *lines[last:]])
    if kind == 2:
        at = _lines_of(target)[0]
        moved = [_margin(lines[at]) + line.removeprefix(margin) for line in block]
        return "\n".join([*lines[:at], *moved, *lines[at:]])
    if kind == 3:
        return re.sub(rf"\b{re.escape(random.choice(names))}\b", random.choice(names), text)
    tail = {"try:": ["finally:"], "try*:": ["except* ValueError as e:"]}.get(head, [])
    opening = [margin + line for line in head.replace("try*:", "try:").split("\n")]
    closing = [margin + line for line in (*tail, *(" pass" for _ in tail))]
    return "\n".join([*lines[:first], *opening, *(f"  {line}" for line in block), *closing, *lines[last:]])


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
