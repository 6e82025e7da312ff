"""What the text of a file tells before anything is parsed: can it meet torch at all? Asked of every file, so nothing
else is imported for it."""

from __future__ import annotations

import re

_IMPORTS = re.compile(
    r"^[ \t]*(?:from|import)\s[^\n#]*\b(?:(torch|pytorch_lightning|lightning|torchvision)"
    r"|transformers|timm|diffusers|accelerate|monai|kornia)\b",
    re.MULTILINE,
)
"""Packages that give modules and tensors; the first group's do nothing else."""
_MODELS = re.compile(r"cuda|device|\bno_grad\b|\.(?:to|eval|generate|backward|encode|from_pretrained|create_model)\(")
"""What a file does that imports one of the others for its models, and not for its data or its tools."""
KNOWN_ACCELERATORS = ("cuda", "mps", "xpu", "hpu", "npu", "mtia", "xla", "privateuseone")
_QUOTED = re.compile(rf"['\"](?:{'|'.join(KNOWN_ACCELERATORS)})\b")
_CONJUGATING = ("conj", "adjoint")
_CONJUGATED = re.compile(r"\.m?H\b")
_TELLING = {
    "'bfloat16'": ("bfloat16", "BFloat16", "float8", "autocast"),
    "'sparse'": ("to_sparse", "sparse_coo", "sparse_cs", "sparse_bs", "sparse_compressed", "is_sparse"),
    "'quantize'": ("quantize_per_", "is_quantized"),
}
"""By what a file may have tensors that an array cannot show: see `analysis.domain.forms`."""
TELLABLE = frozenset({*_TELLING, "'cuda'", "'conj'"})
"""Every word that `told_by` may give."""
_METHODS = re.compile(r"\.(?:state_dict|detach|cuda|cpu|numpy)\(")
"""Methods by which a file shows that it handles tensors or modules, though it imports neither."""
_OTHERS = re.compile(
    r"^[ \t]*(?:from|import)[ \t]+(?:tensorflow|tf_keras|keras|jax|flax|paddle|mxnet|mindspore|chainer|tinygrad)\b",
    re.MULTILINE,
)
"""Frameworks whose tensors have some of these methods, too: those of a file that speaks of them, and not of torch."""


def mentions_tensors(text: str) -> bool:
    """Whether a file can meet torch: a search of the text, before anything is parsed."""
    if "\r" in text:  # a line may end with it alone, which a regular expression does not know
        text = text.replace("\r", "\n")
    if _METHODS.search(text) is not None and ("torch" in text or _OTHERS.search(text) is None):
        return True
    imports = False
    for found in _IMPORTS.finditer(text):
        if found[1]:
            return True
        imports = True
    return imports and _MODELS.search(text) is not None


_CONVERTING = re.compile(
    r"^[ \t]*(?:from|import)\s[^\n#]*\b(?:numpy|matplotlib|pandas|sklearn|scipy|cv2|seaborn|skimage)\b", re.MULTILINE
)
"""Packages that convert what they are given."""


def may_be_given_tensors(text: str) -> bool:
    """Whether a file that never speaks of torch can convert tensors which others of the project give it: asked by those
    who ask for every rule."""
    text = text.replace("\r", "\n")
    return _CONVERTING.search(text) is not None and _OTHERS.search(text) is None


def told_by(text: str) -> frozenset[str]:
    """Words for what the text speaks of somewhere, of which rules choose their triggers: "'cuda'" for a string that
    names an accelerator, and properties of tensors that have to be asked for."""
    words = {word for word, parts in _TELLING.items() if any(part in text for part in parts)}
    if any(name in text and _is_quoted(name, text) for name in KNOWN_ACCELERATORS) and _QUOTED.search(text) is not None:
        words.add("'cuda'")
    if any(part in text for part in _CONJUGATING) or _CONJUGATED.search(text) is not None:
        words.add("'conj'")
    return frozenset(words)


def _is_quoted(name: str, text: str) -> bool:
    return f"'{name}" in text or f'"{name}' in text
