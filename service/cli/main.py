"""The command line: `descent serve` and `worker`, `fit` and `runs`, `keys`, `backup` and others."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from service.cli.database import database_commands
from service.cli.datasets import dataset_commands, sample_commands
from service.cli.export import export_commands
from service.cli.fit import fit_commands
from service.cli.follow import follow_commands
from service.cli.keys import key_commands
from service.cli.options import DatabaseUrl, failure, settings_of
from service.cli.predict import predict_commands
from service.cli.private_service import private_service
from service.cli.runs import run_commands
from service.cli.sweep import sweep_commands
from service.cli.trajectory import trajectory_commands
from service.core.process_limits import uncollected

app = typer.Typer(
    name="descent",
    no_args_is_help=True,
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


for commands in (
    *(fit_commands, run_commands, trajectory_commands, follow_commands, sweep_commands, predict_commands),
    *(export_commands, dataset_commands, sample_commands, key_commands, database_commands),
):
    app.add_typer(commands)


@app.command()
def serve(host: Host = None, port: Port = None, workers: Workers = None, database: DatabaseUrl = None) -> None:
    """Run the API, the page and the workers until Ctrl-C.

    Example: descent serve --port 9000
    """
    with uncollected():
        from service.core.exceptions import StartError  # noqa: PLC0415 - keeps --help fast
        from service.server import run  # noqa: PLC0415

    settings = settings_of(host=host, port=port, workers=workers, database_url=database)
    try:
        run.serve(settings, Console())
    except StartError as error:
        raise failure(str(error)) from None


@app.command()
def worker(workers: Workers = None, database: DatabaseUrl = None) -> None:
    """Run workers alone, on the database of an API elsewhere.

    Example: descent worker --workers 2
    """
    with uncollected():
        from service.core.exceptions import StartError  # noqa: PLC0415
        from service.server.workers_alone import work  # noqa: PLC0415 - without the API's modules

    try:
        work(settings_of(workers=workers, database_url=database), Console())
    except StartError as error:
        raise failure(str(error)) from None


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="The folder of the written files.")] = Path("demo"),
) -> None:
    """Start a service, fit NIST's Norris data with three learning rates, show the results, and stop the service.

    Example: descent demo --folder norris
    """
    import httpx2  # noqa: PLC0415 - keeps --help fast

    from service.cli.demo import DemoError, run_demo  # noqa: PLC0415

    try:
        with private_service() as address, httpx2.Client(base_url=address) as client:
            run_demo(client, folder, Console())
    except DemoError as error:
        raise failure(str(error)) from None


if __name__ == "__main__":
    app()
