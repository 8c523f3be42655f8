"""Scopes of API keys: `read` sees the objects of one key or of all, `write` also makes its own, `admin` has all."""

from typing import Literal

Scope = Literal["read", "write", "admin"]
GRANTS: dict[str, frozenset[Scope]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "write"}),
    "admin": frozenset({"read", "write", "admin"}),
}
"""The scopes that each scope includes."""
