"""Defences against other web pages: headers, origins, and accepted host names."""

import base64
import hashlib
import re
import socket
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api import http_methods
from service.api.app import create_app
from service.api.middleware import security_headers, stack
from service.core.settings import Settings
from service.server.live_server import Service
from service.storage.database import Database
from tests.api_keys import make_key
from tests.service.api.operations import ALL, Operation
from tests.service.helpers import LINE, NOTHING, counts, fit_body, problem_of, stored_run
from tests.waiting import LONGEST

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
CHANGING = [operation for operation in ALL if operation.method not in http_methods.SAFE]
PAGES = ("/", "/docs")
KINDS = ("default-src", "script-src", "img-src", "object-src")
LAB = "https://lab.example:8443"


def policy(answer: Any) -> dict[str, str]:
    """The directives of the content security policy."""
    [header] = answer.headers.get_list("Content-Security-Policy")
    return {name: rest for name, _, rest in (entry.strip().partition(" ") for entry in header.split(";"))}


def with_host_check(settings: Settings, database: Database, base_url: str = "http://127.0.0.1:8000") -> TestClient:
    """The API with the host check of `descent serve`."""
    app = create_app(settings, database)
    stack.check_hosts(app, settings)
    return TestClient(app, base_url=base_url)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *((path, 200) for path in (*PAGES, "/openapi.json", "/static/main.js", "/runs", "/livez")),
        *((path, 404) for path in ("/nothing", "/static/nothing", "/runs/nothing")),
        *(("/runs?limit=0", 422), ("/fit", 405), ("/samples", 500)),
    ],
)
def test_every_answer_has_the_headers(path: str, status: int, api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    if status == 500:
        monkeypatch.setattr("service.datasets.samples.SAMPLES", None)
    answer = api.get(path)
    assert answer.status_code == status
    assert {name: answer.headers.get_list(name) for name in HEADERS} == {name: [HEADERS[name]] for name in HEADERS}
    assert policy(answer)["frame-ancestors"] == "'none'"
    assert policy(answer)["default-src"] == ("'self'" if path in PAGES else "'none'")


def test_streamed_and_empty_answers_have_the_headers(api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(), [[1.0, 2.0]] * 3)
    etag = api.get(f"/runs/{run_id}").headers["ETag"]
    script = api.get("/static/main.js").headers["ETag"]
    for status, answer in (
        *((200, api.get(f"/runs/{run_id}/trajectory?format={form}")) for form in ("json", "ndjson", "csv")),
        (304, api.get(f"/runs/{run_id}", headers={"If-None-Match": etag})),
        (304, api.get("/static/main.js", headers={"If-None-Match": script})),
        (202, api.post("/fit", json=LINE)),
        (409, api.post(f"/runs/{run_id}/cancel")),
        (204, api.delete(f"/runs/{run_id}")),
        (200, api.head("/")),
    ):
        assert answer.status_code == status
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert policy(answer)["frame-ancestors"] == "'none'"


def test_the_answer_to_data_that_is_not_http_has_the_headers(service: Service) -> None:
    host, _, port = service.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=LONGEST) as connection:
        connection.sendall(b"nothing\r\n\r\n")
        answer = connection.makefile("rb").read().lower()
    assert answer.startswith(b"http/1.1 400")
    for name, value in security_headers.ALWAYS.items():
        assert answer.count(b"\r\n%s: %s\r\n" % (name, value.lower())) == 1


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_its_own_scripts_and_styles_and_no_others(path: str, api: TestClient) -> None:
    answer = api.get(path)
    directives = policy(answer)
    assert directives.keys() == {*KINDS, "base-uri", "form-action", "frame-ancestors"}
    assert "unsafe" not in str(directives)
    assert "http" not in str(directives)
    assert "<style" not in answer.text
    assert "style=" not in answer.text
    inline = re.findall(rb"<script(?![^>]* src=)[^>]*>(.*?)</script>", answer.content)
    assert inline == [security_headers.IMPORT_MAP]
    digest = base64.b64encode(hashlib.sha256(security_headers.IMPORT_MAP).digest()).decode()
    assert directives["script-src"] == f"'self' 'sha256-{digest}'"


