"""The bones of a file, read off the ast that flake8 has parsed already: imports, functions, classes, who calls whom."""

from __future__ import annotations

import ast
import functools
import re
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.walking import ByType, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FunctionNode = (ast.FunctionDef, ast.AsyncFunctionDef)


def first_line(statement: ast.stmt) -> int:
    """Decorators stand before the line of the statement itself."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


@dataclass(repr=False, eq=False)
class FunctionOutline:
    """A function or method that is not nested in another function. It refers weakly to its class: a cycle would keep
    whole trees until the garbage collector runs, which costs flake8 more than all of our analysis (measured)."""

    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef
    class_: weakref.ref[ClassOutline] | None = None

    @property
    def owner(self) -> ClassOutline | None:
        """The class it is a method of."""
        return self.class_() if self.class_ is not None else None

    @property
    def first_line(self) -> int:
        """The first line, decorators included."""
        return first_line(self.node)

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return (self.node.end_lineno or self.node.lineno) - self.first_line + 1

    @property
    def code_lines(self) -> int:
        """The same, its docstring left out."""
        first = self.node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            return self.lines - ((first.end_lineno or first.lineno) - first.lineno + 1)
        return self.lines

    @functools.cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of it, in no particular order: looked through several times, so collected once."""
        return walk(self.node)

    @functools.cached_property
    def by_type(self) -> ByType:
        """The same nodes by their type."""
        return ByType(self.nodes)

    @functools.cached_property
    def read_on_self(self) -> frozenset[str] | None:
        """The attributes of the first parameter that are read; None if the object itself is used, or `super()`."""
        arguments = [*self.node.args.posonlyargs, *self.node.args.args]
        this = arguments[0].arg if arguments else ""
        attributes = [
            node for node in self.by_type[ast.Attribute] if isinstance(node.value, ast.Name) and node.value.id == this
        ]
        owners = {id(node.value) for node in attributes}
        names = self.by_type[ast.Name]
        whole = any(node.id in (this, "super") and id(node) not in owners for node in names)
        return None if whole else frozenset(node.attr for node in attributes)

    @functools.cached_property
    def idle_copies(self) -> frozenset[str]:
        """The names of deep copies (of modules, say) that are moved, called and asked for their state, and no more."""
        return frozenset(name for name, others in self._uses_of_copies.items() if not others)

    @functools.cached_property
    def copies_handed_once(self) -> frozenset[str]:
        """The names of those that are used once beside that, handed to another function, say."""
        return frozenset(name for name, others in self._uses_of_copies.items() if others == 1)

    @functools.cached_property
    def _uses_of_copies(self) -> dict[str, int]:
        """The names of deep copies, each with how often it is used in another way than to move it, to call it or to ask
        for its state."""
        made = [node for node in self.by_type[ast.Assign] if _is_deepcopy(node.value)]
        found = {target.id: 0 for node in made for target in node.targets if isinstance(target, ast.Name)}
        if not found:
            return found
        harmless = {
            id(node.value)
            for node in self.by_type[ast.Attribute]
            if node.attr in _IDLE and isinstance(node.value, ast.Name)
        }
        harmless |= {id(node.func) for node in self.by_type[ast.Call]}
        harmless |= {id(target) for node in made for target in node.targets}
        for node in self.by_type[ast.Name]:
            if node.id in found and id(node) not in harmless:
                found[node.id] += 1
        return found

    @functools.cached_property
    def own_copies(self) -> frozenset[str]:
        """The names that are bound to deep copies and to nothing else (a parameter of that name is one from then on):
        they are other objects than whatever a caller, or an earlier round of a loop, calls so."""
        stores = [node for node in self.by_type[ast.Name] if isinstance(node.ctx, ast.Store)]
        made = [node for node in self.by_type[ast.Assign] if _holds_deepcopy(node.value)]
        copies = {id(target) for node in made for target in node.targets}
        others = {node.id for node in stores if id(node) not in copies}
        return frozenset(node.id for node in stores if id(node) in copies) - others

    @functools.cached_property
    def trains_own_copies(self) -> bool:
        """Whether the parameters that its optimisers get are those of its own deep copies, and of nothing else."""
        owners = [
            node.func.value
            for node in self.by_type[ast.Call]
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("parameters", "named_parameters")
        ]
        owners += [
            keyword.value
            for node in self.by_type[ast.Call]
            for keyword in node.keywords
            if keyword.arg == "model" and "optim" in (dotted(node.func) or "").lower()
        ]
        return bool(owners) and all(isinstance(node, ast.Name) and node.id in self.own_copies for node in owners)

    @functools.cached_property
    def freezes(self) -> bool:
        """Whether it switches off grad for all parameters of its object, and stores nothing in it afterwards."""
        arguments = [*self.node.args.posonlyargs, *self.node.args.args]
        this = arguments[0].arg if arguments else ""
        last = max((node.lineno for node in _surely_run(self.node.body) if _freezes(node, this)), default=None)
        stored = [node for node in self.by_type[ast.Attribute] if isinstance(node.ctx, ast.Store)]
        return last is not None and not any(node.lineno > last and dotted(node.value) == this for node in stored)

    @functools.cached_property
    def freezes_if(self) -> frozenset[str]:
        """The parameters that have its object frozen: `frozen` in `if frozen: self.freeze()`."""
        arguments = [*self.node.args.posonlyargs, *self.node.args.args]
        this = arguments[0].arg if arguments else ""
        return frozenset(
            node.test.id
            for node in self.by_type[ast.If]
            if isinstance(node.test, ast.Name)
            and any(_freezes(child, this) or _asks_to_freeze(child, this) for child in _surely_run(node.body))
        )

    @property
    def parameters(self) -> frozenset[str]:
        """Their names, without those of `*args` and `**kwargs`."""
        arguments = self.node.args
        return frozenset(each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))

    @functools.cached_property
    def given(self) -> frozenset[str]:
        """The names that stand for what a caller has handed over, or for a part or a view of it: parameters that are
        bound to nothing else, and names taken from them."""
        bindings = [(_names_bound(node), origin_of(node.value)) for node in self.by_type[ast.Assign]]
        names = self.parameters - {"self", "cls"}
        for _ in range(3):
            names |= {name for bound, origin in bindings if origin in names for name in bound}
        for _ in range(3):  # what is taken from a name that stands for something else by now, does so too
            names -= {name for bound, origin in bindings if origin not in names for name in bound}
        return frozenset(names)


