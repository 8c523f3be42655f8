"""Answers about the service itself."""

from service.schemas.responses.base import Answer


class Limit(Answer):
    """A bound."""

    value: float
    unit: str
    description: str


class Limits(Answer):
    """Every bound by the name of its setting."""

    limits: dict[str, Limit]


class Health(Answer):
    """All is well."""

    status: str
