"""The reference minimum of a function that ships, where the search finds none."""

import numpy as np

from gd_engine import History
from gd_engine.reference import Reference, least_step
from service.core.run_request import StoredRequest
from service.engine_adapter.functions import known_function


def known_minimum(request: StoredRequest, history: History) -> Reference | None:
    """The known minimum nearest to the step of least E, and not above its E.

    None for a formula, for data, with a penalty, and without a step.
    """
    objective = request["objective"]
    known = known_function(request["function"]) if "function" in request else None
    energy = history.overview.columns["train_loss"]
    if known is None or objective["l1"] or objective["l2"] or not len(energy):
        return None
    theta, least = least_step(history), float(np.nanmin(energy))
    places = np.array([list(each.theta.values()) for each in known.minima])
    values = np.array([each.value for each in known.minima])
    distances = np.where(values <= max(least, values.min()), np.linalg.norm(places - theta, axis=1), np.inf)
    nearest = int(distances.argmin())
    return Reference(float(values[nearest]), places[nearest], "known")
