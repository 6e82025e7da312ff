"""What the interpreter knows about a value.

A value is a small set of *alternatives*. Each is one kind with facts that hold together, and the conditions under
which it is the one (`when`). A fact is known or None; an unknown alternative is `Opaque`. Joining two paths is the
union of their alternatives, so a rule can always name the path that makes a hazard, and nothing is ever guessed from
the mere lack of knowledge.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.model import Confidence
from torchconv_lint.record import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torchconv_lint.analysis.domain.doubts import Doubt
    from torchconv_lint.analysis.nodes.site import Segment, Site

MAX_ALTERNATIVES = 6
"""More than this many alternatives of one value are cut, the unknown one kept: a budget, so that loops stay cheap."""

CPU = "cpu"
ACCELERATOR = "accelerator"
ONE = "one"
MANY = "many"


@record
class Step:
    """One step of a provenance: what happened at `site`, and what came before it. `stated`: the code says itself which
    device it is ("cuda", and under which condition), and no caller chooses; or that the tensor requires grad. `puts`:
    something is created there, or moved there. `doubt`: why a device, though possible, is seldom met in the end."""

    site: Site
    message: str
    before: Step | None = None
    length: int = 1
    stated: bool = False
    doubt: Doubt | None = None
    puts: bool = False


@record
class Fact:
    """Something known about a value. Only the value counts for equality: loops converge on facts, not on stories."""

    value: str | bool
    step: Step | None = field(default=None, compare=False)
    confidence: Confidence = field(default=Confidence.CERTAIN, compare=False)

    def trail(self) -> list[tuple[Site, str]]:
        """The steps that led here, first cause first."""
        return [(step.site, step.message) for step in self._steps()][::-1]

    def begins_at(self) -> Site | None:
        """Where the first of the steps is; None if there are none."""
        sites = [step.site for step in self._steps()]
        return sites[-1] if sites else None

    def begins_in(self, path: str) -> bool:
        """Whether the first of the steps is in that file, or there are none."""
        begins = self.begins_at()
        return begins is None or begins.path == path

    @property
    def is_doubted(self) -> bool:
        """Whether one of the steps is."""
        return any(step.doubt is not None for step in self._steps())

    def doubts(self) -> frozenset[Doubt]:
        """Why its steps are doubted."""
        return frozenset(step.doubt for step in self._steps() if step.doubt is not None)

    def is_stated_in(self, path: str) -> bool:
        """Whether that file itself says so: which device it is, rather than a name that somebody else binds; that it
        requires grad, rather than being the output of a module."""
        return any(step.stated and step.site.path == path for step in self._steps())

    def is_put_in(self, path: str) -> bool:
        """Whether it is that file which creates something on the device, or moves it there, whoever has chosen it."""
        return any((step.puts or step.stated) and step.site.path == path for step in self._steps())

    def is_put_beside(self, site: Site) -> bool:
        """Whether what has put something on the device first (whatever has chosen that) is in the function that the
        site is in, or, like the site, outside of all functions."""
        steps = list(self._steps())
        first = next((step for step in reversed(steps) if step.puts), steps[-1] if steps else None)
        return first is None or first.site.segment is site.segment

    def begun_with(self, other: Fact, segment: Segment) -> Fact:
        """The same fact, `other` in place of what its story begins with in a segment; itself if none of it is there."""
        later: list[Step] = []
        for step in self._steps():
            if step.site.segment is segment:
                break
            later.append(step)
        else:
            return self
        last = other.step
        for step in reversed(later):
            last = replace(step, before=last, length=1 if last is None else last.length + 1)
        return Fact(self.value, last, min(self.confidence, other.confidence))

    def _steps(self) -> Iterator[Step]:
        """The steps, the last one first."""
        step = self.step
        while step is not None:
            yield step
            step = step.before

    def then(self, site: Site, message: str, at_most: Confidence = Confidence.CERTAIN, *, puts: bool = False) -> Fact:
        """The same fact after one more step; a story longer than a reader would follow is not made longer."""
        confidence = min(self.confidence, at_most)
        if self.step is not None and self.step.site == site:  # the place has said its part
            return replace(self, confidence=confidence)
        length = self.step.length if self.step else 0
        if length >= 6:
            return replace(self, confidence=confidence)
        return Fact(self.value, Step(site, message, self.step, length + 1, puts=puts), confidence)

    def doubted(self, doubt: Doubt) -> Fact:
        """The same fact, its last step doubted; a fact without steps has nothing to be doubted."""
        return self if self.step is None else replace(self, step=replace(self.step, doubt=doubt))

    def doubted_since(self, site: Site, message: str, doubt: Doubt) -> Fact:
        """The same fact after one more step, which is doubted, however long the story is."""
        length = self.step.length + 1 if self.step is not None else 1
        return replace(self, step=Step(site, message, self.step, length, doubt=doubt))

    def weaker(self, at_most: Confidence) -> Fact:
        """The same fact, at most this sure."""
        return self if self.confidence <= at_most else replace(self, confidence=at_most)


@record
class Memory:
    """An allocation, and the *side* from which a value sees it.

    `key` names the allocation (a node, or the name of what was there before). `side` is the chain of conversions
    between the allocation and this handle: empty for the original, and longer by one for each `from_numpy`,
    `.numpy()`, `.detach()`… . Slices and other plain views stay on their side. `origin` tells who made the memory:
    "fresh", "blank" (`empty`: a placeholder waiting to be filled), "weight" (an nn.Parameter made of it), "parameter",
    "attribute", "module" (parameters and buffers of an nn.Module), "grad". `sure` is how certain it is that memory is
    shared rather than copied. `kept`
    is where the handle was stored (the stored expression, and the name it was stored under), and `form` what that
    expression is: "tensor", "array", or "" for a container of such or something unknown. `part` names a parameter of a
    module or an item of what was unpacked: writing one leaves the others as they are. `viewed`: an operation that never
    copies has given this handle. `uniform`: it was made with one number everywhere. `supposed`: that it is a tensor's
    at all rests on methods that other things may have, too (`.detach()` of something unknown).
    """

    key: Any
    origin: str
    name: str = field(default="", compare=False)
    side: tuple[Any, ...] = ()
    how: tuple[tuple[Site, str], ...] = field(default=(), compare=False)
    sure: Confidence = field(default=Confidence.CERTAIN, compare=False)
    kept: tuple[Site, str] | None = field(default=None, compare=False)
    part: str = field(default="", compare=False)
    form: str = field(default="", compare=False)
    viewed: bool = field(default=False, compare=False)
    uniform: bool = field(default=False, compare=False)
    supposed: bool = field(default=False, compare=False)


def part_of(memory: Memory | None, part: object) -> Memory | None:
    """The memory of a part (an item, an attribute) of an unknown object: known only where the object outlives the
    function, so that a write to the part is a write to somebody else's data."""
    if memory is None or memory.origin not in ("parameter", "attribute", "grad"):
        return None
    depth, key = 0, memory.key
    while isinstance(key, tuple) and key[:1] == ("part",):
        depth, key = depth + 1, key[1]
    return None if depth >= 3 else replace(memory, key=("part", memory.key, part))


