"""Answers about the service itself."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field

from service.schemas.responses.base import Answer


class Limit(Answer):
    """A limit."""

    value: Annotated[float | None, Field(description="Null: no limit.")]
    unit: str
    description: str
    use: Annotated[NotRequired[float], Field(description="What the sender of the request uses of it at the moment.")]


class Share(Answer):
    """The share of the workers of an API key."""

    weight: Annotated[float, Field(description="Keys with waiting runs compute in proportion to their weights.")]
    max_running: Annotated[int | None, Field(description="The maximum number of its runs in workers; null: none.")]


class Limits(Answer):
    """Every limit by the name of its setting."""

    limits: dict[str, Limit]
    share: Annotated[Share | None, Field(description="Of the key that sends the request; null without keys.")]


class Health(Answer):
    """The service is healthy."""

    status: Literal["ok"]
