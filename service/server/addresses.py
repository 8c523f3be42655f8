"""The addresses at which a browser opens the service: on this machine, and on others."""

import ipaddress
import socket

from service.core.settings import Settings


def here(settings: Settings, port: int) -> str:
    """The URL on this machine; that of loopback for a service that listens on all addresses."""
    if not _is_wildcard(settings.host):
        return _url(settings.host, port)
    return _url("::1" if ":" in settings.host else "127.0.0.1", port)


def elsewhere(settings: Settings, port: int) -> str | None:
    """The URL on other machines, or how to allow one; None where `here` has it, and on loopback."""
    if not _is_wildcard(settings.host):
        return None
    if allowed := settings.allowed_hosts.partition(",")[0].strip():
        return f"{_url(allowed, port)}/"
    if settings.requires_keys:
        return f"{_url(socket.gethostname(), port)}/, or the address of this machine"
    return "none: write the name or address of this machine into DESCENT_ALLOWED_HOSTS"


def _is_wildcard(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host and not host.startswith("[") else f"http://{host}:{port}"