@record
class Cut:
    """A conversion that took values out of the autograd graph.

    `how` is "constructor" (`torch.tensor(…)`), "numpy" (there and back), "number" or "detach"; `subject` is what it was
    done to, `grad` why that was part of a graph. `asked`: the code says so (`.item()`, `.detach()`), as a constructor
    does not. `rebound`: the result took the name of what it was made of. `restarted`: it was told to require grad
    afterwards, as the leaf of a graph of its own. `made_of`: all that a constructor was given, surely: a "tensor", or
    a "list" of nothing but tensors.
    """

    site: Site
    how: str
    subject: str = field(compare=False)
    grad: Fact = field(compare=False)
    asked: bool = False
    rebound: bool = False
    restarted: bool = False
    made_of: str = field(default="", compare=False)


@record
class Graph:
    """What is known of a tensor's place in the autograd graph.

    `leaf`: it is a leaf that requires grad (True), or the result of an operation on what requires grad (False).
    `spent`: backward has been through its graph. `kept`: the places at which a graph that is part of its own was put
    aside in a loop, in a sum or a container. `cuts`: the conversions that took it, or a term of it, out of the graph.
    `severed`: it had no graph, surely, when it was told to require grad.
    """

    leaf: bool | None = None
    spent: bool = False
    kept: frozenset[Any] = frozenset()
    cuts: frozenset[Cut] = frozenset()
    severed: bool = False


