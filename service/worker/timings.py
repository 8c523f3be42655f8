"""Durations of a run by kind of work, summed over all its workers."""

import time

from service.core import run_record


class Timings:
    """The `timings` of a run: seconds by kind of work, and `ways`, the engine's optimisations."""

    def __init__(self, values: run_record.Timings) -> None:
        self.values: run_record.Timings = {**values}

    def add(self, name: run_record.KindOfWork, begun: float) -> None:
        """Adds the seconds since `begun`, a time of the monotonic clock."""
        self.values[name] = self.values.get(name, 0.0) + time.monotonic() - begun