@dataclass(repr=False, eq=False)
class ClassOutline:
    """A class that is not nested in a function. `bases` are dotted names as written."""

    name: str
    node: ast.ClassDef
    bases: tuple[str, ...]
    methods: dict[str, FunctionOutline] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict)
    annotations: dict[str, ast.expr] = field(default_factory=dict)

    @functools.cached_property
    def stored(self) -> dict[str, list[FunctionOutline]]:
        """The methods that store each attribute of `self`; computed when first asked for."""
        found: dict[str, list[FunctionOutline]] = {}
        for method in self.methods.values():
            for name in _stored_on_self(method):
                methods = found.setdefault(name, [])
                if method not in methods:
                    methods.append(method)
        return found

    @functools.cached_property
    def buffers(self) -> frozenset[str]:
        """The attributes that `register_buffer` stores."""
        return frozenset(
            str(node.args[0].value)
            for method in self.methods.values()
            for node in method.by_type[ast.Call]
            if isinstance(node.func, ast.Attribute)
            if node.func.attr == "register_buffer" and node.args and isinstance(node.args[0], ast.Constant)
        )

    @functools.cached_property
    def given_to_init(self) -> dict[str, str]:
        """The parameters of `__init__` that it keeps as they are, each with the attribute: "self.model"."""
        method = self.methods.get("__init__")
        stores = method.by_type[ast.Assign] if method is not None else ()
        return {
            node.value.id: f"self.{target.attr}"
            for node in stores
            for target in node.targets
            if isinstance(node.value, ast.Name) and isinstance(target, ast.Attribute) and dotted(target.value) == "self"
        }

    @functools.cached_property
    def written(self) -> frozenset[str]:
        """The attributes of `self` whose contents a method writes in place."""
        return frozenset(name for method in self.methods.values() for name in _written_on_self(method))