NO_GRAPH = Graph()
RESULT = Graph(leaf=False)
LEAF = Graph(leaf=True)


class Kind:
    """Base of all kinds of alternatives."""

    __slots__ = ()


@record
class Tensor(Kind):
    """A torch.Tensor. Every fact may be unknown (None). `count` is "one" or "many" elements; `shape` see shapes.py.
    `traced` is known of what depends on the inputs of a function that is transformed. `pinned`: it is in page-locked
    memory; `landing` is the copy that was begun, and not waited for, to fill it. `fraction`: it is the result of an
    operation that gives no whole numbers as a rule. `form` tells what is no plain
    rectangle of numbers (see forms.py). `promised`: nothing but an annotation says that it is a tensor."""

    device: Fact | None = None
    grad: Fact | None = None
    dtype: Fact | None = None
    count: Fact | None = None
    memory: Memory | None = None
    path: str | None = None
    shape: tuple[int | None, ...] | None = None
    traced: Fact | None = None
    pinned: bool = False
    landing: Any = None
    graph: Graph = NO_GRAPH
    form: Fact | None = None
    fraction: bool = False
    promised: bool = field(default=False, compare=False)

    @property
    def on_accelerator(self) -> bool:
        """Whether it is, or may be, on an accelerator, as far as anything is known."""
        return self.device is not None and self.device.value == ACCELERATOR


@record
class Array(Kind):
    """A numpy.ndarray; `ndim` is its number of dimensions, `count` "one" or "many" elements, if known.

    What torch does not take (see layout.py): `reversed` is the axis whose stride is negative ("0", "-1", "?" for one
    nobody knows), `swapped` that its bytes are in the other order than the machine's, `readonly` that it may not be
    written. `cuts` are the conversions by which its values left the autograd graph.
    """

    dtype: Fact | None = None
    memory: Memory | None = None
    path: str | None = None
    ndim: int | None = None
    reversed: Fact | None = None
    swapped: Fact | None = None
    readonly: Fact | None = None
    cuts: frozenset[Cut] = frozenset()
    count: Fact | None = None


@record
class Opaque(Kind):
    """Something unknown. `path` is a name that stays the same as long as the thing does ("args.cuda").

    `guess` is what it is if it is a tensor (or holds tensors): the unseen result of a call on accelerator tensors, say.
    `tensorish` tells that it is one or holds some, as what an nn.Module returns does. `array` is what it is if it is an
    ndarray (an element of one may be a number), `no_array` tells that it has been asked for that and is none.
    """

    path: str | None = None
    guess: Tensor | None = None
    memory: Memory | None = None
    tensorish: bool = False
    array: Array | None = None
    no_array: bool = False


