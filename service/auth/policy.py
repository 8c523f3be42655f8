"""Policy: whether requests need an API key."""

import ipaddress

from service.core.settings import Settings


def are_required(settings: Settings) -> bool:
    """Whether requests need a key: by the setting, or by default if the host is not loopback."""
    return settings.keys == "required" or (settings.keys == "auto" and not is_loopback(settings.host))


def is_loopback(host: str) -> bool:
    """Whether the host name or address is reachable from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
