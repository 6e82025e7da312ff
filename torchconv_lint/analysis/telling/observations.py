"""Arrays of a caller, or of an environment, that become tensors in whatever dtype they have and go to a module: float64
as a rule, told to those who ask for it. Read off the ast."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.outline import dotted, is_named
from torchconv_lint.analysis.syntax.patterns import LIKE_A_MODULE

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

_SHAPES = frozenset({"unsqueeze", "unsqueeze_", "squeeze", "view", "reshape", "permute", "transpose", "flatten"})
_SHAPES |= {"cuda", "to", "contiguous"}
"""Methods that leave the dtype as it is; `to` where it is given a device alone."""
_OBSERVED = re.compile(
    r"^(\w*obs\w*|observations?|(next_|cur(rent)?_|prev_)?states?|s|x|features?|inputs?|arr|array|data|goals?|vec(tor)?)_?$"
)
"""What arrays are called that come from outside."""
_DTYPE = re.compile(r"float|double|half|dtype|int|long|bool")


def goes_to_module(frame: Frame, call: ast.expr, argument: ast.expr) -> str:
    """The module that is given, uncast, the tensor which a call makes of an array of a caller or of an environment; ""
    if there is none."""
    outline = frame.outline
    if outline is None or frame.depth:
        return ""
    if not _is_from_outside(outline, argument) and not _is_double_elsewhere(frame, outline, argument):
        return ""
    names = {target.id for node in outline.by_type[ast.Assign] if _keeps(node.value, call) for target in _names(node)}
    for each in outline.by_type[ast.Call]:
        given = each.args[0] if each.args else None
        if given is None or not _is_module(frame, outline, each.func):
            continue
        if _keeps(given, call):
            return ast.unparse(each.func)
        if isinstance(given, ast.Name) and given.id in names and not _is_cast(outline, given.id):
            return ast.unparse(each.func)
    return ""


def _names(node: ast.Assign) -> list[ast.Name]:
    return [target for target in node.targets if isinstance(target, ast.Name)]


def _keeps(node: ast.expr, call: ast.expr) -> bool:
    """Whether an expression is the call, or what methods make of it that leave the dtype."""
    while node is not call:
        if isinstance(node, ast.Subscript):
            node = node.value
            continue
        func = node.func if isinstance(node, ast.Call) else None
        if not isinstance(node, ast.Call) or not isinstance(func, ast.Attribute) or func.attr not in _SHAPES:
            return False
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if func.attr == "to" and any(_DTYPE.search(ast.unparse(each)) for each in given):
            return False
        node = func.value
    return True


def _is_from_outside(outline: FunctionOutline, node: ast.expr) -> bool:
    """Whether it is an argument that is called, or annotated, like an array, or what an environment has given."""
    while isinstance(node, ast.Subscript):
        node = node.value
    if not isinstance(node, ast.Name):
        return False
    arguments = (*outline.node.args.args, *outline.node.args.kwonlyargs)
    annotation = next((each.annotation for each in arguments if each.arg == node.id), None)
    stored = [one for one in outline.by_type[ast.Assign] if any(is_named(each, node.id) for each in _targets(one))]
    if any(isinstance(one.value, ast.Call) and _OF_ENVIRONMENT.search(dotted(one.value.func) or "") for one in stored):
        return True
    if node.id not in outline.parameters or any(one.lineno < node.lineno for one in stored):
        return False
    if annotation is not None:
        return re.search(r"array", ast.unparse(annotation)) is not None
    return _OBSERVED.match(node.id) is not None


_FITTED = re.compile(
    r"(^|[._])\w*(scaler|encoder|normali[sz]er|standardi[sz]er|vectori[sz]er|imputer|pca|ohe|tfidf)\d*"
    r"\.(fit_transform|transform|inverse_transform)$",
    re.I,
)
"""What scikit-learn's objects are called, and their methods that give float64 as a rule."""