@record
class Const(Kind):
    """A Python constant: str, int, float, bool, None, bytes."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Const) and type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@record
class Number(Kind):
    """A Python or NumPy number of unknown value; `numpy` tells NumPy scalars, `dtype` their dtype if it is known,
    `cuts` how it left the autograd graph."""

    numpy: bool = False
    cuts: frozenset[Cut] = frozenset()
    dtype: str | None = None


@record
class Truth(Kind):
    """A boolean whose value is the truth of a condition (see conditions.py)."""

    condition: Any


@record
class Device(Kind):
    """A torch.device, or a name for one. `fact` None: a device nobody knows."""

    fact: Fact | None


@record
class Dtype(Kind):
    """A torch.dtype or NumPy dtype, by its plain name ("float32"); `swapped`: with the bytes the other way round."""

    name: str
    swapped: bool = False


@record
class External(Kind):
    """Something from another package, by its full name ("torch.nn.functional.softmax")."""

    name: str


@record
class Bound(Kind):
    """A method taken from an object but not yet called."""

    owner: Value
    name: str


@record
class Function(Kind):
    """A function of this file; `this` is the receiver of a bound method."""

    definition: Any
    this: Kind | None = None


@record
class Class(Kind):
    """A class of this file."""

    definition: Any


@record
class Instance(Kind):
    """An object of a class of this file. `is_module` tells an nn.Module, with where it lives; `dtype` is what
    it was cast to as a whole."""

    definition: Any
    device: Fact | None = None
    is_module: bool = False
    trainable: bool = True
    dtype: Fact | None = None


@record
class Module(Kind):
    """An nn.Module whose code is elsewhere. `name` is its class if it is one of torch.nn's; `count` tells how many
    elements the output of a loss has, `features` the size of the last dimension of a Linear's."""

    name: str | None = None
    device: Fact | None = None
    trainable: bool = True
    dtype: Fact | None = None
    path: str | None = None
    count: Fact | None = None
    features: int | None = None


@record
class Transformer(Kind):
    """Something that transforms the function it is given, such as `torch.compile(mode="default")`: the full name of
    what it comes from, and whether `fullgraph=True` has been said."""

    name: str
    fullgraph: bool = False


@record
class Transformed(Kind):
    """What a transform has made of a function: calling it gives something else than the function does."""

    inner: Value


@record
class Foreign(Kind):
    """A class defined inside a function, or an object made by it: no tensor, whatever its methods are called."""


@record
class Optimizer(Kind):
    """A torch.optim optimiser."""


@record
class Distribution(Kind):
    """A distribution of torch.distributions; `parameters`: its parameters taken together."""

    parameters: Tensor


@record
class GradMode(Kind):
    """A context manager that sets the grad mode, such as `torch.no_grad()`; None: to what, is not known."""

    enabled: bool | None


@record
class Autocast(Kind):
    """`torch.autocast(...)`: matrix products inside come out in this dtype; None if not known."""

    dtype: str | None


@record
class Capture(Kind):
    """`torch.cuda.graph(...)`: what is queued inside becomes a graph."""


@record
class Loader(Kind):
    """A DataLoader (or what wraps one): iterating gives batches, which are on the CPU, or on the `device` of its data,
    if that has been put elsewhere."""

    device: Fact | None = None


@record
class Sequence(Kind):
    """A list, tuple or set. `items` if its length is known, else every element looks like `element`. `lazy` names an
    iterable that has no length or no index ("map", "dict values"); "" if it is a sequence."""

    items: tuple[Value, ...] | None
    element: Value
    mutable: bool = True
    lazy: str = ""


@record
class Mapping(Kind):
    """A dict: what is known by constant key, and what any other key gives."""

    items: tuple[tuple[Any, Value], ...]
    element: Value

    def get(self, key: Any) -> Value | None:
        """The value under a constant key, if known."""
        for known, value in self.items:
            if known == key:
                return value
        return None


Literal: TypeAlias = "tuple[Any, bool]"
When: TypeAlias = "frozenset[Literal]"
ALWAYS: When = frozenset()


STORED = frozenset({Tensor, Array, Opaque})
"""The kinds that have a memory and a path. To look a type up takes a tenth of the time of `isinstance` with several,
and some questions are asked of every name."""


