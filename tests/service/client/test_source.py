"""The synchronous client is what the asynchronous one makes."""

from tests.service.client.source import TARGET, made


def test_the_synchronous_client_is_made_from_the_asynchronous_one() -> None:
    files = {path: path.read_text(encoding="utf-8") for path in TARGET.glob("[!_]*.py")}
    assert files == made(), "python -m tests.service.client.source"
