"""API keys, and the caller of a request.

The text of a key is `descent_`, its public id, and a secret of 256 random bits. The database stores only the SHA-256
of the text. A secret of this length needs no slow hash.
"""

import hashlib
import secrets
from typing import NamedTuple

from service.core.scopes import GRANTS, Scope

PREFIX = "descent"
ID_BYTES = 6
MOST_CHARACTERS = 200
"""The maximum length of a key's text; this program makes keys of 63 characters."""
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


class NewKey(NamedTuple):
    """A new key. Its text is shown once and never stored."""

    key_id: str
    text: str
    sha256: str


def new_key() -> NewKey:
    """A new random key."""
    key_id = secrets.token_hex(ID_BYTES)
    text = f"{PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
    return NewKey(key_id, text, hash_of(text))


def id_in(text: str) -> str | None:
    """The id in the text of a key; None if the text does not have the form of a key."""
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    has_form = prefix == PREFIX and len(key_id) == 2 * ID_BYTES and secret and len(text) <= MOST_CHARACTERS
    return key_id if has_form else None


def hash_of(text: str) -> str:
    """The hash of a key's text, as the database stores it."""
    return hashlib.sha256(text.encode()).hexdigest()