class Alt(NamedTuple):
    """One alternative of a value, and the conditions under which it is the one."""

    kind: Kind
    when: When = ALWAYS


Value: TypeAlias = "tuple[Alt, ...]"

_make = tuple.__new__
"""Makes an `Alt` without the function that a NamedTuple has for it, which costs several times as much."""

OPAQUE = Opaque()
UNKNOWN: Value = (Alt(OPAQUE),)
NONE: Value = (Alt(Const(None)),)
NOTHING: Value = ()
NUMBER: Value = (Alt(Number()),)


def just(kind: Kind) -> Value:
    """The value that is surely this."""
    return (_make(Alt, (kind, ALWAYS)),)


def kinds(value: Value) -> Iterator[Kind]:
    """The alternatives without their conditions."""
    return (alt.kind for alt in value)


def join(*values: Value) -> Value:
    """The union of alternatives; equal ones become one, under what their conditions have in common. Only those that
    hold on two ways which exclude each other may stay apart: their conditions together say more."""
    first = values[0]
    for value in values:
        if value is not first:
            break
    else:
        return first
    merged: list[Alt] = [*first]
    everything = True
    for value in values[1:]:
        for alt in value if value is not first else ():
            everything = _add(merged, alt) and everything
    if len(merged) > MAX_ALTERNATIVES:
        merged = _together(merged)
    if len(merged) == len(first) and all(one is other for one, other in zip(merged, first, strict=True)):
        return first
    return tuple(merged) if everything and len(merged) <= MAX_ALTERNATIVES else _cut(tuple(merged))


def _add(merged: list[Alt], alt: Alt) -> bool:
    """Add an alternative; False if there are too many already."""
    # There are few alternatives, and comparing is cheaper than hashing all that is known of a tensor.
    kind = alt.kind
    equal = []
    for place, (known_kind, _) in enumerate(merged):
        if known_kind is kind or (type(known_kind) is type(kind) and known_kind == kind):
            equal.append(place)
    if not equal and len(merged) > 2 * MAX_ALTERNATIVES:  # the items of a long literal
        return False
    if not equal:
        merged.append(alt)
        return True
    known = merged[equal[0]]
    if known.when == alt.when or not _apart(known.when, alt.when):
        merged[equal[0]] = _merge(known, alt)
    elif len(equal) > 1:
        merged[equal[1]] = _merge(merged[equal[1]], alt)
    else:
        merged.append(alt)
    return True


def _together(alternatives: list[Alt]) -> list[Alt]:
    """Equal alternatives as one, whatever their conditions."""
    merged: list[Alt] = []
    for alt in alternatives:
        for place, known in enumerate(merged):
            if known.kind == alt.kind:
                merged[place] = _merge(known, alt)
                break
        else:
            merged.append(alt)
    return merged


def _apart(one: When, other: When) -> bool:
    """Whether two conditions exclude each other, and not merely as "c" and "not c" do, which together are always so."""
    here, there = one - other, other - one
    if len(here) == 1 == len(there):
        return False
    return any((key, not truth) in there for key, truth in here)


def _merge(one: Alt, other: Alt) -> Alt:
    """Two equal alternatives under different conditions; the surer story is kept."""
    kind = other.kind if _sureness(other.kind) > _sureness(one.kind) else one.kind
    if isinstance(one.kind, Sequence | Mapping):
        kind = one.kind
    when = one.when & other.when
    return one if kind is one.kind and when == one.when else Alt(kind, when)


def _sureness(kind: Kind) -> int:
    facts = (kind.device, kind.grad) if isinstance(kind, Tensor) else ()
    return sum(fact.confidence for fact in facts if fact is not None)


