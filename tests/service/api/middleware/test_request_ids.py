"""The id of a request: in its answer, in the problem of an internal error, and in the lines of the log about it."""

import logging
import re

import pytest
from fastapi.testclient import TestClient

from service.server.process_setup import configure_log


@pytest.mark.parametrize("path", ["/livez", "/runs", "/runs?limit=0", "/nothing", "/static/main.js", "/docs"])
def test_an_answer_has_the_id_of_its_request_or_a_new_one(path: str, api: TestClient) -> None:
    assert api.get(path, headers={"X-Request-Id": "client-7/a"}).headers.get_list("X-Request-Id") == ["client-7/a"]
    first, second = (api.get(path).headers["X-Request-Id"] for _ in range(2))
    assert re.fullmatch("[0-9a-f]{16}", first)
    assert first != second


@pytest.mark.parametrize("given", ["", "two words", "é", "a" * 129, "tab\there"])
def test_an_invalid_id_is_replaced(given: str, api: TestClient) -> None:
    answer = api.get("/livez", headers={b"X-Request-Id": given.encode()})
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-Id"])


@pytest.mark.parametrize("path", ["/nothing", "/runs/nothing", "/runs?limit=0", "/fit"])
def test_a_problem_has_the_id_of_its_request(path: str, api: TestClient) -> None:
    for headers in ({"X-Request-Id": "client-7/a"}, {}, {"Accept-Language": "fr"}):
        answer = api.get(path, headers=headers)
        assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


def test_an_internal_error_names_the_request_in_the_problem_and_in_the_log(
    api: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("service.datasets.samples.SAMPLES", None)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(logging.getLogger(), "level", logging.WARNING)
    configure_log()
    logging.getLogger("descent.test").error("outside")
    problem = api.get("/samples", headers={"X-Request-Id": "client-7"}).json()
    assert (problem["status"], problem["request_id"]) == (500, "client-7")
    log = capsys.readouterr().err
    assert "api.unexpected_error path=/samples request=client-7\n" in log
    assert "ERROR outside\n" in log
