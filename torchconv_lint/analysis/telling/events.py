"""What the interpreter tells the rules: what happens to which value, where. No codes, no verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from torchconv_lint.record import told

if TYPE_CHECKING:
    from torchconv_lint.analysis.calling.transforms import Transform
    from torchconv_lint.analysis.domain.state import Write
    from torchconv_lint.analysis.domain.values import Array, Cut, Fact, Kind, Memory, Tensor
    from torchconv_lint.analysis.nodes.site import Site
    from torchconv_lint.analysis.telling.loops import Loop
    from torchconv_lint.model import Confidence


@told
class Event:
    """Base of all events. `site` is where a finding about it points; `of_traces` tells the events that are about
    functions under a transform."""

    of_traces: ClassVar[bool] = False
    site: Site


@told
class ToNumpy(Event):
    """A tensor becomes an ndarray.

    `via` is "" for `.numpy()` itself and otherwise the function that converts implicitly ("np.mean", "plt.plot");
    `subject` is the text of what is converted; `held` tells that the tensor is an element of a list (or other
    container) that is converted as a whole. `grad_mode` is the grad mode in force: with it off, a tensor that requires
    grad converts without complaint. `forced` tells `numpy(force=True)`, which moves and detaches by itself.

    `operand` is where the converted expression stands, and `sole` tells that nothing but tensors can be there (in a
    `held` one: nothing but tensors), so that a fix may call a tensor's methods. `mirrored`: it is what a method of the
    conversion's own name (`def numpy(self)`) does for callers whom nobody sees, who may expect what a tensor does.
    `public`: callers whom nobody sees hand it over, as a tensor. `way`: the methods that the argument of a function
    that is called after this conversion has come through, None if it is anything else. `loaded`: it is an output of a
    model whose checkpoint decides its dtype, or a value of a checkpoint itself. `relayed`: a function of another file
    does it, with what is handed to it here. `careful`: it was brought to the host in a function whose callers, unseen,
    may have switched grad off.
    """

    tensor: Tensor
    subject: str
    via: str
    held: bool
    grad_mode: bool | None
    sure: Confidence
    forced: bool = False
    operand: Site | None = None
    sole: bool = False
    mirrored: bool = False
    public: bool = False
    way: frozenset[str] | None = None
    loaded: bool = False
    relayed: bool = False
    careful: bool = False


@told
class ArrayFirst(Event):
    """`array op tensor`, which Python asks the array about first. `subject` is the array's text."""

    tensor: Tensor
    subject: str
    operator: str
    sure: Confidence


@told
class NumpyRefuses(Event):
    """A NumPy function that calls the tensor's own method with NumPy's arguments is given a tensor."""

    tensor: Tensor
    subject: str
    via: str
    sure: Confidence


@told
class CopyForbidden(Event):
    """`np.array(tensor, copy=False)`: NumPy is to make an array without a copy. `held`: of a list of tensors."""

    tensor: Tensor
    subject: str
    via: str
    held: bool
    sure: Confidence


@told
class WrappedByNumpy(Event):
    """A function of NumPy is given a tensor, and makes a tensor of its result."""

    tensor: Tensor
    subject: str
    via: str
    sure: Confidence


@told
class InvertedMask(Event):
    """`x[~mask]`; `subject` is the mask."""

    mask: Tensor
    subject: str


@told
class ToTensor(Event):
    """Data becomes a tensor through `via` ("from_numpy", "tensor", "FloatTensor", "indexing").

    `source` is what the data is (one alternative), `subject` where it is written. `dtype` is the dtype that the call
    asks for by a keyword, `typed` that it asks for one at all. `alone`: it can be nothing else. `hushed`: it warns of
    nothing, as it copies, or the code around it wants no warnings.
    """

    source: Kind
    subject: Site
    via: str
    sure: Confidence
    dtype: str | None = None
    typed: bool = False
    alone: bool = True
    hushed: bool = False


@told
class KeywordRefused(Event):
    """A function is called with a keyword that it does not take. `instead` is one that takes it."""

    function: str
    keyword: str
    instead: str


@told
class LegacyPlaced(Event):
    """A legacy constructor, which makes tensors on the CPU only, is given a `device=` or a tensor (`subject`) that may
    be on an accelerator. `untold`: which device it is, nothing says."""

    function: str
    subject: str
    device: Fact
    keyword: bool
    untold: bool = False


