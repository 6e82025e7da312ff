"""Name patterns that count as evidence where nothing else is known."""

from __future__ import annotations

import ast
import re

HOOKED = re.compile(r"^(_+|m|mod|module|layer|model|net|block)\w*$")
"""How people name the first parameter of a forward hook."""


LIKE_A_MODULE = re.compile(
    r"(model|net|network|encoder|decoder|backbone|generator|discriminator|module_|critic|actor|policy|classifier|criterion|"
    r"crit|loss_fn|loss_fct|loss_func|loss_function|algorithm|embedder|extractor|predictor|cnn|rnn|gan|vae|unet|"
    r"transformer)s?\d*$",
    re.I,
)
"""Names under which people keep nn.Modules; evidence where nothing else is known, never more than *likely*."""

CONVERTING = (
    *("numpy", "matplotlib", "pylab", "sklearn", "scipy", "cv2", "pandas", "PIL", "h5py", "seaborn", "skimage"),
    *("statsmodels", "umap", "plotly", "soundfile", "imageio", "trimesh", "SimpleITK"),
)
"""Packages whose functions make arrays of the tensors that they are given (all of them, or some: `library_calls`)."""

PLOTS = frozenset(
    [
        "plot",
        "scatter",
        "imshow",
        "hist",
        "bar",
        "barh",
        "fill_between",
        "errorbar",
        "contour",
        "contourf",
        "pcolormesh",
        "semilogx",
        "semilogy",
        "loglog",
        "step",
        "stem",
        "matshow",
        "boxplot",
        "violinplot",
        "hist2d",
        "hexbin",
        "quiver",
        "streamplot",
        "stackplot",
        "pie",
        "imsave",
        "specgram",
        "spy",
        "vlines",
        "hlines",
    ]
)
"""matplotlib functions and Axes methods that convert their data arguments with `np.asarray`."""

DRAWS_AT = frozenset(
    {"Rectangle", "Circle", "Ellipse", "Polygon", "Arrow", "FancyBboxPatch", "text", "annotate", "axhline", "axvline"}
)
"""Patches and other functions of matplotlib that draw where numbers say, and convert these with NumPy, later."""


_AXES = re.compile(r"^(ax|axs|axes|axis|ax\d|plt|fig_ax)$")


def is_axes(name: str) -> bool:
    """Whether people call matplotlib's axes so."""
    return _AXES.match(name) is not None


def is_hook(parameters: list[str]) -> bool:
    """Whether these are the parameters of a forward hook: (module, input, output), `self` before them or not."""
    if len(parameters) not in (3, 4) or "grad" in parameters[-1].lower():  # of a backward hook
        return False
    return "out" in parameters[-1].lower() and HOOKED.match(parameters[-3]) is not None


def is_pre_hook(function: str, parameters: list[str]) -> bool:
    """Whether it is a hook that is called before the module: (module, input), `self` before them or not."""
    named = len(parameters) in (2, 3) and HOOKED.match(parameters[-2]) is not None
    return named and "hook" in function.lower()


_SNAPSHOT = re.compile(r"(^|_)(best|prev|previous|last|old|former|saved|backup|snapshot)(_|$)", re.I)


def is_snapshot(name: str) -> bool:
    """Whether an attribute of this name is meant to stay as it was."""
    return _SNAPSHOT.search(name) is not None


_EARLIER = re.compile(
    r"(^|_)(before|prev|previous|last|old|former|saved|backup|snapshot|init|initial|orig|original|start|first|tmp|temp)(_|\d*$)",
    re.I,
)


def names_earlier(name: str) -> bool:
    """Whether a name says that it stands for how something was before."""
    return _EARLIER.search(name.rpartition(".")[2]) is not None


_MODEL = re.compile(r"(^|[_.])(model|net|network|policy|classifier|encoder|generator)$", re.I)


def is_kept_model(name: str, source: str) -> bool:
    """Whether `name = source` reads as a model that is kept as it is: `best_model = model`, `best_net = self.net`."""
    return is_snapshot(name.rpartition(".")[2]) and _MODEL.search(source) is not None


_TURNS = frozenset({"t", "transpose", "permute", "swapaxes", "swapdims", "movedim", "T", "mT", "H", "mH"})
"""Views with other strides: written onto what they show, they would read what has been overwritten."""


def is_turned(written: ast.Subscript, read: ast.expr) -> bool:
    """`x[1] = x[1].transpose(0, 1)`, `x[:] = x.T`."""
    turned = read.func if isinstance(read, ast.Call) else read
    if not isinstance(turned, ast.Attribute) or turned.attr not in _TURNS:
        return False
    whole = isinstance(written.slice, ast.Slice) and not (written.slice.lower or written.slice.upper)
    return ast.unparse(turned.value) in (ast.unparse(written), ast.unparse(written.value) if whole else "")
