"""The curves of one run on a sheet of their own: E(θ), the train and the test error, and the best test step."""

from collections.abc import Mapping, Sequence

from service.plotting.axes import Axis, Curve, step_axis, strokes, value_axis
from service.plotting.canvas import BOTTOM, LEFT, PLOT_WIDE, TOP, Look, Plot, axes, document, escape, text
from service.plotting.translations import WORDS

NAMES = ("train_mse", "test_mse", "train_loss")
_DASHES = {"train_loss": "2 5", "train_mse": "", "test_mse": "9 6"}
_HIGH = 400


def criteria_svg(
    run: str,
    columns: Mapping[str, Sequence[float | None]],
    look: Look,
    *,
    best: int | None = None,
    diverged_at: int | None = None,
) -> str:
    """Draw the columns `step`, `train_loss`, `train_mse` and `test_mse` of a run of this name.

    `best` is the step with the lowest test error, `diverged_at` the step after the last finite one.
    """
    words, steps = WORDS[look.language], [int(step) for step in columns["step"] if step is not None]
    curves = {name: Curve(words[name], steps, columns[name]) for name in NAMES}
    marks = [] if diverged_at is None else [diverged_at]
    up = value_axis(curves.values())
    plot = Plot(step_axis(curves.values(), *marks), up or Axis(0.1, 10, log=True), _HIGH)
    parts = axes(plot, (words["step"], ""), look.colours, grid=True)
    if up is None:
        parts.append(text(LEFT + PLOT_WIDE / 2, TOP + _HIGH / 2, words["nothing"], 'text-anchor="middle"'))
    parts += [_curve(name, curve, plot, look) for name, curve in curves.items()]
    parts += [_diverged(step, plot, look) for step in marks]
    mark = plot.point(best, columns["test_mse"][steps.index(best)]) if best in steps else None
    parts += [_ring(*mark, look)] if mark else []
    parts += _legend(curves, best if mark else None, look)
    told = [words["curves_described"]]
    told += [words["best"].format(step=best)] if best is not None else []
    told += [words["diverged"].format(step=step) for step in marks]
    return document(parts, look, TOP + _HIGH + BOTTOM, words["curves"].format(run=run), " ".join(told))


def _pen(name: str, look: Look) -> str:
    dashes = f' stroke-dasharray="{_DASHES[name]}"' if _DASHES[name] else ""
    colour = look.colours.curves[NAMES.index(name)]
    return f'fill="none" stroke="{colour}" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"{dashes}'


def _curve(name: str, curve: Curve, plot: Plot, look: Look) -> str:
    lines = []
    for stroke in strokes(curve, plot.across, plot.up):
        points = "L".join("{:.1f} {:.1f}".format(*plot.at(*place)) for place in stroke)
        lines.append(f"M{points}" if len(stroke) > 1 else f"M{points}h0.1")
    return f'<path d="{"".join(lines)}" {_pen(name, look)}><title>{escape(curve.name)}</title></path>'


def _ring(x: float, y: float, look: Look) -> str:
    pen = f'fill="none" stroke="{look.colours.curves[1]}" stroke-width="2.4"'
    return f'<circle class="best" cx="{x:.1f}" cy="{y:.1f}" r="7" {pen}/>'


def _diverged(step: int, plot: Plot, look: Look) -> str:
    x, _ = plot.at(plot.across.place(step) or 0, 0)
    late = x > LEFT + PLOT_WIDE / 2
    line = f'<path d="M{x:.1f} {TOP}v{_HIGH}" stroke="{look.colours.path}" stroke-width="1.5" stroke-dasharray="3 3"/>'
    words = WORDS[look.language]["diverged"].format(step=step)
    return line + text(x + (-8 if late else 8), TOP + _HIGH - 12, words, f'text-anchor="{"end" if late else "start"}"')


def _legend(curves: Mapping[str, Curve], best: int | None, look: Look) -> list[str]:
    parts, x = [], float(LEFT)
    for name, curve in curves.items():
        parts.append(f'<path d="M{x:.0f} 66h38" {_pen(name, look)}/>{text(x + 47, 71, curve.name)}')
        x += 74 + 7.5 * len(curve.name)
    if best is not None:
        parts.append(_ring(x + 8, 66, look) + text(x + 23, 71, WORDS[look.language]["best"].format(step=best)))
    return parts
