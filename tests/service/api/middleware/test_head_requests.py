"""HEAD: the status and the headers of GET, without content and without the work for it."""

import re
import socket
from contextlib import closing
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from service.api.middleware.head_requests import HeadRequests
from service.server.live_server import Service
from service.storage.database import Database
from tests.service.api.operations import ALL
from tests.service.helpers import fit_body, stored_run
from tests.waiting import LONGEST, result_of, until

LONG = {
    "model": {"kind": "formula", "formula": "a + b*sin(c*x1)"},
    "descent": {"steps": 1_000_000, "learning_rate": 1e-9},
}
CHANGING = {"x-request-id", "date"}
GETS = sorted({each.path for each in ALL if each.method == "GET"} - {"/runs/{run_id}/events", "/metrics"})
"""The paths whose content stays the same."""


@pytest.mark.parametrize("path", [*GETS, "/static/main.js", "/nothing"])
def test_head_has_the_headers_of_get(path: str, api: TestClient, database: Database) -> None:
    stored_run(database, fit_body(), [[1.0, 2.0]] * 3)
    api.post("/datasets", json=fit_body()["dataset"]).raise_for_status()
    api.post("/sweeps", json={"base": fit_body(), "grid": {"/split/seed": [1]}}).raise_for_status()
    if path.startswith("/runs/"):
        path = path.replace("{run_id}", api.get("/runs?status=succeeded").json()["data"][0]["id"])
    path = re.sub(r"\{(dataset|sweep)_id\}", "latest", path).replace("{step}", "1").replace("{form}", "svg")
    head, whole = api.head(path), api.get(path)
    assert whole.status_code == (404 if path == "/nothing" else 200)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    of_head, of_whole = ({**answer.headers} for answer in (head, whole))
    assert of_head.keys() == of_whole.keys()
    assert {name for name in of_head if of_head[name] != of_whole[name]} <= CHANGING


def test_head_of_an_answer_without_end_is_complete_at_once(service: Service) -> None:
    """The events of a run that is not finished, and then another request on the same connection."""
    place = urlsplit(service.url)
    with httpx2.Client(base_url=service.url, timeout=LONGEST) as client:
        run_id = client.post("/fit", json=fit_body(**LONG)).raise_for_status().json()["id"]
        with closing(socket.create_connection((place.hostname, place.port), timeout=LONGEST)) as connection:
            for path, kind in ((f"/runs/{run_id}/events", b"text/event-stream"), ("/livez", b"application/json")):
                connection.sendall(f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                answer = connection.recv(65_536)
                assert answer.startswith(b"HTTP/1.1 200 "), answer
                assert kind in answer
                assert answer.endswith(b"\r\n\r\n")
        until(lambda: client.get("/limits").json()["limits"]["max_followers"]["use"] == 0)  # the work has ended
        assert client.post(f"/runs/{run_id}/cancel").status_code == 202


def test_a_content_of_several_pieces_without_a_pause_is_answered_once() -> None:
    """As the events of a service that is stopping."""
    sent: list[Message] = []

    async def pieces(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    async def collect(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError

    result_of(HeadRequests(pieces)({"type": "http", "method": "HEAD"}, receive, collect))
    assert [(each["type"], each.get("body")) for each in sent] == [
        ("http.response.start", None),
        ("http.response.body", b""),
    ]


def test_a_path_that_is_read_supports_head(api: TestClient) -> None:
    assert api.put("/runs").headers["Allow"] == "GET, HEAD, DELETE, OPTIONS"
    assert api.head("/fit").status_code == 405


def test_options_of_the_whole_service_lists_all_methods(service: Service) -> None:
    place = urlsplit(service.url)
    with closing(socket.create_connection((place.hostname, place.port), timeout=LONGEST)) as connection:
        connection.sendall(b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert b"allow: GET, HEAD, POST, PATCH, DELETE, OPTIONS\r\n" in answer
