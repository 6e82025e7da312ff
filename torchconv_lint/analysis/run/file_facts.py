"""What a file as a whole tells: read off its text and its outline, nothing is evaluated."""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from torchconv_lint.analysis.calling.left_behind import handed_attributes, kept_globals, kept_names
from torchconv_lint.analysis.domain.values import Fact
from torchconv_lint.analysis.semantics.unbound import Bindings
from torchconv_lint.analysis.syntax.awaited import awaited
from torchconv_lint.analysis.syntax.evidence import Evidence, evidence_in
from torchconv_lint.analysis.syntax.patterns import is_hook
from torchconv_lint.analysis.syntax.relevance import any_of
from torchconv_lint.analysis.syntax.walking import ByType, own_nodes
from torchconv_lint.code_forms import last_name
from torchconv_lint.vocabulary import converting_names

if TYPE_CHECKING:
    from torchconv_lint.analysis.syntax.outline import FileOutline, FunctionOutline
    from torchconv_lint.source import Source

_ACCELERATORS = re.compile(r"cuda|device|accelerat|lightning|\bgpu|\bmps\b", re.IGNORECASE)
_OTHER_TORCH = re.compile(r"^[ \t]*(from|import)[ \t]+\w+(\.\w+)*\.torch\b", re.MULTILINE)
_TORCH = re.compile(r"^[ \t]*(from[ \t]+torch\b|import[ \t]+([\w., \t]*,[ \t]*)?torch\b)", re.MULTILINE)
_GRAD_OFF = re.compile(r"^[ \t]*([\w.]+\.)?set_grad_enabled\(\s*False\s*\)", re.MULTILINE)
_GRAD_ON = re.compile(r"set_grad_enabled\(\s*(?!False)|enable_grad")


_IN_PLACE = re.compile(r"inplace *= *True|torchvision|\b(vgg|resnet|alexnet|densenet|mobilenet|inception)", re.I)
_WRITES_ZEROS = re.compile(r"set_to_none(: *bool)? *= *False|zero_\(")


class FileFacts:
    """Facts of one file, each found out when it is first asked for."""

    def __init__(self, source: Source, outline: FileOutline) -> None:
        self._path = source.path
        self._text = source.text
        self._outline = outline
        self._evidence: dict[FunctionOutline, Evidence] = {}
        self._kept_names: dict[FunctionOutline | None, frozenset[str]] = {}

    @functools.cached_property
    def knows_accelerators(self) -> bool:
        """Whether the file speaks of accelerators, or leaves them to a framework."""
        return _ACCELERATORS.search(self._text) is not None

    @functools.cached_property
    def may_run_without_grad(self) -> bool:
        """Whether a statement of the file switches grad off and none switches it on again, or the code is of a time
        when `Variable(x, volatile=True)` did that."""
        if "volatile=True" in self._text:
            return True
        if "set_grad_enabled" not in self._text:  # quicker than to look at every line
            return False
        return _GRAD_OFF.search(self._text) is not None and _GRAD_ON.search(self._text) is None

    @functools.cached_property
    def is_of_another_torch(self) -> bool:
        """Whether the file imports what another package calls torch (`import mimic.torch as torch`), and torch itself
        nowhere: whose tensors become arrays where they are, perhaps."""
        return _OTHER_TORCH.search(self._text) is not None and _TORCH.search(self._text) is None

    @functools.cached_property
    def trains(self) -> bool:
        """Whether anything in the file trains a module."""
        return ".step(" in self._text or ".backward(" in self._text

    @functools.cached_property
    def at_training(self) -> frozenset[str]:
        """The names of functions that go backward, and of what is called there: losses, and what makes them."""
        every = self._outline.all_functions() if self.trains else ()
        going_back = [one for one in every if any(node.attr == "backward" for node in one.by_type[ast.Attribute])]
        calls: list[ast.Call] = [node for one in going_back for node in one.by_type[ast.Call]]
        return frozenset({last_name(node.func) for node in calls}.union(one.name for one in going_back))

    def reads_attribute(self, name: str) -> bool:
        """Whether anything in the file asks an object for this attribute, rather than binding it."""
        return re.search(rf"\.{name}\b(?!\s*=[^=])", self._text) is not None

    @functools.cached_property
    def default_dtype(self) -> Fact | None:
        """The dtype of floating tensors and parameters that name none, unless the file changes it."""
        return None if "set_default_" in self._text else Fact("float32")

    @functools.cached_property
    def leaves_tensors_on_host(self) -> bool:
        """Whether tensors and legacy constructors that name no device mean the CPU, as far as the file says."""
        return "set_default_tensor_type" not in self._text and "set_default_device" not in self._text

    @functools.cached_property
    def renews_gradients(self) -> bool:
        """Whether the file's `zero_grad` drops the gradients, as it does by default, so that each backward pass makes
        new ones; nothing in it writes zeros into them."""
        text = self._text
        return "zero_grad(" in text and _WRITES_ZEROS.search(text) is None

    @functools.cached_property
    def hooks_clone(self) -> bool:
        """Whether a forward hook of the file clones the output it keeps."""
        for node in ast.walk(self._outline.tree):
            if isinstance(node, ast.FunctionDef) and is_hook([argument.arg for argument in node.args.args]):
                calls = (child.func for child in ast.walk(node) if isinstance(child, ast.Call))
                if any(isinstance(func, ast.Attribute) and func.attr == "clone" for func in calls):
                    return True
        return False

    @functools.cached_property
    def has_inplace_layers(self) -> bool:
        """Whether the file makes layers that work in place, or speaks of networks that have some."""
        return _IN_PLACE.search(self._text) is not None

    @functools.cached_property
    def converting(self) -> re.Pattern[str] | None:
        """Finds the names under which the file knows what converts tensors by itself."""
        return any_of(converting_names(self._outline))

    @functools.cached_property
    def own(self) -> ByType:
        """The nodes of the module's own statements."""
        return ByType(own_nodes(self._outline.tree))

    @functools.cached_property
    def kept_globals(self) -> frozenset[str]:
        """The names of the module's own statements that nothing in the file hands over or moves."""
        return kept_globals(self.own, (function.by_type for function in self._outline.all_functions()))

    @functools.cached_property
    def handed_attributes(self) -> frozenset[str]:
        """The attributes that somebody may move: something in the file does, or hands them over."""
        return handed_attributes([self.own, *(function.by_type for function in self._outline.all_functions())])

    @functools.cached_property
    def bindings(self) -> Bindings:
        """The names that the file binds."""
        return Bindings(self._text, self._outline.tree, self._path)

    def kept_names(self, function: FunctionOutline | None) -> frozenset[str]:
        """The names that a function (None: the module's own statements) binds and hands to nobody."""
        names = self._kept_names.get(function)
        if names is None:
            names = self._kept_names[function] = kept_names(function.by_type if function is not None else self.own)
        return names

    def evidence(self, function: FunctionOutline) -> Evidence:
        """What the uses of names in the function tell."""
        found = self._evidence.get(function)
        if found is None:
            found = evidence_in(function.by_type)
            names = self._awaited.get(function) if self.trains else None
            if names:
                spent = found.spent | names
                found = replace(found, needs_grad=found.needs_grad | names, spent=spent, awaited=names)
            self._evidence[function] = found
        return found

    @functools.cached_property
    def _awaited(self) -> dict[FunctionOutline, frozenset[str]]:
        """What functions return for their callers in the file to call backward on."""
        return awaited(self._outline)
