"""The demonstration's report and files, against a fake service that follows the HTTP contract."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx2
import pytest
from rich.console import Console

from service.cli.demo import DemoError, run_demo, runner
from tests.waiting import LONGEST

MINIMUM = (422.7, 326.1)
"""The θ with the smallest train MSE, close to that of Norris."""


class FakeService:
    """A fake service whose loss is quadratic with curvature 2: each step multiplies θ − θ* by 1 − 2η."""

    def __init__(self, *, polls: int = 0, **overrides: Any) -> None:
        self.polls = polls
        self.overrides = overrides
        self.submitted: list[httpx2.Request] = []
        self.runs: dict[str, dict[str, Any]] = {}
        self.trajectories: dict[str, dict[str, Any]] = {}

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            return self.fit(request)
        run_id = request.url.path.split("/")[2]
        if not request.url.path.endswith("/trajectory"):
            self.polls -= 1
            return httpx2.Response(200, json=self.shown(run_id))
        if request.url.params.get("format") == "csv":
            return httpx2.Response(200, text=f"step,theta.intercept,theta.x\n0,0.0,0.0\n# {run_id}\n")
        return httpx2.Response(200, json=self.trajectories[run_id])

    def fit(self, request: httpx2.Request) -> httpx2.Response:
        self.submitted.append(request)
        body = json.loads(request.content)
        run_id = f"run-{len(self.submitted)}"
        self.trajectories[run_id] = trajectory = descent(run_id, **body["descent"])
        self.runs[run_id] = finished(run_id, body, trajectory) | self.overrides
        return httpx2.Response(202 if self.polls > 0 else 200, json=self.shown(run_id))

    def shown(self, run_id: str) -> dict[str, Any]:
        if self.polls > 0:
            return self.runs[run_id] | {"status": "running", "final": None, "best": None, "stop_reason": None}
        return self.runs[run_id]


def descent(run_id: str, steps: int, learning_rate: float) -> dict[str, Any]:
    shares = [(1 - 2 * learning_rate) ** k for k in range(steps + 1) if k * abs(learning_rate - 0.5) < 2000]
    square = sum(b * b for b in MINIMUM)
    mse = [0.79 + square * share * share for share in shares]
    return {
        "run_id": run_id,
        "parameters": ["intercept", "x"],
        "step": list(range(len(shares))),
        "theta": [[b * (1 - share) for b in MINIMUM] for share in shares],
        "train_mse": mse,
        "test_mse": [1.1 * value for value in mse],
    }


def finished(run_id: str, body: dict[str, Any], trajectory: dict[str, Any]) -> dict[str, Any]:
    last, steps = trajectory["step"][-1], body["descent"]["steps"]
    best = min(trajectory["step"], key=lambda k: trajectory["test_mse"][k])
    diverged = last < steps
    return {
        "id": run_id,
        "name": body["name"],
        "status": "diverged" if diverged else "succeeded",
        "stop_reason": "diverged" if diverged else "max_steps",
        "learning_rate": body["descent"]["learning_rate"],
        "dataset": {"rows": 36, "train_rows": 27, "test_rows": 9, "features": ["x"], "target": "y"},
        "steps_done": last,
        "final": {
            "step": last,
            "theta": trajectory["theta"][-1],
            "coefficients": {"intercept": -0.25, "x": 1.5},
            "train_mse": trajectory["train_mse"][-1],
            "test_mse": trajectory["test_mse"][-1],
        },
        "best": {"step": best, "theta": trajectory["theta"][best], "test_mse": trajectory["test_mse"][best]},
        "diverged_at": last + 1 if diverged else None,
        "error": None,
    }


def client_of(handler: Callable[[httpx2.Request], httpx2.Response]) -> httpx2.Client:
    return httpx2.Client(transport=httpx2.MockTransport(handler), base_url="http://descent", timeout=LONGEST)


def show(handler: Callable[[httpx2.Request], httpx2.Response], folder: Path, width: int = 80) -> tuple[str, list[Path]]:
    console = Console(width=width, file=io.StringIO(), record=True)
    with client_of(handler) as client:
        paths = run_demo(client, folder, console)
    return console.export_text(), paths


@pytest.fixture(autouse=True)
def _poll_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "POLL_SECONDS", 0.0)


def test_it_submits_three_learning_rates_on_norris(tmp_path: Path) -> None:
    service = FakeService()
    show(service, tmp_path / "out")
    bodies = [json.loads(request.content) for request in service.submitted]
    assert [body["descent"]["learning_rate"] for body in bodies] == [0.005, 0.1, 1.05]
    assert bodies[0] == {
        "dataset": {"sample": "norris"},
        "standardize": True,
        "objective": {"loss": "mse"},
        "descent": {"steps": 100, "learning_rate": 0.005},
        "name": "norris-crawls",
    }
    assert service.submitted[0].headers["Prefer"] == "wait=10"


@pytest.mark.parametrize("width", [80, 120])
def test_it_shows_every_run_and_compares_them(tmp_path: Path, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text, _ = show(FakeService(), tmp_path / "out", width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in text  # no text is cut off
    for heading in (
        "crawls · learning rate η = 0.005",
        "converges · learning rate η = 0.1",
        "diverges · learning rate",
    ):
        assert any(line.startswith(heading) for line in lines)
    for criterion in ("● train MSE", "○ test MSE", "train MSE", "test MSE", "θ intercept", "θ x"):
        assert criterion in text
    assert "finished all 100 steps" in text
    assert re.search(r"diverged at step 36\d\d: not finite", text)
    assert re.search(r"converges +finished +0\.1 +100 +0\.79 +0\.869", text)
    assert "jumps over the minimum and ends 10%" in " ".join(text.split())


def test_its_table_has_the_first_steps_the_last_and_the_best(tmp_path: Path) -> None:
    text, _ = show(FakeService(), tmp_path / "out")
    crawls = text[text.index("crawls ·") : text.index("converges ·")]
    table = crawls[: crawls.index("●")]
    assert re.findall(r"^ +(\d+) ", table, re.MULTILINE) == ["0", "1", "2", "5", "10", "20", "50", "100"]
    assert re.search(r"^ +100 .*★ best test, last", table, re.MULTILINE)
    diverges = text[text.index("diverges ·") :]
    assert re.search(r"^ +0 .*★ best test", diverges, re.MULTILINE)
    assert re.search(r"^ +36\d\d .*e306 .* last", diverges, re.MULTILINE)


def test_it_compares_the_coefficients_with_the_certified_ones(tmp_path: Path) -> None:
    text, _ = show(FakeService(), tmp_path / "out")
    assert re.search(r"B0 \(intercept\) +−0\.25 +−0\.262323 +0\.0123231", text)
    assert re.search(r"B1 \(slope\) +1\.5 +1\.00212 +0\.497883", text)


def test_it_does_not_call_a_finished_run_diverged(tmp_path: Path) -> None:
    service = FakeService(status="succeeded", stop_reason="max_steps", diverged_at=None)
    text, _ = show(service, tmp_path / "out")
    assert "jumps over the minimum" not in " ".join(text.split())
    assert "diverged" not in text


def test_it_writes_and_lists_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text, paths = show(FakeService(), tmp_path / "deep" / "out")
    names = ["norris-crawls.csv", "norris-converges.csv", "norris-diverges.csv", "norris.svg"]
    assert [path.name for path in paths] == names
    assert [line.strip() for line in text.splitlines()[-4:]] == [str(Path("deep", "out", name)) for name in names]
    assert paths[1].read_text().startswith("step,theta.intercept,theta.x\n")
    picture = ElementTree.fromstring(paths[3].read_text(encoding="utf-8"))
    texts = [element.text or "" for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert any(words.startswith("diverged at step 36") for words in texts)
    assert "crawls: learning rate 0.005" in texts


def test_it_polls_until_a_run_has_ended(tmp_path: Path) -> None:
    service = FakeService(polls=3)
    show(service, tmp_path / "out")
    assert service.polls == 0


def test_a_run_that_does_not_end_times_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "RUN_SECONDS", 0.0)
    with pytest.raises(DemoError, match="run-1 is still running after 0 seconds"):
        show(FakeService(polls=10**9), tmp_path / "out")


def test_the_error_of_a_failed_run_has_its_cause(tmp_path: Path) -> None:
    error = {"code": "internal", "message": "out of memory"}
    with pytest.raises(DemoError, match=r"run-1 \(norris-crawls\) has the status failed: out of memory"):
        show(FakeService(status="failed", error=error, final=None), tmp_path / "out")


def problem(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(422, json={"title": "Invalid", "detail": "/dataset/sample: there is no sample 'norris'"})


def bare_error(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(503, text="<html>")


def no_answer(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("connection refused", request=request)


def wrong_contract(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, json=["hello"])


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (problem, r"POST /fit returned 422: /dataset/sample: there is no sample 'norris'"),
        (bare_error, "503: Service Unavailable"),
        (no_answer, "The service at http://descent/? does not answer: connection refused"),
        (wrong_contract, "breaks the HTTP contract"),
    ],
)
def test_the_error_of_an_unusable_answer_is_one_sentence(
    tmp_path: Path, handler: Callable[[httpx2.Request], httpx2.Response], message: str
) -> None:
    with pytest.raises(DemoError, match=message):
        show(handler, tmp_path / "out")


def test_the_error_of_an_unusable_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(DemoError, match="Cannot write to"):
        show(FakeService(), tmp_path / "taken")


def test_the_error_of_a_failed_download_has_its_cause(tmp_path: Path) -> None:
    service = FakeService()

    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.url.params.get("format") == "csv":
            return httpx2.Response(500, json={"title": "Internal Server Error", "detail": "the disk is gone"})
        return service(request)

    with pytest.raises(DemoError, match="500: the disk is gone"):
        show(handler, tmp_path / "out")