@told
class GradAsked(Event):
    """A tensor is made to require grad; `subject` is the text that does it."""

    tensor: Tensor
    subject: str
    sure: Confidence


@told
class ItemStored(Event):
    """`buffer[...] = value`: the value takes the buffer's dtype.

    `subject` is the buffer's text. `wanted` tells that the code asked for this dtype; `placed_like` is what the buffer
    was given the device of, but not the dtype ("" if nothing). `into` and `dtype` are the dtypes (None: not known).
    """

    subject: str
    into: Fact
    dtype: Fact | None
    value: str
    wanted: bool
    placed_like: str
    sure: Confidence
    untold: bool = False  # nothing tells the value's dtype, or where the buffer's is to come from


@told
class Reinterpreted(Event):
    """`x.view(dtype)`: the same bytes, read as another dtype. `looked_up`: the dtype was looked up by `x`'s own."""

    subject: str
    dtype: str
    into: str
    looked_up: bool
    sure: Confidence


@told
class DataOverwritten(Event):
    """A tensor is made from data and filled at once with something else: `torch.tensor((2, 3)).normal_()`."""

    subject: str
    via: str
    fill: str


@told
class ShapeGiven(Event):
    """A constructor (`via`) makes data of what is a shape, by its name or by what is done with the result."""

    subject: str
    via: str


@told
class CastBack(Event):
    """Integers that a legacy constructor has made floats are made integers again."""

    subject: str
    through: Fact
    into: str


@told
class Unfilled(Event):
    """Numbers that nobody has written are computed with: `x * torch.Tensor(3)`."""

    subject: str


@told
class Resized(Event):
    """A tensor whose memory belongs to an array (or is shared with one) is resized."""

    subject: str
    how: tuple[tuple[Site, str], ...]
    sure: Confidence


@told
class ModuleFed(Event):
    """A tensor of known dtype is given to a module. `kind` is the module's class in torch.nn, `parameters` the dtype of
    its parameters; `converted` is the conversion that gave the tensor its dtype, if there is one in sight."""

    tensor: Tensor
    subject: str
    module: str
    kind: str
    parameters: Fact
    converted: Site | None
    sure: Confidence


@told
class DoubleKept(Event):
    """A tensor that is float64 because the array was, converted at `site`, goes on (`where`) as it is; `untold`: what
    dtype the array has is the caller's affair, or an environment's."""

    dtype: Fact
    where: str
    gone: Site
    untold: bool = False


@told
class ToScalar(Event):
    """A tensor becomes a Python number through `via` ("float", "item", "math.sqrt"), in this grad mode.

    `operand` is where the converted expression stands, and `sole` tells that nothing but tensors can be there.
    """

    tensor: Tensor
    subject: str
    via: str
    sure: Confidence
    grad_mode: bool | None = True
    operand: Site | None = None
    sole: bool = False


@told
class ArrayToScalar(Event):
    """An array becomes a Python number through `via` ("float", "math.sqrt"), or one element of another array."""

    array: Array
    subject: str
    via: str


@told
class FractionCutOff(Event):
    """`int(x)` of the tensor `subject`, the result of an operation that gives fractions."""

    tensor: Tensor
    subject: str
    sure: Confidence


@told
class TakenApart(Event):
    """Python's `sum`, `min` or `max` (`via`) goes through a tensor."""

    tensor: Tensor
    subject: str
    via: str


@told
class UnsignedComputed(Event):
    """A tensor of unsigned integers of more than a byte goes into an operation (`via`) that torch has not for them."""

    tensor: Tensor
    subject: str
    via: str


@told
class ArrayTested(Event):
    """An array's truth value is asked for; `or_none` tells that the value may also be None."""

    array: Array
    subject: str
    or_none: bool


@told
class Tested(Event):
    """A tensor's truth value is asked for; `or_none` tells that the value may also be None.

    `condition` tells that nothing but the truth value is used (as by `if`; `a or b` may also give `a` itself), and
    `negation` is the `not a` around it. `doubtful`: an annotation alone says that it is a tensor, and nothing in the
    function uses it as one.
    """

    tensor: Tensor
    subject: str
    or_none: bool
    sure: Confidence
    condition: bool = False
    negation: Site | None = None
    doubtful: bool = False


