"""Requests that a service refuses, or that break, are sent again where that is safe; a broken event stream goes on."""

import json
import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from service.client import Descent, DescentError, NotReachableError, ServiceError
from service.client.event_stream import EventParser
from service.client.retrying import FIRST_SECONDS, pause_after

RUN = {"id": "r", "name": None, "status": "running", "steps_done": 1, "steps_total": 2, "dataset": None}
Answer = Callable[[BaseHTTPRequestHandler, int], None]


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The address of a server that answers its n-th request by `answer`, and the headers of each request."""
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.append(dict(self.headers))
            answer(self, len(seen))

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - names of the library

        def log_message(self, *_: object) -> None:
            """Logs nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", seen
        finally:
            server.shutdown()
            thread.join()


def send(handler: BaseHTTPRequestHandler, status: int, content: Any, **headers: str) -> None:
    body = json.dumps(content).encode()
    handler.send_response(status)
    headers = {"Content_Type": "application/json"} | headers
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def refuse_twice(status: int) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        if number < 3:
            send(handler, status, {"detail": "Later."}, Retry_After="0")
        else:
            send(handler, 200, RUN)

    return answer


@pytest.mark.parametrize("status", [429, 503, 502, 504])
def test_a_fit_that_was_refused_is_sent_again_with_the_same_key(status: int) -> None:
    with answering(refuse_twice(status)) as (url, seen), Descent(url) as client:
        assert client.fit([1], [1], wait=False).id == "r"
    assert len(seen) == 3
    assert len({each["Idempotency-Key"] for each in seen}) == 1


def test_a_file_is_saved_though_the_service_is_busy_at_first(tmp_path: Path) -> None:
    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        if number == 2:
            send(handler, 503, {"detail": "Later."}, Retry_After="0")
        else:
            send(handler, 200, RUN)

    with answering(answer) as (url, seen), Descent(url) as client:
        path = client.runs.get("r").save(tmp_path / "steps.json")
    assert json.loads(path.read_text()) == RUN
    assert len(seen) == 3


def test_a_file_whose_transfer_breaks_is_not_there(tmp_path: Path) -> None:
    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        if number == 1:
            return send(handler, 200, RUN)
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"half")
        return None

    with answering(answer) as (url, _), Descent(url) as client, pytest.raises(NotReachableError):
        client.runs.get("r").save(tmp_path / "steps.json")
    assert list(tmp_path.iterdir()) == []


def test_a_deletion_whose_answer_was_lost_is_done() -> None:
    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        if number == 1:
            send(handler, 200, RUN)
        elif number == 2:
            handler.connection.close()
        else:
            send(handler, 404, {"detail": "There is none."})

    with answering(answer) as (url, seen), Descent(url) as client:
        client.runs.get("r").delete()
    assert len(seen) == 3


def test_a_verification_is_asked_for_until_it_is_there() -> None:
    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        if number == 1:
            send(handler, 200, RUN)
        else:
            send(handler, 202 if number < 4 else 200, {"identical": None if number < 4 else True})

    with answering(answer) as (url, seen), Descent(url) as client:
        assert client.runs.get("r").verify()["identical"] is True
    assert [each.get("Prefer") for each in seen] == [None, "wait=20", "wait=20", "wait=20"]


@pytest.mark.parametrize(
    ("url", "key"), [("localhost:8000", None), ("http://127.0.0.1:9", "clé"), ("http://127.0.0.1:9", "a\nb")]
)
def test_a_wrong_address_or_key_is_refused_at_once(url: str, key: str | None) -> None:
    with pytest.raises(ValueError, match=r"begins with http://|no API key"):
        Descent(url, key)


def test_an_error_survives_another_process() -> None:
    error = ServiceError(422, {"detail": "No.", "errors": [{"pointer": "/x", "message": "Wrong.", "hint": "Mend it."}]})
    copied = pickle.loads(pickle.dumps(error))
    assert (str(copied), copied.status_code) == ("/x: Wrong. Mend it.", 422)
    assert str(ServiceError(500, {"errors": ["x"]})) == "The answer is not that of a Descent service (500)."
    assert str(ServiceError(422, {"detail": "No.", "errors": ["x"]})) == "No. (422)"


def test_what_a_proxy_may_have_passed_on_is_sent_once_without_a_key() -> None:
    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        send(handler, 200 if number == 1 else 502, RUN if number == 1 else {"detail": "Bad gateway."})

    with answering(answer) as (url, seen), Descent(url) as client:
        run = client.runs.get("r")
        with pytest.raises(ServiceError, match=r"Bad gateway. \(502\)"):
            run.cancel()
    assert len(seen) == 2


def test_the_last_refusal_is_told() -> None:
    def answer(handler: BaseHTTPRequestHandler, _: int) -> None:
        send(handler, 429, {"detail": "Later."})

    with (
        answering(answer) as (url, seen),
        Descent(url, retries=2) as client,
        pytest.raises(ServiceError, match=r"Later. \(429\)"),
    ):
        client.runs.get("r")
    assert len(seen) == 3


def test_a_broken_connection_is_made_again() -> None:
    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        if number == 1:
            handler.connection.close()
        else:
            send(handler, 200, RUN)

    with answering(answer) as (url, seen), Descent(url) as client:
        assert client.runs.get("r").status == "running"
    assert len(seen) == 2


def test_where_nobody_listens_the_error_names_the_address() -> None:
    with (
        Descent("http://127.0.0.1:9", retries=1) as client,
        pytest.raises(NotReachableError, match=r"No service answers at http://127.0.0.1:9\. .*descent serve"),
    ):
        client.runs.get()


def test_an_answer_of_something_else_is_an_error() -> None:
    with (
        answering(lambda handler, _: send(handler, 200, [1])) as (url, _),
        Descent(url) as client,
        pytest.raises(ServiceError, match="not that of a Descent service"),
    ):
        client.runs.get()


