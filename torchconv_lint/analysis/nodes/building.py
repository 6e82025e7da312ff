"""libcst nodes made from the ast that has been parsed anyway.

libcst's own parser takes five times as long as Python's, mostly for white space, parentheses and commas, of which the
analysis reads nothing (measured: 85 µs a line of real code, against 20 µs here). So its nodes are made without them,
and without the validation that a tree needs which is to be written out again. What they are not given is not set:
`code_for_node` and visitors do not work on them; `children` takes the place of their method of that name. `Segment`
parses the source with libcst itself where a finding has to be changed to the letter.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import libcst as cst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MAX_DEPTH = 120
"""Expressions nested deeper than this become one that nothing is known of."""


class Builder:
    """Makes nodes, and remembers what each expression and statement was made from: `origins`."""

    def __init__(self) -> None:
        self.origins: dict[int, ast.AST] = {}  # by identity: libcst has hashes computed in Python
        self._depth = 0

    def block(self, statements: Iterable[ast.stmt]) -> list[cst.CSTNode]:
        """Statements in order. Small ones are not wrapped into lines."""
        built = []
        for statement in statements:
            handler = _STATEMENTS.get(statement.__class__)
            if handler is not None:
                node = handler(self, statement)
                self.origins[id(node)] = statement
                built.append(node)
        return built

    def expression(self, node: ast.AST) -> Any:
        """An expression."""
        handler = _EXPRESSIONS.get(node.__class__)
        if handler is None or self._depth > MAX_DEPTH:
            built = _f_string([])
        else:
            self._depth += 1
            built = handler(self, node)
            self._depth -= 1
        self.origins[id(built)] = node
        return built

    # -- statements ----------------------------------------------------------------------------------------------------

    def _suite(self, statements: Iterable[ast.stmt]) -> Any:
        return _indented(self.block(statements))

    def _else(self, statements: Sequence[ast.stmt]) -> Any:
        return _else(self._suite(statements)) if statements else None

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Any:
        """A function with its decorators."""
        decorators = [_decorator(self.expression(decorator)) for decorator in node.decorator_list]
        return _function(_name(node.name), self.parameters(node.args), self._suite(node.body), decorators)

    def parameters(self, node: ast.arguments) -> Any:
        """The parameters of a function."""
        positional = [*node.posonlyargs, *node.args]
        without: list[ast.expr | None] = [None] * (len(positional) - len(node.defaults))
        slots = [*map(self._parameter, positional, [*without, *node.defaults])]
        first = len(node.posonlyargs)
        kwonly = [*map(self._parameter, node.kwonlyargs, node.kw_defaults)]
        star = self._parameter(node.vararg, None) if node.vararg is not None else _NO_STAR
        double = self._parameter(node.kwarg, None) if node.kwarg is not None else None
        return _parameters(slots[:first], slots[first:], kwonly, star, double)

    def _parameter(self, node: ast.arg, default: ast.expr | None) -> Any:
        annotation = _annotation(self.expression(node.annotation)) if node.annotation is not None else None
        name = _name(node.arg)
        self.origins[id(name)] = node
        return _parameter(name, annotation, self._optional(default))

    def _optional(self, node: ast.expr | None) -> Any:
        return self.expression(node) if node is not None else None

    def class_(self, node: ast.ClassDef) -> Any:
        """A class inside of a function, of which only the name is known."""
        return _class(_name(node.name))

    def return_(self, node: ast.Return) -> Any:
        """`return x`."""
        return _return(self._optional(node.value))

    def delete(self, node: ast.Delete) -> Any:
        """`del a, b`."""
        targets = [self.expression(target) for target in node.targets]
        return _del(targets[0] if len(targets) == 1 else _tuple([*map(_element, targets)]))

    def assign(self, node: ast.Assign) -> Any:
        """`a = b = x`."""
        targets = [_target(self.expression(target)) for target in node.targets]
        return _assign(targets, self.expression(node.value))

    def augmented(self, node: ast.AugAssign) -> Any:
        """`a += x`."""
        operator = _AUGMENTED[node.op.__class__]
        return _augmented(self.expression(node.target), operator, self.expression(node.value))

    def annotated(self, node: ast.AnnAssign) -> Any:
        """`a: int = x`."""
        annotation = _annotation(self.expression(node.annotation))
        return _annotated(self.expression(node.target), annotation, self._optional(node.value))

    def for_(self, node: ast.For | ast.AsyncFor) -> Any:
        """A loop over items."""
        target, iterable = self.expression(node.target), self.expression(node.iter)
        return _for(target, iterable, self._suite(node.body), self._else(node.orelse))

    def while_(self, node: ast.While) -> Any:
        """A loop with a condition."""
        return _while(self.expression(node.test), self._suite(node.body), self._else(node.orelse))

    def if_(self, node: ast.If) -> Any:
        """A chain of conditions, which may be thousands long: from its last back to the first."""
        chain = [node]
        while len(chain[-1].orelse) == 1 and isinstance(chain[-1].orelse[0], ast.If):
            chain.append(chain[-1].orelse[0])
        built = self._else(chain[-1].orelse)
        for link in reversed(chain):
            built = _if(self.expression(link.test), self._suite(link.body), built)
            self.origins[id(built)] = link
        return built

    def with_(self, node: ast.With | ast.AsyncWith) -> Any:
        """Context managers."""
        items = []
        for item in node.items:
            name = _as_name(self.expression(item.optional_vars)) if item.optional_vars is not None else None
            items.append(_with_item(self.expression(item.context_expr), name))
        return _with(items, self._suite(node.body))

    def match(self, node: ast.Match) -> Any:
        """`match`, of whose cases only the bodies are known."""
        return _match(self.expression(node.subject), [_case(self._suite(case.body)) for case in node.cases])

    def raise_(self, node: ast.Raise) -> Any:
        """`raise`, whatever is raised."""
        return _raise()

    def try_(self, node: ast.Try) -> Any:
        """`try` with all that belongs to it."""
        handlers = [
            _handler(self.expression(handler.type) if handler.type is not None else None, self._suite(handler.body))
            for handler in node.handlers
        ]
        final = _finally(self._suite(node.finalbody)) if node.finalbody else None
        return _try(self._suite(node.body), handlers, self._else(node.orelse), final)

    def assert_(self, node: ast.Assert) -> Any:
        """`assert`."""
        return _assert(self.expression(node.test))

    def import_(self, node: ast.Import) -> Any:
        """`import a.b as c`."""
        return _import([*map(_import_alias, node.names)])

    def import_from(self, node: ast.ImportFrom) -> Any:
        """`from .a import b as c`."""
        names = cst.ImportStar() if node.names[0].name == "*" else [*map(_import_alias, node.names)]
        return _import_from(_name(node.module) if node.module else None, names, [cst.Dot()] * node.level)

    def statement(self, node: ast.Expr) -> Any:
        """An expression whose value is thrown away."""
        return _statement(self.expression(node.value))

    def break_(self, node: ast.Break) -> Any:
        """`break`."""
        return _break()

    def continue_(self, node: ast.Continue) -> Any:
        """`continue`."""
        return _continue()

    # -- expressions ---------------------------------------------------------------------------------------------------

    def name(self, node: ast.Name) -> Any:
        """A name."""
        return _name(node.id)

    def attribute(self, node: ast.Attribute) -> Any:
        """`x.a`."""
        return _attribute(self.expression(node.value), _name(node.attr))

    def call(self, node: ast.Call) -> Any:
        """A call; its arguments in the order in which they are written."""
        written: list[Any] = [*node.args, *node.keywords]
        if node.keywords and any(argument.__class__ is ast.Starred for argument in node.args):
            written.sort(key=lambda argument: (argument.lineno, argument.col_offset))
        arguments = []
        for argument in written:
            if argument.__class__ is ast.keyword:
                name = _name(argument.arg) if argument.arg is not None else None
                arguments.append(_argument(self.expression(argument.value), name, "" if name else "**"))
            elif argument.__class__ is ast.Starred:
                arguments.append(_argument(self.expression(argument.value), None, "*"))
            else:
                arguments.append(_argument(self.expression(argument), None, ""))
        return _call(self.expression(node.func), arguments)

    def constant(self, node: ast.Constant) -> Any:
        """A literal; `True`, `False` and `None` are names to libcst."""
        value = node.value
        if value is ...:
            return cst.Ellipsis()
        if value is None or value is True or value is False:
            return _name(str(value))
        make = _LITERALS[value.__class__]
        try:
            return make(repr(value))
        except ValueError:  # more digits than Python likes to write
            return _f_string([])

    def f_string(self, node: ast.JoinedStr) -> Any:
        """An f-string; formats inside of formats are left out."""
        parts = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                parts.append(_formatted(self.expression(part.value)))
            elif isinstance(part, ast.Constant):
                parts.append(_formatted_text(part.value))
        return _f_string(parts)

    def subscript(self, node: ast.Subscript) -> Any:
        """`x[i, j:k]`."""
        key = node.slice
        parts = key.elts if isinstance(key, ast.Tuple) else [key]
        return _subscript(self.expression(node.value), [_subscript_element(self._slice(part)) for part in parts])

    def _slice(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Slice):
            built = _slice(self._optional(node.lower), self._optional(node.upper), self._optional(node.step))
        elif isinstance(node, ast.Starred):
            built = _index(self.expression(node.value))
        else:
            built = _index(self.expression(node))
        self.origins[id(built)] = node
        return built

    def binary(self, node: ast.BinOp) -> Any:
        """Arithmetic. A long sum leans to the left: it is built in a loop."""
        chain = [node]
        while isinstance(chain[-1].left, ast.BinOp):
            chain.append(chain[-1].left)
        built = self.expression(chain[-1].left)
        for link in reversed(chain):
            built = _binary(built, _BINARY[link.op.__class__], self.expression(link.right))
            self.origins[id(built)] = link
        return built

    def boolean(self, node: ast.BoolOp) -> Any:
        """`a and b and c`, which leans to the left too."""
        operator = _AND if node.op.__class__ is ast.And else _OR
        built = self.expression(node.values[0])
        for value in node.values[1:]:
            built = _boolean(built, operator, self.expression(value))
            self.origins[id(built)] = node
        return built

    def unary(self, node: ast.UnaryOp) -> Any:
        """`-x`, `not x`."""
        return _unary(_UNARY[node.op.__class__], self.expression(node.operand))

    def comparison(self, node: ast.Compare) -> Any:
        """`a < b < c`."""
        pairs = zip(node.ops, node.comparators, strict=True)
        targets = [_comparison_target(_COMPARISONS[op.__class__], self.expression(right)) for op, right in pairs]
        return _comparison(self.expression(node.left), targets)

    def conditional(self, node: ast.IfExp) -> Any:
        """`a if t else b`."""
        return _conditional(self.expression(node.test), self.expression(node.body), self.expression(node.orelse))

    def walrus(self, node: ast.NamedExpr) -> Any:
        """`(a := x)`."""
        return _walrus(self.expression(node.target), self.expression(node.value))

    def lambda_(self, node: ast.Lambda) -> Any:
        """`lambda a: x`."""
        return _lambda(self.parameters(node.args), self.expression(node.body))

    def _elements(self, nodes: Iterable[ast.expr]) -> list[Any]:
        return [
            _starred(self.expression(node.value)) if isinstance(node, ast.Starred) else _element(self.expression(node))
            for node in nodes
        ]

    def list_(self, node: ast.List) -> Any:
        """`[a, b]`."""
        return _list(self._elements(node.elts))

    def tuple_(self, node: ast.Tuple) -> Any:
        """`a, b`."""
        return _tuple(self._elements(node.elts))

    def set_(self, node: ast.Set) -> Any:
        """`{a, b}`."""
        return _set(self._elements(node.elts))

    def dict_(self, node: ast.Dict) -> Any:
        """`{a: b, **c}`."""
        elements = []
        for key, value in zip(node.keys, node.values, strict=True):
            built = self.expression(value)
            elements.append(_dict_starred(built) if key is None else _dict_element(self.expression(key), built))
        return _dict(elements)

    def list_comprehension(self, node: ast.ListComp) -> Any:
        """`[x for x in y]`."""
        return _list_comprehension(self.expression(node.elt), self._clauses(node.generators))

    def set_comprehension(self, node: ast.SetComp) -> Any:
        """`{x for x in y}`."""
        return _set_comprehension(self.expression(node.elt), self._clauses(node.generators))

    def generator(self, node: ast.GeneratorExp) -> Any:
        """`(x for x in y)`."""
        return _generator(self.expression(node.elt), self._clauses(node.generators))

    def dict_comprehension(self, node: ast.DictComp) -> Any:
        """`{k: v for k, v in y}`."""
        key, value = self.expression(node.key), self.expression(node.value)
        return _dict_comprehension(key, value, self._clauses(node.generators))

    def _clauses(self, generators: Sequence[ast.comprehension]) -> Any:
        built = None
        for clause in reversed(generators):
            conditions = [_condition(self.expression(condition)) for condition in clause.ifs]
            built = _clause(self.expression(clause.target), self.expression(clause.iter), conditions, built)
            self.origins[id(built)] = clause.target
        return built

    def await_(self, node: ast.Await) -> Any:
        """`await x`."""
        return _await(self.expression(node.value))

    def yield_(self, node: ast.Yield) -> Any:
        """`yield x`."""
        return _yield(self._optional(node.value))

    def yield_from(self, node: ast.YieldFrom) -> Any:
        """`yield from x`."""
        return _yield(_from(self.expression(node.value)))


_FIELDS: dict[type, tuple[str, ...]] = {}


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes directly under one that was built here."""
    found: list[cst.CSTNode] = []
    for field in _FIELDS.get(type(node), ()):
        value = getattr(node, field)
        if value.__class__ is list:
            found += value
        elif value.__class__ is not str and isinstance(value, cst.CSTNode):
            found.append(value)
    return found