def _is_double_elsewhere(frame: Frame, outline: FunctionOutline, node: ast.expr) -> bool:
    """Whether a call gives it whose results are float64 as a rule, or are cast to float32 elsewhere in the file."""
    if isinstance(node, ast.Name):
        stored = [one for one in outline.by_type[ast.Assign] if is_named(one.targets[0], node.id)]
        node = stored[0].value if len(stored) == 1 else node
    path = dotted(node.func) if isinstance(node, ast.Call) else None
    if path is None:
        return False
    if _FITTED.search(path):
        return True
    method = path.rpartition(".")[2]
    if "." not in path or method in _ANYBODYS:
        return False
    others = frame.interpreter.outline.calls.get(method, ())
    return any(other is not outline and _makes_single(other, call) for other, call in others)


_ANYBODYS = frozenset({"array", "asarray", "stack", "concatenate", "get", "load", "copy", "astype", "zeros", "ones"})


def _makes_single(outline: FunctionOutline, call: ast.Call) -> bool:
    """Whether a function makes float32 of what a call gives: `FloatTensor(f(x))`, `torch.tensor(f(x)).float()`."""
    makers = [each for each in outline.by_type[ast.Call] if call in each.args[:1]]
    if any((dotted(each.func) or "") in ("torch.FloatTensor", "FloatTensor") for each in makers):
        return True
    return any(each.attr == "float" and each.value in makers for each in outline.by_type[ast.Attribute])


def differ_in_length(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether it is a list of lists of words, or of what stands for them: one for each text, of any length."""
    outline, origin = frame.outline, frame.segment.origin(node)
    if outline is not None and isinstance(origin, ast.Name):
        name, line = origin.id, origin.lineno
        bound = [one for one in outline.by_type[ast.Assign] if one.lineno < line and is_named(one.targets[0], name)]
        origin = max(bound, key=lambda one: one.lineno).value if bound else origin
    if not isinstance(origin, ast.ListComp):
        return False
    row = origin.elt
    through = row.generators[0].iter if isinstance(row, ast.ListComp) and not row.generators[0].ifs else row
    func = through.func if isinstance(through, ast.Call) else None
    return isinstance(func, ast.Attribute) and func.attr in ("split", "tokenize", "word_tokenize")


_ROWS = re.compile(r"^(\w*obs\w*|\w*observations?|(\w+_)?states?(_\w+)?|s|ss|s_|s2|ns|images?|imgs|frames)_?$")
"""What arrays are called of which a memory keeps one for each step."""


def are_observations(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether it is a column of what a memory has kept (`states, actions = zip(*batch)`, `[t.obs for t in batch]`),
    called like arrays, or a list to which what an environment gives is appended."""
    outline, origin = frame.outline, frame.segment.origin(node)
    if isinstance(origin, ast.ListComp) and isinstance(origin.elt, ast.Attribute):
        kept = origin.elt
        return is_named(kept.value, dotted(origin.generators[0].target) or "") and _ROWS.match(kept.attr) is not None
    if outline is None or not isinstance(origin, ast.Name):
        return False
    stored = [one for one in outline.by_type[ast.Assign] if any(is_named(each, origin.id) for each in _targets(one))]
    stored = [one for one in stored if one.lineno < origin.lineno]
    last = max(stored, key=lambda one: one.lineno, default=None)
    if last is not None and _is_transposed(last.value) and isinstance(last.targets[0], ast.Tuple):
        return _ROWS.match(origin.id) is not None
    if last is None or not isinstance(last.value, ast.List) or last.value.elts:
        return False
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "append"
        and is_named(call.func.value, origin.id)
        and len(call.args) == 1
        and _is_given(outline, call.args[0])
        for call in outline.by_type[ast.Call]
    )


def _is_transposed(node: ast.expr) -> bool:
    """`zip(*batch)`, in a call or two: `map(list, zip(*batch))`."""
    while isinstance(node, ast.Call):
        if dotted(node.func) == "zip":
            return len(node.args) == 1 and isinstance(node.args[0], ast.Starred)
        if not node.args:
            return False
        node = node.args[-1]
    return False


