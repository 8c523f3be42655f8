"""The printed addresses of the service open in a browser."""

import socket

import pytest

from service.core.settings import Settings
from service.server import addresses

NAME = socket.gethostname()
ALLOW = "none: write the name or address of this machine into DESCENT_ALLOWED_HOSTS"


@pytest.mark.parametrize(
    ("given", "here", "elsewhere"),
    [
        ({}, "http://127.0.0.1:80", None),
        ({"host": "::1"}, "http://[::1]:80", None),
        ({"host": "lab.example"}, "http://lab.example:80", None),
        ({"host": "192.0.2.7"}, "http://192.0.2.7:80", None),
        ({"host": "0.0.0.0"}, "http://127.0.0.1:80", f"http://{NAME}:80/, or the address of this machine"),
        ({"host": "::"}, "http://[::1]:80", f"http://{NAME}:80/, or the address of this machine"),
        ({"host": "0.0.0.0", "keys": "off"}, "http://127.0.0.1:80", ALLOW),
        ({"host": "0.0.0.0", "allowed_hosts": "lab.example, b"}, "http://127.0.0.1:80", "http://lab.example:80/"),
    ],
)
def test_the_addresses_open(given: dict[str, str], here: str, elsewhere: str | None) -> None:
    settings = Settings.model_validate(given)
    assert (addresses.here(settings, 80), addresses.elsewhere(settings, 80)) == (here, elsewhere)
