"""Tensors that are wherever a caller has them, though no annotation says that they are tensors: read off the ast, and
only where somebody has asked for it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import Instance
from torchconv_lint.analysis.syntax.evidence import data_methods
from torchconv_lint.analysis.syntax.handed_over import argument_of, last_bound
from torchconv_lint.analysis.syntax.outline import dotted, is_detached, is_named, origin_of
from torchconv_lint.analysis.syntax.patterns import LIKE_A_MODULE
from torchconv_lint.analysis.syntax.walking import ByType, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.syntax.outline import FileOutline, FunctionOutline

_MOST_HOPS = 3
"""Over so many names that are bound one after the other."""
_PLACES = frozenset({"cpu", "to", "cuda", "get", "numpy", "tolist", "item", "asnumpy", "to_numpy", "eval", "values"})
"""Methods after which a value is where the code wants it, or no tensor any more."""
_LEAVES = frozenset({"detach", "data", "grad"})
"""Whoever asks for these has a tensor that autograd knows, as models give and hold them."""
_OF_A_MODEL = re.compile(
    r"tensor|logit|pred|prob|output|embedd?ing|feat(s|ure)|attention|heat_?map|recon|model|(^|_)net(work)?$", re.I
)


_OF_ITS_FIRST = re.compile(r"(torch|th|F)\.(?!autograd)")
"""Functions whose result is where their first argument is."""


def comes_from_caller(frame: Frame, operand: object, *, alone: bool) -> bool:
    """Whether what is converted is computed from an argument of the function alone, which nobody brings to the host on
    the way, and the way, or the name, tells that it is a tensor as models give them; or the function brings others to
    the host, and it is converted by a method that (`alone`) nothing but tensors have."""
    outline = frame.outline
    if outline is None or not isinstance(operand, ast.expr):
        return False
    if frame.depth:  # evaluated for a call: what that hands over is known no better there
        told = list(_way(outline, operand, operand.lineno)) if alone else []
        return bool(told) and _PLACES.isdisjoint(told[:-1]) and is_annotated(outline, told[-1])
    if not alone and not is_detached(operand) and not any(node.id == "torch" for node in outline.by_type[ast.Name]):
        return False  # nothing in the function says that it is about tensors
    if alone and _is_tested_item(outline, operand):
        return True
    if not alone and isinstance(operand, ast.Name) and _is_under_test(outline, operand):
        return operand.id in outline.parameters and _is_handed_on(frame.interpreter.outline, outline, operand.id)
    told = list(_way(outline, operand, operand.lineno))
    if not told or _PLACES.intersection(told[:-1]):
        return False
    root = told[-1]
    if root == "self" and alone:
        call = _made_by(outline, operand)
        if call is not None and _is_given_tensor(outline, call):
            return True
        through = call is not None and any(LIKE_A_MODULE.search(each) for each in list(_own_way(call.func))[:-1])
        of_model = isinstance(frame.this, Instance) and (frame.this.is_module or through)
        return of_model and ("detach" in told or _is_without_grad(outline))  # its own results are where the module is
    if root not in outline.parameters or root in ("self", "cls") or _asks_where(outline, root):
        return False
    if not _is_handed_on(frame.interpreter.outline, outline, root):  # what they hand over is followed
        return False
    if _LEAVES.intersection(told):
        return True
    if alone and (is_tested(outline, root) or is_annotated(outline, root)):
        return True
    if alone and _must_be_tensor(outline, operand, told):
        return True
    if "tensorflow" in frame.interpreter.source.text:  # whose tensors have the method, too
        return False
    return _OF_A_MODEL.search(root) is not None or (
        alone and (not _METHODS.isdisjoint(told[:-1]) or _brings_others(outline))
    )


def _made_by(outline: FunctionOutline, operand: ast.expr, hops: int = _MOST_HOPS) -> ast.Call | None:
    """The call of a method of the object's, or of what it holds, that has given a value, and nothing else is done to
    that on the way but what is done to tensors."""
    node: ast.expr | None = operand
    while node is not None:
        if isinstance(node, ast.Name):
            node = _bound(outline, node.id, node.lineno) if hops else None
            hops -= 1
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr not in _METHODS and _root_of(node.func) == ["self"]:
                return node
            node = node.func.value
        else:
            node = node.value if isinstance(node, ast.Subscript | ast.Attribute) else None
    return None


def _is_given_tensor(outline: FunctionOutline, call: ast.Call) -> bool:
    """Whether a call gets a tensor of the caller's, as it is: `self.actor.act(obs)`, where an annotation says that
    `obs` is a tensor."""
    for given in (*call.args, *(each.value for each in call.keywords)):
        told = list(_way(outline, given, given.lineno))
        if told and _PLACES.isdisjoint(told[:-1]) and is_annotated(outline, told[-1]):
            return not _asks_where(outline, told[-1])
    return False


_ONLY_TENSORS = frozenset({"int", "float", "long", "bool", "double", "half", "byte", "cast"})
"""Methods that arrays do not have (`cast`: `.to(torch.long)`)."""


def _must_be_tensor(outline: FunctionOutline, operand: ast.expr, told: list[str]) -> bool:
    """Whether the way goes through what only tensors have, or a function of torch binds the name in another branch."""
    if not _ONLY_TENSORS.isdisjoint(told[:-1]):
        return True
    return any(_is_made_by_torch(value) for name in _root_of(operand) for value in _values(outline, name))


def is_annotated(outline: FunctionOutline, name: str) -> bool:
    """Whether an annotation says that the parameter is a tensor, or may be one."""
    every = outline.node.args
    for each in (*every.posonlyargs, *every.args, *every.kwonlyargs):
        if each.arg == name and each.annotation is not None:
            return re.search(r"\bTensor\b", ast.unparse(each.annotation)) is not None
    return False


def _is_made_by_torch(value: ast.expr) -> bool:
    """Whether a function of torch gives it: where another branch binds the name so, it stands for a tensor."""
    return isinstance(value, ast.Call) and _OF_ITS_FIRST.match(dotted(value.func) or "") is not None


def _root_of(node: ast.expr) -> list[str]:
    return list(_own_way(node))[-1:]


def _is_without_grad(outline: FunctionOutline) -> bool:
    """Whether the function switches grad off: it handles outputs of modules."""
    contexts = [item.context_expr for node in outline.by_type[ast.With] for item in node.items]
    contexts += outline.node.decorator_list
    return any("no_grad" in ast.unparse(each) or "inference_mode" in ast.unparse(each) for each in contexts)


def is_tested(outline: FunctionOutline, name: str) -> bool:
    """Whether the function asks if the name stands for a tensor: by `isinstance(x, torch.Tensor)`, or `is_tensor`."""
    for call in outline.by_type[ast.Call]:
        asked = (dotted(call.func) or "").rpartition(".")[2]
        if asked not in ("isinstance", "is_tensor") or not call.args or not is_named(call.args[0], name):
            continue
        if asked == "is_tensor" or any((dotted(each) or "").endswith("Tensor") for each in call.args[1:]):
            return True
    return False


def _is_under_test(outline: FunctionOutline, operand: ast.Name) -> bool:
    """Whether it is converted where it has just turned out to be a tensor, and nobody has asked where it is:
    `if isinstance(x, torch.Tensor): x = np.array(x)`."""
    for branch in (*outline.by_type[ast.If], *outline.by_type[ast.IfExp]):
        test, body = branch.test, branch.body if isinstance(branch.body, list) else [branch.body]
        if not isinstance(test, ast.Call) or not test.args or not is_named(test.args[0], operand.id):
            continue
        asked = (dotted(test.func) or "").rpartition(".")[2]
        tested = asked == "is_tensor" or (
            asked == "isinstance" and len(test.args) == 2 and (dotted(test.args[1]) or "").endswith("Tensor")
        )
        if tested and any(one is operand for each in body for one in walk(each)):
            return not _asks_where(outline, operand.id)
    return False


def _is_tested_item(outline: FunctionOutline, operand: ast.expr) -> bool:
    """Whether it is an item of what the function was given, which a loop goes through and asks if it is a tensor."""
    own = list(_own_way(operand))
    if not own or _PLACES.intersection(own[:-1]) or not is_tested(outline, own[-1]):
        return False
    for loop in outline.by_type[ast.For]:
        targets = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
        through = list(_own_way(loop.iter))
        if own[-1] in targets and through and through[-1] in outline.parameters and through[-1] not in ("self", "cls"):
            return not _asks_where(outline, own[-1])
    return False


_METHODS = data_methods()
"""Whatever these give is a tensor, if `.numpy()` can be asked of it."""


_CONVERTERS = re.compile(
    r"^_?(convert_)?((tensors?|torch|var)_?)?(to|2|as|into)_?(np|numpy|(nd)?arrays?)$|"
    r"tensors?_?(to|2)_?(np|numpy|(nd)?array)"
)
"""How functions are called that make an array of any tensor."""


def way_of_any(frame: Frame, operand: object, *, forced: bool = False) -> frozenset[str] | None:
    """The methods and attributes on the way from the argument of a function that is called after this conversion, or
    asks whether it is a tensor, to what is converted: callers give it whatever tensors they have. So may be what is
    asked that in a loop. None if it is anything else."""
    outline = frame.outline
    if outline is None or frame.depth or not isinstance(operand, ast.expr):
        return None
    told = list(_way(outline, operand, operand.lineno))
    if "predict" in told and "Trainer" in told:  # in the precision of the trainer
        return frozenset((*told, "detach"))
    own = list(_own_way(operand))
    if own and is_tested(outline, own[-1]) and (forced or "cpu" in own):
        return frozenset((*own[:-1], *_answers(outline, own[-1]), *(("detach",) if forced else ())))
    if own and not told and _is_fetched_output(outline, own):
        return frozenset((*own[:-1], "float"))  # of its graph is told alone
    if own and _is_by_pipeline(outline, own):
        return frozenset((*own[:-1], "detach"))  # of its dtype is told alone
    if told[-1:] == ["self"] and len(told) > 2 and "cpu" in told[:-2] and _PART_OF_PIPELINE.search(told[-2]):
        return frozenset((*told[:-1], "detach"))  # of the dtype of the object's model; of its graph nothing is told
    if not told or told[-1] not in outline.parameters or told[-1] in ("self", "cls"):
        return None
    if not _CONVERTERS.search(outline.name) and not _is_an_output(frame, outline, told):
        return None
    if _OF_TORCH.isdisjoint(told) and not any(node.id in ("torch", "Tensor") for node in outline.by_type[ast.Name]):
        return None  # other frameworks have tensors with such a method, too
    answers = _answers(outline, told[-1])
    if not (_CONVERTERS.search(outline.name) or _OF_A_MODEL.search(told[-1])):
        answers.add("float")  # of its graph is told alone
    return frozenset((*told[:-1], *answers))


def holds_gradients(frame: Frame, operand: object) -> bool:
    """Whether a list that is converted is filled with gradients of a module's parameters, which are where the module
    is: `grads.append(p.grad.abs().mean())`, then `plt.plot(grads)`."""
    outline = frame.outline
    if outline is None or not isinstance(operand, ast.Name):
        return False
    for call in outline.by_type[ast.Call]:
        if not isinstance(call.func, ast.Attribute) or call.func.attr != "append" or len(call.args) != 1:
            continue
        own = list(_own_way(call.args[0])) if is_named(call.func.value, operand.id) else []
        if "grad" not in own[:-1] or not _PLACES.isdisjoint(own):
            continue
        names = [node for node in ast.walk(call.args[0]) if isinstance(node, ast.Name) and node.id == own[-1]]
        if any(_weights_gone_through(outline, name) is not None for name in names):
            return True
    return False


def is_part_of_input(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether it is a part of what a module's `forward` is given, by several indices or by methods of tensors, or all
    of it: a tensor, as a rule, if the function asks for its shape."""
    outline, operand = frame.outline, frame.segment.origin(node)
    if outline is None or outline.name != "forward" or not isinstance(operand, ast.expr):
        return False
    if not isinstance(frame.this, Instance) or not frame.this.is_module:
        return False
    told = list(_way(outline, operand, operand.lineno))
    root = told[-1] if told else ""
    shaped = any(
        each.attr in ("shape", "size") and is_named(each.value, root) for each in outline.by_type[ast.Attribute]
    )
    return root in outline.parameters and root != "self" and (shaped or not _METHODS.isdisjoint(told[:-1]))


