"""Answers about functions without data."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from service.schemas.responses.base import Answer

Window = Mapping[str, list[float]]


class Minimum(Answer):
    """A local minimum: θ by name, and E there."""

    theta: Mapping[str, float]
    value: float


class Function(Answer):
    """The function that a run descends instead of the loss of a model."""

    name: Annotated[str | None, Field(description="The name of a function that ships; null for a formula.")]
    formula: Annotated[str | None, Field(description="E(θ); null for a function that no longer ships.")]
    window: Annotated[Window | None, Field(description="The range of each parameter; null for a formula.")]
    minima: Annotated[list[Minimum], Field(description="All minima inside the window; empty for a formula.")]


class ListedFunction(Answer):
    """A function that ships with the service."""

    name: str
    title: str
    formula: Annotated[str, Field(description="E(θ).")]
    parameters: list[str]
    theta0: Annotated[Mapping[str, float], Field(description="The default θ₀.")]
    window: Annotated[Window, Field(description="The range of each parameter that shows the function well.")]
    minima: Annotated[list[Minimum], Field(description="All minima inside the window.")]
    description: Annotated[str, Field(description="What a descent shows on it, in the language of Accept-Language.")]


class Functions(Answer):
    """The functions that ship with the service."""

    data: list[ListedFunction]