def _maker(class_: Any, *fields: str) -> Callable[..., Any]:
    """A constructor of nodes that sets these fields and nothing else."""
    _FIELDS[class_] = fields
    setters = [getattr(class_, field).__set__ for field in fields]
    new = object.__new__
    if len(setters) == 1:
        (only,) = setters

        def make_one(value: object) -> Any:
            node = new(class_)
            only(node, value)
            return node

        return make_one
    if len(setters) == 2:
        one, two = setters

        def make_two(first: object, second: object) -> Any:
            node = new(class_)
            one(node, first)
            two(node, second)
            return node

        return make_two

    def make(*values: object) -> Any:
        node = new(class_)
        for setter, value in zip(setters, values, strict=True):
            setter(node, value)
        return node

    return make


def _import_alias(node: ast.alias) -> Any:
    return _alias(_name(node.name), _as_name(_name(node.asname)) if node.asname else None)


_NO_STAR = cst.MaybeSentinel.DEFAULT

_name = _maker(cst.Name, "value")
_indented = _maker(cst.IndentedBlock, "body")
_else = _maker(cst.Else, "body")
_decorator = _maker(cst.Decorator, "decorator")
_function = _maker(cst.FunctionDef, "name", "params", "body", "decorators")
_parameters = _maker(cst.Parameters, "posonly_params", "params", "kwonly_params", "star_arg", "star_kwarg")
_parameter = _maker(cst.Param, "name", "annotation", "default")
_annotation = _maker(cst.Annotation, "annotation")
_class = _maker(cst.ClassDef, "name")
_return = _maker(cst.Return, "value")
_del = _maker(cst.Del, "target")
_assign = _maker(cst.Assign, "targets", "value")
_target = _maker(cst.AssignTarget, "target")
_augmented = _maker(cst.AugAssign, "target", "operator", "value")
_annotated = _maker(cst.AnnAssign, "target", "annotation", "value")
_for = _maker(cst.For, "target", "iter", "body", "orelse")
_while = _maker(cst.While, "test", "body", "orelse")
_if = _maker(cst.If, "test", "body", "orelse")
_with = _maker(cst.With, "items", "body")
_with_item = _maker(cst.WithItem, "item", "asname")
_as_name = _maker(cst.AsName, "name")
_match = _maker(cst.Match, "subject", "cases")
_case = _maker(cst.MatchCase, "body")
_raise = _maker(cst.Raise)
_try = _maker(cst.Try, "body", "handlers", "orelse", "finalbody")
_handler = _maker(cst.ExceptHandler, "type", "body")
_finally = _maker(cst.Finally, "body")
_assert = _maker(cst.Assert, "test")
_import = _maker(cst.Import, "names")
_import_from = _maker(cst.ImportFrom, "module", "names", "relative")
_alias = _maker(cst.ImportAlias, "name", "asname")
_statement = _maker(cst.Expr, "value")
_break = _maker(cst.Break)
_continue = _maker(cst.Continue)
_attribute = _maker(cst.Attribute, "value", "attr")
_call = _maker(cst.Call, "func", "args")
_argument = _maker(cst.Arg, "value", "keyword", "star")
_f_string = _maker(cst.FormattedString, "parts")
_formatted = _maker(cst.FormattedStringExpression, "expression")
_formatted_text = _maker(cst.FormattedStringText, "value")
_subscript = _maker(cst.Subscript, "value", "slice")
_subscript_element = _maker(cst.SubscriptElement, "slice")
_slice = _maker(cst.Slice, "lower", "upper", "step")
_index = _maker(cst.Index, "value")
_binary = _maker(cst.BinaryOperation, "left", "operator", "right")
_boolean = _maker(cst.BooleanOperation, "left", "operator", "right")
_unary = _maker(cst.UnaryOperation, "operator", "expression")
_comparison = _maker(cst.Comparison, "left", "comparisons")
_comparison_target = _maker(cst.ComparisonTarget, "operator", "comparator")
_conditional = _maker(cst.IfExp, "test", "body", "orelse")
_walrus = _maker(cst.NamedExpr, "target", "value")
_lambda = _maker(cst.Lambda, "params", "body")
_element = _maker(cst.Element, "value")
_starred = _maker(cst.StarredElement, "value")
_list = _maker(cst.List, "elements")
_tuple = _maker(cst.Tuple, "elements")
_set = _maker(cst.Set, "elements")
_dict = _maker(cst.Dict, "elements")
_dict_element = _maker(cst.DictElement, "key", "value")
_dict_starred = _maker(cst.StarredDictElement, "value")
_list_comprehension = _maker(cst.ListComp, "elt", "for_in")
_set_comprehension = _maker(cst.SetComp, "elt", "for_in")
_generator = _maker(cst.GeneratorExp, "elt", "for_in")
_dict_comprehension = _maker(cst.DictComp, "key", "value", "for_in")
_clause = _maker(cst.CompFor, "target", "iter", "ifs", "inner_for_in")
_condition = _maker(cst.CompIf, "test")
_await = _maker(cst.Await, "expression")
_yield = _maker(cst.Yield, "value")
_from = _maker(cst.From, "item")

