"""One quick walk over a function: what it holds of which a rule could hear."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from torchconv_lint.analysis.syntax.backward import GOES_BACK, stepped_by
from torchconv_lint.analysis.syntax.evidence import (
    OF_DATA,
    TAKES_MATRIX,
    TAKES_TENSOR,
    data_methods,
    tensor_only_methods,
)
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.patterns import (
    PLOTS,
    is_axes,
    is_hook,
    is_kept_model,
    is_snapshot,
    is_turned,
    names_earlier,
)
from torchconv_lint.analysis.syntax.presence import (
    INITIALISERS,
    MASKING,
    TAKING,
    TELLING,
    optional_inputs,
    replaced,
    used,
)
from torchconv_lint.analysis.syntax.walking import walk
from torchconv_lint.code_forms import (
    MODULE_MEMORY,
    anchor_of,
    annotation_words,
    called_by_name,
    callee_name,
    calls_something,
    is_metadata,
    is_number,
    is_number_made,
    is_plain_question,
    is_size,
    is_text,
    is_view,
    keeps_parameters,
    last_name,
    literal_size,
    makes_integers,
    makes_tensor,
    may_require,
    names_in,
    root_of,
)
from torchconv_lint.features import (
    COUNT,
    KEPT,
    SCALAR,
    SHARED_WRITE,
    SNAPSHOT,
    TO_NUMPY,
    TRUTH,
)
from torchconv_lint.seen import Seen
from torchconv_lint.vocabulary import SHARING, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable


_TAKES = TAKES_MATRIX | TAKES_TENSOR
_CHAIN = (ast.Name, ast.Attribute)
_PARTS = ast.Tuple | ast.Slice | ast.Compare
"""Indices of what is a tensor or an array."""
_USING = _TAKES | TELLING | MASKING | INITIALISERS | TAKING | {"register_buffer"}
"""Names of what is called that may tell of a tensor; those that end in an underscore left out."""
_DATASETS = frozenset({"create_dataset", "require_dataset"})
_TENSOR_METHODS = frozenset(
    [
        "cuda",
        "cpu",
        "detach",
        "backward",
        "unsqueeze",
        "requires_grad_",
        "numel",
        "masked_fill",
        "permute",
        "state_dict",
        "parameters",
        "named_parameters",
        "zero_grad",
        "bfloat16",
        "to",
    ]
)
_FLOATS = frozenset({"float", "complex"})
_WRITING_METHODS = frozenset(["sort", "fill", "partition", "put", "resize", "itemset", "setfield", "byteswap"])
"""Of arrays, and as statements: where something is done with their results, it is none of NumPy's that are written."""
_RESIZING = frozenset({"resize_", "resize_as_"})
"""What shared memory refuses, whether or not it has a second handle."""
_WRITING_FUNCTIONS = frozenset(["copyto", "put", "place", "putmask", "fill_diagonal", "shuffle"])
_COUNTED = frozenset(
    [
        "ones",
        "zeros",
        "rand",
        "randn",
        "randint",
        "arange",
        "tensor",
        "full",
        "empty",
        "linspace",
        "eye",
        "randperm",
        "DataParallel",
    ]
)
FILLING = frozenset({"add", "append", "update", "insert"})
"""Those of them that classes for records and statistics have as well."""


def survey(nodes: Iterable[ast.AST], vocabulary: Vocabulary) -> Survey:
    """Look at the nodes of a function, nested ones included, or of a module's own statements (`own_nodes`)."""
    return Survey(vocabulary).run(nodes)


