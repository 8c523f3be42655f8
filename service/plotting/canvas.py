"""The canvas of a single plot: look, plot area, axes, title, document."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from service.plotting import svg
from service.plotting.axes import Axis

WIDE = 900
"""The width of the canvas in its units; `Look.width` is that in pixels."""
LEFT, TOP, RIGHT, BOTTOM = 92, 92, 24, 62
PLOT_WIDE = WIDE - LEFT - RIGHT
MOST_CHARACTERS = 64
"""The characters of a title or a label that fit the canvas."""


class Theme(NamedTuple):
    """Colours by use; `ground` for low, middle and high E, `curves` for the two criteria and E."""

    paper: str
    ink: str
    muted: str
    grid: str
    path: str
    ground: tuple[str, str, str]
    curves: tuple[str, str, str]


THEMES = {
    "light": Theme(
        *("#ffffff", "#1c222b", "#5a616b", "#e4e4e4", "#c8501d"),
        ("#fdf8ea", "#a8cdb9", "#33698f"),
        ("#1b5e9e", "#b03f12", "#4b6b35"),
    ),
    "dark": Theme(
        *("#14181d", "#e9e6df", "#a6adb5", "#2f3740", "#ff9d6c"),
        ("#10161c", "#1f4a52", "#7fb4b0"),
        ("#7db7f0", "#ff9d6c", "#a9cf8b"),
    ),
}


class Look(NamedTuple):
    """The width of a plot in pixels, its theme and its language."""

    width: int = WIDE
    theme: Literal["light", "dark"] = "light"
    language: Literal["en", "fr"] = "en"

    @property
    def colours(self) -> Theme:
        """The colours of the theme."""
        return THEMES[self.theme]


class Plot(NamedTuple):
    """The plot area, `high` units high: maps numbers to points of the canvas."""

    across: Axis
    up: Axis
    high: float

    def point(self, x: float, y: float | None) -> tuple[float, float] | None:
        """The point of the canvas for two numbers; None if an axis cannot show them."""
        right, above = self.across.place(x), self.up.place(y)
        return None if right is None or above is None else self.at(right, above)

    def at(self, right: float, above: float) -> tuple[float, float]:
        """The point of the canvas for fractions of the width and the height, from 0 to 1."""
        return LEFT + right * PLOT_WIDE, TOP + (1 - above) * self.high


def canvas(parts: Sequence[str], look: Look, high: float, title: str, description: str) -> str:
    """An SVG document, `high` units high, with a title and these elements."""
    drawn = [
        svg.element("rect", width="100%", height="100%", fill=look.colours.paper),
        svg.text(LEFT, 40, shortened(title), font_size=22),
        *parts,
    ]
    size = look.width, round(look.width * high / WIDE)
    style = {"xml:lang": look.language, "lang": look.language, "font_size": "14", "fill": look.colours.ink}
    return svg.document(drawn, size, f"0 0 {WIDE} {high:g}", title, description, **style)


def axes(plot: Plot, names: tuple[str, str], colours: Theme, *, grid: bool) -> list[str]:
    """The ticks and names of both axes, and lines across the plot at the ticks of `up` if there is a grid."""
    foot, middle = TOP + plot.high, TOP + plot.high / 2
    parts = []
    for place, label in plot.across.ticks(8):
        x, _ = plot.at(place, 0)
        parts.append(svg.text(x, foot + 21, superscript(label), text_anchor="middle", fill=colours.muted))
    for place, label in plot.up.ticks(7):
        _, y = plot.at(0, place)
        if grid:
            parts.append(svg.path(f"M{LEFT} {y:.1f}h{PLOT_WIDE}", stroke=colours.grid))
        parts.append(svg.text(LEFT - 9, y + 5, superscript(label), text_anchor="end", fill=colours.muted))
    return [
        *parts,
        frame(plot, fill="none", stroke=colours.muted),
        svg.text(LEFT + PLOT_WIDE / 2, foot + 47, shortened(names[0]), text_anchor="middle"),
        svg.text(20, middle, shortened(names[1]), text_anchor="middle", transform=f"rotate(-90 20 {middle:.1f})"),
    ]


def frame(plot: Plot, **attributes: svg.Attribute) -> str:
    """The rectangle of the plot."""
    return svg.element("rect", x=LEFT, y=TOP, width=PLOT_WIDE, height=float(plot.high), **attributes)


def shortened(words: str) -> str:
    """The words, cut to fit the canvas."""
    return words if len(words) <= MOST_CHARACTERS else words[: MOST_CHARACTERS - 1] + "…"


def superscript(label: str) -> str:
    """Writes 1e5 as 10⁵ and 2e-7 as 2×10⁻⁷."""
    mantissa, e, exponent = label.partition("e")
    power = exponent.translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return label if not e else f"10{power}" if mantissa == "1" else f"{mantissa}×10{power}"