@told
class StaleRead(Event):
    """Memory written through one handle is used through another that may be relied on as independent.

    `site` is the write; `read` is the use of the other side, and `reader` its text. `both_used` tells that the written
    side is used afterwards as well: the write had a purpose of its own. `renewed`: it is read in a later round, and
    bound anew before on some ways, or it is sent to an accelerator, which the write was for. `apart`: the two are
    attributes of one object, and nobody knows the order.
    """

    write: Write
    memory: Memory
    read: Site
    reader: str
    both_used: bool = False
    renewed: bool = False
    apart: bool = False


@told
class OwnUse(Event):
    """The handle through which the write at `site` went is used again afterwards. Heard by no rule: it completes
    `StaleRead.both_used`."""


@told
class ForeignWrite(Event):
    """Memory that belongs to someone else (a caller, an object's attribute) is written. `returned`: the `function`
    also gives a result; `renamed`: it writes the data under another name; `given`: what it gives is that data; `used`:
    whether a caller is seen to go on using the data (None: callers are not at hand, as a library's users), `let_go`:
    all that are seen are done with it, though others may not be; `promised`: a caller is seen to go on using it, or the
    function tells its callers of a result or of the argument (annotation, docstring), and they expect no more;
    `unread`: nothing in the function looks at what has been written, so it must be for the caller; `indexed`: nothing
    but the way it is indexed tells that it is a tensor or an array, and not a copy of one that some other class gives;
    `within`: a function that is called here does it."""

    write: Write
    memory: Memory
    returned: bool = False
    function: str = ""
    renamed: bool = False
    given: bool = False
    used: bool | None = None
    let_go: bool = False
    promised: bool = False
    unread: bool = False
    indexed: bool = False
    within: bool = False


@told
class AliasKept(Event):
    """A handle that shares memory is kept as if it were a snapshot. `what` describes it, `why` how it changes later.
    `form` is "tensor", "array", or "" for a container of such or something unknown. `by_hook`: a forward hook keeps
    the output it is shown; `unread`: nothing here loads it again."""

    what: str
    why: str
    how: tuple[tuple[Site, str], ...]
    sure: Confidence
    form: str = ""
    by_hook: bool = False
    unread: bool = False


@told
class StateAdopted(Event):
    """A state that somebody else keeps is gone on with as it is. `what` names it, `why` tells how it changes later;
    `form` as in `AliasKept`."""

    what: str
    why: str
    sure: Confidence
    form: str = ""


@told
class ArgumentKept(Event):
    """What a caller has handed over (`argument`) is put into `target`, after a conversion (`how`) that may have had
    nothing to do. `form` as in `AliasKept`."""

    argument: str
    target: str
    how: str
    form: str


@told
class BufferGiven(Event):
    """A method (`function`) returns the array or tensor `attribute` of its object itself, which it has just written in
    place, as every call does. `written` is where; `form` is "tensor", "array", or "" where it is not known which."""

    attribute: str
    function: str
    written: int
    form: str


@told
class OverlapWritten(Event):
    """A tensor is written in place whose elements share memory with each other (`expanded`), or at places that it names
    itself (`named`), or one part of it is written with another that overlaps it."""

    subject: str
    expanded: bool
    named: bool = False


@told
class RenamedWrite(Event):
    """`name` is written in place, which is a second name for `other`, and `other` is read afterwards."""

    name: str
    other: str


@told
class Wait(Event):
    """The host reads (from) a tensor that is not known to be on the CPU, and waits until it has been computed.

    `what` is read (see reads.py) through `via` ("item", "print"). `loops` are those in which this happens on every
    round, outermost first; `element` is the loop that goes through the tensor element by element.
    """

    tensor: Tensor
    subject: str
    what: str
    via: str
    loops: tuple[Loop, ...]
    element: Loop | None
    sure: Confidence

    @property
    def training(self) -> Loop | None:
        """The innermost loop that takes a training step on each round, none of them a whole epoch."""
        for loop in reversed(self.loops):
            if loop.trained is not None and not loop.counts_epochs:
                return loop
        return None


@told
class MadeOnHost(Event):
    """A tensor that `maker` ("torch.zeros") makes on the CPU is moved to an accelerator at once."""

    tensor: Tensor
    maker: str