class Survey(Seen):
    """One walk: what each type of node tells."""

    def run(self, nodes: Iterable[ast.AST]) -> Survey:
        """Look at each node once. Half of them are names and attributes, which are not handed to a method each."""
        handlers, name, attribute = _HANDLERS, ast.Name, ast.Attribute
        names: set[str] = set()
        words: set[str] = set()
        node: Any
        for node in nodes:
            type_ = node.__class__
            if type_ is name:
                names.add(node.id)
            elif type_ is attribute:
                words.add(node.attr)
                if node.attr in OF_DATA and node.value.__class__ is name:
                    self.shaped.add(node.value.id)
            elif type_ in handlers:
                handlers[type_](self, node)
        self._mentions(names, words)
        return self

    def _mentions(self, names: set[str], attributes: set[str]) -> None:
        """The names and attributes in it: one that stands for torch makes the function handle tensors."""
        if not names.isdisjoint(self.vocabulary.torch):
            self.found.torchy = True
        if not self.vocabulary.ours.isdisjoint(names - self.vocabulary.torch):
            self.found.foreign = True
        self.found.words |= attributes
        if any(map(GOES_BACK.match, attributes)):
            self.found.words.add("backward")

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Parameters, and those annotated as tensors; a forward hook's signature."""
        self.found.words.add(f"def {node.name}")
        self.found.words.update(each.id for each in node.decorator_list if isinstance(each, ast.Name))
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        optional = zip(reversed([*node.args.posonlyargs, *node.args.args]), reversed(node.args.defaults), strict=False)
        for parameter, default in optional:
            if isinstance(default, ast.Constant) and default.value is None:
                self.constructing.optional.add(parameter.arg)
        if node.args.vararg is not None:
            self.stars.add(node.args.vararg.arg)
        for argument in arguments:
            self.parameters.add(argument.arg)
            annotation = annotation_words(argument.annotation)
            if "Tensor" in annotation:
                self.tensors.add(argument.arg)
                self.optional.add(argument.arg)
                self.made.add(argument.arg)
                self.found.torchy = True
            elif "rray" in annotation:
                self.tensors.add(argument.arg)
            elif isinstance(argument.annotation, ast.Name | ast.Attribute):
                self.objects_given[argument.arg] = argument.annotation
        self.used.update(optional_inputs(node))
        if is_hook([argument.arg for argument in arguments]):
            self.found.triggers.add(SNAPSHOT)
            self.found.torchy = True

    def call(self, node: ast.Call) -> None:
        """What is called, and what with."""
        func, arguments = node.func, node.args
        if node.keywords:
            arguments = [*arguments, *[keyword.value for keyword in node.keywords]]
            self._keywords(node.keywords)
        if arguments:
            self._given(node, arguments)
        elif isinstance(func, ast.Name) and func.id in self.vocabulary.ours:
            self.handing.append(node)
        if isinstance(func, ast.Attribute):
            self._method(node, func)
            self.constructing.call(node, func.attr)
        elif isinstance(func, ast.Name):
            self._function(node, func.id)
            self.constructing.call(node, self.vocabulary.aliases.get(func.id, func.id))

    def _given(self, call: ast.Call, arguments: list[ast.expr]) -> None:
        """What a call is given."""
        self.handing.append(call)
        if (name := callee_name(call)) in self.vocabulary.local:
            passed = self.found.passed.setdefault(name, set())
            for argument in arguments:
                passed |= names_in(argument)
        if stepped_by(call) is not None:
            self.found.words.add("backward")
        for argument in arguments:
            self.handles.keep(argument)

    def _keywords(self, keywords: list[ast.keyword]) -> None:
        found = self.found
        for keyword in keywords:
            found.words.add(f"{keyword.arg}=")
            if keyword.arg == "requires_grad" and may_require(keyword.value):
                found.words.add("requires_grad=True")
            elif keyword.arg == "reduction":
                found.counted = True
            elif keyword.arg == "set_to_none":
                found.trains = True
            elif keyword.arg == "out":
                self._writes(keyword.value)

    def _function(self, node: ast.Call, name: str) -> None:
        self.found.calls.add(name)
        vocabulary = self.vocabulary
        known_as = vocabulary.aliases.get(name, name)
        if name == "round":
            self.rounded |= names_in(node) if node.args and not is_number(node.args[0]) else set()
        else:
            self.found.words.add(known_as)
        if name in vocabulary.torch and not is_number_made(known_as, node):
            self.found.words.add(f"torch.{known_as}")
            self.used.update(used(node, _TAKES))
        if name in vocabulary.converting:
            self._sink(node)
        if name in ("float", "int", "complex", "bool") and node.args:
            self._scalar(node.args[0], warns=name in _FLOATS)
            if name == "bool":
                self._tested(node.args[0])
        if name == "round" and node.args:
            self._scalar(node.args[0], warns=True)
        if name in ("max", "min", "sorted", "set", "range"):
            for argument in node.args:
                self._scalar(argument, warns=False)
        if name in vocabulary.math:
            self._scalar(node.args[0] if node.args else None, warns=True)
        if name in vocabulary.sharing or known_as == "from_numpy":
            self._shares(node)
        if name in vocabulary.sharing:
            self.found.calls.add("from_numpy")
            self.found.torchy = True

    def _method(self, node: ast.Call, func: ast.Attribute) -> None:
        found, vocabulary, attr = self.found, self.vocabulary, func.attr
        found.calls.add(attr)
        root = root_of(func.value)
        if attr == "step":
            found.trains = True
        if attr == "backward":
            self.made.update(names_in(func.value))
        if attr == "grad" and root in vocabulary.torch:
            found.words.add("backward")
        if attr in ("numpy", "__array__"):
            found.triggers.add(TO_NUMPY)
            self.sunk.update(names_in(func.value))
            self._sunk_attribute(func.value)
        if root in vocabulary.numpy:
            found.words.add(f"np.{attr}")
        elif root in vocabulary.torch and not is_number_made(attr, node):
            found.words.add(f"torch.{attr}")
        if root in vocabulary.converting:
            if attr not in _HARMLESS:
                self._sink(node)
            if attr in _WRITING_FUNCTIONS and node.args:
                self._writes(node.args[0])
        elif node.args and vocabulary.classes:
            self.asked.append(node)
        if attr in _DATASETS or (attr in PLOTS and (vocabulary.draws or is_axes(last_name(func.value)))):
            self._sink(node)
        if root in vocabulary.math:
            self._scalar(node.args[0] if node.args else None, warns=True)
        if attr == "item":
            self._scalar(func.value, warns=False)
            if (item := anchor_of(func.value)) is not None:
                self.items.add(item)
        if attr in _TENSOR_METHODS or GOES_BACK.match(attr):
            found.torchy = True
        if attr in _COUNTED and root in vocabulary.torch and (attr == "DataParallel" or literal_size(node)):
            found.counted = True
        if attr in _USING or attr.endswith("_"):
            self.used.update(used(node, _TAKES))
        if isinstance(func.value, ast.Name) and attr in data_methods():
            self.tensors.add(func.value.id)
        if attr in _TAKES and root in vocabulary.torch and node.args and isinstance(node.args[0], ast.Name):
            self.optional.add(node.args[0].id)
            self.tensors.add(node.args[0].id)
        elif isinstance(func.value, ast.Name) and attr in tensor_only_methods():
            self.optional.add(func.value.id)
            self.tensors.add(func.value.id)
        if attr == "from_numpy":
            self._shares(node)
        if attr == "register_buffer" and node.args and isinstance(node.args[0], ast.Constant):
            found.kept.add(f"self.{node.args[0].value!s}")
        if attr == "load_state_dict" and node.args and isinstance(node.args[0], ast.Name | ast.Attribute):
            self.loaded.add(root_of(node.args[0]) or "")
        if attr == "append" and node.args:
            self.constructing.append(func.value, node.args[0])
            if isinstance(func.value, ast.Name):
                self.gathered.append(({func.value.id}, names_in(node.args[0])))
            self.kept_each_time.append(("append()", node.args[0]))
            if is_view(node.args[0]):
                self.appended.update(names_in(node.args[0]))
            if keeps_parameters(node.args[0]):
                found.triggers.add(KEPT)
        if attr.endswith("_") and not attr.endswith("__") and isinstance(func.value, ast.Attribute) and root == "self":
            found.writes_self = True
        if attr in _RESIZING:
            found.triggers.add(SHARED_WRITE)
        if attr.endswith("_") and not attr.endswith("__"):
            self._writes(func.value)

    def _shares(self, node: ast.Call) -> None:
        """Arrays become tensors."""
        for argument in node.args:
            self.shared |= names_in(argument)
            if (anchor := anchor_of(argument)) is not None:
                self.shared.add(anchor)

    def _scalar(self, node: ast.expr | None, *, warns: bool) -> None:
        root = root_of(node)
        if root is None or isinstance(node, ast.Constant) or is_metadata(node):
            return
        if warns:
            self.scalars.add(root)
        self.counts.add(anchor_of(node) or root)
        self.sunk.add(root)
        if root in self.vocabulary.torch:
            self.found.triggers |= {SCALAR, COUNT} if warns else {COUNT}

    def assign(self, node: ast.Assign) -> None:
        """Targets that are written through, aliases, and names that hold tensors."""
        names: set[str] = set()
        bound: set[str] = set()
        stored: set[str] = set()
        for target in node.targets:
            if isinstance(target, ast.Name):
                bound.add(target.id)
                names.add(target.id)
                self._keeps_model(target.id, node.value)
                continue
            self._target(target)
            if not isinstance(target, ast.Subscript):
                bound |= names_in(target)
            elif not isinstance(target.slice, _PARTS):  # what is written to a slice is copied
                stored |= self.handles.reached(target)
            if (anchor := anchor_of(target)) is not None:
                names.add(anchor)
            if isinstance(target, ast.Attribute) and target.attr == "requires_grad" and may_require(node.value):
                self.found.words.add("requires_grad=True")
            if isinstance(target, ast.Attribute) and _calls_sharing(node.value):
                self.found.keeps_shared = True
                if is_snapshot(target.attr):
                    self.found.triggers.add(SNAPSHOT)
            names.update(names_in(target))
            self._keeps_model(last_name(target), node.value)
            if isinstance(target, ast.Subscript):
                self._overlapping(target, node.value)
                if self.vocabulary.numpy:
                    self.rows.append((root_of(target), names_in(node.value)))
        if "grad" in self._bound(names, node.value, bound, stored):
            self.sums.update(
                ast.unparse(target) for target in node.targets if isinstance(target, ast.Attribute | ast.Subscript)
            )

    def _keeps_model(self, name: str, value: ast.expr) -> None:
        if isinstance(value, _CHAIN) and is_kept_model(name, last_name(value)):
            self.found.triggers.add(KEPT)

    def _overlapping(self, target: ast.Subscript, source: ast.expr) -> None:
        """`x[1:] = x[:-1]`, `x[1] = x[1].t()`, `x[x] = y`: one part of something is written with another, or where it
        says itself."""
        if isinstance(target.slice, ast.Name) and isinstance(target.value, ast.Name):
            overlaps = target.value.id == target.slice.id or is_turned(target, source)
        elif isinstance(source, ast.Subscript):
            alike = isinstance(target.slice, ast.Slice | ast.Tuple) and type(source.slice) is type(target.slice)
            overlaps = alike and anchor_of(target.value) == anchor_of(source.value)
        else:
            overlaps = is_turned(target, source)
        if overlaps:
            self.found.words.add("shifted")

    def annotated(self, node: ast.AnnAssign) -> None:
        """The same for `x: T = value`."""
        self._target(node.target)
        if node.value is not None:
            names = names_in(node.target)
            self._bound(names, node.value, names)

    def _bound(
        self, names: set[str], value: ast.expr, bound: set[str], stored: set[str] | frozenset[str] = frozenset()
    ) -> Collection[str]:
        """Names are in a statement that assigns a value: some are `bound` to it, it is an item of those that are
        `stored`. The attributes that are read in it."""
        if is_size(value):
            self.constructing.bind(names, value, ())
            return ()
        sources, attributes, calls = _contents(value)
        self.constructing.bind(names, value, sources)
        type_, anchor = value.__class__, anchor_of(value)
        root = "self" if anchor is not None and anchor.startswith("self.") else anchor
        if "self" in sources and anchor is not None:
            sources = sources | {anchor}
        if root in self.vocabulary.numpy:
            self.arrays |= names
        if isinstance(value, ast.Call):
            self._bound_call(names, value, root)
        elif isinstance(value, ast.Subscript):
            if root == "self":
                self.given_out |= names
            elif isinstance(value.value, ast.Name):
                self.rows_kept.add(value.value.id)
        elif isinstance(value, ast.Tuple):
            items = (each.value for each in value.elts if isinstance(each, ast.Subscript))
            self.rows_kept.update(each.id for each in items if isinstance(each, ast.Name))
        elif type_ is ast.BinOp and not names.isdisjoint(sources):
            self.kept_each_time.append(("+=", value))
        sized, callees = _sized_by(calls, self.vocabulary) if calls else (False, None)
        if sized:
            self.sized |= names - {"self"}
        elif callees:
            self.sized_by.append((names - {"self"}, callees))
        if isinstance(value, ast.IfExp):
            self._bound_branch(names, value.body, root_of(value.body))
            self._bound_branch(names, value.orelse, root_of(value.orelse))
        else:
            self._bound_branch(names, value, root)
        if is_view(value):
            held = self.handles.reached(value) | (sources & {"self"})
            second = bound  # of `self.x = y` it is the attribute, and not the object
            if "self" in bound:
                second = bound - {"self"} | {name for name in names if name.startswith("self.")}
            self.aliases.extend((name, source) for name in second for source in held)
            self.stored.extend((name, source) for name in stored for source in held)
        if sources & self.vocabulary.torch or calls_something(value, self.vocabulary.plain):
            self.made.update(names)
        self.bindings.append((names, sources))
        if bound or stored:
            self.handles.keep(value, bound, stored)
        if not attributes.isdisjoint(MODULE_MEMORY) and keeps_parameters(value):
            self.found.triggers.add(KEPT)
        return attributes

    def _bound_call(self, names: set[str], value: ast.Call, root: str | None) -> None:
        """Names are bound to what a call gives."""
        if makes_integers(value):
            self.integers |= names
        callee = last_name(value.func)
        if callee in self.vocabulary.local:
            self.found.results.setdefault(callee, set()).update(names)
        if root in self.vocabulary.classes and callee[:1].isupper():
            self.objects |= names

    def _bound_branch(self, names: set[str], branch: ast.expr, root: str | None) -> None:
        """Names are bound to this, perhaps under a condition."""
        if isinstance(branch, ast.Name):
            self.second_names |= names - {branch.id}
        if isinstance(branch, ast.Constant):
            if branch.value is None:
                self.nones |= names
        elif root in self.vocabulary.torch:
            self.torch_made |= names
            if makes_tensor(branch):
                self.found.kept |= {name for name in names if name.startswith("self.")}

    def statement(self, node: ast.Expr) -> None:
        """A call of which nothing but what it does is wanted."""
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _WRITING_METHODS:
            self._writes(call.func.value)

    def operation(self, node: ast.BinOp) -> None:
        """Arithmetic between what may be an array and what may be a tensor."""
        for one, other in ((node.left, node.right), (node.right, node.left)):
            self.constructing.operand(one)
            if self.vocabulary.numpy and isinstance(one, ast.Name | ast.Call | ast.Subscript):
                self.meetings.append((root_of(one), names_in(other)))

    def _writes(self, node: ast.expr) -> None:
        """A value is written in place."""
        written = self.handles.reached(node)
        self.written |= written
        self.rewritten |= written

    def _target(self, target: ast.expr) -> None:
        if isinstance(target, ast.Subscript):
            written, key = self.handles.reached(target.value), target.slice
            if not is_text(key):  # which is a key of a dict, whatever is put there
                self.written |= written
            if isinstance(key, _PARTS) or not isinstance(target.value, ast.Name | ast.Attribute):
                self.rewritten |= written
            if root_of(target.value) == "self":
                self.found.writes_self = True
                self.own_written.add(anchor_of(target.value))
            if isinstance(key, _PARTS) and isinstance(target.value, ast.Name):
                self.tensors.add(target.value.id)
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and names_earlier(key.value):
                self.found.triggers.add(SNAPSHOT)
        elif isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                self._target(element)
        elif isinstance(target, ast.Attribute) and "prev" in target.attr:
            self.found.triggers.add(SNAPSHOT)

    def augmented(self, node: ast.AugAssign) -> None:
        """`a += b` may write in place."""
        self.handles.keep(node.value)
        self.kept_each_time.append(("+=", node.value))
        self._writes(node.target)
        if isinstance(node.target, ast.Attribute | ast.Subscript) and _is_gradient(node.value):
            self.added.add(ast.unparse(node.target))
        if isinstance(node.target, ast.Attribute | ast.Subscript) and root_of(node.target) == "self":
            self.found.writes_self = True
            self.own_written.add(anchor_of(node.target))
        self.bindings.append((names_in(node.target), names_in(node.value)))

    def compared_lists(self, node: ast.Compare) -> None:
        """`xs == [y for y in ys]`: lists compare what they hold."""
        if isinstance(node.ops[0], ast.Eq | ast.NotEq):
            for side in (node.left, *node.comparators):
                if isinstance(side, ast.ListComp) or (
                    isinstance(side, ast.Call) and called_by_name(side) in ("list", "tuple")
                ):
                    self.found.words.add("[==]")

    def subscript(self, node: ast.Subscript) -> None:
        """A negative step turns an array's strides round."""
        key = node.slice
        for part in key.elts if key.__class__ is ast.Tuple else (key,):
            if part.__class__ is ast.Slice and part.step.__class__ is ast.UnaryOp:
                self.constructing.turned.append(node)

    def loop(self, node: ast.For | ast.AsyncFor | ast.comprehension) -> None:
        """What is iterated over may be tensors."""
        self.found.words.add("for")
        target, source = node.target, node.iter
        if called_by_name(source) == "enumerate" and isinstance(target, ast.Tuple):
            counted = target.elts[1:]
            self.bindings.append(({name for each in counted for name in names_in(each)}, names_in(source)))
        elif called_by_name(source) != "range":
            self.bindings.append((names_in(target), names_in(source)))
        self.elements.append((names_in(target), names_in(source)))
        self.handles.keep(source, names_in(target))
        self.constructing.loop(names_in(target), source)
        if isinstance(node, ast.comprehension):
            for condition in node.ifs:
                self._tested(condition)
        else:
            self.loops.append(node)

    def test(self, node: ast.If | ast.While | ast.IfExp | ast.Assert) -> None:
        """Names whose truth value is asked for."""
        self._tested(node.test)
        self.used.add(replaced(node))
        if isinstance(node, ast.While):
            self.loops.append(node)

    def boolean(self, node: ast.BoolOp) -> None:
        """`a or b` asks for the truth value of `a`."""
        for value in node.values[:-1]:
            self._tested(value)
        self.used.add(replaced(node))

    def negation(self, node: ast.UnaryOp) -> None:
        """`not a`, `~a`."""
        if isinstance(node.op, ast.Not):
            self._tested(node.operand)
        elif isinstance(node.op, ast.Invert):
            self.found.words.add("~")

    def _tested(self, node: ast.expr) -> None:
        self.found.words.add("if")
        if isinstance(node, ast.Name):
            self.bare.add(node.id)
            self.asked_for.add(node.id)
        elif isinstance(node, ast.Attribute):
            if (path := dotted(node)) is not None:
                self.asked_for.add(path)
                if node.attr == "bias" and path != "self.bias":
                    self.found.triggers.add(TRUTH)
                if path.startswith("self."):
                    self.found.asked.add(path)
        elif isinstance(node, ast.Compare) and not isinstance(node.ops[0], ast.Is | ast.IsNot | ast.In | ast.NotIn):
            if not any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in node.comparators):
                root = root_of(node.left)
                if root is None or is_metadata(node.left):
                    return
                if root not in self.vocabulary.torch:
                    self.compared.add(anchor_of(node.left) or root)
                elif not is_plain_question(node.left):
                    self.found.triggers.add(COUNT)
        elif isinstance(node, ast.Call) and root_of(node) in self.vocabulary.torch and not is_plain_question(node):
            self.found.triggers.add(COUNT)

    def returned(self, node: ast.Return) -> None:
        """Whether the function gives a result."""
        if node.value is not None:
            self.returns = True
            if not self.found.lends and keeps_parameters(node.value):
                self.found.lends = True
            parts = node.value.elts if isinstance(node.value, ast.Tuple) else (node.value,)
            self.own_returned.update(anchor_of(part) for part in parts if isinstance(part, ast.Attribute))
            if len(parts) > 1 and any(isinstance(part, ast.Name) and "loss" in part.id for part in parts):
                self.found.words.add("loss returned")


