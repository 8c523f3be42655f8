"""`descent runs`, `show`, `trajectory` and `cancel`: the numbers are those of the API."""

import csv
import io
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.server.live_server import Service
from tests.acceptance.commands import descent
from tests.service.helpers import fit_body
from tests.waiting import LONGEST, until


def fitted(service: Service, **changes: Any) -> dict[str, Any]:
    wait = {"Prefer": "wait=60"}
    answer = httpx2.post(f"{service.url}/fit", json=fit_body(**changes), headers=wait, timeout=LONGEST)
    run: dict[str, Any] = answer.raise_for_status().json()
    return run


def test_runs_are_listed_as_a_table_and_as_json(service: Service) -> None:
    run = fitted(service, name="a line", tags={"made": "here"})
    fitted(service, name="too fast", tags={"made": "here"}, descent={"steps": 2000, "learning_rate": 1e3})
    done = descent("runs", "--tag", "made:here", "--url", service.url)
    assert done.returncode == 0, done.stderr
    head, first, second = done.stdout.splitlines()
    assert head.split("  ")[0].strip() == "id"
    assert ("too fast" in first, "diverged" in first, run["id"] in second) == (True, True, True)
    assert f"{run['final']['train_mse']:.4g}" in second
    done = descent("runs", "--tag", "made:here", "--status", "finished", "--json", "--url", service.url)
    assert [each["id"] for each in json.loads(done.stdout)] == [run["id"]]
    done = descent("runs", "--tag", "made:here", "--sort", "-train_mse", "--json", "--url", service.url)
    assert [each["name"] for each in json.loads(done.stdout)] == ["too fast", "a line"]
    done = descent("runs", "--tag", "made:here", "--name", "A *", "--json", "--url", service.url)
    assert [each["name"] for each in json.loads(done.stdout)] == ["a line"]
    none = descent("runs", "--tag", "made:elsewhere", "--url", service.url)
    assert (none.returncode, none.stdout, none.stderr) == (0, "", "No run matches these filters.\n")
    wrong = descent("runs", "--tag", "made", "--url", service.url)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("--tag: ")


def test_a_narrow_terminal_has_the_whole_id_and_no_orders(service: Service) -> None:
    run = fitted(service, name="a rather long name of a run, \x1b[2Jwhich clears the screen", tags={"narrow": "yes"})
    done = descent("runs", "--tag", "narrow:yes", "--url", service.url, COLUMNS="60")
    assert run["id"] in done.stdout
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 60


def test_more_runs_than_a_page_are_listed(service: Service) -> None:
    rates = {"from": 0.001, "to": 0.1, "count": 210}
    base = fit_body(tags={"many": "yes"}, descent={"steps": 1})
    httpx2.post(
        f"{service.url}/sweeps", json={"base": base, "grid": {"/descent/learning_rate": rates}}
    ).raise_for_status()
    done = descent("runs", "--tag", "many:yes", "--limit", "205", "--json", "--url", service.url)
    assert len({each["id"] for each in json.loads(done.stdout)}) == 205


def test_a_run_is_shown_with_its_verdict(service: Service) -> None:
    run = fitted(service)
    done = descent("show", run["id"], "--url", service.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"finished: {run['steps_done']} steps, learning rate ")
    assert f"  train MSE = {run['final']['train_mse']!r}\n" in done.stdout
    assert done.stdout.endswith(f"{service.url}/#/runs/{run['id']}\n")
    shown = json.loads(descent("show", run["id"], "--json", "--url", service.url).stdout)
    assert (shown["id"], shown["final"]) == (run["id"], run["final"])
    unknown = descent("show", "nothing", "--url", service.url)
    assert unknown.returncode == 1
    assert "nothing" in unknown.stderr


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("steps.csv", "csv"),
        ("steps.json", "json"),
        ("steps.jsonl", "ndjson"),
        ("steps.npz", "npz"),
        ("steps.parquet", "parquet"),
    ],
)
def test_a_file_holds_the_trajectory_of_the_api(name: str, kind: str, service: Service, tmp_path: Path) -> None:
    run = fitted(service)
    file = tmp_path / name
    done = descent("trajectory", run["id"], "-o", str(file), "--url", service.url)
    assert done.returncode == 0, done.stderr
    content = httpx2.get(f"{service.url}/runs/{run['id']}/trajectory?format={kind}").content
    assert file.read_bytes() == content
    assert f"{len(content):,} bytes" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_a_broken_transfer_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "steps.csv"
    file.write_text("mine")
    found = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\nConnection: close\r\n\r\n"
    broken = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 100\r\n\r\nstep\n0\n"
    with answering(found + b'{"id": "a"}', broken) as url:
        done = descent("trajectory", "-o", str(file), "--url", url)
    assert done.returncode == 1
    assert url in done.stderr
    assert file.read_text() == "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["steps.csv"]


