"""The caller of a request: the key that it came with, its scopes, and the owner whose objects it sees."""

from typing import NamedTuple

from service.core.scopes import GRANTS, Scope

ALL = "all"
"""The value of `sees` for the runs and datasets of every key."""


class Caller(NamedTuple):
    """The sender of a request. `key_id` owns the runs and datasets it creates; it is None if keys are not required.

    A key of scope read makes none; `sees` is the key whose objects it reads, or ALL. `weight` and `max_running` are its
    share of the workers.
    """

    key_id: str | None
    scopes: frozenset[Scope]
    sees: str | None = None
    weight: float = 1.0
    max_running: int | None = None

    @property
    def owner(self) -> str | None:
        """The owner whose runs and datasets the caller sees; None for those of all owners."""
        if "admin" in self.scopes:
            return None
        if self.sees is None or "write" in self.scopes:
            return self.key_id
        return None if self.sees == ALL else self.sees


ANYBODY = Caller(None, GRANTS["admin"])
"""The caller of every request to a service that requires no keys."""