_LITERALS: dict[type, Callable[..., Any]] = {
    int: _maker(cst.Integer, "value"),
    float: _maker(cst.Float, "value"),
    complex: _maker(cst.Imaginary, "value"),
    str: _maker(cst.SimpleString, "value"),
    bytes: _maker(cst.SimpleString, "value"),
}

# Operators are the same everywhere, so one node of each is enough.
_AND, _OR = cst.And(), cst.Or()
_UNARY: dict[type, cst.BaseUnaryOp] = {
    ast.Not: cst.Not(),
    ast.USub: cst.Minus(),
    ast.UAdd: cst.Plus(),
    ast.Invert: cst.BitInvert(),
}
_BINARY: dict[type, cst.BaseBinaryOp] = {
    ast.Add: cst.Add(),
    ast.Sub: cst.Subtract(),
    ast.Mult: cst.Multiply(),
    ast.Div: cst.Divide(),
    ast.FloorDiv: cst.FloorDivide(),
    ast.Mod: cst.Modulo(),
    ast.Pow: cst.Power(),
    ast.MatMult: cst.MatrixMultiply(),
    ast.LShift: cst.LeftShift(),
    ast.RShift: cst.RightShift(),
    ast.BitOr: cst.BitOr(),
    ast.BitAnd: cst.BitAnd(),
    ast.BitXor: cst.BitXor(),
}
_AUGMENTED: dict[type, cst.BaseAugOp] = {
    ast.Add: cst.AddAssign(),
    ast.Sub: cst.SubtractAssign(),
    ast.Mult: cst.MultiplyAssign(),
    ast.Div: cst.DivideAssign(),
    ast.FloorDiv: cst.FloorDivideAssign(),
    ast.Mod: cst.ModuloAssign(),
    ast.Pow: cst.PowerAssign(),
    ast.MatMult: cst.MatrixMultiplyAssign(),
    ast.LShift: cst.LeftShiftAssign(),
    ast.RShift: cst.RightShiftAssign(),
    ast.BitOr: cst.BitOrAssign(),
    ast.BitAnd: cst.BitAndAssign(),
    ast.BitXor: cst.BitXorAssign(),
}
_COMPARISONS: dict[type, cst.BaseCompOp] = {
    ast.Eq: cst.Equal(),
    ast.NotEq: cst.NotEqual(),
    ast.Lt: cst.LessThan(),
    ast.LtE: cst.LessThanEqual(),
    ast.Gt: cst.GreaterThan(),
    ast.GtE: cst.GreaterThanEqual(),
    ast.Is: cst.Is(),
    ast.IsNot: cst.IsNot(),
    ast.In: cst.In(),
    ast.NotIn: cst.NotIn(),
}

