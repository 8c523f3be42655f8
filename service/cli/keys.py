"""`descent keys`: creates, lists and revokes API keys in the database file. HTTP offers no such request."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from service.cli.options import NO_DATABASE, DatabaseUrl, Json, failure, print_json, settings_of
from service.core.caller import ALL
from service.core.scopes import GRANTS
from service.core.times import rfc3339

key_commands = typer.Typer(name="keys", help="Create, list and revoke API keys.", no_args_is_help=True)

DAY = 86_400


Scopes = Annotated[
    list[str] | None,
    typer.Option(
        help="read: read the runs and datasets that --sees names. write (default): read, submit, change and delete "
        "the key's own. admin: the same for the runs and datasets of all keys."
    ),
]
Sees = Annotated[
    str | None,
    typer.Option(
        metavar="ID", help="With --scope read: the id of the key whose runs and datasets this key reads, or `all`."
    ),
]
ExpiresDays = Annotated[int | None, typer.Option(min=1, max=36_500, help="Days until the key expires; default: never.")]
Weight = Annotated[
    float, typer.Option(min=0.01, max=100.0, help="The key's share of the workers, relative to the keys of weight 1.")
]
MaxRunning = Annotated[
    int | None, typer.Option(min=1, help="The maximum number of its runs in workers; default: no maximum.")
]


@key_commands.command()
def create(
    name: Annotated[str, typer.Argument(help="A name for the user of the key.")],
    scope: Scopes = None,
    sees: Sees = None,
    expires_days: ExpiresDays = None,
    weight: Weight = 1.0,
    max_running: MaxRunning = None,
    as_json: Json = False,
    database: DatabaseUrl = None,
) -> None:
    """Create a key and print it once, alone on standard output.

    Example: descent keys create laptop
    """
    from service.core.api_key_text import new_key  # noqa: PLC0415 - keeps --help fast
    from service.storage.api_keys import add_key, exists  # noqa: PLC0415

    scopes = scope or ["write"]
    _check(name, scopes, sees)
    key = new_key()
    expires_at = None if expires_days is None else time.time() + expires_days * DAY
    with _database(database, creates=True) as store, store.writing() as connection:
        if sees not in (None, ALL) and not exists(connection, sees):
            raise failure(f"Unknown key {sees}. List the keys with `descent keys list`.")
        add_key(
            connection,
            key.key_id,
            sha256=key.sha256,
            name=name,
            scopes=scopes,
            expires_at=expires_at,
            sees=sees,
            weight=weight,
            max_running=max_running,
        )
    _explain(key.key_id, scopes, sees)
    if as_json:
        print_json({"id": key.key_id, "key": key.text})
    else:
        typer.echo(key.text)


def _check(name: str, scopes: list[str], sees: str | None) -> None:
    if not name.strip():
        raise failure("A key needs a name, such as the name of its user.")
    if wrong := [each for each in scopes if each not in GRANTS]:
        raise failure(f"Unknown scope {wrong[0]}. The scopes are {', '.join(GRANTS)}.")
    if sees is not None and set(scopes) != {"read"}:
        raise failure("--sees is for a key of scope read alone: a wider scope sees what the key makes, or all.")


def _explain(key_id: str, scopes: list[str], sees: str | None) -> None:
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    console.print(f"Key {key_id} of scope {', '.join(scopes)}. Save it now: the service does not store or repeat it.")
    if sees is None and set(scopes) == {"read"}:
        console.print("The key sees nothing, because it makes no runs: --sees names a key whose runs it reads, or all.")
    console.print("Send it in the header `Authorization: Bearer descent_…`.")


@key_commands.command(name="list")
def list_keys(
    as_json: Json = False,
    database: DatabaseUrl = None,
) -> None:
    """List all keys, also revoked and expired ones, without their secrets.

    Example: descent keys list
    """
    from service.storage.api_keys import all_keys, damaged_keys  # noqa: PLC0415

    with _database(database) as store, store.reading() as connection:
        shown = [_shown(key) for key in all_keys(connection)]
        shown += [_shown_damaged(key_id) for key_id in damaged_keys(connection)]
    if as_json:
        print_json(shown)
        return
    console = Console(markup=False)
    table = _table(shown, ("id", "name", "scopes", "sees", "state", "share", "created"))
    if Measurement.get(console, console.options.update(width=1000), table).maximum > console.width:
        table = _table(shown, ("id", "name", "scopes", "sees", "state", "share"))
    console.print(table)


@key_commands.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `descent keys list` shows it.")],
    as_json: Json = False,
    database: DatabaseUrl = None,
) -> None:
    """Revoke a key for ever, within a second. Keys of scope admin keep access to its runs and datasets.

    Example: descent keys revoke 3f9a0c1b2d4e
    """
    from service.storage.api_keys import revoke_key  # noqa: PLC0415
    from service.storage.essential_write import essential_write  # noqa: PLC0415

    with _database(database) as store:
        known = essential_write(store, lambda connection: revoke_key(connection, key_id))
    if not known:
        raise failure(f"Unknown key {key_id}. List the keys with `descent keys list`.")
    if as_json:
        print_json({"id": key_id, "state": "revoked"})
        return
    Console(stderr=True, highlight=False).print(f"Key {key_id} is revoked.")


def _table(shown: list[dict[str, Any]], names: tuple[str, ...]) -> Table:
    """The keys, one a line: only a long name is folded. A column without a value is left out."""
    table, cells = Table(box=None), [_cells(key) for key in shown]
    used = [name for name in names if name in ("id", "name") or any(row[name] for row in cells)]
    for name in used:
        table.add_column(name, overflow="fold", no_wrap=name != "name")
    for row in cells:
        table.add_row(*(row[name] for name in used))
    return table


def _shown(key: Any) -> dict[str, Any]:
    expired = key.expires_at is not None and key.expires_at <= time.time()
    return {
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "sees": key.sees,
        "state": "revoked" if key.revoked_at is not None else "expired" if expired else "usable",
        "weight": key.weight,
        "max_running": key.max_running,
        "created_at": _time(key.created_at),
        "expires_at": _time(key.expires_at),
        "revoked_at": _time(key.revoked_at),
    }


def _shown_damaged(key_id: str) -> dict[str, Any]:
    known = {"id": key_id, "name": "", "scopes": [], "state": "damaged", "weight": 1.0}
    return known | dict.fromkeys(("sees", "max_running", "created_at", "expires_at", "revoked_at"))


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else rfc3339(seconds, "seconds")


def _cells(key: dict[str, Any]) -> dict[str, str]:
    """The texts of a key in the table. A time is shortened to its day; the share of a plain key is left out."""
    revoked, expires = ((key[name] or "").partition("T")[0] for name in ("revoked_at", "expires_at"))
    day = revoked or (f"to {expires}" if expires and key["state"] == "usable" else expires)
    most = "" if key["max_running"] is None else f", max {key['max_running']}"
    return {
        "id": key["id"],
        "name": key["name"],
        "scopes": ", ".join(key["scopes"]),
        "sees": key["sees"] or "",
        "state": f"{key['state']} {day}".rstrip(),
        "share": "" if key["weight"] == 1.0 and not most else f"{key['weight']:g}{most}",
        "created": (key["created_at"] or "").partition("T")[0],
    }


@contextmanager
def _database(url: str | None, *, creates: bool = False) -> Iterator[Any]:
    """The database of the settings, closed at the end. Raises typer.Exit without one, unless the command creates it."""
    from service.core.exceptions import StartError  # noqa: PLC0415
    from service.server.open_database import opened  # noqa: PLC0415

    settings = settings_of(database_url=url)
    if not creates and not settings.database_file.exists():
        raise failure(NO_DATABASE.format(settings.database_file.resolve()))
    try:
        database = opened(settings)
    except StartError as error:
        raise failure(str(error)) from None
    try:
        yield database
    finally:
        database.dispose()
