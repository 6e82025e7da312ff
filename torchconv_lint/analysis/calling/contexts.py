"""What torch's context managers switch: grad mode, autocast, the capture of a CUDA graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.dtypes import dtype_fact
from torchconv_lint.analysis.domain.values import Autocast, Capture, Const, GradMode, Kind, kinds

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Arguments, Frame


def no_grad(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    """`torch.no_grad()`."""
    return GradMode(False)


def enable_grad(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    """`torch.enable_grad()`."""
    return GradMode(True)


def inference_mode(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    """`torch.inference_mode(mode)`."""
    mode = arguments.value(0, "mode")
    constant = mode[0].kind.value if mode and isinstance(mode[0].kind, Const) else None
    return GradMode(True if constant is False else False if not mode or constant is True else None)


def set_grad_enabled(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    """`torch.set_grad_enabled(mode)`: as a statement it holds from here on."""
    mode = arguments.value(0, "mode")
    constant = mode[0].kind.value if len(mode) == 1 and isinstance(mode[0].kind, Const) else None
    enabled = constant if isinstance(constant, bool) else None
    if frame.is_statement(node):
        frame.state.grad = enabled
    return GradMode(enabled)


def autocast(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    """bfloat16 by default on the CPU, float16 on CUDA."""
    switch = arguments.value(2, "enabled")
    if any(not isinstance(kind, Const) or kind.value is not True for kind in kinds(switch)):
        return Autocast(None)
    given = dtype_fact(arguments.value(1, "dtype"))
    if given is not None:
        return Autocast(str(given.value))
    device = arguments.value(0, "device_type")
    on_cpu = any(isinstance(kind, Const) and kind.value == "cpu" for kind in kinds(device))
    return Autocast("bfloat16" if on_cpu else None)


def capture(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    """`torch.cuda.graph(...)`: what is called in it is recorded."""
    return Capture()