@told
class Race(Event):
    """Host memory is read, or (`upload`) written, while a copy begun at `copied` may not have got there yet.
    `unseen`: who reads it is not seen, but nothing in the function waits."""

    subject: str
    copied: Site
    upload: bool
    sure: Confidence
    unseen: bool = False


@told
class TracedRead(Event):
    """What a tensor holds is read inside a function that is compiled, traced or transformed (`how`). `asking`: the
    answer decides which way the program goes; `asserting`: it only decides whether it goes on."""

    of_traces = True
    tensor: Tensor
    subject: str
    what: str
    via: str
    how: Transform
    sure: Confidence
    asking: bool
    asserting: bool


@told
class GraphKept(Event):
    """A tensor that is part of a graph is put aside, time and again: added to `target`, or put into it (`container`).

    `spent`: backward goes through its graph by itself; `trains`: the function goes backward through something, so that
    nobody has called it with grad switched off; `each_round`: a loop around it calls backward. `tag` marks what
    holds on to the graph. `escapes`: what becomes of that in the end cannot be seen; that backward goes through the sum
    or the list has been ruled out already. `operand` is where the tensor is written, if it is a tensor by itself and no
    container of some. `evaluating`: the function does not train, and says that it evaluates: nobody will go backward
    through what it keeps. `for_a_while`: it is of the few rounds of one step. `looked_at`: its object looks at what it
    keeps there where an epoch has ended, or something is shown, and nowhere else. `left`: a function leaves it with
    its caller, or with its object, once a step.
    """

    tensor: Tensor
    target: str
    subject: str
    container: bool
    spent: bool
    tag: Any
    sure: Confidence
    escapes: bool = False
    operand: Site | None = None
    evaluating: bool = False
    trains: bool = False
    each_round: bool = False
    for_a_while: bool = False
    looked_at: bool = False
    left: bool = False


@told
class GraphCut(Event):
    """Values that left the graph at `site` reach a backward pass at `reached`, or a result that is named a loss
    (`returned`). `dead`: nothing else in what is back-propagated requires grad. `leaf`: backward is called on what they
    have become as it is, a leaf that was told to require grad."""

    cut: Cut
    reached: Site
    dead: bool
    returned: bool
    leaf: bool = False


@told
class LeafBackward(Event):
    """backward is called at `reached` on a tensor that is a leaf since it was told to require grad at `site`, and had
    no graph before. `subject` is what was told so, `made` that it was when it was made."""

    subject: str
    reached: Site
    made: bool


@told
class DeepCopied(Event):
    """`copy.deepcopy` meets the result of an operation on what requires grad: `subject` itself, or something that it
    holds (`holder` is "holds", or the attribute that does)."""

    tensor: Tensor
    subject: str
    holder: str
    sure: Confidence


@told
class LeafWritten(Event):
    """A leaf that requires grad, or a view of one, is written in place while grad mode is on."""

    tensor: Tensor
    subject: str
    sure: Confidence


@told
class GradIntoIntegers(Event):
    """A tensor that requires grad (`value`) is written into an integer tensor: truncated, and without its graph."""

    tensor: Tensor
    value: Tensor
    subject: str


@told
class ElementsCompared(Event):
    """Python compares tensors that a list or tuple holds, or the rows of one, by `via` ("==", "in", "max"), and asks
    for the truth of the outcome. `uncounted`: how many elements they have is not known."""

    tensor: Tensor
    subject: str
    via: str
    sure: Confidence
    uncounted: bool = False


@told
class Rounded(Event):
    """Python's `round` is called on a tensor."""

    tensor: Tensor
    subject: str
    sure: Confidence


@told
class UsedAsIndex(Event):
    """A tensor is used where Python asks for an integer: `range`, a slice, an index (`via`)."""

    tensor: Tensor
    subject: str
    via: str
    sure: Confidence


@told
class UsedAsKey(Event):
    """A tensor is looked up in a set or dict, or becomes a key of one (`via`): by identity, as tensors hash."""

    tensor: Tensor
    subject: str
    via: str
    sure: Confidence


@told
class TracedCut(Event):
    """A number (or a tensor made of numbers) that was read, at `site`, off an input which `how` differentiates by is
    computed with: the derivative takes it for a constant."""

    of_traces = True
    subject: str
    how: Transform
    sure: Confidence