def _cut(alternatives: tuple[Alt, ...]) -> Value:
    """As many as are looked at. Graphs that those left out hold on to are held on to by the value all the same."""
    kept = alternatives[: MAX_ALTERNATIVES - 1]
    held = frozenset[Any]().union(*(_kept(alt.kind) for alt in alternatives[MAX_ALTERNATIVES - 1 :]))
    if held:
        place = next((place for place, alt in enumerate(kept) if guessed(alt.kind) is not None), 0)
        one = Alt(_holding(kept[place].kind, held), kept[place].when)
        kept = (*kept[:place], one, *kept[place + 1 :])
    return kept if any(type(alt.kind) is Opaque for alt in kept) else (*kept, Alt(OPAQUE))


def _kept(kind: Kind) -> frozenset[Any]:
    """The places at which graphs that are part of its own were put aside."""
    tensor = guessed(kind)
    return tensor.graph.kept if tensor is not None else frozenset()


def _holding(kind: Kind, held: frozenset[Any]) -> Kind:
    """The tensor, holding on to graphs that were put aside at these places, too."""
    tensor = guessed(kind)
    if tensor is None:
        return kind
    tensor = replace(tensor, graph=replace(tensor.graph, kept=tensor.graph.kept | held))
    return replace(kind, guess=tensor) if isinstance(kind, Opaque) else tensor


def each(value: Value, change: Callable[[Kind], Kind | Value]) -> Value:
    """`change` applied to every alternative, conditions kept."""
    if len(value) == 1:
        kind, when = value[0]
        result = change(kind)
        if result.__class__ is not tuple:
            return value if result is kind else (_make(Alt, (result, when)),)
        return result if not when else under(result, when)
    parts: list[Value] = []
    for kind, when in value:
        result = change(kind)
        parts.append(under(result, when) if isinstance(result, tuple) else (Alt(result, when),))
    return join(*parts) if parts else NOTHING


def deeply(value: Value, change: Callable[[Kind], Kind | Value], *, dicts: bool = True) -> Value:
    """`change` applied to every alternative that is no container, at any depth; containers are rebuilt around them.
    `dicts`: whether it goes into dicts, too."""
    return each(value, lambda kind: _deeply(kind, change, dicts))


def _deeply(kind: Kind, change: Callable[[Kind], Kind | Value], dicts: bool) -> Kind | Value:
    if type(kind) is Sequence:
        items = None if kind.items is None else tuple(deeply(item, change, dicts=dicts) for item in kind.items)
        return Sequence(items, deeply(kind.element, change, dicts=dicts), kind.mutable, kind.lazy)
    if type(kind) is Mapping:
        if not dicts:
            return kind
        return Mapping(tuple((key, deeply(item, change)) for key, item in kind.items), deeply(kind.element, change))
    return change(kind)


def under(value: Value, when: When) -> Value:
    """`value`, valid only under these further conditions; impossible alternatives fall away."""
    if not when:
        return value
    return tuple(
        Alt(alt.kind, alt.when | when) for alt in value if not any((key, not truth) in alt.when for key, truth in when)
    )


def possible(value: Value, path: When) -> Value:
    """Without the alternatives that contradict what the path has already tested."""
    if not path:
        return value
    for alt in value:
        if alt.when:
            break
    else:
        return value
    kept = tuple(alt for alt in value if not alt.when or not any((key, not truth) in path for key, truth in alt.when))
    return value if len(kept) == len(value) else kept


def guessed(kind: Kind) -> Tensor | None:
    """The kind as a tensor: itself, or the guess of an opaque one."""
    if type(kind) is Tensor:
        return kind
    if type(kind) is Opaque:
        return kind.guess
    return None


def is_mixed(value: Value) -> bool:
    """Whether the value may be of several types: then a test may have told them apart unnoticed."""
    return len({type(kind) for kind, _ in value}) > 1


def weakest(facts: Iterable[Fact | None]) -> Confidence:
    """The confidence of a conclusion from several facts."""
    return min((fact.confidence for fact in facts if fact is not None), default=Confidence.CERTAIN)