def test_the_browser_does_not_store_answers_to_a_key(settings: Settings, database: Database) -> None:
    key = make_key(database)
    with TestClient(create_app(settings.model_copy(update={"keys": "required"}), database)) as api:
        for path in ("/runs", "/runs/latest", "/samples"):
            assert api.get(path, headers=key.headers).headers["Cache-Control"] == "no-store"
        assert api.get("/static/main.js").headers["Cache-Control"] == "no-cache"
        assert api.get("/").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("operation", CHANGING, ids=lambda each: f"{each.method} {each.path}")
def test_no_page_of_another_site_changes_anything(operation: Operation, api: TestClient, database: Database) -> None:
    api.post("/fit", json=LINE)
    run, before = api.get("/runs/latest").json(), counts(database)
    answer = api.request(operation.method, operation.of("latest"), headers={"Origin": "https://evil.example"})
    assert "DESCENT_CORS_ORIGINS" in problem_of(answer, 403)["detail"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert counts(database) == before
    assert api.get("/runs/latest").json() == run


@pytest.mark.parametrize(
    ("headers", "is_accepted"),
    [
        ({}, True),
        ({"Origin": "http://testserver"}, True),
        ({"Origin": "https://testserver", "Sec-Fetch-Site": "same-origin"}, True),  # a proxy in front speaks TLS
        ({"Origin": "http://testserver:81"}, False),
        ({"Origin": "http://testserver.evil.example"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "testserver"}, False),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),  # another port of this machine, another service of this domain
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"}, False),
    ],
)
def test_only_a_page_of_the_service_may_submit(
    headers: dict[str, str], is_accepted: bool, api: TestClient, database: Database
) -> None:
    answer = api.post("/fit", json=LINE, headers=headers)
    assert answer.status_code == (202 if is_accepted else 403)
    assert (counts(database) == NOTHING) != is_accepted
    assert api.get("/runs", headers=headers).status_code == 200  # the other page cannot read the answer


def test_no_other_page_may_read_by_default(api: TestClient) -> None:
    for answer in (
        api.get("/runs", headers={"Origin": LAB}),
        api.options("/fit", headers={"Origin": LAB, "Access-Control-Request-Method": "POST"}),
    ):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_only_configured_origins_may_read_and_change(settings: Settings, database: Database) -> None:
    configured = settings.model_copy(update={"cors_origins": f"{LAB}, http://localhost:3000"})
    preflight = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
    }
    with TestClient(create_app(configured, database)) as api:
        for origin in (LAB, "http://localhost:3000"):
            headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
            assert api.options("/fit", headers=headers | preflight).headers["Access-Control-Allow-Origin"] == origin
            answer = api.post("/fit", json=LINE, headers=headers)
            assert answer.status_code == 202
            assert answer.headers["Access-Control-Allow-Origin"] == origin
            assert "Location" in answer.headers["Access-Control-Expose-Headers"]
            assert "Access-Control-Allow-Credentials" not in answer.headers
        unknown = {"Origin": "https://lab.example"}
        assert api.options("/fit", headers=unknown | preflight).status_code == 400
        assert "Access-Control-Allow-Origin" not in api.get("/runs", headers=unknown).headers
        problem_of(api.post("/fit", json=LINE, headers=unknown), 403)


@pytest.mark.parametrize("origins", ["*", "lab.example", "https://lab.example/", "https://*.example", "null", "a,,b"])
def test_the_error_of_an_invalid_origin_names_it(origins: str, database: Database) -> None:
    with pytest.raises(ValueError, match=r"DESCENT_CORS_ORIGINS: .* is not an origin. Write it like"):
        create_app(Settings(cors_origins=origins), database)


@pytest.mark.parametrize("origins", ["*", "lab.example", "https://lab.example; script-src *", "'self'"])
def test_the_error_of_an_invalid_ancestor_names_it(origins: str, database: Database) -> None:
    with pytest.raises(ValueError, match=r"DESCENT_FRAME_ANCESTORS: .* is not an origin. Write it like"):
        create_app(Settings(frame_ancestors=origins), database)


