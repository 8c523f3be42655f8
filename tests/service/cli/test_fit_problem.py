"""`descent fit` names the option of each fault, and prints the service's sentences as they are."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from typer.testing import CliRunner

from service.api import file_options
from service.cli import fit_problem
from service.cli.fit import fit_commands


@contextmanager
def answering(status: int, kind: str, body: bytes) -> Iterator[str]:
    """The address of a server that has one answer."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "kind", "body", "said"),
    [
        (520, "text/html", b"<h1>Unknown</h1>", "520, and not an answer of Descent"),
        (502, "text/html", b"<h1>Bad Gateway</h1>", "502 Bad Gateway, and not an answer of Descent"),
        (503, "application/json", b'{"error": "down"}', "503 Service Unavailable, and not an answer of Descent"),
        (200, "text/html", b"<h1>Welcome</h1>", "200 OK, and not an answer of Descent"),
        (401, "application/problem+json", b'{"detail": "Unknown API key."}', "Unknown API key. DESCENT_KEY sets"),
        (429, "application/problem+json", b'{"detail": "Too many runs."}', "Too many runs."),
    ],
)
def test_an_answer_that_is_no_run_is_shown_with_its_status(status: int, kind: str, body: bytes, said: str) -> None:
    with answering(status, kind, body) as url:
        done = CliRunner().invoke(fit_commands, ["--function", "bowl", "--url", url])
    assert done.exit_code == 1
    assert said in " ".join(done.output.split())


def test_reading_sets_each_parameter_of_an_upload() -> None:
    assert {*file_options.NAMES, "missing"} == fit_problem.PARAMETERS


def test_a_fault_has_its_option_and_the_sentence_of_the_service() -> None:
    errors = [
        {"pointer": "/descent/batch_size", "message": "Too large.", "hint": "Lower it; null takes all rows."},
        {"pointer": "/descent/optimizer/kind", "message": "Unknown kind."},
        {"pointer": "/dataset", "message": "The dataset has no rows."},
        {"parameter": "sheet", "message": "Unknown parameter."},
        {"parameter": "missing", "message": "Unknown value."},
        {"row": 3, "column": "a", "message": "1 value is missing", "hint": "Add ?missing=drop, or ask why?so=1."},
    ]
    assert fit_problem.faults({"detail": "6 faults.", "errors": errors}).splitlines() == [
        "--set descent.batch_size: Too large. Lower it; null takes all rows.",
        "--optimizer: Unknown kind.",
        "The dataset has no rows.",
        "--reading sheet: Unknown parameter.",
        "--missing: Unknown value.",
        "row 3, column a: 1 value is missing Add --missing drop, or ask why?so=1.",
    ]
    assert fit_problem.faults({"detail": "No worker runs."}) == "No worker runs."


@pytest.mark.parametrize(
    ("pointer", "option"),
    [
        ("/changes/descent/stps", "--set descent.stps"),
        ("/changes/descent/learning_rate", "--learning-rate"),
        ("/base/descent/batch_size", "--set descent.batch_size"),
        ("/base/dataset/sample", ""),
        ("/grid/~1descent~1learning_rate/0", "--vary descent.learning_rate"),
        ("/rank_by", "--rank-by"),
        ("/from_step", "--from-step"),
        ("/step", "--step"),
    ],
)
def test_a_fault_of_a_sweep_a_fork_or_a_prediction_has_its_option(pointer: str, option: str) -> None:
    told = fit_problem.faults({"detail": "A fault.", "errors": [{"pointer": pointer, "message": "Wrong."}]})
    assert told == f"{option}: Wrong.".removeprefix(": ")
