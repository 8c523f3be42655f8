"""How long a run has taken, by the parts of its work, over all its workers."""

import time
from collections.abc import Mapping
from typing import Any


class Timings:
    """The `timings` of a run: seconds by name, and `ways`, the shortcuts that the engine took."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    def add(self, name: str, begun: float) -> None:
        """The time since `begun`, by the monotonic clock."""
        self.values[name] = self.values.get(name, 0.0) + time.monotonic() - begun
