"""Calls into other packages: those that convert tensors by themselves, make modules, or pass values through."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.calling.frameworks import ACCELERATE, METRIC, call_accelerate, pretrained
from torchconv_lint.analysis.calling.transforms import TRANSFORMS, apply
from torchconv_lint.analysis.computing.tensors import NO_GRAD, computed, loader_of, operands_in
from torchconv_lint.analysis.domain import sparse
from torchconv_lint.analysis.domain.dtypes import dtype_fact
from torchconv_lint.analysis.domain.iteration import element_of, flat
from torchconv_lint.analysis.domain.layout import copied
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    CPU,
    NO_GRAPH,
    NOTHING,
    NUMBER,
    OPAQUE,
    UNKNOWN,
    Array,
    Class,
    External,
    Fact,
    Foreign,
    Function,
    Kind,
    Mapping,
    Module,
    Number,
    Opaque,
    Sequence,
    Tensor,
    Value,
    deeply,
    each,
    just,
)
from torchconv_lint.analysis.semantics.elements import tell_hashed
from torchconv_lint.analysis.syntax.patterns import DRAWS_AT, PLOTS, is_axes
from torchconv_lint.analysis.telling.conversions import tell_implicit, tell_scalar
from torchconv_lint.analysis.telling.graph import tell_deepcopy
from torchconv_lint.analysis.telling.sharing import copied_anew

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Arguments, Frame

_FILTERS = frozenset(
    f"scipy.signal.{name}" for name in ("lfilter", "filtfilt", "sosfilt", "sosfiltfilt", "medfilt", "savgol_filter")
)
"""What gives an array of the length of its input, whatever sequence that is."""
_CONVERTING_PACKAGES = (
    *("sklearn.", "scipy.", "cv2.", "seaborn.", "skimage.", "statsmodels.", "umap."),
    *("plotly.express.", "plotly.graph_objects.", "plotly.graph_objs."),
)
_CONVERTING_CALLS = re.compile(
    r"^(soundfile\.write|imageio\.(v[23]\.)?(im|mim|vol|mvol)(write|save)|imageio\.Writer\(\)\.append_data|"
    r"trimesh\.(base\.|points\.)?(Trimesh|PointCloud)|SimpleITK\.GetImageFromArray)$"
)
"""Single functions of packages whose others refuse every tensor, or take none: executed, with soundfile 0.14, imageio
2.38, trimesh 5.2 and SimpleITK 2.5."""
_WRITERS = re.compile(r"^imageio\.(v2\.)?get_writer$")
_NOT_CONVERTING = re.compile(
    r"^(cv2\.(imread|imshow|waitKey|VideoCapture|VideoWriter|namedWindow)|scipy\.(io\.loadmat|sparse\.(load_npz|is\w+))|"
    r"sklearn\.(utils\.(check_random_state|shuffle|Bunch)|model_selection\.(train_test_split|\w*(CV|Split|KFold))|base\.))"
)
_WEIGHING = re.compile(r"^sklearn\.(Tfidf(Vectorizer|Transformer)|HashingVectorizer)\(\)\.(fit_)?transform$")
"""Methods that give weights of words: float64 unless told otherwise."""
_NEIGHBOURS = re.compile(
    r"^(scipy\.c?KDTree|sklearn\.(KDTree|BallTree))\(\)\.query$|^sklearn\.NearestNeighbors\(\)\.kneighbors$"
)
"""Methods that give how far the neighbours of points are, and which ones these are (scipy 1.17, scikit-learn 1.9)."""
_PANDAS = frozenset({"DataFrame", "Series", "Index", "cut", "qcut", "factorize", "unique"})
_MODULE_MAKERS = re.compile(
    r"^(torchvision\.models\.\w|timm\.create_model$|timm\.models\.\w|segmentation_models_pytorch\.\w|open_clip\.create_model|"
    r"transformers\.\w*(Model|For\w+)\w*\.from_pretrained$|transformers\.\w*(Model|For[A-Z]\w+)$|efficientnet_pytorch\.|"
    r"facenet_pytorch\.(InceptionResnetV1|MTCNN)$)"
)
_PIPELINE_MAKERS = re.compile(r"[Pp]ipeline(For\w+)?(\.from_\w+)?$")
"""Pipelines (of diffusers, of transformers) are moved like modules, but give images, arrays and text: what is made for
the host."""
_PASSING = frozenset({"tqdm.tqdm", "tqdm.auto.tqdm", "tqdm.notebook.tqdm", "tqdm.tqdm_notebook", "typing.cast"})
_EMPTY_LISTS = frozenset({"collections.deque"})


def call_library(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value | None:
    """Call something of another package by its full name; None if nothing is known of it."""
    package = name.partition(".")[0]
    last = name.rpartition(".")[2]
    if package == "math":
        for argument in arguments.positional:
            tell_scalar(frame, argument.value, argument.node, name, node)
        return Number()
    if package in ("matplotlib", "pylab"):
        return _matplotlib(frame, name, last, arguments, node)
    if name in _REARRANGING and arguments.positional:
        return each(arguments.value(0), lambda kind: _rearranged(frame, kind))
    if name == "pytest.approx":  # compares as a whole, with one answer
        return Foreign()
    if package == "pandas" and last in _PANDAS:
        return _convert_all(frame, "pd." + last, arguments, node)
    if name == "PIL.Image.fromarray":
        return _convert_all(frame, "Image.fromarray", arguments, node)
    if name == "scipy.optimize.linear_sum_assignment":
        _convert_all(frame, name, arguments, node)
        indices = just(Array(Fact("int64"), ndim=1))
        return Sequence((indices, indices), NOTHING, mutable=False)
    if name in _FILTERS:
        _convert_all(frame, name, arguments, node)
        return Array()
    if sparse.made(name):
        return sparse.MATRIX
    if name.startswith(f"{sparse.MATRIX.name}."):
        return sparse.method(last)
    if name.startswith(_CONVERTING_PACKAGES) and not _NOT_CONVERTING.match(name):
        result = _convert_all(frame, name if name.count(".") < 3 else last, arguments, node)
        if _WEIGHING.match(name):
            double = Fact("float64").then(frame.site(node), f"`{last}` gives float64")
            return Opaque(array=Array(double, ndim=2))
        if _NEIGHBOURS.match(name) and "return_distance" not in arguments.keywords:
            return Sequence((just(Array()), just(Array(Fact("int64")))), NOTHING, mutable=False)
        return External(f"{package}.{last}()") if re.match("c?[A-Z]", last) else result
    if _CONVERTING_CALLS.match(name):
        return _convert_all(frame, last if "(" in name else name, arguments, node)
    if _WRITERS.match(name):
        return External("imageio.Writer()")
    if _MODULE_MAKERS.match(name):
        chosen = arguments.value(99, "dtype") or arguments.value(99, "torch_dtype")
        return pretrained(frame, arguments, node, dtype_fact(chosen))
    if package == "torchmetrics" and last[:1].isupper():
        return Module(METRIC, Fact(CPU), trainable=False)
    if name == "accelerate.Accelerator":
        return External(ACCELERATE)
    if name.startswith(ACCELERATE):
        return call_accelerate(frame, last, arguments, node)
    if _PIPELINE_MAKERS.search(name):
        return Foreign()
    if name == "copy.copy" and arguments.positional:
        return each(arguments.positional[0].value, lambda kind: copied(kind) if isinstance(kind, Array) else kind)
    if name in _PASSING and arguments.positional:
        return arguments.positional[-1].value if name == "typing.cast" else arguments.positional[0].value
    if name in ("types.SimpleNamespace", "argparse.Namespace"):
        return Mapping(tuple((key, argument.value) for key, argument in arguments.keywords.items()), NOTHING)
    if name == "copy.deepcopy":
        tell_deepcopy(frame, arguments, node)
        copied_anew(frame)
        return deeply(arguments.value(0), _copied) or UNKNOWN
    if name == "collections.defaultdict":
        return Mapping((), _default(arguments.value(0)))
    if name == "collections.Counter" and arguments.positional:
        tell_hashed(frame, arguments.value(0), arguments.positional[0].node, node, "Counter")
    if name in ("collections.OrderedDict", "collections.Counter"):
        first = arguments.value(0)
        return first if first and all(isinstance(kind, Mapping) for kind, _ in first) else Mapping((), NOTHING)
    if name in _EMPTY_LISTS:
        return Sequence(None, element_of(frame, arguments.value(0), node) if arguments.value(0) else NOTHING)
    if name == "functools.partial" and arguments.positional:
        given = arguments.value(0)
        wrapped = given[0].kind if len(given) == 1 else None
        if isinstance(wrapped, External) and wrapped.name in TRANSFORMS and len(arguments.positional) == 1:
            return apply(frame, wrapped.name, replace(arguments, positional=()), node)
        return given if isinstance(wrapped, Class) else UNKNOWN
    if name == "torchvision.utils.make_grid":  # under no_grad, on the device of the images
        images = operands_in([flat(arguments.value(0, "tensor"))])
        return replace(computed(frame, images), grad=NO_GRAD, graph=NO_GRAPH) if images else None
    if last.endswith("DataLoader"):
        return loader_of(arguments)
    if package == "h5py":
        if last in ("create_dataset", "require_dataset") and "data" in arguments.keywords:
            data = arguments.keywords["data"]
            tell_implicit(frame, data.value, data.node, f"h5py {last}", node)
        return External("h5py.File()")
    return None


_REARRANGING = frozenset({"einops.rearrange", "einops.reduce", "einops.repeat"})


def _rearranged(frame: Frame, kind: Kind) -> Kind:
    """What einops makes of a tensor or an array is one again."""
    if isinstance(kind, Tensor):
        return computed(frame, operands_in([just(kind)]))
    if isinstance(kind, Array):
        return Array(kind.dtype)
    return replace(kind, path=None, memory=None) if isinstance(kind, Opaque) else OPAQUE


def _default(factory: Value) -> Value:
    for kind, _ in factory:
        if isinstance(kind, External) and kind.name == "builtins.list":
            return just(Sequence((), NOTHING))
        if isinstance(kind, External) and kind.name in ("builtins.float", "builtins.int"):
            return NUMBER
        if isinstance(kind, External) and kind.name == "builtins.dict":
            return just(Mapping((), NOTHING))
        if isinstance(kind, Function):
            return UNKNOWN
    return UNKNOWN


def _copied(kind: Kind) -> Kind:
    """A deep copy shares nothing."""
    if isinstance(kind, Tensor | Array | Opaque):
        return replace(kind, memory=None, path=None)
    return kind


def _convert_all(frame: Frame, via: str, arguments: Arguments, node: cst.Call) -> Value:
    data = [argument for name, argument in arguments.keywords.items() if name not in _HANDED_ON]
    for argument in (*arguments.positional, *data):
        tell_implicit(frame, argument.value, argument.node, via, node)
    return UNKNOWN


_HANDED_ON = frozenset({"args", "kwargs", "options", "callback"})
"""Keywords whose values go to a function that is called back, as they are."""


def _matplotlib(frame: Frame, name: str, last: str, arguments: Arguments, node: cst.Call) -> Kind | Value:
    if last in PLOTS or (last in DRAWS_AT and frame.interpreter.eager):
        via = f"plt.{last}" if "pyplot" in name or "pylab" in name else f"Axes.{last}"
        via = f"`{last}`" if last[:1].isupper() else via
        return _convert_all(frame, via, arguments, node)
    axes = just(External("matplotlib.axes.Axes"))
    if last == "subplots":
        return Sequence((just(External("matplotlib.figure.Figure")), axes), NOTHING, mutable=False)
    if last in ("gca", "subplot", "add_subplot", "axes", "twinx", "flatten", "ravel", "add_axes", "figure"):
        return External("matplotlib.figure.Figure") if last == "figure" else axes[0].kind
    return UNKNOWN


def call_opaque_method(
    frame: Frame, kind: Opaque, path: str, name: str, arguments: Arguments, node: cst.Call
) -> Kind | Value | None:
    """Methods that say by themselves what kind of object they belong to."""
    owner = path.split(".")[-2] if "." in path else ""
    if owner.endswith("accelerator") and (result := call_accelerate(frame, name, arguments, node)) is not None:
        return result
    draws = name in PLOTS or (name in DRAWS_AT and frame.interpreter.eager)
    if draws and is_axes(owner.split("[")[0]):
        return _convert_all(frame, f"Axes.{name}", arguments, node)
    if name in ("create_dataset", "require_dataset") and "data" in arguments.keywords:
        data = arguments.keywords["data"]
        tell_implicit(frame, data.value, data.node, f"h5py {name}", node)
    return None
