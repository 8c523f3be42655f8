"""The text of an API key.

The text of a key is `descent_`, its public id, and a secret of 256 random bits. The database stores only the SHA-256
of the text. A secret of this length needs no slow hash.
"""

import hashlib
import secrets
from typing import NamedTuple

PREFIX = "descent"
ID_BYTES = 6
MOST_CHARACTERS = 200
"""The maximum length of a key's text; this program makes keys of 63 characters."""


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