_HARMLESS = frozenset(
    [
        "zeros",
        "ones",
        "empty",
        "arange",
        "linspace",
        "eye",
        "seed",
        "default_rng",
        "RandomState",
        "figure",
        "subplots",
        "show",
        "close",
    ]
)


def _contents(value: ast.expr) -> tuple[set[str], set[str], list[ast.Call]]:
    """The names, the attributes and the calls in a value."""
    names: set[str] = set()
    attributes: set[str] = set()
    calls: list[ast.Call] = []
    node: Any
    for node in walk(value):
        type_ = node.__class__
        if type_ is ast.Name:
            names.add(node.id)
        elif type_ is ast.Attribute:
            attributes.add(node.attr)
        elif type_ is ast.Call:
            calls.append(node)
    return names, attributes, calls


def _sized_by(calls: Iterable[ast.Call], vocabulary: Vocabulary) -> tuple[bool, set[str]]:
    """Whether what one of these calls gives may be a tensor with a known number of elements, and else the functions of
    this file that may have made it one."""
    callees: set[str] = set()
    for call in calls:
        name = callee_name(call)
        if isinstance(call.func, ast.Call) or (name in _COUNTED and (name == "DataParallel" or literal_size(call))):
            return True, callees
        if any(keyword.arg == "reduction" for keyword in call.keywords):
            return True, callees
        if name in vocabulary.local:
            callees.add(name)
    return False, callees


