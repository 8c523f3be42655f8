"""An analysis that cannot be computed."""

from typing import Any


def divide(_database: Any, _request: Any) -> bytes:
    """Divides by zero."""
    return bytes(1 // 0)
