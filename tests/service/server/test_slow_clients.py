"""Limits of a connection, against a real service: slow senders, slow readers, long headers, too many requests."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import httpx2
import numpy as np
import pytest

from service.core.settings import Settings
from service.server.live_server import Service, running_service
from service.storage.connect import open_database
from tests.service.helpers import LINE, counts, fit_body, problem_of, stored_run
from tests.service.raw_sockets import connected, problem_in, rest, stalled
from tests.waiting import LONGEST, until

pytestmark = pytest.mark.slow

SECONDS, CONNECTIONS, STREAMS = 1.0, 20, 2
LIMITS = {
    "DESCENT_MAX_REQUEST_SECONDS": str(SECONDS),
    "DESCENT_MAX_CONNECTIONS": str(CONNECTIONS),
    "DESCENT_MAX_STREAMS": str(2 * STREAMS),  # one address may take half
}
STEPS, COLUMNS = 200_000, 8
HEAD = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with a trajectory that is larger than the socket buffers of the system."""
    url = f"sqlite:///{tmp_path_factory.mktemp('slow')}/descent.db"
    database = open_database(url, 5)
    stored_run(database, fit_body(), np.random.default_rng(1).standard_normal((STEPS, COLUMNS)))
    database.dispose()
    return url


@pytest.fixture(scope="module")
def strict(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with short time limits, few connections and few streams."""
    with (
        (tmp_path_factory.mktemp("log") / "log").open("w") as log,
        running_service("--database", url, "--workers", "0", environment=os.environ | LIMITS, log=log) as service,
    ):
        yield service


def sent_until_closed(connection: socket.socket, piece: bytes, pause: float = 0.0) -> bytes:
    """The answer to a client that sends the same piece until the service closes the connection."""
    end = time.monotonic() + LONGEST
    try:
        while time.monotonic() < end:
            connection.sendall(piece)
            time.sleep(pause)
    except ConnectionError:
        return rest(connection)
    raise AssertionError("the service does not close the connection")


def assert_ready(service: Service) -> None:
    assert httpx2.get(f"{service.url}/readyz", timeout=LONGEST).status_code == 200


@pytest.mark.parametrize("begun", [b"G", HEAD, HEAD + b"X-Half: of a hea"], ids=["letter", "lines", "half a line"])
def test_incomplete_headers_time_out(begun: bytes, strict: Service) -> None:
    with connected(strict.url) as connection:
        connection.sendall(begun)
        problem_in(rest(connection), 408)
    assert_ready(strict)


@pytest.mark.parametrize("begun", [HEAD + b"X-Slow: ", b"GET /"], ids=["header", "address"])
def test_headers_sent_byte_by_byte_time_out(begun: bytes, strict: Service) -> None:
    with connected(strict.url) as connection:
        connection.sendall(begun)
        answer = sent_until_closed(connection, b"A", 0.05)
    assert b"408" in answer or not answer  # a reset discards the unread answer


@pytest.mark.parametrize("kind", ["length", "chunks"])
def test_an_incomplete_body_times_out(kind: str, strict: Service, url: str) -> None:
    framing = b"Content-Length: 100000" if kind == "length" else b"Transfer-Encoding: chunked"
    piece = b" " if kind == "length" else b"1\r\n \r\n"
    database = open_database(url, 5)
    before = counts(database)
    with connected(strict.url) as connection:
        connection.sendall(b"POST /fit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        connection.sendall(framing + b"\r\n\r\n" + piece)
        problem_in(rest(connection), 408)
    with connected(strict.url) as connection:
        connection.sendall(b"POST /fit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        connection.sendall(framing + b"\r\n\r\n")
        sent_until_closed(connection, piece, 0.05)
    assert counts(database) == before
    database.dispose()


def test_a_silent_connection_is_closed(strict: Service) -> None:
    with connected(strict.url) as connection:
        assert rest(connection) == b""


def test_a_connection_with_empty_lines_alone_is_closed(strict: Service) -> None:
    with connected(strict.url) as connection:
        sent_until_closed(connection, b"\r\n", 0.02)
    with connected(strict.url) as connection:
        sent_until_closed(connection, b"\r\n" * 10_000)
    assert_ready(strict)


@pytest.mark.parametrize(
    ("begun", "piece"),
    [
        (b"GET /", b"a" * 10_000),
        (HEAD, b"X-Header: value\r\n" * 1_000),
        (HEAD + b"X-Long: ", b"a" * 10_000),
        (
            b"POST /fit HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            b"X-Trailer: value\r\n" * 1_000,
        ),
        (b"POST /fit HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: ", b"a" * 10_000),
        (b"POST /fit HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1;extension=", b"a" * 10_000),
    ],
    ids=["address", "headers", "header", "trailers", "trailer", "extension"],
)
def test_addresses_headers_and_trailers_are_limited(begun: bytes, piece: bytes, strict: Service) -> None:
    with connected(strict.url) as connection:
        connection.sendall(begun)
        sent_until_closed(connection, piece)
    assert_ready(strict)


def test_long_headers_get_status_431(strict: Service) -> None:
    limit = Settings().max_header_bytes
    with connected(strict.url) as connection:
        connection.sendall(HEAD + b"X-Long: " + b"a" * (limit - 100) + b"\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
    with connected(strict.url) as connection:
        connection.sendall(HEAD + b"X-Long: " + b"a" * limit + b"\r\n\r\n")
        problem_in(rest(connection), 431)


@pytest.mark.parametrize(
    "text", [b"hello\r\n\r\n", b"GET  / HTTP/9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"\0" * 9]
)
def test_data_that_is_not_http_gets_status_400(text: bytes, strict: Service) -> None:
    with connected(strict.url) as connection:
        connection.sendall(text)
        problem_in(rest(connection), 400)


def test_twenty_pipelined_requests_are_answered(strict: Service) -> None:
    with connected(strict.url) as connection:
        connection.sendall((HEAD + b"\r\n") * 19 + HEAD + b"Connection: close\r\n\r\n")
        answers = rest(connection)
    assert answers.count(b"HTTP/1.1 200 OK") == 20


def test_pipelined_requests_are_limited(strict: Service) -> None:
    with connected(strict.url) as connection:
        sent_until_closed(connection, b"GET /runs/latest/trajectory HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1_000)
    assert_ready(strict)


def test_an_idle_connection_is_kept_for_longer_than_clients_keep_one(strict: Service) -> None:
    """httpx closes an idle connection after five seconds. A service that did so too would close it under a request."""
    with connected(strict.url) as connection:
        for pause in (5.5, 0.0):
            connection.sendall(HEAD + b"\r\n")
            answer = b""
            while not answer.endswith(b"}"):  # head and body may come apart
                piece = connection.recv(65536)
                assert piece
                answer += piece
            assert answer.startswith(b"HTTP/1.1 200")
            time.sleep(pause)


def test_a_new_connection_closes_the_longest_idle_one(strict: Service) -> None:
    with ExitStack() as stack:
        first, *_ = [stack.enter_context(connected(strict.url)) for _ in range(CONNECTIONS)]
        assert_ready(strict)
        assert rest(first) == b""


POST = b"POST /fit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def test_a_new_connection_ends_the_longest_incomplete_request(strict: Service) -> None:
    """Requests whose body never comes do not keep others out."""
    with ExitStack() as stack:
        first, *_ = [stack.enter_context(connected(strict.url)) for _ in range(CONNECTIONS)]
        first.sendall(POST + b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n")
        assert first.recv(12) == b"HTTP/1.1 100"
        assert_ready(strict)
        answer = rest(first).partition(b"\r\n\r\n")[2]  # after the interim response
        problem_in(answer, 429)
        assert b"retry-after: 1" in answer.lower()


def test_a_new_connection_is_refused_if_all_others_are_busy(strict: Service, url: str) -> None:
    body = json.dumps(LINE).encode()
    waiting = POST + b"Prefer: wait=60\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    database = open_database(url, 5)
    before = counts(database)["runs"]

    def has_stored(runs: int) -> bool:
        return counts(database)["runs"] == before + runs

    with ExitStack() as stack:
        for number in range(CONNECTIONS):  # one after the other, because a user may send half of the writes at a time
            stack.enter_context(connected(strict.url)).sendall(waiting)
            until(partial(has_stored, number + 1))
        answer = rest(stack.enter_context(connected(strict.url)))
    problem_in(answer, 503)
    assert b"retry-after: 1" in answer.lower()
    database.dispose()
    until(lambda: httpx2.get(f"{strict.url}/readyz", timeout=LONGEST).status_code == 200)
    for run in httpx2.get(f"{strict.url}/runs?status=queued&limit=200", timeout=LONGEST).json()["data"]:
        httpx2.delete(f"{strict.url}/runs/{run['id']}", timeout=LONGEST)


def length_of(service: Service, path: str) -> int:
    return len(httpx2.get(service.url + path, timeout=LONGEST).content)


def path_of_the_trajectory(service: Service, kind: str) -> str:
    """Not `latest`: a request of the test before may be stored late."""
    [run] = httpx2.get(f"{service.url}/runs?status=succeeded", timeout=LONGEST).json()["data"]
    return f"/runs/{run['id']}/trajectory?format={kind}"


@pytest.mark.parametrize("kind", ["json", "ndjson", "csv"])
def test_a_reader_that_stalls_is_disconnected(kind: str, strict: Service) -> None:
    path = path_of_the_trajectory(strict, kind)
    whole = length_of(strict, path)
    with ExitStack() as stack:
        readers = [stack.enter_context(connected(strict.url)) for _ in range(STREAMS)]
        for reader in readers:
            stalled(reader, path)
        refused = httpx2.get(strict.url + path, timeout=LONGEST)
        problem_of(refused, 429)
        assert refused.headers["Retry-After"] == "1"
        assert_ready(strict)
        until(lambda: httpx2.get(strict.url + path, timeout=LONGEST).status_code == 200)
        for reader in readers:
            assert len(rest(reader)) < whole


def test_a_reader_of_one_long_answer_that_stalls_is_disconnected(strict: Service) -> None:
    rows = np.random.default_rng(1).standard_normal((9_000, 100))
    csv = "\n".join([",".join(f"c{n}" for n in range(100)), *(",".join(map(repr, row.tolist())) for row in rows)])
    answer = httpx2.post(f"{strict.url}/datasets", content=csv, headers={"Content-Type": "text/csv"}, timeout=LONGEST)
    assert answer.status_code == 201, answer.text
    path = f"/datasets/{answer.json()['id']}/rows"
    whole = length_of(strict, path)
    assert whole > 10_000_000
    with connected(strict.url) as connection:
        stalled(connection, path)
        time.sleep(3 * SECONDS)  # the measured time: nothing is read for longer than the limit
        assert len(rest(connection)) < whole
    with connected(strict.url) as connection:
        stalled(connection, path)
        begun, read = time.monotonic(), 0
        while read < whole:
            piece = connection.recv(65536)
            assert piece, f"disconnected after {read} of {whole} bytes"
            read += len(piece)
            time.sleep(0.001)
        assert time.monotonic() - begun > SECONDS  # a slow but steady reader gets the whole answer


def test_large_bodies_in_transfer_are_limited(strict: Service) -> None:
    large = b" " * 400_000
    headers = b"Content-Type: application/json\r\nContent-Length: 500000\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(STREAMS):
            sender = stack.enter_context(connected(strict.url))
            sender.sendall(b"POST /fit HTTP/1.1\r\nHost: localhost\r\n" + headers + large)

        def is_full() -> bool:
            answer = httpx2.post(
                f"{strict.url}/fit", content=large, headers={"Content-Type": "application/json"}, timeout=LONGEST
            )
            if answer.status_code == 429:
                problem_of(answer, 429)
            return answer.status_code == 429

        until(is_full)
        assert httpx2.post(f"{strict.url}/fit?validate_only=true", json=fit_body(), timeout=LONGEST).status_code == 200
    until(lambda: not is_full())


@pytest.mark.parametrize("drain", ["60", "1"])
def test_an_upload_in_progress_is_finished_before_the_end(drain: str, tmp_path: Path) -> None:
    body = json.dumps(LINE).encode()
    head = POST + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(body)
    database = f"sqlite:///{tmp_path}/descent.db"
    environment = os.environ | {"DESCENT_DRAIN_SECONDS": drain}
    with (
        running_service("--database", database, "--workers", "0", environment=environment) as service,
        connected(service.url) as connection,
    ):
        connection.sendall(head)
        assert connection.recv(12) == b"HTTP/1.1 100"
        service.process.terminate()
        until(lambda: not is_listening(service.url))
        if drain == "60":
            connection.sendall(body)
            assert b"HTTP/1.1 202" in rest(connection)
        else:
            problem_in(rest(connection).partition(b"\r\n\r\n")[2], 503)
        assert service.process.wait(LONGEST) in (0, -15)


def is_listening(url: str) -> bool:
    try:
        with connected(url):
            return True
    except ConnectionError:
        return False
