"""Groups of HTTP methods."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
"""Methods that a path may support, in the order of `Allow`. HEAD is answered wherever GET is."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods without effects (RFC 9110, 9.2.1)."""