def test_named_sites_may_frame_the_page_and_embed_pictures(settings: Settings, database: Database) -> None:
    run_id = stored_run(database, fit_body(), [[1.0, 2.0]] * 3)
    allowed = settings.model_copy(update={"frame_ancestors": f"{LAB}, http://moodle.example"})
    with TestClient(create_app(allowed, database)) as api:
        picture = f"/runs/{run_id}/curves.svg"
        etag = api.get(picture).headers["ETag"]
        for path, status, given in (
            *((path, 200, {}) for path in (*PAGES, f"/runs/{run_id}/page.html", picture, "/runs")),
            ("/nothing", 404, {}),
            (picture, 304, {"If-None-Match": etag}),
        ):
            answer = api.get(path, headers=given)
            assert answer.status_code == status
            assert policy(answer)["frame-ancestors"] == f"{LAB} http://moodle.example"
            expected = {name: value for name, value in HEADERS.items() if name != "X-Frame-Options"}
            assert {name: answer.headers.get(name) for name in HEADERS} == {**expected, "X-Frame-Options": None}
        for path, referer, embedding in (
            (picture, f"{LAB}/course?week=1", "cross-origin"),
            (picture, LAB, "cross-origin"),
            (picture, f"{LAB}.evil.example/", "same-origin"),
            (picture, "https://evil.example/https://lab.example:8443", "same-origin"),
            (f"/runs/{run_id}", f"{LAB}/", "same-origin"),
        ):
            answer = api.get(path, headers={"Referer": referer})
            assert answer.headers.get_list("Cross-Origin-Resource-Policy") == [embedding]
            assert ("Referer" in answer.headers.get("Vary", "")) == (path == picture)


@pytest.mark.parametrize(
    ("host", "is_allowed"),
    [
        *((host, True) for host in ("localhost", "LocalHost:8000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8000")),
        *((host, True) for host in ("lab.example", "lab.example:443", "other.example")),
        *((host, False) for host in ("evil.example", "evil.example:8000", "localhost.evil.example", "10.0.0.1", "")),
        *((host, False) for host in ("127.0.0.1.evil.example:8000", "localhost:8000:8000", "[::1", "localhost@evil")),
    ],
)
def test_without_keys_unknown_host_names_are_refused(
    host: str, is_allowed: bool, settings: Settings, database: Database
) -> None:
    api = with_host_check(settings.model_copy(update={"allowed_hosts": "Lab.example, other.example"}), database)
    for path in ("/", "/runs", "/openapi.json", "/static/main.js"):
        answer = api.get(path, headers={"Host": host})
        if is_allowed:
            assert answer.status_code == 200
        else:
            assert "DESCENT_ALLOWED_HOSTS" in problem_of(answer, 421)["detail"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert api.get("/readyz", headers={"Host": host}).status_code == 200  # orchestrators call by any address


def test_two_host_headers_are_refused(settings: Settings, database: Database) -> None:
    api = with_host_check(settings, database)
    problem_of(api.get("/runs", headers=[("Host", "localhost"), ("Host", "localhost")]), 421)


def test_dns_rebinding_is_refused(settings: Settings, database: Database) -> None:
    """To the browser, page and service have one origin: only the Host header reveals the attack."""
    api = with_host_check(settings, database, "http://evil.example:8000")
    headers = {"Origin": "http://evil.example:8000", "Sec-Fetch-Site": "same-origin"}
    problem_of(api.post("/fit", json=LINE, headers=headers), 421)
    assert counts(database) == NOTHING


@pytest.mark.parametrize(("host", "name"), [("192.168.7.7", "192.168.7.7:8000"), ("fd00::7", "[fd00::7]:8000")])
def test_the_listening_address_is_an_allowed_host(host: str, name: str, settings: Settings, database: Database) -> None:
    configured = settings.model_copy(update={"host": host, "keys": "off"})
    api = with_host_check(configured, database, f"http://{name}")
    assert api.get("/runs").status_code == 200
    problem_of(api.get("/runs", headers={"Host": "evil.example"}), 421)


def test_with_keys_any_host_is_allowed_unless_hosts_are_configured(settings: Settings, database: Database) -> None:
    key = make_key(database)
    with_keys = settings.model_copy(update={"keys": "required"})
    assert (
        with_host_check(with_keys, database, "http://any.example").get("/runs", headers=key.headers).status_code == 200
    )
    restricted = with_host_check(
        with_keys.model_copy(update={"allowed_hosts": "lab.example"}), database, "http://any.example"
    )
    problem_of(restricted.get("/runs", headers=key.headers), 421)
