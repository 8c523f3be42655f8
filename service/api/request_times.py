"""Numbers of answers and their times, by method, route and status, since the start of the process."""

from bisect import bisect_left
from collections import Counter, defaultdict
from typing import NamedTuple

from service.api.http_methods import METHODS

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
"""The upper bounds in seconds of the classes of a histogram; a last class has no bound."""


class Endpoint(NamedTuple):
    """A method and the path of a route, with its parameters' names. A client cannot make new ones."""

    method: str
    route: str


class Histogram:
    """A histogram of the seconds until an answer began: numbers by class, and the sum."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Counts an answer."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class RequestTimes:
    """The answers of one process. Its event loop adds them, and any thread reads them."""

    def __init__(self) -> None:
        self.codes: Counter[tuple[Endpoint, int]] = Counter()
        self.histograms: defaultdict[Endpoint, Histogram] = defaultdict(Histogram)

    def add(self, method: str, route: str, code: int, seconds: float) -> None:
        """Counts an answer of this status code, which began after so many seconds."""
        endpoint = Endpoint(method if method in METHODS else "other", route)
        self.codes[endpoint, code] += 1
        self.histograms[endpoint].add(seconds)
