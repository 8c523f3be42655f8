"""Authentication: every protected operation needs a valid key with its scope."""

import logging
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.api.authentication import WRONG_KEYS_PER_MINUTE, address_of
from service.auth.key_cache import NOTICE_SECONDS
from service.core import api_key_text
from service.core.scopes import GRANTS
from service.core.settings import Settings
from service.storage.api_keys import add_key, revoke_key
from service.storage.database import Database
from tests.api_keys import Key, make_brief_key, make_key
from tests.service.api.operations import ALL, OF_AN_OBJECT, PROTECTED, PUBLIC, Operation
from tests.service.auth.helpers import key_queries
from tests.service.helpers import LINE, problem_of
from tests.waiting import until


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Keys are required, on loopback too."""
    return settings.model_copy(update={"keys": "required"})


def test_there_are_operations_of_all_kinds() -> None:
    assert {operation.path for operation in ALL} >= PUBLIC
    assert {Operation("POST", "/fit"), Operation("GET", "/runs/{run_id}/trajectory")} <= set(PROTECTED)
    assert len(OF_AN_OBJECT) >= 8


@pytest.mark.parametrize("operation", PROTECTED, ids=lambda each: f"{each.method} {each.path}")
def test_every_operation_needs_a_key_and_its_scope(operation: Operation, api: TestClient, database: Database) -> None:
    path = operation.of("latest")
    refused = api.request(operation.method, path)
    assert problem_of(refused, 401)["title"] == "API key needed"
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="descent"'
    for scope in ("read", "write", "admin"):
        answer = api.request(operation.method, path, headers=make_key(database, scope).headers)
        if operation.scope in GRANTS[scope]:
            assert answer.status_code not in {401, 403}
        else:
            assert f"scope {operation.scope}" in problem_of(answer, 403)["detail"]
            insufficient = f'error="insufficient_scope", scope="{operation.scope}"'
            assert insufficient in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("path", ["/runs?limit=0", "/runs?nothing=1", "/fit?validate_only=perhaps", "/limits"])
def test_a_request_without_a_key_gets_no_information(path: str, api: TestClient, key: Key) -> None:
    method = "POST" if path.startswith("/fit") else "GET"
    problem_of(api.request(method, path), 401)
    assert api.request(method, path, headers=key.headers).status_code != 401


@pytest.mark.parametrize("path", sorted(PUBLIC | {"/static/main.js"}))
def test_public_paths_need_no_key(path: str, api: TestClient) -> None:
    assert api.get(path).status_code == 200


def test_scopes_add_up(database: Database, api: TestClient) -> None:
    assert api.post("/fit", json=LINE, headers=make_key(database, "read", "write").headers).status_code == 202


@pytest.mark.parametrize(
    "given",
    [
        "Basic {key}",
        "Bearer",
        "Bearer ",
        "{key}",
        "Bearer {key}x",
        "Bearer x{key}",
        "Bearer {wrong}",
        "Bearer descent_{id}",
        "Bearer descent_{id}_",
        "Bearer descent__",
        "Bearer _",
        "Bearer secret_{id}_{secret}",
        "Bearer {key} {key}",
        "Bearer \xe9_{id}_\xff",
    ],
)
def test_an_invalid_key_is_refused_and_not_repeated(given: str, key: Key, other: Key, api: TestClient) -> None:
    secret = key.text.rpartition(f"{key.id}_")[2]
    wrong = f"descent_{other.id}_{secret}"  # the id of one key, and the secret of another
    header = given.format(key=key.text, id=key.id, secret=secret, wrong=wrong).encode("latin-1")
    answer = api.get("/runs", headers={b"Authorization": header})
    problem_of(answer, 401)
    assert secret not in answer.text + str(answer.headers)


@pytest.mark.parametrize("given", ["Bearer {}", "bearer {}", "BEARER  {} "])
def test_case_and_blanks_of_the_scheme_do_not_matter(given: str, key: Key, api: TestClient) -> None:
    assert api.get("/runs", headers={"Authorization": given.format(key.text)}).status_code == 200


def test_a_new_key_is_valid_at_once(api: TestClient, key: Key, database: Database) -> None:
    for _ in range(3):
        assert api.get("/runs", headers=key.headers).status_code == 200
        assert api.get("/runs", headers=make_key(database).headers).status_code == 200


def test_a_revoked_key_is_refused_soon_and_its_runs_stay(
    api: TestClient, key: Key, other: Key, admin: Key, database: Database
) -> None:
    run_id = api.post("/fit", json=LINE, headers=key.headers).json()["id"]
    with database.writing() as connection:
        revoke_key(connection, key.id)
    until(lambda: api.get("/runs", headers=key.headers).status_code == 401)
    assert NOTICE_SECONDS <= 1
    assert api.get("/runs", headers=other.headers).status_code == 200
    assert api.get("/runs/latest", headers=admin.headers).json()["id"] == run_id


def test_an_expired_key_is_refused(api: TestClient, database: Database) -> None:
    problem_of(api.get("/runs", headers=make_key(database, expires_in=-1).headers), 401)
    short = make_brief_key(database, lambda key: api.get("/runs", headers=key.headers).status_code == 200)
    until(lambda: api.get("/runs", headers=short.headers).status_code == 401)


def test_requests_a_minute_are_limited_for_each_key(
    settings: Settings, database: Database, key: Key, other: Key
) -> None:
    few = settings.model_copy(update={"requests_per_minute": 3})
    with TestClient(create_app(few, database)) as api:
        for path, status, left in (("/samples", 200, 2), ("/runs/nothing", 404, 1), ("/runs?limit=0", 422, 0)):
            answer = api.get(path, headers=key.headers)
            assert (answer.status_code, answer.headers["RateLimit-Policy"]) == (status, '"requests";q=3;w=60')
            assert re.fullmatch(f'"requests";r={left};t=(59|60)', answer.headers["RateLimit"])
        answer = api.get("/runs", headers=key.headers)
        assert problem_of(answer, 429)["title"] == "Too many requests"
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert answer.headers["RateLimit"] == f'"requests";r=0;t={answer.headers["Retry-After"]}'
        assert "RateLimit" not in api.get("/livez").headers
        assert api.get("/runs", headers=other.headers).status_code == 200
        assert api.get("/livez").status_code == 200


def test_an_address_must_wait_after_many_wrong_keys_but_valid_keys_pass(api: TestClient, key: Key) -> None:
    wrong = {"Authorization": "Bearer descent_nobody_nothing"}
    for _ in range(WRONG_KEYS_PER_MINUTE):
        problem_of(api.get("/runs", headers=wrong), 401)
    answer = api.get("/runs", headers=wrong)
    problem_of(answer, 429)
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert api.get("/runs", headers=key.headers).status_code == 200
    problem_of(api.get("/runs"), 401)  # a missing key is not a wrong key


def test_no_secret_is_in_the_log(
    api: TestClient, key: Key, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr("service.storage.runs.find_readable", fail)
    secret = key.text.removeprefix(f"descent_{key.id}_")
    with caplog.at_level(logging.DEBUG):
        api.get("/runs", headers={"Authorization": f"Bearer {key.text}x"})
        problem_of(api.get("/runs/latest", headers=key.headers), 500)
        api.post("/fit", json=LINE, headers=key.headers)
    assert "api.wrong_key client=testclient" in caplog.text
    assert "unexpected" in caplog.text
    assert secret not in caplog.text
    assert all(secret not in str(vars(record)) for record in caplog.records)


def test_swagger_ui_knows_that_keys_are_needed(api: TestClient, database: Database) -> None:
    described = api.get("/openapi.json").json()
    assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for path, item in described["paths"].items():
        for operation in item.values():
            assert operation["security"] == ([] if path in PUBLIC else [{"key": []}])
            assert ({"401", "403", "429"} <= set(operation["responses"])) == (path not in PUBLIC)
    with TestClient(create_app(Settings(), database)) as free:
        described = free.get("/openapi.json").json()
    assert "securitySchemes" not in described["components"]
    assert not any("security" in operation for item in described["paths"].values() for operation in item.values())


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        *((host, True) for host in ("127.0.0.1", "127.8.9.10", "::1", "localhost")),
        *(
            (host, False)
            for host in ("0.0.0.0", "::", "10.0.0.1", "example.org", "127.0.0.1.example.org", "", "localhost.")
        ),
    ],
)
def test_keys_are_required_unless_the_host_is_loopback(host: str, is_loopback: bool) -> None:
    assert Settings(host=host).requires_keys != is_loopback
    assert Settings(host=host, keys="required").requires_keys
    assert not Settings(host=host, keys="off").requires_keys


def test_a_wrong_key_is_ignored_if_no_keys_are_required(database: Database) -> None:
    with TestClient(create_app(Settings(), database)) as free:
        assert free.get("/runs", headers={"Authorization": "Bearer descent_nobody_nothing"}).status_code == 200


@pytest.fixture
def long_lived_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cached keys never become too old."""
    monkeypatch.setattr("service.auth.key_cache.NOTICE_SECONDS", 1000)


