"""The command line: `descent serve`, `descent worker`, `descent demo`."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from service.settings import Settings

app = typer.Typer(
    name="descent",
    help="Gradient descent as a service: every step of θ, with the train and the test error.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Host = Annotated[str | None, typer.Option(help="The address to listen on [DESCENT_HOST; 127.0.0.1].")]
Port = Annotated[int | None, typer.Option(help="The port; 0 takes a free one [DESCENT_PORT; 8000].")]
Workers = Annotated[int | None, typer.Option(help="Worker processes [DESCENT_WORKERS; one a core].")]
DatabaseUrl = Annotated[
    str | None, typer.Option("--database", help="[DESCENT_DATABASE_URL; sqlite:///data/descent.db]")
]


@app.command()
def serve(host: Host = None, port: Port = None, workers: Workers = None, database: DatabaseUrl = None) -> None:
    """Run the API, the page and the workers, until Ctrl-C."""
    from service import serve as room  # noqa: PLC0415 - a --help need not wait for it

    settings = _settings(host=host, port=port, workers=workers, database_url=database)
    try:
        room.serve(settings, Console())
    except room.StartError as error:
        raise _failure(str(error)) from None


@app.command()
def worker(workers: Workers = None, database: DatabaseUrl = None) -> None:
    """Run workers alone, on the database of an API elsewhere."""
    from service import serve as room  # noqa: PLC0415

    try:
        room.work(_settings(workers=workers, database_url=database), Console())
    except room.StartError as error:
        raise _failure(str(error)) from None


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the files go.")] = Path("demo"),
) -> None:
    """Start a service, fit NIST's Norris data three times, show what happened, and stop the service again."""
    import httpx2  # noqa: PLC0415

    from service import demo as room  # noqa: PLC0415
    from service.ephemeral import running_service  # noqa: PLC0415

    try:
        with (
            TemporaryDirectory() as home,
            running_service("--database", f"sqlite:///{home}/demo.db", "--workers", "1") as running,
            httpx2.Client(base_url=running.url) as client,
        ):
            room.run_demo(client, folder, Console())
    except (room.DemoError, RuntimeError) as error:
        raise _failure(str(error)) from None


def _settings(**options: Any) -> Settings:
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [f"DESCENT_{'_'.join(map(str, entry['loc'])).upper()}: {entry['msg']}" for entry in error.errors()]
        raise _failure("\n".join(lines)) from None


def _failure(message: str) -> typer.Exit:
    Console(stderr=True).print(message, style="red", highlight=False)
    return typer.Exit(1)


if __name__ == "__main__":
    app()
