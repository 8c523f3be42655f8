"""What every command begins with: its settings and its database, or a sentence about what is wrong with them."""

from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from service.core.settings import Settings

DatabaseUrl = Annotated[
    str | None, typer.Option("--database", help="[DESCENT_DATABASE_URL; sqlite:///data/descent.db]")
]


def settings_of(**options: Any) -> Settings:
    """The settings, with what the command line says instead of the environment. Raises typer.Exit."""
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [f"DESCENT_{'_'.join(map(str, entry['loc'])).upper()}: {entry['msg']}" for entry in error.errors()]
        raise failure("\n".join(lines)) from None


def failure(message: str) -> typer.Exit:
    """Says on standard error why the command cannot be carried out; to be raised."""
    Console(stderr=True).print(message, style="red", highlight=False, markup=False, soft_wrap=True)
    return typer.Exit(1)
