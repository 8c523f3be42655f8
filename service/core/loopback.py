"""Loopback: the addresses that only this machine reaches."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether the host name or address is reachable from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
