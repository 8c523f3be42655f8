"""The moment between the end of a run and its judgement."""

import time

from service.core.run_status import FINISHED, JUDGED
from service.storage.runs import RunState

JUDGEMENT_SECONDS = 0.5
"""The time after its end within which most runs have their convergence. An answer does not wait for it any longer."""


def is_settled(state: RunState | None) -> bool:
    """Whether a run is finished, and no convergence is soon to follow. A deleted run is None."""
    if state is None:
        return True
    if state.is_judged or state.status not in JUDGED or state.finished_at is None:
        return state.status in FINISHED
    return not 0.0 <= time.time() - state.finished_at < JUDGEMENT_SECONDS
