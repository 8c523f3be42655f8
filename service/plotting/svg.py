"""SVG elements as text."""

import html
import re
from collections.abc import Iterable, Sequence

Attribute = str | int | float


def element(name: str, *content: str, **attributes: Attribute) -> str:
    """An element. `content` is markup; floats have one decimal; in names of attributes, `_` stands for `-`."""
    listed = "".join(f' {key.rstrip("_").replace("_", "-")}="{_written(value)}"' for key, value in attributes.items())
    return f"<{name}{listed}>{''.join(content)}</{name}>" if content else f"<{name}{listed}/>"


def text(x: float, y: float, words: str, **attributes: Attribute) -> str:
    """Words at a point."""
    return element("text", escape(words), x=float(x), y=float(y), **attributes)


def path(data: str, *content: str, **attributes: Attribute) -> str:
    """A path; see `line` for its data."""
    return element("path", *content, d=data, **attributes)


def circle(x: float, y: float, radius: Attribute, **attributes: Attribute) -> str:
    """A circle round a point."""
    return element("circle", cx=float(x), cy=float(y), r=radius, **attributes)


def line(points: Iterable[Sequence[float]]) -> str:
    """The path data of a line through points. A single point becomes a tiny line, which a round cap makes visible."""
    places = [f"{x:.1f} {y:.1f}" for x, y in points]
    return f"M{'L'.join(places)}" if len(places) > 1 else f"M{places[0]}h0.1" if places else ""


def document(
    parts: Iterable[str], size: tuple[int, int], view: str, title: str, description: str, **attributes: str
) -> str:
    """A document with these elements. A screen reader reads its title and description."""
    shape: dict[str, Attribute] = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": view,
        "width": size[0],
        "height": size[1],
    }
    labels = {
        "role": "img",
        "aria_labelledby": "title description",
        "font_family": "system-ui, DejaVu Sans, sans-serif",
    }
    named = [element("title", escape(title), id="title"), element("desc", escape(description), id="description")]
    return element("svg", "\n", "\n".join([*named, *parts]), "\n", **shape, **labels, **attributes) + "\n"


def escape(words: str) -> str:
    """Escape for XML, and drop the characters that XML cannot hold at all."""
    return html.escape(re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", words))


def _written(value: Attribute) -> str:
    return f"{value:.1f}" if isinstance(value, float) else escape(str(value))
