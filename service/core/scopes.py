"""Scopes of API keys: `read` sees what its owner made, `write` also submits, changes and deletes, `admin` has all."""

from typing import Literal

Scope = Literal["read", "write", "admin"]
GRANTS: dict[str, frozenset[Scope]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "write"}),
    "admin": frozenset({"read", "write", "admin"}),
}
"""The scopes that each scope includes."""
