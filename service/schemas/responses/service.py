"""Answers about the service itself."""

from typing import Annotated, NotRequired

from pydantic import Field

from service.schemas.responses.base import Answer


class Limit(Answer):
    """A limit."""

    value: float
    unit: str
    description: str
    use: Annotated[NotRequired[float], Field(description="What the sender of the request uses of it at the moment.")]


class Limits(Answer):
    """Every limit by the name of its setting."""

    limits: dict[str, Limit]


class Health(Answer):
    """The service is healthy."""

    status: str
