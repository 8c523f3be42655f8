"""Groups of HTTP methods."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that only look."""
