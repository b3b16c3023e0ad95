"""One look for every figure: palette, fonts, and SVG that is the same every time."""

import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

# Okabe & Ito (2008): told apart with every common colour blindness and in print.
BLUE = "#0072b2"
VERMILLION = "#d55e00"
GREEN = "#009e73"
ORANGE = "#e69f00"
SKY = "#56b4e9"
PURPLE = "#cc79a7"
INK = "#24292f"
GREY = "#6e7781"
NORM_BAND = "#d8dee4"
# What lies outside a norm band.
OUTSIDE = "#cf222e"

RIGHT_LEG = BLUE
LEFT_LEG = VERMILLION

# Series of conditions: colour and dash change together, so that grey prints work.
SERIES = [
    (BLUE, "-"),
    (VERMILLION, "--"),
    (GREEN, "-."),
    (PURPLE, ":"),
    (ORANGE, "-"),
    (SKY, "--"),
    (INK, "-."),
]

_RC: Any = {
    "svg.hashsalt": "exoflow",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Helvetica", "Arial", "sans-serif"],
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.7,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}


_PATH = re.compile(r' d="[^"]*"')
_LONG_NUMBER = re.compile(r"(\d\.\d\d)\d+")


def controller_label(name: str) -> str:
    """Readable name of a controller key of the metabolics results."""
    fixed = {
        "none": "No exo",
        "control": "No exo, searched on",
        "off": "Exo off",
        "zero_torque": "Zero torque",
        "dofc": "DOFC",
        "teacher": "Teacher",
        "student": "Student",
    }
    if name in fixed:
        return fixed[name]
    match = re.fullmatch(r"policy_seed(\d+)", name)
    return f"Policy (seed {match.group(1)})" if match else name.replace("_", " ")


def controller_color(name: str) -> str:
    """Colour of a controller key; every policy seed shares one."""
    if name.startswith("policy"):
        return VERMILLION
    fixed = {
        "none": GREY,
        "control": INK,
        "off": SKY,
        "zero_torque": ORANGE,
        "dofc": BLUE,
        "teacher": PURPLE,
        "student": GREEN,
    }
    return fixed.get(name, INK)


@contextlib.contextmanager
def house_style() -> Iterator[None]:
    """Apply the look inside a ``with`` block; needed while drawing and while saving."""
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **_RC}):
        yield


def new_figure(width_in: float, height_in: float, layout: Any = "constrained") -> Figure:
    """Empty figure that packs its axes; no pyplot, so no global state and no display.

    `layout` None leaves the axes where they are put: the solver of many packed axes rounds
    differently from run to run, and so would the file.
    """
    return Figure(figsize=(width_in, height_in), layout=layout)


def svg_text(figure: Figure) -> str:
    """The figure as SVG, byte for byte the same for the same numbers."""
    buffer = io.StringIO()
    FigureCanvasSVG(figure).print_svg(
        buffer, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
    )
    # A hundredth of a point is finer than any screen, and the files are a fifth smaller.
    return _PATH.sub(lambda path: _LONG_NUMBER.sub(r"\1", path.group()), buffer.getvalue())


@dataclass(frozen=True)
class Drawing:
    """One figure in both forms that papers ask for."""

    svg: str
    png: bytes


def drawing(figure: Figure) -> Drawing:
    """The figure as SVG and as PNG, the same bytes for the same numbers."""
    return Drawing(svg_text(figure), png_bytes(figure))


def png_bytes(figure: Figure, dots_per_inch: int = 200) -> bytes:
    """The figure as PNG on white, without the name of the program in it."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(
        buffer,
        format="png",
        dpi=dots_per_inch,
        facecolor="white",
        metadata={"Software": None},
    )
    return buffer.getvalue()


def save_svg(svg: str, path: Path | str) -> None:
    """Write SVG text, creating the folder."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg, encoding="utf-8")


def cycle_axis(axes: Axes) -> None:
    """x axis of one gait cycle, 0 to 100 %."""
    axes.set_xlim(0, 100)
    ticks = [0, 20, 40, 60, 80, 100]
    axes.set_xticks(ticks, labels=[str(tick) for tick in ticks])
    axes.set_xlabel("Gait cycle (%)")


def log_axis(axes: Axes) -> None:
    """Logarithmic y axis labelled with plain numbers, 1, 2 and 5 of every decade."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def zero_line(axes: Axes) -> None:
    """Thin line at y = 0, behind the data."""
    axes.axhline(0.0, color=NORM_BAND, linewidth=0.9, zorder=0)


def message_figure(message: str, width_in: float = 7.0, height_in: float = 1.2) -> str:
    """SVG that holds a sentence in place of a picture that cannot be drawn."""
    return message_drawing(message, width_in, height_in).svg


def message_drawing(message: str, width_in: float = 7.0, height_in: float = 1.2) -> Drawing:
    """A sentence in place of a figure that cannot be drawn."""
    with house_style():
        figure = new_figure(width_in, height_in)
        figure.text(0.5, 0.5, message, ha="center", va="center", color=GREY, wrap=True)
        return drawing(figure)
