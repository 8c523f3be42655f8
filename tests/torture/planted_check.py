"""The check of planted runs: is the fault named, is each change accepted and its promise kept, where does it lead?"""

from collections import Counter
from typing import Any

from fastapi.testclient import TestClient

from service.worker.process import Worker
from tests.gd_engine.diagnosis.test_findings import merged
from tests.service.worker.test_batching import train_all
from tests.torture.planted_runs import Planted
from tests.torture.planted_tasks import Body

NOTES = {"constant_column", "duplicate_columns", "separable_classes"}
"""Findings of the data, which any descent on them has: no errors of a descent."""
MOST_CHANGES = 3
KEPT = 0.01
"""The relative difference of a promised number."""


class Checks:
    """Counts what the checks of planted runs found; `wrong` has a line for each that did not hold."""

    def __init__(self, api: TestClient, worker: Worker) -> None:
        self._api, self._worker = api, worker
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []

    def faulty(self, planted: Planted) -> None:
        """Counts a run with a fault, unless the fault did no harm."""
        run = self._finished(planted.body)
        if run is None or not planted.shows(run):
            self.counts["harmless"] += 1
            return
        self.counts["shown"] += 1
        codes = {finding["code"] for finding in run["diagnosis"]}
        self._count("named", planted, bool(codes & planted.codes), f"named {sorted(codes)}")
        path = self._path(planted, run)
        self._count("ended", planted, path[-1] == [], f"the path of changes {path}")

    def healthy(self, planted: Planted) -> None:
        """Counts a healthy run, unless it missed its minimum."""
        run = self._finished(planted.body)
        if run is None or not planted.shows(run):
            self.counts["missed"] += 1
            return
        self.counts["shown"] += 1
        found = [finding["sentence"] for finding in run["diagnosis"]]
        self._count("healthy", planted, not found, f"the findings {found}")

    def share(self, name: str, of: str = "shown") -> float:
        """The share of a count in another one, in per cent; 100 of none."""
        return 100.0 * self.counts[name] / self.counts[of] if self.counts[of] else 100.0

    def _count(self, name: str, planted: Planted, holds: bool, what: str) -> None:
        self.counts[name] += holds
        if not holds:
            self.wrong.append(f"{planted.number}, {planted.fault}: {what}")

    def _finished(self, body: Body) -> Body | None:
        answer = self._api.post("/fit", json=body)
        if answer.status_code != 202:
            return None
        train_all(self._worker)
        run: Body = self._api.get(f"/runs/{answer.json()['id']}").json()
        return run

    def _path(self, planted: Planted, run: Body) -> list[list[str]]:
        """The codes of the errors of a run, and of those that follow its changes; the last is empty if all is well."""
        path = [_errors(run)]
        while path[-1] and len(path) <= MOST_CHANGES:
            finding = next((f for f in run["diagnosis"] if f["code"] in path[-1] and f["change"]), None)
            if finding is None:
                break
            self.counts["offered"] += 1
            changed = self._finished(merged(run["request"], finding["change"]))
            self._count("accepted", planted, changed is not None, f"the change {finding['change']}")
            if changed is None:
                break
            kept = self._keeps(changed, finding["promise"])
            self._count("kept", planted, kept, f"the promise {finding['promise']}")
            run = changed
            path.append(_errors(run))
        return path

    def _keeps(self, run: Body, promise: dict[str, Any]) -> bool:
        """Whether the changed run ended as its promise says."""
        final = run["final"]
        if final is None or final["step"] != promise["steps"]:
            return False
        return bool(abs(final[promise["criterion"]] - promise["after"]) <= KEPT * abs(promise["after"]))


def _errors(run: Body) -> list[str]:
    return sorted({finding["code"] for finding in run["diagnosis"]} - NOTES)
