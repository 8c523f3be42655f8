"""Settings and error messages that all commands share."""

from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from service.core.settings import Settings

DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", help="The URL of the database [DESCENT_DATABASE_URL; sqlite:///data/descent.db]"),
]


def settings_of(**options: Any) -> Settings:
    """The settings: options of the command line, then the environment, then the defaults. Raises typer.Exit."""
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [f"DESCENT_{'_'.join(map(str, entry['loc'])).upper()}: {entry['msg']}" for entry in error.errors()]
        raise failure("\n".join(lines)) from None


def failure(message: str) -> typer.Exit:
    """Prints the cause of a failed command on standard error. Returns the exception to raise."""
    Console(stderr=True).print(message, style="red", highlight=False, markup=False, soft_wrap=True)
    return typer.Exit(1)