@pytest.mark.usefixtures("long_lived_cache")
def test_a_wrong_key_causes_one_query_and_its_repetitions_none(api: TestClient, database: Database) -> None:
    wrong = {"Authorization": f"Bearer {api_key_text.new_key().text}"}
    with key_queries(database) as found:
        for _ in range(5):
            problem_of(api.get("/runs", headers=wrong), 401)
    assert len(found) == 1


@pytest.mark.usefixtures("long_lived_cache")
def test_a_known_key_needs_no_query_beside_many_wrong_ones(api: TestClient, key: Key, database: Database) -> None:
    assert api.get("/runs", headers=key.headers).status_code == 200
    answers = [
        api.get("/runs", headers={"Authorization": f"Bearer {api_key_text.new_key().text}"}).status_code
        for _ in range(WRONG_KEYS_PER_MINUTE + 5)
    ]
    assert answers == [401] * WRONG_KEYS_PER_MINUTE + [429] * 5
    with key_queries(database) as found:
        assert api.get("/runs", headers=key.headers).status_code == 200
        problem_of(api.get("/runs", headers={"Authorization": f"Bearer {key.text}x"}), 429)
    assert found == []


def test_a_key_is_found_by_its_id_among_many(api: TestClient, database: Database) -> None:
    with database.writing() as connection:
        for number in range(100):
            text = f"descent_{number:012x}_s"
            add_key(connection, f"{number:012x}", sha256=text, name="k", scopes=["read"], expires_at=None)
    with key_queries(database) as found:
        problem_of(api.get("/runs", headers={"Authorization": f"Bearer {api_key_text.new_key().text}"}), 401)
    [statement] = found
    with database.reading() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (0.0, "a")).all()
    assert [step.detail for step in plan] == ["SEARCH api_keys USING INDEX sqlite_autoindex_api_keys_1 (id=?)"]


