"""The end of a service while it computes an answer."""

import os
import signal
from pathlib import Path

import httpx2
import numpy as np
import pytest

from service.server.live_server import Service, running_service
from service.storage.connect import open_database
from tests.acceptance.test_crash import children_of
from tests.service.helpers import fit_body, stored_run
from tests.service.raw_sockets import connected, problem_in, rest
from tests.waiting import LONGEST, until

pytestmark = pytest.mark.slow


def analyses(service: Service) -> int:
    """The number of this client's analyses in progress."""
    found: int = httpx2.get(f"{service.url}/limits", timeout=LONGEST).json()["limits"]["max_inquiries"]["use"]
    return found


def test_an_answer_that_is_not_there_after_the_drain_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/descent.db"
    database = open_database(url, 5)
    run_id = stored_run(database, fit_body(), np.random.default_rng(1).standard_normal((20, 8)))
    database.dispose()
    log = tmp_path / "log"
    environment = os.environ | {"DESCENT_DRAIN_SECONDS": "1"}
    with (
        log.open("w") as file,
        running_service("--database", url, "--workers", "0", environment=environment, log=file) as service,
    ):
        path = f"/runs/{run_id}/steps/"
        assert httpx2.get(f"{service.url}{path}1", timeout=LONGEST).status_code == 200
        for child in children_of(service.process.pid):
            os.kill(child, signal.SIGSTOP)  # computes for ever
        with connected(service.url) as connection:
            connection.sendall(b"GET %s2 HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode())
            until(lambda: analyses(service) == 1)
            service.process.terminate()
            answer = rest(connection)
        assert service.process.wait(LONGEST) in (0, -signal.SIGTERM)
    problem_in(answer, 503)
    assert b"retry-after: 1" in answer.lower()
    assert "Traceback" not in log.read_text()
