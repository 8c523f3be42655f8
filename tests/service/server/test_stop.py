"""The end of a service that has requests without an answer."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import numpy as np
import pytest

from service.server.live_server import Service, running_service
from service.storage.connect import open_database
from tests.acceptance.test_crash import children_of
from tests.service.helpers import LINE, fit_body, stored_run
from tests.service.raw_sockets import connected, problem_in, rest
from tests.waiting import LONGEST, until

pytestmark = pytest.mark.slow

BODY = json.dumps(LINE).encode()
FIT = b"POST /fit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(
    BODY
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the database of a run."""
    home = tmp_path_factory.mktemp("stop")
    database = open_database(f"sqlite:///{home}/descent.db", 5)
    stored_run(database, fit_body(), np.random.default_rng(1).standard_normal((20, 8)))
    database.dispose()
    return home


@contextmanager
def stopping(home: Path) -> Iterator[Service]:
    """A service that ends in this context. Its log has no stack of a request."""
    log = home / "log"
    environment = os.environ | {"DESCENT_DRAIN_SECONDS": "1"}
    options = ("--database", f"sqlite:///{home}/descent.db", "--workers", "0")
    with log.open("w") as file, running_service(*options, environment=environment, log=file) as service:
        yield service
        service.process.wait(LONGEST)
    assert "Exception in ASGI application" not in log.read_text()


def analyses(service: Service) -> int:
    """The number of this client's analyses in progress."""
    found: int = httpx2.get(f"{service.url}/limits", timeout=LONGEST).json()["limits"]["max_inquiries"]["use"]
    return found


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT]], ids=["drain", "at once"])
def test_an_analysis_without_an_answer_is_refused(signals: list[signal.Signals], home: Path) -> None:
    with stopping(home) as service:
        assert httpx2.get(f"{service.url}/runs/latest/steps/1", timeout=LONGEST).status_code == 200
        for child in children_of(service.process.pid):
            os.kill(child, signal.SIGSTOP)  # computes for ever
        with connected(service.url) as connection:
            connection.sendall(b"GET /runs/latest/steps/2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            until(lambda: analyses(service) == 1)
            for each in signals:
                service.process.send_signal(each)
            answer = rest(connection)
    problem_in(answer, 503)
    assert b"retry-after: 1" in answer.lower()
    assert b"Send the request again" in answer


def test_a_write_that_waits_is_told_that_it_may_have_been_stored(home: Path) -> None:
    database = open_database(f"sqlite:///{home}/descent.db", 5)
    with stopping(home) as service, connected(service.url) as connection, database.writing():
        connection.sendall(FIT + BODY)
        httpx2.get(f"{service.url}/livez", timeout=LONGEST)
        service.process.terminate()
        answer = rest(connection)
    database.dispose()
    problem_in(answer, 503)
    assert b"may have carried out this request" in answer
