"""SVG to PNG."""

from pathlib import Path

import resvg_py

_FONT = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
"""The font ships with the service, since a slim container has none; it has θ, ∇ and superscripts."""


def png(svg: str) -> bytes:
    """Return an SVG document as a PNG file of the document's own width and height."""
    return resvg_py.svg_to_bytes(
        svg_string=svg, skip_system_fonts=True, font_files=[str(_FONT)], font_family="DejaVu Sans",
        sans_serif_family="DejaVu Sans",
    )  # fmt: skip