@pytest.mark.usefixtures("long_lived_cache")
def test_malformed_keys_cause_no_query(api: TestClient, key: Key, database: Database) -> None:
    with key_queries(database) as found:
        for text in ("descent_nobody_nothing", "descent", f"secret_{key.id}_x", f"descent_{key.id}"):
            problem_of(api.get("/runs", headers={"Authorization": f"Bearer {text}"}), 401)
    assert found == []


def test_a_new_key_is_valid_soon_after_many_wrong_keys(api: TestClient, key: Key, database: Database) -> None:
    for _ in range(WRONG_KEYS_PER_MINUTE):
        problem_of(api.get("/runs", headers={"Authorization": f"Bearer {key.text}x"}), 401)
    new = make_key(database)
    until(lambda: api.get("/runs", headers=new.headers).status_code == 200)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_addresses_of_one_ipv6_network_count_as_one(host: str, address: str) -> None:
    assert address_of(host) == address


def test_wrong_keys_from_one_network_are_counted_together(settings: Settings, database: Database, key: Key) -> None:
    app = create_app(settings, database)

    def ask(number: int, text: str) -> int:
        with TestClient(app, client=(f"2001:db8::{number:x}", 1)) as api:
            return api.get("/runs", headers={"Authorization": f"Bearer {text}"}).status_code

    assert [ask(number, key.text + "x") for number in range(WRONG_KEYS_PER_MINUTE)] == [401] * WRONG_KEYS_PER_MINUTE
    assert ask(99, key.text + "x") == 429
    assert ask(99, key.text) == 200