@dataclass(repr=False, eq=False)
class FileOutline:
    """What a file defines. `imports` maps a name to what it stands for ("F" -> "torch.nn.functional"); `stars` are the
    modules of which everything is imported."""

    tree: ast.Module
    stars: list[str] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)
    functions: dict[str, FunctionOutline] = field(default_factory=dict)
    classes: dict[str, ClassOutline] = field(default_factory=dict)
    assigned: set[str] = field(default_factory=set)

    def all_functions(self) -> Iterator[FunctionOutline]:
        """Every function and method, in no particular order."""
        yield from self.functions.values()
        for class_ in self.classes.values():
            yield from class_.methods.values()

    @functools.cached_property
    def calls(self) -> dict[str, list[tuple[FunctionOutline, ast.Call]]]:
        """By the last name of what is called, the calls in functions and methods, each with where it is."""
        found: dict[str, list[tuple[FunctionOutline, ast.Call]]] = {}
        for caller in self.all_functions():
            for call in caller.by_type[ast.Call]:
                name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                found.setdefault(name, []).append((caller, call))
        return found

    def full_name(self, name: str) -> str:
        """A dotted name as written, its first part replaced by what it was imported as."""
        root, dot, rest = name.partition(".")
        return self.imports.get(root, root) + dot + rest


_IDLE = frozenset({"state_dict", "eval", "train", "to", "cpu", "cuda", "float", "half", "requires_grad_", "zero_grad"})
"""What may be called of a module without changing its weights."""


