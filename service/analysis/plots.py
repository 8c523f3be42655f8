"""Pictures of a run, as SVG or PNG."""

from typing import Literal, NamedTuple

import numpy as np
import orjson

from service.analysis import loss_landscape
from service.analysis.loss_landscape import LandscapeRequest
from service.analysis.run_context import StoredPath, run_context
from service.plotting import Look, criteria_svg
from service.plotting.learning_curves import NAMES
from service.plotting.loss_landscape import landscape_svg
from service.plotting.rasterize import png
from service.storage.database import Database

MOST_POINTS = 1000
"""The maximum number of drawn steps of a curve."""


class Appearance(NamedTuple):
    """The kind of file, the title, the width in pixels, the theme and the language of a picture."""

    form: Literal["svg", "png"]
    title: str
    width: int
    theme: Literal["light", "dark"]
    lang: Literal["en", "fr"]

    @property
    def look(self) -> Look:
        """The appearance as `plotting` takes it."""
        return Look(self.width, self.theme, self.lang)

    def file(self, svg: str) -> bytes:
        """The content of the file."""
        return png(svg) if self.form == "png" else svg.encode()


class LandscapePictureRequest(NamedTuple):
    """A picture of a landscape."""

    appearance: Appearance
    landscape: LandscapeRequest


class CurvesRequest(NamedTuple):
    """A picture of the curves of a run along a path."""

    appearance: Appearance
    path: StoredPath
    diverged_at: int | None


def of_landscape(database: Database, request: LandscapePictureRequest) -> bytes:
    """The picture of the landscape that `loss_landscape.around` returns."""
    appearance, best = request.appearance, request.landscape.path.best
    found = loss_landscape.around(database, request.landscape)
    # The picture shows the values of the JSON answer, with null for a number that is not finite.
    answer = orjson.loads(orjson.dumps(found, default=np.ascontiguousarray, option=orjson.OPT_SERIALIZE_NUMPY))
    return appearance.file(landscape_svg(appearance.title, answer, appearance.look, best=best))


def of_criteria(database: Database, request: CurvesRequest) -> bytes:
    """The picture of the two criteria and E(θ) over the steps of the path."""
    appearance, path = request.appearance, request.path
    view = run_context(database, path.seq).view(path.thinned(MOST_POINTS))
    steps, parts = zip(*view.blocks(), strict=True)
    rows = np.concatenate(parts, axis=1)
    columns = {name: rows[view.row_of(name)].tolist() for name in NAMES}
    columns["step"] = np.concatenate([np.asarray(each) for each in steps]).tolist()
    svg = criteria_svg(appearance.title, columns, appearance.look, best=path.best, diverged_at=request.diverged_at)
    return appearance.file(svg)
