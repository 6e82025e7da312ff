"""Statements and bodies wrapped in something that changes nothing, and functions made methods."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from variants.variant import HOLDER, Variant

_DOCSTRING = m.SimpleStatementLine(body=[m.Expr(m.SimpleString() | m.ConcatenatedString())])
_BARE = m.SimpleStatementLine(body=[m.Global() | m.Nonlocal() | m.Pass()])


class _IfTrue(cst.CSTTransformer):
    def __init__(self) -> None:
        self.depth = 0

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.depth += 1

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        self.depth -= 1
        return updated_node

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement:
        if not self.depth or m.matches(updated_node, _DOCSTRING | _BARE):
            return updated_node
        inner = updated_node.with_changes(leading_lines=[])
        return cst.If(cst.Name("True"), cst.IndentedBlock([inner]), leading_lines=updated_node.leading_lines)


def if_true(text: str) -> Variant:
    """Every statement of every function in an `if True:` of its own."""
    return Variant(cst.parse_module(text).visit(_IfTrue()).code)


class _Body(cst.CSTTransformer):
    """Wraps the bodies of functions by a template, in which `pass` stands for the body."""

    def __init__(self, template: str) -> None:
        self.template = template

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        body = updated_node.body
        if not isinstance(body, cst.IndentedBlock):
            return updated_node
        head = [statement for statement in body.body[:1] if m.matches(statement, _DOCSTRING)]
        rest = body.body[len(head) :]
        if not rest or any(m.matches(statement, _BARE) for statement in rest):
            return updated_node
        *before, wrapper = cst.parse_module(self.template).body
        wrapper = wrapper.with_changes(body=cst.IndentedBlock(rest))
        return updated_node.with_changes(body=body.with_changes(body=[*head, *before, wrapper]))


def in_with(text: str) -> Variant:
    """Every body in a `with` that does nothing."""
    template = "import contextlib\nwith contextlib.nullcontext():\n    pass\n"
    return Variant(cst.parse_module(text).visit(_Body(template)).code)


def in_try(text: str) -> Variant:
    """Every body in a `try` whose `finally` does nothing."""
    return Variant(cst.parse_module(text).visit(_Body("try:\n    pass\nfinally:\n    pass\n")).code)


class _ToSelf(cst.CSTTransformer):
    def __init__(self, functions: set[str], receiver: str) -> None:
        self.functions = functions
        self.receiver = receiver

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        if updated_node.value not in self.functions:
            return updated_node
        return cst.Attribute(cst.parse_expression(self.receiver), updated_node)

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
        return updated_node.with_changes(name=original_node.name)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        return updated_node.with_changes(name=original_node.name)


def methods(text: str) -> Variant | None:
    """The module's functions as methods of a class; None if other code of the module needs them as functions."""
    module = cst.parse_module(text)
    functions = {node.name.value for node in module.body if isinstance(node, cst.FunctionDef)}
    moved, others = [], []
    for node in module.body:
        if not isinstance(node, cst.FunctionDef):
            if any(name.value in functions for name in m.findall(node, m.Name())):
                return None
            others.append(node)
            continue
        heads = [node.params, *node.decorators]
        if any(name.value in functions for head in heads for name in m.findall(head, m.Name())):
            return None
        method = node.visit(_ToSelf(functions, "self"))
        this = cst.Param(cst.Name("self"))
        place = "posonly_params" if method.params.posonly_params else "params"
        parameters = method.params.with_changes(**{place: [this, *getattr(method.params, place)]})
        moved.append(method.with_changes(params=parameters))
    holder = cst.ClassDef(cst.Name(HOLDER), cst.IndentedBlock(moved), lpar=cst.MaybeSentinel.DEFAULT)
    return Variant(module.with_changes(body=[*others, holder]).code)
