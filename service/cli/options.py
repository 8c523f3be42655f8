"""Settings and error messages that all commands share."""

import json
import os
from collections.abc import Container
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from service.core.settings import Settings

DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", help="The URL of the database [DESCENT_DATABASE_URL; sqlite:///data/descent.db]"),
]

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

DIVERGED_OR_DIFFERENT = 3
"""The exit code of a run that diverged, and of a verification that found a difference."""
INTERRUPTED = 130
"""The exit code after Ctrl-C."""
NO_DATABASE = (
    "There is no database at {}. Go to the folder from which the service is started, or give --database sqlite:///PATH."
)
PREFIX = "DESCENT_"
OTHER_VARIABLES = frozenset({"DESCENT_FAILPOINTS", "DESCENT_URL", "DESCENT_KEY"})
"""Variables that are no settings: of the tests, and of the clients."""


def settings_of(**options: Any) -> "Settings":
    """The settings: options of the command line, then the environment, then the defaults. Raises typer.Exit."""
    from pydantic import ValidationError  # noqa: PLC0415 - half of the start of a command that has no settings

    from service.core.settings import Settings  # noqa: PLC0415

    given = {name: value for name, value in options.items() if value is not None}
    _warn_of_unknown_variables({PREFIX + name.upper() for name in Settings.model_fields})
    try:
        return Settings(**given)
    except ValidationError as error:
        raise failure("\n".join(_message(entry, given) for entry in error.errors())) from None


def _message(entry: "ErrorDetails", given: Container[str]) -> str:
    """The option or the variable with the invalid value, and the correction."""
    from service.core.validator_sentences import sentence_of  # noqa: PLC0415

    name = "_".join(map(str, entry["loc"]))
    source = f"--{name.removesuffix('_url')}" if name in given else PREFIX + name.upper()
    return f"{source}: {sentence_of(entry) or entry['msg'].removeprefix('Value error, ')}"


def _warn_of_unknown_variables(names: set[str]) -> None:
    for variable in sorted(name for name in os.environ if name.upper().startswith(PREFIX)):
        if variable.upper() not in names | OTHER_VARIABLES:
            near = get_close_matches(variable.upper(), names, n=1, cutoff=0.8)
            advice = f"Did you mean {near[0]}?" if near else "docs/settings.md lists the settings."
            _print(f"{variable} is no setting and has no effect. {advice}", "yellow")


def print_json(value: object) -> None:
    """Prints the value on standard output as JSON."""
    typer.echo(json.dumps(value, indent=2))


def failure(message: str, code: int = 1) -> typer.Exit:
    """Prints the cause of a failed command on standard error. Returns the exception to raise."""
    _print(message, "red")
    return typer.Exit(code)


def _print(message: str, colour: str) -> None:
    Console(stderr=True).print(message, style=colour, highlight=False, markup=False, soft_wrap=True)