_ASKS_FOR_TENSOR = re.compile(r"^(torch\.is_tensor\((\w+)\)|isinstance\((\w+), (torch\.)?Tensor\))$")


def is_like_one_asked(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether it is an item beside one of which the branch has asked whether it is a tensor: `first = batch[0][key]`,
    `if torch.is_tensor(first): … sample[key] for sample in batch`."""
    outline, operand = frame.outline, frame.segment.origin(node)
    if outline is None or not isinstance(operand, ast.Subscript | ast.Name):
        return False
    for branch in outline.by_type[ast.If]:
        asked = _ASKS_FOR_TENSOR.match(ast.unparse(branch.test))
        if asked is None or not branch.lineno < operand.lineno <= (branch.body[-1].end_lineno or 0):
            continue
        name = asked[2] or asked[3]
        bound = (one.value for one in outline.by_type[ast.Assign] if any(is_named(to, name) for to in one.targets))
        first = next(bound, None)
        if not isinstance(first, ast.Subscript):
            continue
        if isinstance(operand, ast.Subscript):
            return ast.unparse(operand.slice) == ast.unparse(first.slice)
        walked = (each for each in outline.by_type[ast.comprehension] if is_named(each.target, operand.id))
        return any(ast.unparse(each.iter) == ast.unparse(first.value) for each in walked)
    return False


def _answers(outline: FunctionOutline, name: str) -> set[str]:
    """What the function does where it has asked the tensor for its dtype, or whether it requires grad."""
    asked = {node.attr for node in outline.by_type[ast.Attribute] if is_named(node.value, name)}
    return {"detach" if each == "requires_grad" else "float" for each in asked & {"requires_grad", "dtype"}}


def _own_way(node: ast.expr) -> Iterator[str]:
    """The methods and attributes up to the name that they are asked of, and that name."""
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Call):
        if isinstance(node, ast.Attribute):
            yield node.attr
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        yield node.id


_EMBEDDED = re.compile(r"(^|_)embs?(_|\d|$)", re.I)
_LEFT_GRAPH = re.compile(r"detach|no_grad|\.data\b|item\(|from_numpy|torch\.(tensor|load|zeros|ones|arange|load)")


def _is_fetched_output(outline: FunctionOutline, own: list[str]) -> bool:
    """Whether something unseen has given it by the name of an output, it is brought to the host, and nothing in sight
    has left the graph."""
    name = own[-1]
    if _MODEL.search(name) or not (_OF_A_MODEL.search(name) or _EMBEDDED.search(name)) or _is_without_grad(outline):
        return False
    values = _values(outline, name)
    text = " ".join(map(ast.unparse, values))
    fetched = any(isinstance(value, ast.Call) and _own_name(value) != name for value in values)
    return fetched and ("cpu" in own or "cpu" in text) and not _LEFT_GRAPH.search(text) and "detach" not in own


def _values(outline: FunctionOutline, name: str) -> list[ast.expr]:
    """What the name, or a tuple with it, is bound to anywhere in the function."""
    return [
        one.value
        for one in outline.by_type[ast.Assign]
        for to in one.targets
        if any(is_named(each, name) for each in (to.elts if isinstance(to, ast.Tuple) else [to]))
    ]


_PIPELINE = re.compile(r"pipe(line)?$")
"""What runs a model in the dtype that its user chooses, and without grad."""


def _is_by_pipeline(outline: FunctionOutline, own: list[str]) -> bool:
    """Whether a pipeline has given it, and it is brought to the host as it is."""
    values = _values(outline, own[-1]) if "cpu" in own else ()
    return any(isinstance(value, ast.Call) and _PIPELINE.search(dotted(value.func) or "") for value in values)


def _own_name(node: ast.expr) -> str:
    return next(reversed(list(_own_way(node))), "")


_OF_TORCH = frozenset({"cpu", "detach", "data"})


_MODEL = re.compile(r"(^|_)(model|net|network|encoder|backbone)$")
_PART_OF_PIPELINE = re.compile(r"(^|_)(model|net|network|encoder|backbone|decoder|transformer|unet|vae|vq_?(gan|vae))$")
"""What is loaded in the dtype that its user chooses."""


_MADE_BY_MODELS = re.compile(
    r"action|score|value|loss|sample|result|latent|hidden|(^|_)(out|outs|z|h|y_?hat|mu|mean|sigma|q|x_?hat)(_|\d|$)",
    re.I,
)
"""How else what models give is called, once it has been brought to the host."""


_OF_POLICIES = re.compile(r"polic(y|ies)|entropy|(^|_)q_?vals?|advantage|actions?$", re.I)
_OF_DATA_SETS = re.compile(r"reward|label|target|gt|true|time|path|name|ids?$|idx", re.I)


def is_called_output(node: ast.expr) -> bool:
    """Whether a name, or the attribute of an object, is called as what models give is called."""
    own = list(_own_way(node))
    names = own[-1:] if own and own[-1] != "self" else own[-2:-1]
    return any(
        not _OF_DATA_SETS.search(name)
        and any(pattern.search(name) for pattern in (_OF_A_MODEL, _MADE_BY_MODELS, _OF_POLICIES))
        for name in names
    )


def _is_an_output(frame: Frame, outline: FunctionOutline, told: list[str]) -> bool:
    """Whether a parameter is called like an output of a model and brought to the host, wherever callers have it."""
    if "cpu" not in told[:-1] or _MODEL.search(told[-1]):
        return False
    if not (_OF_A_MODEL.search(told[-1]) or _MADE_BY_MODELS.search(told[-1])):
        return False
    return _is_handed_on(frame.interpreter.outline, outline, told[-1])


_OF_OUTPUTS = frozenset(
    {"last_hidden_state", "hidden_states", "pooler_output", "logits", "image_embeds", "text_embeds"}
)
"""What the outputs of language models are asked for."""
OF_A_DTYPE = frozenset({"float", "double", "half", "type", "astype", "to", "argmax", "long", "int", "bool", "argsort"})
"""Methods whose results are of a dtype that NumPy has."""


def is_of_a_checkpoint(frame: Frame, operand: object) -> bool:
    """Whether what is converted is an output of a language model that the function, or its object, was given as it is:
    of the dtype of its checkpoint, that is; or a value of a checkpoint itself."""
    outline, text = frame.outline, frame.interpreter.source.text
    if not isinstance(operand, ast.expr):
        return False
    if _is_loaded(outline.by_type if outline is not None else ByType(walk(frame.interpreter.outline.tree)), operand):
        return True
    if outline is None or "from_pretrained" in text:
        return False
    told = list(_way(outline, operand, operand.lineno))
    since = [place for place, each in enumerate(told[:-1]) if each in _OF_OUTPUTS]
    return bool(since) and OF_A_DTYPE.isdisjoint(told[: since[0]])


def _is_loaded(nodes: ByType, operand: ast.expr) -> bool:
    """Whether it is a value of a state that was loaded from a file, as a loop goes through it: `for k, v in
    torch.load(path).items(): v.cpu().numpy()`."""
    node: ast.expr = operand
    while isinstance(node, ast.Call | ast.Attribute):
        if isinstance(node, ast.Attribute) and node.attr in OF_A_DTYPE:
            return False
        node = node.func if isinstance(node, ast.Call) else node.value
    asked = {
        each.value.id for each in nodes[ast.Attribute] if each.attr == "dtype" and isinstance(each.value, ast.Name)
    }
    loops = (*nodes[ast.For], *nodes[ast.comprehension])
    for loop in loops if isinstance(node, ast.Name) and node.id not in asked else ():
        through, target = loop.iter, loop.target
        if not isinstance(through, ast.Call) or not isinstance(through.func, ast.Attribute):
            continue
        last = target.elts[-1] if isinstance(target, ast.Tuple) and through.func.attr == "items" else target
        same = isinstance(node, ast.Name) and isinstance(last, ast.Name) and last.id == node.id
        if not same or through.func.attr not in ("items", "values"):
            continue
        state = through.func.value
        made = [assign.value for assign in nodes[ast.Assign] if _names(assign, state)] or [state]
        if any(isinstance(one, ast.Call) and _loads(one) for one in made):
            return True
    return False


def _names(assign: ast.Assign, node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and any(isinstance(to, ast.Name) and to.id == node.id for to in assign.targets)


def _loads(call: ast.Call) -> bool:
    owner, _, name = (dotted(call.func) or "").rpartition(".")
    return name == "load_file" or (name == "load" and owner == "torch")


def is_surely_tensor(frame: Frame, operand: object) -> bool:
    """Whether `.detach()` or `.data` is asked of what something unknown has given, or a function of torch computes with
    it: it is a tensor, wherever that has put it."""
    while isinstance(operand, ast.Subscript | ast.Call | ast.Attribute):
        if isinstance(operand, ast.Call):
            if _OF_ITS_FIRST.match(dotted(operand.func) or ""):
                return True
            operand = operand.func
            continue
        if isinstance(operand, ast.Attribute) and operand.attr in ("detach", "data"):
            return True
        operand = operand.value
    if frame.outline is None or not isinstance(operand, ast.Name):
        return False
    bound = last_bound(frame.outline, operand.id, operand.lineno)
    value = bound.value if bound is not None and isinstance(bound.targets[0], ast.Name) else None
    return value is not None and not isinstance(value, ast.Name) and is_surely_tensor(frame, value)


def _way(outline: FunctionOutline, node: ast.expr, line: int, hops: int = _MOST_HOPS) -> Iterator[str]:
    """The methods, attributes and torch functions between a value and the name that it is computed from, and that name
    as the last; nothing where it is computed from anything else."""
    told: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Attribute):
            told.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Compare):
            node = node.left
        elif isinstance(node, ast.BinOp):
            node = node.right if _root_of(node.left)[:1] in ([], ["self"]) else node.left
        elif isinstance(node, ast.List | ast.Tuple) and node.elts and not any(map(_is_made_by_torch, node.elts)):
            node = node.elts[0]  # what `torch.cat` is given
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_cast(node.func, node.args):
            told.append("cast")
            node = node.func.value
        elif isinstance(node, ast.ListComp):
            node = node.elt
        elif isinstance(node, ast.Call) and _OF_ITS_FIRST.match(dotted(node.func) or "") and node.args:
            told.append("torch")
            node = node.args[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            if isinstance(node.func, ast.Name) and not _is_own(outline, node.func.id, line):
                return
            node = node.func
        else:
            return
    bound = _bound(outline, node.id, line)
    if bound is None and hops:
        bound = _gone_through(outline, node)
    if bound is None:
        stores = (one for one in outline.by_type[ast.Name] if one.id == node.id and isinstance(one.ctx, ast.Store))
        yield from () if any(one.lineno < line for one in stores) else (*told, node.id)
    elif hops:
        yield from _joined(told, list(_way(outline, bound, bound.lineno, hops - 1)))


def _is_cast(method: ast.Attribute, given: list[ast.expr]) -> bool:
    """`x.to(torch.long)`."""
    if method.attr != "to" or len(given) != 1:
        return False
    return re.match(r"(torch|th)\.[a-z]+\d*$", dotted(given[0]) or "") is not None


def _gone_through(outline: FunctionOutline, name: ast.Name) -> ast.expr | None:
    """What a comprehension around the name goes through, if that binds it: `v.numpy() for v in outputs`."""
    for comprehension in outline.by_type[ast.comprehension]:
        through: ast.expr = comprehension.iter
        bound = (node.id for node in ast.walk(comprehension.target) if isinstance(node, ast.Name))
        if abs(through.lineno - name.lineno) <= _NEAR and name.id in bound:
            return through
    return _weights_gone_through(outline, name)


def _weights_gone_through(outline: FunctionOutline, name: ast.Name) -> ast.expr | None:
    """What a loop around the name goes through, if those are a module's parameters or its state; what a loader gives is
    on the CPU as a rule."""
    for loop in outline.by_type[ast.For]:
        through: ast.expr = loop.iter
        bound = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
        within = loop.lineno <= name.lineno <= (loop.end_lineno or 0)
        if within and name.id in bound and _WEIGHTS.search(ast.unparse(through)):
            return through
    return None


_WEIGHTS = re.compile(r"parameters\(|state_dict\(|parameters$")


_NEAR = 4
"""Lines between an element of a comprehension and what it goes through."""


def _is_own(outline: FunctionOutline, name: str, line: int) -> bool:
    """Whether the name of what is called is the function's own: a parameter, or bound before."""
    return name in outline.parameters or _bound(outline, name, line) is not None


def _bound(outline: FunctionOutline, name: str, line: int) -> ast.expr | None:
    """What the name is bound to, or to a part of, when a line is reached."""
    bound: ast.Assign | ast.AnnAssign | None = last_bound(outline, name, line)
    for node in outline.by_type[ast.AnnAssign]:
        named = isinstance(node.target, ast.Name) and node.target.id == name and node.lineno < line
        if named and (bound is None or node.lineno > bound.lineno):
            bound = node
    for several in outline.by_type[ast.Assign]:  # `scores, boxes = outputs`
        parts = [each for to in several.targets if isinstance(to, ast.Tuple) for each in to.elts]
        last = several.lineno < line and (bound is None or several.lineno > bound.lineno)
        if last and any(is_named(each, name) for each in parts):
            bound = several
    return bound.value if bound is not None else None


def _joined(told: list[str], before: list[str]) -> list[str]:
    return [*told, *before] if before else []


def _is_handed_on(file: FileOutline, outline: FunctionOutline, parameter: str, hops: int = _MOST_HOPS) -> bool:
    """Whether callers in the file, if there are any, hand over what they have been given themselves, or make no tensors
    of their own; and so do their callers."""
    for caller, call in file.calls.get(outline.name, ()):
        argument = argument_of(call, outline, parameter)
        origin = origin_of(argument) if argument is not None else ""
        if origin in caller.parameters:
            if hops and caller is not outline and not _is_handed_on(file, caller, origin, hops - 1):
                return False
        elif any(_makes(file, each) for each in caller.by_type[ast.Call]):
            return False
    return True


def _makes(file: FileOutline, call: ast.Call) -> bool:
    """Whether a call makes a tensor, or brings one to the host: it is known where that is."""
    owner, _, name = file.full_name(dotted(call.func) or "").rpartition(".")
    made = owner == "torch" and name in _MAKERS
    return made or (isinstance(call.func, ast.Attribute) and call.func.attr == "cpu")


_MAKERS = frozenset({"ones", "zeros", "rand", "randn", "tensor", "as_tensor", "full", "arange", "from_numpy", "empty"})


def _asks_where(outline: FunctionOutline, name: str) -> bool:
    """Whether the function asks where the argument is."""
    asked = (node for node in outline.by_type[ast.Attribute] if node.attr in ("device", "is_cuda"))
    return any(is_named(node.value, name) for node in asked)


def _brings_others(outline: FunctionOutline) -> bool:
    """Whether the function calls `.cpu()` on something: it knows that there are accelerators."""
    return any(isinstance(call.func, ast.Attribute) and call.func.attr == "cpu" for call in outline.by_type[ast.Call])