def _is_given(outline: FunctionOutline, node: ast.expr) -> bool:
    """Whether a name is the first, or the only one, of what an environment gives."""
    if not isinstance(node, ast.Name):
        return False
    bound = (one.value for one in outline.by_type[ast.Assign] if is_named(_targets(one)[0], node.id))
    return any(isinstance(one, ast.Call) and _OF_ENVIRONMENT.search(dotted(one.func) or "") for one in bound)


def is_of_frame(frame: Frame, call: cst.CSTNode, node: cst.CSTNode) -> bool:
    """`torch.tensor(df.values)`, which nothing casts: the columns of a data frame are float64, as pandas reads them."""
    outline, origin, made = frame.outline, frame.segment.origin(node), frame.segment.origin(call)
    if outline is None or not isinstance(origin, ast.expr) or not _OF_FRAME.search(ast.unparse(origin)):
        return False
    casts = (one for one in outline.by_type[ast.Attribute] if one.value is made)
    return not any(one.attr in ("float", "double", "half", "type", "to", "long", "int", "bool") for one in casts)


_OF_FRAME = re.compile(r"(df|frame|csv|iloc\[.*\]|loc\[.*\])\w*(\[.*\])?\.(values|to_numpy\(\))$")


def goes_to_data_set(frame: Frame, call: cst.CSTNode, node: cst.CSTNode) -> bool:
    """`TensorDataset(torch.tensor(scaler.fit_transform(x)), y)`, also by a name, in a file that makes nothing float32:
    what goes through the data set comes to the model as it is."""
    outline, given, made = frame.outline, frame.segment.origin(node), frame.segment.origin(call)
    if outline is None or not isinstance(given, ast.expr) or not _is_double_elsewhere(frame, outline, given):
        return False
    if _SINGLE.search(frame.interpreter.source.text):
        return False
    names = [dotted(one.targets[0]) for one in outline.by_type[ast.Assign] if one.value is made]
    return any(
        each.args[0] is made or (dotted(each.args[0]) or "") in names
        for each in outline.by_type[ast.Call]
        if each.args and (dotted(each.func) or "").rpartition(".")[2] == "TensorDataset"
    )


_SINGLE = re.compile(r"\.float\(|float32|FloatTensor|torch\.Tensor\(|\.half\(|float16|autocast|type_as|default_dtype")
"""What makes some data float32, perhaps these."""

_OF_ENVIRONMENT = re.compile(r"(^|[._])\w*env\w*\.(reset|step)$")


def _targets(node: ast.Assign) -> list[ast.expr]:
    return [part for to in node.targets for part in (to.elts if isinstance(to, ast.Tuple) else [to])]


def _is_module(frame: Frame, outline: FunctionOutline, func: ast.expr) -> bool:
    name = dotted(func) or ""
    owner, _, last = name.rpartition(".")
    if owner == "self":
        if outline.owner is not None and last in outline.owner.methods:
            return False
        text = frame.interpreter.source.text
        if re.search(rf"self\.{last}\.parameters\(|self\.{last}\s*=[^\n]*\.(to|cuda)\(|self\.{last}\s*=\s*nn\.", text):
            return True
    return bool(name) and not owner.startswith(("torch", "np", "nn", "F")) and LIKE_A_MODULE.search(last) is not None


def _is_cast(outline: FunctionOutline, name: str) -> bool:
    """Whether the function casts what has the name."""
    return any(
        isinstance(call.func, ast.Attribute)
        and is_named(call.func.value, name)
        and (call.func.attr in ("float", "double", "half", "type", "type_as") or call.func.attr == "to")
        and (call.func.attr != "to" or _DTYPE.search(ast.unparse(call)))
        for call in outline.by_type[ast.Call]
    )