def _is_gradient(node: ast.expr) -> bool:
    """Whether a gradient is among what the expression is made of."""
    return any(isinstance(each, ast.Attribute) and each.attr == "grad" for each in walk(node))


def _calls_sharing(node: ast.expr) -> bool:
    """Whether the value is a conversion of an attribute, at the end of the chain: `self.a.cpu()`."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in SHARING:
            return root_of(node) == "self" or any(root_of(argument) == "self" for argument in node.args)
        node = node.func.value
    return False


_HANDLERS: dict[type, Callable[[Survey, Any], None]] = {
    ast.FunctionDef: Survey.function,
    ast.AsyncFunctionDef: Survey.function,
    ast.Call: Survey.call,
    ast.Assign: Survey.assign,
    ast.AnnAssign: Survey.annotated,
    ast.AugAssign: Survey.augmented,
    ast.Expr: Survey.statement,
    ast.BinOp: Survey.operation,
    ast.Compare: Survey.compared_lists,
    ast.For: Survey.loop,
    ast.AsyncFor: Survey.loop,
    ast.comprehension: Survey.loop,
    ast.If: Survey.test,
    ast.While: Survey.test,
    ast.IfExp: Survey.test,
    ast.Assert: Survey.test,
    ast.BoolOp: Survey.boolean,
    ast.UnaryOp: Survey.negation,
    ast.Subscript: Survey.subscript,
    ast.Return: Survey.returned,
}
