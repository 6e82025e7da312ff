"""What names imported from the project's other files are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.values import Value
    from torchconv_lint.analysis.run.interpreter import Interpreter

NEVER_OURS = ("torch.", "numpy.", "builtins.")
"""Names that are not looked up in the project's other files."""


class Imports:
    """The imports of one file."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._wanted: dict[str, bool] = {}
        self._values: dict[str, Value | None] = {}

    def value(self, full_name: str) -> Value | None:
        """What a name imported from another file of the project is; None if it is not to be had."""
        interpreter = self._interpreter
        if interpreter.project is None:
            return None
        wanted = self._wanted.get(full_name)
        if wanted is None:
            wanted = self._wanted[full_name] = self._is_wanted(full_name)
        if not wanted:
            return None
        if full_name not in self._values:
            self._values[full_name] = None  # meanwhile: modules that import each other
            found = interpreter.project.find(interpreter.source.path, full_name)
            if found is not None:
                file, source, name = found
                shared = interpreter.shared
                shared.importing += 1
                self._values[full_name] = interpreter.of_file(file, source).globals.value(name)
                shared.importing -= 1
        return self._values[full_name]

    def _is_wanted(self, full_name: str) -> bool:
        """Whether the sieve has asked for the name, or for the module it is in. Other files are not sieved."""
        interpreter = self._interpreter
        asked = interpreter.sifted.imported
        if interpreter.is_other or asked is None:
            return not full_name.startswith(NEVER_OURS)
        if full_name.rpartition(".")[2] in asked:
            return True
        names = (interpreter.outline.imports.get(name) for name in asked)
        return any(name is not None and f"{full_name}.".startswith(f"{name}.") for name in names)
