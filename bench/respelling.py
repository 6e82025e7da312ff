"""The same program, written otherwise: line breaks and comments in brackets, parentheses, tabs, several statements on a
line, line endings, a BOM, no line ending at the end."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from random import Random

COMMENT = "# ü 変 ("
MARK = "'é𝔘變'"
"""A statement that is put before others on their lines."""


@dataclass(frozen=True)
class Spelling:
    """A program's bytes, and how they were made of its text."""

    data: bytes
    encoding: str
    newline: str

    def text(self, data: bytes) -> str:
        """Other bytes in the same encoding, with the line endings that Python sees."""
        return data.decode(self.encoding).replace(self.newline, "\n")

    def keeps_lines(self, data: bytes) -> bool:
        """Whether other bytes have the same line endings throughout, and at the end one if there was one."""
        text = data.decode(self.encoding)
        same = text.endswith(self.newline) == self.data.decode(self.encoding).endswith(self.newline)
        return same and not set("\r\n") & set(text.replace(self.newline, ""))


def respelled(text: str, random: Random) -> Spelling:
    """Another spelling of a program, which means the same but for what `meaning` leaves out."""
    wanted = meaning(text)
    for change in random.sample((_broken_lines, _marked, _tabbed, _in_parentheses), random.randint(1, 4)):
        changed = change(text, random)
        if meaning(changed) == wanted:
            text = changed
    encoding, newline = random.choice(("utf-8", "utf-8-sig")), random.choice(("\n", "\r\n", "\r"))
    if random.random() < 0.3:
        text = text.rstrip("\n")
    if random.random() < 0.2:
        text = f"\x0c{text}"
    return Spelling(text.replace("\n", newline).encode(encoding), encoding, newline)


def meaning(text: str) -> str | None:
    """What a program means, the marks aside; None if it is none."""
    try:
        return ast.dump(_Unmarked().visit(ast.parse(text)))
    except SyntaxError:
        return None


class _Unmarked(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if ast.unparse(node) == MARK else node


def _broken_lines(text: str, random: Random) -> str:
    """Breaks, comments and blanks behind tokens inside of brackets."""
    lines = io.StringIO(text).readlines()
    depth, places = 0, []
    for token in tokenize.generate_tokens(iter(lines).__next__):
        if token.type == tokenize.OP:
            depth += (token.string in "([{") - (token.string in ")]}")
        if depth and token.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER) and random.random() < 0.1:
            places.append(token.end)
    for line, column in reversed(places):
        new = random.choice(("\n", "\n        ", "\n\t", f" {COMMENT}\n", "  ", " \\\n "))
        lines[line - 1] = lines[line - 1][:column] + new + lines[line - 1][column:]
    return "".join(lines)


def _marked(text: str, random: Random) -> str:
    """Another statement before some, on the same line, with characters of several bytes."""
    lines = text.split("\n")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Return | ast.Assign | ast.AugAssign) and random.random() < 0.3:
            line = lines[node.lineno - 1]
            if not line[: node.col_offset].strip():
                lines[node.lineno - 1] = f"{line[: node.col_offset]}{MARK}; {line[node.col_offset :]}"
    return "\n".join(lines)


def _tabbed(text: str, _: Random) -> str:
    return re.sub(r"^( {4})+", lambda found: "\t" * (len(found[0]) // 4), text, flags=re.MULTILINE)


def _in_parentheses(text: str, random: Random) -> str:
    """Parentheses around calls that are part of an expression: nobody writes `(torch).ones(3)`."""
    for _ in range(20):
        tree = ast.parse(text)
        statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and id(node) not in statements]
        if not nodes:
            return text
        node = random.choice(nodes)
        lines = text.split("\n")
        line = lines[node.lineno - 1].encode()
        if node.end_lineno == node.lineno:
            inner = line[node.col_offset : node.end_col_offset]
            changed = line[: node.col_offset] + b"(" + inner + b")" + line[node.end_col_offset :]
            candidate = "\n".join([*lines[: node.lineno - 1], changed.decode(), *lines[node.lineno :]])
            if meaning(candidate) == meaning(text):
                text = candidate
    return text