def test_the_answer_of_another_server_is_no_trajectory(tmp_path: Path) -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nhome") as url:
        done = descent("trajectory", "-o", str(tmp_path / "steps.csv"), "--url", url)
    assert done.returncode == 1
    assert "not an answer of Descent" in done.stderr
    assert list(tmp_path.iterdir()) == []


@contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """The address of a server that gives these answers, a connection each, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                with listener.accept()[0] as connection:
                    connection.recv(65_536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(LONGEST)


def test_standard_output_gets_the_chosen_steps(service: Service) -> None:
    run = fitted(service, descent={"steps": 50})
    words = ("--every", "10", "--to-step", "40", "--fields", "step,train_mse")
    done = descent("trajectory", run["id"], *words, "--url", service.url)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["step"] for row in rows] == ["0", "10", "20", "30", "40"]
    assert rows[0].keys() == {"step", "train_mse"}


def test_a_refusal_leaves_the_file_as_it_was(service: Service, tmp_path: Path) -> None:
    run, file = fitted(service), tmp_path / "steps.csv"
    file.write_text("mine")
    for words, expected in (
        ((run["id"], "--fields", "nothing"), "--fields: The run has no column 'nothing'."),
        ((run["id"], "--from-step", "3", "--to-step", "2"), "--from-step: from_step is after to_step."),
        (("unknown",), "unknown"),
        ((run["id"], "-o", str(tmp_path / "steps.xls")), "--format"),
        ((run["id"], "-o", str(tmp_path / "no" / "steps.csv")), "No such file"),
    ):
        done = descent("trajectory", "-o", str(file), *words, "--url", service.url)
        assert done.returncode == 1
        assert expected in done.stderr
        assert "Traceback" not in done.stderr
    assert file.read_text() == "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["steps.csv"]


def test_a_long_fit_tells_its_page_and_ctrl_c_leaves_the_run(service: Service) -> None:
    words = ["fit", "--function", "rosenbrock", "--steps", "10000000", "--learning-rate", "1e-4", "--url", service.url]
    # A shell lets what it starts in the background ignore interrupts, and so do the tests and their processes then.
    heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"{heeding}; from service.cli.main import app; app()"
    with subprocess.Popen([sys.executable, "-c", program, *words], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        page = process.stderr.readline().strip()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=LONGEST)
        assert process.returncode == 130
    run_id = page.rpartition("/")[2]
    assert page == f"{service.url}/#/runs/{run_id}"
    assert told.endswith(f"The run continues. `descent cancel {run_id}` ends it.\n")
    assert httpx2.get(f"{service.url}/runs/{run_id}").json()["status"] in {"queued", "running"}
    done = descent("cancel", run_id, "--url", service.url)
    assert (done.returncode, done.stderr.split(":")[0] in {"cancelled", "cancelling"}) == (0, True)
    until(lambda: httpx2.get(f"{service.url}/runs/{run_id}").json()["status"] == "cancelled")
    again = descent("cancel", run_id, "--url", service.url)
    assert again.returncode == 1
    assert "A run that is cancelled cannot be cancelled." in again.stderr


@pytest.mark.parametrize("run_id", ["../limits", "..", "latest/trajectory", "a#b", "latest?x=1", "a\nb", "é", ""])
@pytest.mark.parametrize("command", ["show", "trajectory", "cancel"])
def test_an_id_is_no_path(command: str, run_id: str, service: Service) -> None:
    done = descent(command, run_id, "--url", service.url)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("No run has the id ")


def test_another_service_and_a_wrong_key_are_told() -> None:
    content = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n" + b'{"x":1}'
    for words in (("runs",), ("show",)):
        with answering(content) as url:
            done = descent(*words, "--url", url)
        assert done.returncode == 1
        assert "not an answer of Descent" in done.stderr
    assert "This is no API key: " in descent("runs", DESCENT_KEY="é").stderr
    assert descent("runs", "--url", "http://[::1").returncode == 1


def test_a_link_a_pipe_and_other_files_stay(service: Service, tmp_path: Path) -> None:
    run = fitted(service)
    link, target, part = (tmp_path / name for name in ("link.csv", "target.csv", "link.csv.part"))
    link.symlink_to(target.name)
    part.write_text("mine")
    done = descent("trajectory", run["id"], "-o", str(link), "--url", service.url)
    assert done.returncode == 0, done.stderr
    assert target.read_bytes() == httpx2.get(f"{service.url}/runs/{run['id']}/trajectory?format=csv").content
    assert (link.is_symlink(), part.read_text(), len(list(tmp_path.iterdir()))) == (True, "mine", 3)
    for output in (".", "", "/dev/full"):
        done = descent("trajectory", run["id"], "-o", output, "--format", "csv", "--url", service.url)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["runs", "show", "trajectory"])
def test_no_service_is_told(command: str) -> None:
    done = descent(command, "--url", "http://127.0.0.1:1")
    assert done.returncode == 1
    assert "No service answers at http://127.0.0.1:1." in done.stderr