def events(*texts: str) -> bytes:
    return "".join(texts).encode()


def stream(handler: BaseHTTPRequestHandler, content: bytes, media_type: str = "text/event-stream") -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", media_type)
    handler.end_headers()
    handler.wfile.write(content)


@pytest.mark.parametrize("media_type", ["text/event-stream", "text/html"])
def test_a_stream_that_never_has_the_end_is_given_up(media_type: str) -> None:
    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        if number == 1:
            send(handler, 200, RUN)
        else:
            stream(handler, events(f"event: status\ndata: {json.dumps(RUN)}\n\n"), media_type)

    with answering(answer) as (url, seen), Descent(url, retries=2) as client, pytest.raises(DescentError):
        list(client.runs.get("r").follow())
    assert len(seen) == (4 if media_type == "text/event-stream" else 2)


@pytest.mark.parametrize("name", ["..", ".", ""])
def test_an_id_names_no_other_object(name: str) -> None:
    with Descent("http://127.0.0.1:9", retries=0) as client:
        for ask in (client.runs.get, client.sweeps.get, client.datasets.get, client.datasets.delete):
            with pytest.raises(ValueError, match="is no id"):
                ask(name)


def test_a_path_in_an_id_stays_an_id() -> None:
    with answering(lambda handler, _: send(handler, 404, {"detail": "None."})) as (url, _), Descent(url) as client:
        with pytest.raises(ServiceError) as caught:
            client.datasets.delete("../runs/r?ids=a#b")
        assert caught.value.status_code == 404


def test_a_page_of_somebody_else_is_no_answer(tmp_path: Path) -> None:
    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        if number == 1:
            send(handler, 200, RUN)
        else:
            send(handler, 302, {"page": "login"}, Location="/login")

    with answering(answer) as (url, _), Descent(url) as client:
        run = client.runs.get("r")
        for ask in (run.delete, run.plot, run.trajectory, lambda: run.save(tmp_path / "model.py")):
            with pytest.raises(ServiceError, match="not that of a Descent service"):
                ask()
    assert list(tmp_path.iterdir()) == []


def test_a_password_of_the_address_stays_out_of_errors() -> None:
    with Descent("http://bob:hunter2@127.0.0.1:9", retries=0) as client, pytest.raises(NotReachableError) as caught:
        client.runs.get()
    assert "hunter2" not in str(caught.value)


def test_a_broken_stream_of_events_goes_on_after_the_last_one() -> None:
    first = events(
        f"event: status\ndata: {json.dumps(RUN)}\n\n",
        'event: progress\ndata: {"step": [0]}\nid: 0\n\n',
        ": quiet\n\n",
        'event: progress\ndata: {"step": [1]}\nid: 1\n\n',
        'event: progress\ndata: {"step',
    )
    second = events(
        'event: progress\ndata: {"step": [2]}\nid: 2\n\n',
        f"event: finished\ndata: {json.dumps({**RUN, 'status': 'succeeded'})}\n\n",
    )

    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        if not handler.path.endswith("/events"):
            return send(handler, 200, RUN)
        if number == 3:
            return send(handler, 503, {"detail": "Later."})
        stream(handler, first if number == 2 else second)
        return None

    with answering(answer) as (url, seen), Descent(url) as client:
        run = client.runs.get("r")
        found = list(run.follow())
    assert [event.kind for event in found] == ["status", "progress", "progress", "progress", "finished"]
    assert [event.data["step"] for event in found if event.kind == "progress"] == [[0], [1], [2]]
    assert [each.get("Last-Event-ID") for each in seen] == [None, None, "1", "1"]
    assert run.status == "succeeded"


def test_damaged_steps_end_the_stream_with_the_reason() -> None:
    problem = {"status": 500, "title": "Damaged data", "detail": "The steps are damaged."}

    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        if number == 1:
            return send(handler, 200, RUN)
        stream(handler, events(f"event: problem\ndata: {json.dumps(problem)}\n\n"))
        return None

    with (
        answering(answer) as (url, seen),
        Descent(url) as client,
        pytest.raises(ServiceError, match="The steps are damaged"),
    ):
        list(client.runs.get("r").follow())
    assert len(seen) == 2


def test_a_long_retry_after_is_told_and_not_obeyed() -> None:
    assert pause_after(429, "3600", 0, repeatable=True) is None
    assert 2.0 <= (pause_after(429, "2", 0, repeatable=False) or 0) <= 2.0 + FIRST_SECONDS
    assert pause_after(500, None, 0, repeatable=True) is None
    assert pause_after(200, None, 0, repeatable=True) is None


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_events_are_the_same_however_the_bytes_are_cut(end: str) -> None:
    lines = [
        "\ufeffid:7",
        "event:progress",
        'data:{"a\u2028\x85é":',
        "data: 1}",
        "",
        ": quiet",
        'data: {"b": 2}',
        "",
        "x",
    ]
    content = end.join(lines).encode()
    for size in (1, 2, 3, len(content)):
        parser = EventParser()
        found = [event for at in range(0, len(content), size) for event in parser.add(content[at : at + size])]
        assert found == [("progress", {"a\u2028\x85é": 1}, "7"), ("message", {"b": 2}, "7")]


def test_a_long_event_in_small_pieces_takes_no_longer_than_whole() -> None:
    """Each byte is looked at a few times, not once for each one before it."""
    content = b'data: {"a": "' + b"1" * 3_000_000 + b'"}\n\n'
    for size in (4096, len(content)):
        parser = EventParser()
        found = [event for at in range(0, len(content), size) for event in parser.add(content[at : at + size])]
        assert [len(event.data["a"]) for event in found] == [3_000_000]
