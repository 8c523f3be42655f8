"""Storage of API keys: stored fields, expiry, revocation."""

import json
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from service.cli.main import app
from service.core.settings import Settings
from service.storage.api_keys import all_keys, damaged_keys, revoke_key, usable_keys
from service.storage.database import Database
from tests.api_keys import make_key
from tests.damage import damage


def usable(database: Database) -> list[str]:
    with database.reading() as connection:
        return [key.id for key in usable_keys(connection)]


def test_a_key_is_usable_until_it_is_revoked_and_stays_in_the_list(database: Database) -> None:
    key, other = make_key(database, "read", "write", name="lab"), make_key(database)
    assert set(usable(database)) == {key.id, other.id}
    with database.writing() as connection:
        assert revoke_key(connection, key.id)
    assert usable(database) == [other.id]
    with database.reading() as connection:
        first, second = all_keys(connection)
    assert (first.id, first.name, first.scopes) == (key.id, "lab", ["read", "write"])
    assert first.revoked_at is not None
    assert second.revoked_at is None


def test_a_second_revocation_changes_nothing_and_an_unknown_id_is_reported(database: Database) -> None:
    key = make_key(database)
    with database.writing() as connection:
        revoke_key(connection, key.id)
        [before] = all_keys(connection)
        assert revoke_key(connection, key.id)
        assert all_keys(connection) == [before]
        assert not revoke_key(connection, "nothing")


def test_a_key_is_usable_until_its_expiry(database: Database) -> None:
    fresh, _stale = make_key(database, expires_in=60), make_key(database, expires_in=-1)
    assert usable(database) == [fresh.id]
    with database.writing() as connection:
        connection.execute(text("UPDATE api_keys SET expires_at = :now"), {"now": time.time()})
    assert usable(database) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("scopes", """'["admin"]'"""), ("scopes", "'{'"), ("name", "CAST(x'ff' AS TEXT)"), ("expires_at", "'never'")],
)
def test_a_damaged_key_admits_nobody_and_the_others_work(
    column: str, value: str, database: Database, settings: Settings
) -> None:
    damaged, sound = make_key(database), make_key(database)
    damage(settings, "api_keys", column, value, f"id = '{damaged.id}'")
    assert usable(database) == [sound.id]
    with database.writing() as connection:
        assert [key.id for key in all_keys(connection)] == [sound.id]
        assert damaged_keys(connection) == [damaged.id]
        assert revoke_key(connection, damaged.id)
    result = CliRunner().invoke(app, ["keys", "list", "--json", "--database", settings.database_url])
    assert [(key["id"], key["state"]) for key in json.loads(result.stdout)] == [
        (sound.id, "usable"),
        (damaged.id, "damaged"),
    ]


def test_the_secret_is_nowhere_in_the_file(database: Database, tmp_path: Path) -> None:
    key = make_key(database)
    content = b"".join(file.read_bytes() for file in tmp_path.glob("descent.db*"))
    assert key.id.encode() in content
    assert key.text.removeprefix(f"descent_{key.id}_").encode() not in content
