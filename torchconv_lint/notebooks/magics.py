"""What IPython allows in a cell and Python does not: `%magic`, `!command`, `help?`, `%%cell` magics.

Such lines become Python that says nothing, line by line, so that all other lines stay where they are. Each replaced
line ends with a mark, by which the original is put back.
"""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass, field

from torchconv_lint.parsing import parses
from torchconv_lint.source import split_lines

# Cell magics that run the cell as Python. What any other does with it is unknown.
_RUN_AS_PYTHON = frozenset(
    {"capture", "memit", "mprun", "prun", "pyinstrument", "scalene", "snakeviz", "time", "timeit"}
)
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_INDENT = re.compile(r"[ \t]*")
_ESCAPED = re.compile(r"[ \t]*[%!?]")
_HELP = re.compile(r"[ \t]*[%!]?[\w.*]+(\[.+\])?\?{1,2}[ \t]*;?[ \t]*[\r\n]*\Z")
_ASSIGNED = re.compile(r"(?P<target>[ \t]*[\w.,* \t\[\]'\"()]+=)[ \t]*[%!](?!=)")
# IPython's "automagic": shell commands that need no sign.
_SHELL = re.compile(r"[ \t]*(cat|cd|conda|cp|ls|mamba|mkdir|mv|pip3?|pwd|rm|rmdir)([ \t]+[^\s=(,].*)?[\r\n]*\Z")
_TIMED = re.compile(r"(?P<before>[ \t]*)(?P<magic>%time[ \t]+)(?=[\w(\[{'\"])")
# As wide as "%time ", so that the columns behind it stay.
_ANYWAY = "if 1: "


@dataclass(slots=True)
class Magics:
    """Replaced lines of one notebook. `sign`: begins every mark, and occurs nowhere in the notebook."""

    sign: str
    _originals: dict[str, tuple[str, str]] = field(default_factory=dict)

    def neutral(self, cell: str) -> str:
        """The cell as Python, with the same number of lines."""
        lines = split_lines(cell)
        magic = next((_CELL_MAGIC.match(line) for line in lines if line.strip()), None)
        if magic is not None:
            first = next(number for number, line in enumerate(lines) if line.strip())
            if magic[1] not in _RUN_AS_PYTHON:
                return "".join(self._marked(line, "") for line in lines)
            lines[first] = self._marked(lines[first], "")
        if parses("".join(lines)):
            return "".join(lines)
        done: list[str] = []
        continues = ""  # how the lines that a magic goes on to are written
        for line in lines:
            if continues:
                line, continues = self._marked(line, ""), continues if _goes_on(line) else ""
            elif _may_be_magic(line) and _begins_statement("".join(done)):
                continues = "#" if _goes_on(line) else ""
                line = self._without_magic(line)
            done.append(line)
        return "".join(done)

    def restored(self, text: str) -> str:
        """The text with all magics as they were. Raises `ValueError` if one is not where it could be put back."""
        lines, seen = [], 0
        for line in split_lines(text):
            for mark, (replacement, original) in self._originals.items() if self.sign in line else ():
                if mark in line:
                    if replacement not in line:
                        raise ValueError("a magic command would be lost")
                    line = line.replace(replacement, original, 1).replace(mark, "", 1)
                    seen += 1
                    break
            lines.append(line)
        if seen != len(self._originals):
            raise ValueError("a magic command would be lost")
        return "".join(lines)

    def _without_magic(self, line: str) -> str:
        timed = _TIMED.match(line)
        if timed is not None:
            spaces = len(timed["magic"]) - len(_ANYWAY)
            code = timed["before"] + _ANYWAY + " " * spaces + line[timed.end() :]
            if parses(code.strip()):
                mark, body = self._mark(), code.rstrip("\r\n")
                begun = timed["before"] + _ANYWAY + " " * spaces
                self._originals[mark] = (begun, timed[0])
                return body + mark + code[len(body) :]
        assigned = _ASSIGNED.match(line)
        return self._marked(line, f"{assigned['target']} get_ipython()" if assigned else "pass")

    def _marked(self, line: str, code: str) -> str:
        """Python instead of the whole line."""
        body = line.rstrip("\r\n")
        indent = _INDENT.match(body)
        mark = self._mark()
        replacement = code if code.startswith((" ", "\t")) or indent is None or not code else indent[0] + code
        if not replacement:
            replacement = "#"
        self._originals[mark] = (replacement, body)
        return replacement + mark + line[len(body) :]

    def _mark(self) -> str:
        return f"  # {self.sign}{len(self._originals)}."


def _may_be_magic(line: str) -> bool:
    return any(pattern.match(line) for pattern in (_ESCAPED, _HELP, _ASSIGNED, _SHELL))


def _goes_on(line: str) -> bool:
    return line.rstrip("\r\n").endswith("\\")


def _begins_statement(before: str) -> bool:
    """False behind an open bracket, in a string, or after a backslash: a "%" there is an operator, or text."""
    try:
        for _ in tokenize.generate_tokens(io.StringIO(before).readline):
            pass
    except tokenize.TokenError as error:
        return "EOF in multi-line" not in str(error)
    except SyntaxError:
        return True
    return True