def _is_deepcopy(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and (dotted(node.func) or "").rpartition(".")[2] == "deepcopy"


def _holds_deepcopy(node: ast.expr) -> bool:
    """Whether it is a deep copy, perhaps moved: `copy.deepcopy(model).to(device)`."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not _is_deepcopy(node):
        node = node.func.value
    return _is_deepcopy(node)


def _surely_run(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that no condition guards, those in `with` and `try` included."""
    for node in statements:
        yield node
        if isinstance(node, ast.With | ast.Try) or (isinstance(node, ast.If) and isinstance(node.test, ast.Constant)):
            yield from _surely_run(node.body)


def _freezes(node: ast.stmt, this: str) -> bool:
    """`self.requires_grad_(False)`, or a loop over `self.parameters()` that says so of each."""
    if isinstance(node, ast.For) and isinstance(node.target, ast.Name):
        iterated = node.iter.func if isinstance(node.iter, ast.Call) else node.iter
        return dotted(iterated) == f"{this}.parameters" and any(
            _freezes(child, node.target.id) for child in _surely_run(node.body)
        )
    if isinstance(node, ast.Assign):
        return _is_false(node.value) and [dotted(target) for target in node.targets] == [f"{this}.requires_grad"]
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or dotted(call.func) != f"{this}.requires_grad_":
        return False
    return bool(call.args) and _is_false(call.args[0])


def _asks_to_freeze(node: ast.stmt, this: str) -> bool:
    """`self.freeze()`, `self.freeze_all()`."""
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and (dotted(call.func) or "").startswith(f"{this}.freeze")


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


_VIEWS = frozenset(
    {"squeeze", "unsqueeze", "view", "reshape", "flatten", "detach", "contiguous", "permute", "transpose"}
)


def _names_bound(node: ast.Assign) -> list[str]:
    return [child.id for target in node.targets for child in ast.walk(target) if isinstance(child, ast.Name)]


def is_detached(node: object) -> bool:
    """`x.detach()`, which only tensors have."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "detach"


def is_named(node: ast.expr, name: str) -> bool:
    """Whether an expression is this name, and no more."""
    return isinstance(node, ast.Name) and node.id == name


def origin_of(node: ast.expr) -> str:
    """The name that an expression is a part or a view of; "" if it is made anew."""
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Subscript) and _picks(node.slice):
            return ""
        if isinstance(node, ast.Subscript | ast.Attribute):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _VIEWS:
            node = node.func.value
        else:
            return ""
    return node.id


def _picks(index: ast.expr) -> bool:
    """Whether elements are picked by a list or a condition that is written out, which copies them."""
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    return any(isinstance(part, ast.Compare | ast.List | ast.ListComp) for part in parts)


def _written_on_self(method: FunctionOutline) -> Iterator[str]:
    """Attributes of the first parameter whose contents a method writes: `self.x[0] = 1`, `self.x.data.add_(1)`."""
    arguments = [*method.node.args.posonlyargs, *method.node.args.args]
    this = arguments[0].arg if arguments else ""
    for subscript in method.by_type[ast.Subscript]:
        if isinstance(subscript.ctx, ast.Store):
            yield from _self_attribute(_through_data(subscript.value), this)
    for augmented in method.by_type[ast.AugAssign]:
        yield from _self_attribute(_through_data(augmented.target), this)
    for call in method.by_type[ast.Call]:
        if isinstance(call.func, ast.Attribute) and _writes(call.func.attr):
            yield from _self_attribute(_through_data(call.func.value), this)


def _through_data(node: ast.expr) -> ast.expr:
    """`self.x` of `self.x[0].data[1]`."""
    while isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr == "data"):
        node = node.value
    return node


_HARMLESS = frozenset({"requires_grad_", "share_memory_", "retain_grad_", "detach_"})


def _writes(method: str) -> bool:
    """Whether a method writes its tensor, by its name."""
    return method.endswith("_") and not method.startswith("_") and not method.endswith("__") and method not in _HARMLESS


def dotted(node: ast.expr) -> str | None:
    """`a.b.c` as text, or None if it is anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    parts.append(node.id)
    return ".".join(reversed(parts))


def imported_names(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """The names that an import statement binds, each with what it stands for; relative modules keep their dots."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.asname:
                yield alias.asname, alias.name
            else:
                root = alias.name.split(".")[0]
                yield root, root
        return
    module = "." * node.level + (f"{node.module}." if node.module else "")
    for alias in node.names:
        if alias.name != "*":
            yield alias.asname or alias.name, module + alias.name


def outline(tree: ast.Module) -> FileOutline:
    """The outline of a module. Of names bound twice the last binding counts, as when Python runs it."""
    file = FileOutline(tree)
    for statement in _module_level(tree.body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for name, full_name in imported_names(statement):
                _forget(file, name)
                file.imports[name] = full_name
            if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
                file.stars.append("." * statement.level + (statement.module or ""))
        elif isinstance(statement, FunctionNode):
            _forget(file, statement.name)
            file.functions[statement.name] = FunctionOutline(statement.name, statement)
        elif isinstance(statement, ast.ClassDef):
            _forget(file, statement.name)
            file.classes[statement.name] = _class_outline(statement)
        else:
            for name in _assigned_names(statement):
                if name not in file.imports:  # `except ImportError: np = None` does not make np something else
                    file.assigned.add(name)
    if file.stars:
        _bring_usual(file)
    return file


_USUAL = {
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "np": "numpy",
    "numpy": "numpy",
    "plt": "matplotlib.pyplot",
}
"""Names that everybody gives to these, and that `from module import *` brings along from where it imports them."""


def _bring_usual(file: FileOutline) -> None:
    """What the usual names stand for that the file uses and binds nowhere itself: its star imports bring them."""
    used = {node.id for node in ast.walk(file.tree) if isinstance(node, ast.Name)} & _USUAL.keys()
    for name in used - file.imports.keys() - file.functions.keys() - file.classes.keys() - file.assigned:
        file.imports[name] = _USUAL[name]


def _forget(file: FileOutline, name: str) -> None:
    file.imports.pop(name, None)
    file.functions.pop(name, None)
    file.classes.pop(name, None)
    file.assigned.discard(name)


def _module_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run at import, those inside if/try/with/for included, in order."""
    pending = list(reversed(body))
    while pending:
        statement = pending.pop()
        yield statement
        if isinstance(statement, (*FunctionNode, ast.ClassDef)):
            continue
        inner: list[ast.stmt] = []
        for name in ("body", "handlers", "orelse", "finalbody"):
            for child in getattr(statement, name, ()):
                inner.extend(child.body if isinstance(child, ast.ExceptHandler) else [child])
        pending.extend(reversed(inner))


def _assigned_names(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign | ast.For | ast.AsyncFor):
        targets = [statement.target]
    elif isinstance(statement, ast.With | ast.AsyncWith):
        targets = [item.optional_vars for item in statement.items if item.optional_vars]
    else:
        return
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                yield node.id


def _class_outline(node: ast.ClassDef) -> ClassOutline:
    class_ = ClassOutline(node.name, node, tuple(filter(None, map(_base_name, node.bases))))
    for statement in node.body:
        if isinstance(statement, FunctionNode):
            class_.methods[statement.name] = FunctionOutline(statement.name, statement, weakref.ref(class_))
        elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            if isinstance(statement.targets[0], ast.Name):
                class_.constants[statement.targets[0].id] = statement.value
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            class_.annotations[statement.target.id] = statement.annotation
            if statement.value is not None:
                class_.constants[statement.target.id] = statement.value
    return class_


def _base_name(node: ast.expr) -> str | None:
    return dotted(node.value if isinstance(node, ast.Subscript) else node)


_MUTATORS = frozenset({"append", "extend", "insert", "update", "setdefault", "to", "cuda", "add"})


REGISTERING = frozenset({"register_buffer", "register_parameter"})
"""Methods of nn.Module that store an attribute by its name."""


def _stored_on_self(method: FunctionOutline) -> Iterator[str]:
    """Attributes of the first parameter that a method assigns, fills or moves."""
    arguments = [*method.node.args.posonlyargs, *method.node.args.args]
    if not arguments:
        return
    this = arguments[0].arg
    for attribute in method.by_type[ast.Attribute]:
        owner = attribute.value
        if isinstance(attribute.ctx, ast.Store) and isinstance(owner, ast.Name) and owner.id == this:
            yield attribute.attr
    for subscript in method.by_type[ast.Subscript]:
        if isinstance(subscript.ctx, ast.Store):
            yield from _self_attribute(subscript, this)
    for call in method.by_type[ast.Call]:
        func = call.func
        if (named := named_attribute(call, this)) is not None:
            yield named
        elif isinstance(func, ast.Attribute):
            if func.attr in _MUTATORS:
                yield from _self_attribute(func.value, this)
            elif func.attr in REGISTERING and call.args and isinstance(call.args[0], ast.Constant):
                yield str(call.args[0].value)


def attribute_family(node: ast.expr) -> str | None:
    """The attributes that a computed name may stand for, as `net*` for `f"net{i}"`; a constant for itself."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) and node.value.isidentifier() else None
    start: ast.expr | None = None
    if isinstance(node, ast.JoinedStr) and node.values:
        start = node.values[0]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        start = node.left
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        start = node.func.value
    text = start.value if isinstance(start, ast.Constant) and isinstance(start.value, str) else ""
    found = _FAMILY.match(text)
    return f"{found[0]}*" if found else None


_FAMILY = re.compile(r"[A-Za-z]\w*(?=[{%]|\Z)")
_MODULE_ADDERS = frozenset({"add_module", "register_module"})


def named_attribute(node: ast.Call, this: str, *functions: str) -> str | None:
    """The attribute (or family) of `this` that a call such as `setattr(this, "x", …)` or `this.add_module("x", …)` is
    about; `functions`: others than these."""
    func = node.func
    if isinstance(func, ast.Name) and func.id in (functions or ("setattr",)) and len(node.args) >= 2:
        owner, name = node.args[0], node.args[1]
    elif isinstance(func, ast.Attribute) and func.attr in _MODULE_ADDERS and len(node.args) >= 2 and not functions:
        owner, name = func.value, node.args[0]
    else:
        return None
    return attribute_family(name) if isinstance(owner, ast.Name) and owner.id == this else None


def _self_attribute(node: ast.expr, this: str) -> Iterator[str]:
    while isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == this:
        yield node.attr
