"""Pictures of a run, as SVG or PNG."""

from typing import Any, Literal

import numpy as np
import orjson

from service.analysis import loss_landscape
from service.analysis.run_context import run_context
from service.plotting import Look, criteria_svg
from service.plotting.learning_curves import NAMES
from service.plotting.loss_landscape import landscape_svg
from service.plotting.rasterize import png
from service.storage.database import Database
from service.trajectories import slicing

Appearance = tuple[int, Literal["light", "dark"], Literal["en", "fr"]]
"""The width in pixels, the theme and the language of a picture."""
MOST_POINTS = 1000
"""The maximum number of drawn steps of a curve."""


def of_landscape(
    database: Database, appearance: Appearance, form: str, title: str, best: int | None, *arguments: Any
) -> bytes:
    """The picture of the landscape that `loss_landscape.around` returns for these arguments."""
    found = loss_landscape.around(database, *arguments)
    # The picture shows the values of the JSON answer, with null for a number that is not finite.
    answer = orjson.loads(orjson.dumps(found, default=np.ascontiguousarray, option=orjson.OPT_SERIALIZE_NUMPY))
    return _file(landscape_svg(title, answer, Look(*appearance), best=best), form)


def of_criteria(
    database: Database,
    appearance: Appearance,
    form: str,
    title: str,
    best: int | None,
    diverged_at: int | None,
    seq: int,
    last: int,
) -> bytes:
    """The picture of the two criteria and E(θ) over the steps from 0 to `last`."""
    view = run_context(database, seq).view(slicing.thinned(range(last + 1), MOST_POINTS, best))
    steps, parts = zip(*view.blocks(), strict=True)
    rows = np.concatenate(parts, axis=1)
    columns = {name: rows[view.row_of(name)].tolist() for name in NAMES}
    columns["step"] = np.concatenate([np.asarray(each) for each in steps]).tolist()
    return _file(criteria_svg(title, columns, Look(*appearance), best=best, diverged_at=diverged_at), form)


def _file(svg: str, form: str) -> bytes:
    return png(svg) if form == "png" else svg.encode()
