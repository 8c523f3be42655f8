"""`descent keys`, and a service that requires API keys: commands of the operator, answers to the clients."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from service.server.live_server import Service, running_service
from service.storage.api_keys import revoke_key
from service.storage.connect import open_database
from service.storage.database import Database
from tests.acceptance.commands import descent
from tests.acceptance.helpers import finished
from tests.api_keys import make_brief_key, make_key, service_with_keys
from tests.damage import damage
from tests.service.helpers import LINE, problem_of
from tests.waiting import LONGEST, until

Locked = tuple[Service, Database, Path]


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locked]:
    """A service that requires keys, its database, and its log."""
    with service_with_keys(tmp_path_factory.mktemp("locked")) as found:
        yield found


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a database that does not exist yet."""
    return f"sqlite:///{tmp_path}/new.db"


@pytest.mark.parametrize("name", ["", " "])
def test_a_key_without_a_name_is_refused(name: str, url: str) -> None:
    made = descent("keys", "create", name, "--database", url)
    assert made.returncode == 1
    assert "A key needs a name" in made.stderr
    assert made.stdout == ""


def test_a_key_is_printed_once_listed_and_revoked(url: str) -> None:
    made = descent("keys", "create", "night run", "--scope", "read", "--expires-days", "7", "--database", url)
    assert made.returncode == 0, made.stderr
    [text] = made.stdout.splitlines()  # so that KEY=$(descent keys create …) is the key
    _, key_id, secret = text.split("_", 2)
    assert len(secret) >= 43  # 256 bits in base64
    assert secret not in made.stderr
    table = descent("keys", "list", "--database", url)
    [line] = [line for line in table.stdout.splitlines() if "night run" in line]
    assert line.split()[:1] + line.split()[3:5] == [key_id, "read", "usable"]
    listed = descent("keys", "list", "--json", "--database", url)
    [shown] = json.loads(listed.stdout)
    assert (shown["id"], shown["name"], shown["scopes"]) == (key_id, "night run", ["read"])
    assert shown["expires_at"] > shown["created_at"]
    assert secret not in table.stdout + listed.stdout
    assert descent("keys", "revoke", key_id, "--database", url).returncode == 0
    [shown] = json.loads(descent("keys", "list", "--json", "--database", url).stdout)
    assert shown["state"] == "revoked"
    assert shown["revoked_at"]


def test_a_damaged_key_is_listed(url: str) -> None:
    key_id = descent("keys", "create", "laptop", "--database", url).stdout.split("_")[1]
    damage(Path(url.removeprefix("sqlite:///")), "api_keys", "weight", "5", f"id = '{key_id}'")
    listed = descent("keys", "list", "--database", url)
    assert listed.returncode == 0, listed.stderr
    assert re.search(rf"^ {key_id} .* damaged", listed.stdout, re.MULTILINE)


def test_the_list_of_keys_fits_on_80_columns(url: str) -> None:
    names = ["laptop", "anna-lena.schmidt@university.example", "bob"]
    shares: tuple[list[str], ...] = ([], ["--weight", "2.5", "--max-running", "10"], ["--expires-days", "30"])
    ids = [
        descent("keys", "create", name, *share, "--database", url).stdout.split("_")[1]
        for name, share in zip(names, shares, strict=True)
    ]
    descent("keys", "create", "teacher", "--scope", "read", "--sees", ids[0], "--database", url)
    descent("keys", "revoke", ids[0], "--database", url)
    heading, *rows = descent("keys", "list", "--database", url, COLUMNS="80").stdout.splitlines()
    assert heading.split() == ["id", "name", "scopes", "sees", "state", "share"]
    assert max(map(len, rows)) <= 80
    assert re.fullmatch(rf" {ids[0]}  laptop +write +revoked \d{{4}}-\d\d-\d\d *", rows[0])
    assert re.search(rf"^ {ids[1]}  anna.* usable +2.5, max 10 *$", "\n".join(rows), re.MULTILINE)
    assert re.fullmatch(rf" {ids[2]}  bob +write +usable to \d{{4}}-\d\d-\d\d *", rows[-2])
    assert rows[-1].split()[2:] == ["read", ids[0], "usable"]