_STATEMENTS: dict[type, Callable[[Builder, Any], Any]] = {
    ast.FunctionDef: Builder.function,
    ast.AsyncFunctionDef: Builder.function,
    ast.ClassDef: Builder.class_,
    ast.Return: Builder.return_,
    ast.Delete: Builder.delete,
    ast.Assign: Builder.assign,
    ast.AugAssign: Builder.augmented,
    ast.AnnAssign: Builder.annotated,
    ast.For: Builder.for_,
    ast.AsyncFor: Builder.for_,
    ast.While: Builder.while_,
    ast.If: Builder.if_,
    ast.With: Builder.with_,
    ast.AsyncWith: Builder.with_,
    ast.Match: Builder.match,
    ast.Raise: Builder.raise_,
    ast.Try: Builder.try_,
    ast.Assert: Builder.assert_,
    ast.Import: Builder.import_,
    ast.ImportFrom: Builder.import_from,
    ast.Expr: Builder.statement,
    ast.Break: Builder.break_,
    ast.Continue: Builder.continue_,
}
if hasattr(ast, "TryStar"):  # Python 3.11
    _STATEMENTS[ast.TryStar] = Builder.try_

_EXPRESSIONS: dict[type, Callable[[Builder, Any], Any]] = {
    ast.Name: Builder.name,
    ast.Attribute: Builder.attribute,
    ast.Call: Builder.call,
    ast.Constant: Builder.constant,
    ast.JoinedStr: Builder.f_string,
    ast.Subscript: Builder.subscript,
    ast.BinOp: Builder.binary,
    ast.BoolOp: Builder.boolean,
    ast.UnaryOp: Builder.unary,
    ast.Compare: Builder.comparison,
    ast.IfExp: Builder.conditional,
    ast.NamedExpr: Builder.walrus,
    ast.Lambda: Builder.lambda_,
    ast.List: Builder.list_,
    ast.Tuple: Builder.tuple_,
    ast.Set: Builder.set_,
    ast.Dict: Builder.dict_,
    ast.ListComp: Builder.list_comprehension,
    ast.SetComp: Builder.set_comprehension,
    ast.GeneratorExp: Builder.generator,
    ast.DictComp: Builder.dict_comprehension,
    ast.Await: Builder.await_,
    ast.Yield: Builder.yield_,
    ast.YieldFrom: Builder.yield_from,
}
