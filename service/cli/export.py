"""`descent export`: a run as a file, for TensorBoard, or for MLflow."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from service.cli.connection import Url, connected, run_of
from service.cli.options import Json, failure, print_json
from service.cli.runs import RunId

if TYPE_CHECKING:
    from service.client import Run

export_commands = typer.Typer()

Tracker = Literal["tensorboard", "mlflow"]


@export_commands.command()
def export(
    run_id: RunId = "latest",
    to: Annotated[
        Tracker | None,
        typer.Option(help="Instead of a file: tensorboard writes a folder, mlflow to MLFLOW_TRACKING_URI."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file, or the log folder of TensorBoard.")
    ] = None,
    max_points: Annotated[
        int | None, typer.Option(min=3, help="With --to: the most steps, with the first, last and best; default: all.")
    ] = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Save a run as what the ending says: .py, .c, .xlsx the model; .csv, .json, .ndjson, .npz, .parquet every step;
    .svg, .png the curves; .html a page; .zip a bundle that recomputes it. Or give it to another tool by --to.

    Example: descent export -o model.py
    """
    _check(to, output, max_points)
    with connected(url) as client:
        run = run_of(client, run_id)
        place = _written(run, to, output, max_points)
    if as_json:
        print_json({"run_id": run.id, "written": place})
    else:
        typer.echo(place)


def _check(to: Tracker | None, output: Path | None, max_points: int | None) -> None:
    """Raises typer.Exit for options that do not belong together."""
    if to == "mlflow" and output is not None:
        raise failure("--output is no place of MLflow: set MLFLOW_TRACKING_URI.")
    if to != "mlflow" and output is None:
        raise failure("Name a file by -o, such as model.py, run.html or run.zip; for --to tensorboard a folder.")
    if to is None and max_points is not None:
        raise failure("--max-points is for --to. `descent trajectory` has it for files.")


def _written(run: "Run", to: Tracker | None, output: Path | None, max_points: int | None) -> str:
    """The file, the folder, or the id of MLflow's run. Raises typer.Exit for what cannot be written."""
    try:
        if to is None:
            return str(run.save(output or ""))
        from service.cli import trackers  # noqa: PLC0415 - keeps --help fast

        return trackers.WRITERS[to](run, run.trajectory(max_points=max_points), output)
    except ImportError:
        raise failure(f"{to} is not installed here: pip install 'descent-service[{to}]'.") from None
    except ValueError as error:
        raise failure(str(error)) from None
    except OSError as error:
        raise failure(f"{output}: {error.strerror or error}.") from None
