"""Runs, sweeps and datasets of a service, with the answers about them as long as they were sound."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx2

from tests.api_keys import Key
from tests.service.helpers import strict_json
from tests.torture.fragile_service import FragileService, LiveService
from tests.torture.row_damage import Damage
from tests.waiting import until

X = [[i / 10, (i * i % 7) / 3] for i in range(40)]
Y = [2 * a - b + (i % 3) / 5 for i, (a, b) in enumerate(X)]
RATES = [0.001, 0.002, 0.004]
SMALL = {"dataset": {"x": X, "y": Y}, "descent": {"steps": 300, "learning_rate": 0.01}, "tags": {"a": "b"}}
FRESH = {"dataset": {"x": X, "y": [y + 9 for y in Y]}, "descent": {"steps": 300, "learning_rate": 0.01}}
LONG = {"dataset": {"x": X, "y": Y[::-1]}, "descent": {"steps": 10_000, "learning_rate": 0.01, "batch_size": 4}}
KINDS = {"/runs": ("", "/trajectory?format=csv"), "/datasets": ("", "/rows"), "/sweeps": ("",)}
"""The lists, and the answers about each of their entries."""


class Answer(NamedTuple):
    """The status and the content of an answer; the status of a stream that broke off is 0."""

    status: int
    content: bytes

    @property
    def json(self) -> Any:
        return strict_json(self.content)


class Population:
    """What a service holds."""

    def __init__(self, live: LiveService, key: Key, fragile: FragileService) -> None:
        self.client, self._fragile = live.client, fragile
        self._known: dict[str, Answer] = {}
        self.client.headers["Authorization"] = key.headers["Authorization"]
        self.fresh = self.post("/fit", FRESH)["final"]
        self._digest = self.post("/fit", LONG)["trajectory_sha256"]
        assert not list(self._delete_all())

    def post(self, path: str, body: Any) -> Any:
        """The answer of a request that waits for its runs. A counter that was damaged refuses it once."""
        answer = self.client.post(path, json=body, headers={"Prefer": "wait=60"})
        if "It is corrected; try again." in answer.text:
            answer = self.client.post(path, json=body, headers={"Prefer": "wait=60"})
        assert answer.is_success, answer.text
        return answer.json()

    def fill(self) -> None:
        """Makes what is missing, and learns all answers."""
        for number in range(2):
            self.post("/datasets", {"x": X, "y": [y - number for y in Y]})
        for _ in range(2 - len(self._listed("/sweeps"))):
            self.post("/sweeps", {"base": SMALL, "grid": {"/descent/learning_rate": RATES}})
        names = [run["name"] for run in self._listed("/runs")]
        for name in {"a", "b", "c"} - {*names}:
            self.post("/fit", SMALL | {"name": name})
        if "long" not in names:
            self._pause_a_run()
        until(self._is_judged)  # the verdict follows the last step
        self._known = self._answers()

    def _is_judged(self) -> bool:
        finished = [run for run in self._listed("/runs") if run["finished_at"] and not is_damaged(run)]
        return all(run["convergence"] for run in finished)

    def _pause_a_run(self) -> None:
        """A run with steps and a checkpoint."""
        found = self.client.post("/fit", json=LONG | {"name": "long"}).json()
        self._paused = path = f"/runs/{found['id']}"
        [[self._paused_seq]] = self._fragile.look("SELECT seq FROM runs WHERE id = ?", found["id"])
        until(lambda: self.client.get(path).json()["steps_done"] > 0)
        assert self.client.post(f"{path}/pause").status_code == 202
        until(lambda: self.client.get(path).json()["status"] == "paused")

    def _listed(self, path: str) -> list[Any]:
        return list(self.look(f"{path}?limit=200").json["data"])

    def look(self, path: str) -> Answer:
        """The answer to GET. A list must succeed."""
        try:
            answer = self.client.get(path)
        except (httpx2.RemoteProtocolError, httpx2.ReadError):
            return Answer(0, b"")
        assert "limit=" not in path or answer.status_code == 200, f"{path}: {answer.text[:300]}"
        return Answer(answer.status_code, answer.content)

    def _answers(self) -> dict[str, Answer]:
        """The answers about each entry of the lists, by path."""
        paths = [
            f"{path}/{entry['id']}{more}"
            for path, suffixes in KINDS.items()
            for entry in self._listed(path)
            for more in suffixes
        ]
        return {path: self.look(path) for path in paths}

    def wrong_answers(self, damage: Damage) -> Iterator[str]:
        """The answers that differ from the sound ones without saying that they are damaged."""
        for path in KINDS:
            listed = self._listed(path)
            known = [each for each in self._known if each.count("/") == 2 and each.startswith(path)]
            if len(listed) < len(known) and damage.column != "uploaded":
                yield f"{path} has {sorted(entry['id'] for entry in listed)}, not {sorted(known)}"
            for entry in listed:
                before = self._known.get(f"{path}/{entry['id']}")
                if path == "/sweeps" or is_damaged(entry) or (before is not None and entry == as_listed(before.json)):
                    continue
                yield f"{path} has {entry}"
        for path, before in self._known.items():
            now = self.look(path)
            if not (now == before or is_honest(path, now, before, damage)):
                yield f"{path}: {now.status} {now.content[:300]!r}"

    def wrong_refusal(self) -> Iterator[str]:
        """Submits a run, which the service may refuse once: a counter is damaged."""
        answer = self.client.post("/fit", json=FRESH)
        if answer.is_success:
            yield from self._delete(f"/runs/{answer.json()['id']}")
        elif answer.json()["title"] != "Damaged data":
            yield f"POST /fit: {answer.status_code} {answer.text[:300]}"

    def wrong_continuation(self, damage: Damage) -> Iterator[str]:
        """Resumes the paused run if its row or its steps are damaged: it fails, or has the right steps."""
        is_hit = damage.table == "runs" and damage.rowid == self._paused_seq
        if not (is_hit or self.look(f"{self._paused}/trajectory?format=csv").status == 500):
            return
        self.client.post(f"{self._paused}/resume")
        run = self.look(self._paused)
        if run.status == 200 and not is_damaged(run.json):
            done = until(lambda: self._ended(self._paused))
            if not is_damaged(done) and done["trajectory_sha256"] != self._digest:
                yield f"the resumed run: {done['status']} {done['error']}"
            yield from self._delete(self._paused)

    def _ended(self, path: str) -> Any:
        run = self.client.get(path).json()
        return run if run["finished_at"] or is_damaged(run) else None

    def kept_by_deletion(self, damage: Damage) -> Iterator[str]:
        """Deletes what is damaged, and gives what remains."""
        if damage.table.startswith("dataset"):
            yield from self._delete_all()
            return
        for path in ("/runs", "/sweeps"):
            for entry in self._listed(path):
                steps = self.look(f"/runs/{entry['id']}/trajectory?format=csv")
                if is_damaged(entry) or (path == "/runs" and steps.status != 200):
                    yield from self._delete(f"{path}/{entry['id']}")
        for entry in self._listed("/sweeps"):
            if entry["members"] != len(RATES):
                yield from self._delete(f"/sweeps/{entry['id']}")
        yield from (f"{entry} remains" for path in KINDS for entry in self._listed(path) if is_damaged(entry))

    def _delete_all(self) -> Iterator[str]:
        for path in ("/sweeps", "/runs", "/datasets"):
            for entry in self._listed(path):
                yield from self._delete(f"{path}/{entry['id']}")
        for path in self._known:  # a dataset that says by mistake that it was not uploaded is not listed
            if path.startswith("/datasets") and not path.endswith("/rows"):
                self.client.delete(path)
        yield from (f"{entry} remains" for path in KINDS for entry in self._listed(path))

    def _delete(self, path: str) -> Iterator[str]:
        answer = self.client.delete(path)
        if answer.status_code != 204:
            yield f"DELETE {path}: {answer.status_code} {answer.text[:300]}"


def as_listed(record: dict[str, Any]) -> dict[str, Any]:
    """The record as lists have it: without a place in the queue."""
    return {name: value for name, value in record.items() if name != "queue"}


def is_damaged(answer: Any) -> bool:
    """Whether a run, a sweep or a dataset says that it is damaged."""
    return answer["error"] is not None and answer["error"]["code"] == "damaged_data"


def is_honest(path: str, now: Answer, before: Answer, damage: Damage) -> bool:
    """Whether an answer that has changed says that something is damaged, and has no wrong number."""
    if now.status == 404:
        return damage.column in {"id", "uploaded"}
    if now.status == 200 and path.startswith("/sweeps"):
        return is_damaged(now.json) or _has_honest_members(now.json, before.json)
    if now.status == 200:
        return "trajectory" not in path and "rows" not in path and is_damaged(now.json)
    if now.status == 0:
        return "trajectory" in path
    return now.status == 500 and now.json["title"] == "Damaged data"


def _has_honest_members(now: Any, before: Any) -> bool:
    """Whether each member is as before but for its rank, or a failed one without numbers, and the sums are theirs."""
    known = {member["run_id"]: member | {"rank": None} for member in before["ranking"]}
    members = [member | {"rank": None} for member in now["ranking"]]
    sums = all(now[name] == sum(member[name] for member in members) for name in ("steps_done", "steps_total"))
    same = all(now[name] == before[name] for name in ("id", "name", "varied", "rank_by", "created_at"))
    return sums and same and all(member == known.get(member["run_id"]) or _is_empty(member) for member in members)


def _is_empty(member: Any) -> bool:
    numbers = ("value", "train_mse", "test_mse", "best_step", "best_test_mse", "learning_rate", "diverged_at")
    is_without_steps = member["steps_done"] == member["steps_total"] == 0
    return member["status"] == "failed" and is_without_steps and all(member[name] is None for name in numbers)
