"""Answers about the service itself."""

from service.schemas.responses.base import Answer


class Limit(Answer):
    """A limit."""

    value: float
    unit: str
    description: str


class Limits(Answer):
    """Every limit by the name of its setting."""

    limits: dict[str, Limit]


class Health(Answer):
    """The service is healthy."""

    status: str
