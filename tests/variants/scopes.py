"""Which names a program binds itself, by a walk over its syntax tree."""

from __future__ import annotations

import ast

Function = (ast.FunctionDef, ast.AsyncFunctionDef)


def bound_in(root: ast.AST) -> set[str]:
    """Names that `root` binds as parameters, by assignment, or as nested functions; not those of class bodies."""
    names: set[str] = set()
    kept: set[str] = set()
    for node in ast.walk(root):
        if isinstance(node, Function):
            arguments = node.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
            names |= {argument.arg for argument in every if argument is not None}
            if node is not root:
                names.add(node.name)
        elif isinstance(node, ast.Lambda):
            names |= {argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            for statement in node.body:
                if isinstance(statement, Function):
                    kept.add(statement.name)
                else:
                    kept |= {child.id for child in ast.walk(statement) if isinstance(child, ast.Name)}
        elif isinstance(node, ast.Global | ast.Nonlocal):
            kept |= set(node.names)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            kept |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return names - kept


def used_in(root: ast.AST) -> set[str]:
    """Names that `root` reads and does not bind itself (in a comprehension, a lambda or a walrus)."""
    loaded = {node.id for node in ast.walk(root) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return loaded - bound_in(root)
