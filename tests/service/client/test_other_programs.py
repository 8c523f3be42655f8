"""Another program at the address is told from a service."""

from collections.abc import Callable

import pytest

from service.client import Descent, ServiceError
from tests.service.client.test_connection import answering, send


def test_the_object_of_another_program_is_refused() -> None:
    asked: list[Callable[[Descent], object]] = [
        lambda client: client.runs.get("r"),
        lambda client: client.runs.list(),
        lambda client: client.datasets.list(),
        lambda client: client.samples(),
        lambda client: client.fit([1], [1]),
    ]
    for ask in asked:
        with (
            answering(lambda handler, _: send(handler, 200, {"x": 1})) as (url, _),
            Descent(url) as client,
            pytest.raises(ServiceError, match="not that of a Descent service"),
        ):
            ask(client)
