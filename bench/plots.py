"""Pictures of results, as SVG that changes only when the numbers do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def plot_speed(title: str, seconds: Mapping[str, float], path: Path) -> None:
    """Bars: user CPU of each command."""
    figure, axes = _figure(height=0.45 * len(seconds) + 1)
    names = sorted(seconds, key=lambda name: -seconds[name])
    bars = axes.barh(names, [seconds[name] for name in names], color=[_color(name) for name in names])
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.set(title=title, xlabel="user CPU seconds (median)")
    axes.margins(x=0.12)
    _write(figure, path)


def plot_growth(series: Mapping[str, Sequence[tuple[int, float]]], path: Path) -> None:
    """Lines: microseconds per line of input, against lines of input. What is linear is flat."""
    figure, axes = _figure(height=4)
    for name, points in series.items():
        axes.plot([lines for lines, _ in points], [1e6 * s / lines for lines, s in points], marker="o", label=name)
    axes.set(title="torchconv-lint check", xlabel="lines of input", ylabel="user CPU µs a line", xscale="log")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    _write(figure, path)


def _color(name: str) -> str:
    return "#7e57c2" if "torchconv" in name else "#b0bec5"


def _figure(height: float) -> tuple[Any, Any]:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # The same numbers give the same file, and text is text.
    mpl.rcParams.update({"svg.hashsalt": "torchconv_lint", "svg.fonttype": "none"})
    figure = Figure(figsize=(8, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _write(figure: Any, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
