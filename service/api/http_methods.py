"""Groups of HTTP methods."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods without effects (RFC 9110, 9.2.1)."""
