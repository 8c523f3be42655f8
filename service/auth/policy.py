"""When requests need an API key."""

import ipaddress

from service.core.settings import Settings


def are_required(settings: Settings) -> bool:
    """Whether requests need a key: as told, else unless the service listens on loopback alone."""
    return settings.keys == "required" or (settings.keys == "auto" and not is_loopback(settings.host))


def is_loopback(host: str) -> bool:
    """Whether the name or address can only be this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
