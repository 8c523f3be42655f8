"""How long a run has taken, by the parts of its work, over all its workers."""

import time

from service.core import run_record


class Timings:
    """The `timings` of a run: seconds by name, and `ways`, the shortcuts that the engine took."""

    def __init__(self, values: run_record.Timings) -> None:
        self.values: run_record.Timings = {**values}

    def add(self, name: run_record.KindOfWork, begun: float) -> None:
        """The time since `begun`, by the monotonic clock."""
        self.values[name] = self.values.get(name, 0.0) + time.monotonic() - begun