def test_a_key_reads_the_runs_of_another_or_of_all(url: str) -> None:
    owner = descent("keys", "create", "student", "--database", url).stdout.split("_")[1]
    for sees in (owner, "all"):
        made = descent("keys", "create", f"sees {sees}", "--scope", "read", "--sees", sees, "--database", url)
        assert made.returncode == 0, made.stderr
    assert "sees nothing" in descent("keys", "create", "nothing", "--scope", "read", "--database", url).stderr
    listed = json.loads(descent("keys", "list", "--json", "--database", url).stdout)
    assert [(key["scopes"], key["sees"]) for key in listed] == [
        (["write"], None),
        (["read"], owner),
        (["read"], "all"),
        (["read"], None),
    ]
    table = descent("keys", "list", "--database", url).stdout
    assert [owner in line.split()[3:] for line in table.splitlines() if f"sees {owner}" in line] == [True]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("create", "x", "--sees", "all"), "--sees is for a key of scope read alone"),
        (("create", "x", "--scope", "read", "--sees", "0123456789ab"), "Unknown key 0123456789ab."),
        (("create", "x", "--scope", "root"), "The scopes are read, write, admin."),
        (("create", "x", "--expires-days", "0"), "--expires-days"),
        (("create",), "NAME"),
        (("revoke", "0123456789ab"), "Unknown key 0123456789ab."),
    ],
)
def test_an_invalid_command_names_its_fault(words: tuple[str, ...], message: str, url: str) -> None:
    descent("keys", "create", "first", "--database", url)
    done = descent("keys", *words, "--database", url)
    assert done.returncode > 0
    assert message.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("environment", [{"DESCENT_KEYS": "required"}, {"DESCENT_HOST": "0.0.0.0"}])
def test_a_service_that_requires_keys_does_not_start_without_a_usable_one(
    environment: dict[str, str], url: str
) -> None:
    database = open_database(url, 5.0)
    make_key(database, expires_in=-1)
    revoked = make_key(database)
    with database.writing() as connection:
        revoke_key(connection, revoked.id)
    database.dispose()
    done = descent("serve", "--port", "0", "--database", url, **environment)
    assert done.returncode == 1
    assert "descent keys create NAME" in done.stderr
    assert "DESCENT_KEYS=off" in done.stderr
    assert not done.stdout


def test_a_service_does_not_start_with_an_invalid_origin(url: str) -> None:
    done = descent("serve", "--port", "0", "--database", url, DESCENT_CORS_ORIGINS="*")
    assert done.returncode == 1
    assert "DESCENT_CORS_ORIGINS: * is not an origin" in done.stderr


def test_a_service_with_keys_off_requires_no_key(url: str) -> None:
    options = ("--host", "0.0.0.0", "--workers", "0", "--database", url)
    with running_service(*options, environment={**os.environ, "DESCENT_KEYS": "off"}) as service:
        port = service.url.rpartition(":")[2]
        assert httpx2.get(f"http://127.0.0.1:{port}/runs", timeout=LONGEST).status_code == 200
        foreign = httpx2.get(f"http://127.0.0.1:{port}/runs", headers={"Host": "evil.example"}, timeout=LONGEST)
        assert "DESCENT_ALLOWED_HOSTS" in problem_of(foreign, 421)["detail"]


def test_a_key_is_valid_from_its_creation_to_its_revocation(locked: Locked) -> None:
    service, database, log = locked
    option = ("--database", str(database.engine.url))
    with httpx2.Client(base_url=service.url, timeout=LONGEST) as client:
        problem_of(client.post("/fit", json=LINE), 401)
        text = descent("keys", "create", "laptop", *option).stdout.strip()
        client.headers["Authorization"] = f"Bearer {text}"
        run_id = client.post("/fit", json=LINE).json()["id"]
        assert finished(client, run_id)["status"] == "succeeded"
        assert descent("keys", "revoke", text.split("_")[1], *option).returncode == 0
        until(lambda: client.get(f"/runs/{run_id}").status_code == 401)
        answer = client.get("/runs")
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    written = log.read_text()
    assert "api.wrong_key client=127.0.0.1" in written
    assert text.split("_", 2)[2] not in written + answer.text


def test_a_key_expires_in_a_running_service(locked: Locked) -> None:
    service, database, _ = locked
    with httpx2.Client(base_url=service.url, timeout=LONGEST) as client:
        short = make_brief_key(database, lambda key: client.get("/runs", headers=key.headers).status_code == 200)
        until(lambda: client.get("/runs", headers=short.headers).status_code == 401)


def test_the_demo_requires_no_key_in_any_environment(tmp_path: Path) -> None:
    done = descent("demo", "--folder", str(tmp_path / "demo"), DESCENT_KEYS="required", DESCENT_HOST="0.0.0.0")
    assert done.returncode == 0, done.stderr
