"""Groups of HTTP methods."""

METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS")
"""Methods that a path may support, in the order of `Allow`. HEAD is answered wherever GET is, OPTIONS everywhere."""
UNSUPPORTED = ("PUT", "TRACE", "CONNECT")
"""The other methods of RFC 9110: the answer is a 405 with those of the path. To any other method it is a 501."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods without effects (RFC 9110, 9.2.1)."""
NO_METHOD = "No resource has this method. /docs lists the operations."
