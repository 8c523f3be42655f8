"""The command line: `descent serve` and `worker`, `fit` and `runs`, `keys`, `backup` and others."""

import os
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from service.cli.database import database_commands
from service.cli.fit import fit_commands
from service.cli.keys import key_commands
from service.cli.options import DatabaseUrl, failure, settings_of
from service.cli.runs import run_commands
from service.core.exceptions import StartError
from service.core.process_limits import uncollected

app = typer.Typer(
    name="descent",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Host = Annotated[str | None, typer.Option(help="The address on which the service listens [DESCENT_HOST; 127.0.0.1].")]
Port = Annotated[int | None, typer.Option(help="The port; 0 takes a free port [DESCENT_PORT; 8000].")]
Workers = Annotated[int | None, typer.Option(help="The number of worker processes [DESCENT_WORKERS; one a core].")]


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"descent {version('descent-service')}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Gradient descent as a service: every step of θ, with the train and the test error."""


app.add_typer(fit_commands)
app.add_typer(run_commands)
app.add_typer(key_commands)
app.add_typer(database_commands)


@app.command()
def serve(host: Host = None, port: Port = None, workers: Workers = None, database: DatabaseUrl = None) -> None:
    """Run the API, the page and the workers until Ctrl-C."""
    with uncollected():
        from service.server import run  # noqa: PLC0415 - keeps --help fast

    settings = settings_of(host=host, port=port, workers=workers, database_url=database)
    try:
        run.serve(settings, Console())
    except StartError as error:
        raise failure(str(error)) from None


@app.command()
def worker(workers: Workers = None, database: DatabaseUrl = None) -> None:
    """Run workers alone, on the database of an API elsewhere."""
    with uncollected():
        from service.server.workers_alone import work  # noqa: PLC0415 - without the API's modules

    try:
        work(settings_of(workers=workers, database_url=database), Console())
    except StartError as error:
        raise failure(str(error)) from None


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="The folder of the written files.")] = Path("demo"),
) -> None:
    """Start a service, fit NIST's Norris data with three learning rates, show the results, and stop the service."""
    import httpx2  # noqa: PLC0415

    from service.cli.demo import DemoError, run_demo  # noqa: PLC0415
    from service.server.live_server import running_service  # noqa: PLC0415

    # The loopback address, without API keys, independently of the environment.
    options = ("--host", "127.0.0.1", "--workers", "1", "--database")
    environment = {**os.environ, "DESCENT_KEYS": "off", "DESCENT_ALLOWED_HOSTS": ""}
    try:
        with (
            TemporaryDirectory() as home,
            running_service(*options, f"sqlite:///{home}/demo.db", environment=environment) as running,
            httpx2.Client(base_url=running.url) as client,
        ):
            run_demo(client, folder, Console())
    except (DemoError, RuntimeError) as error:
        raise failure(str(error)) from None


if __name__ == "__main__":
    app()
