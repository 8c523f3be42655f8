"""`descent verify`: its words and its exit code for each result."""

from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from typer.testing import CliRunner

from service.cli.main import app
from tests.service.client.test_connection import RUN, answering, send

RESULT: dict[str, Any] = {
    "identical": False,
    "agrees": False,
    "tolerance": 0.0,
    "platform_changes": [],
    "step": 3,
    "differences": [{"column": "theta.x", "stored": 1.5, "recomputed": 1.25}],
    "error": None,
}
AGREES = "agrees: no recomputed number of the run r differs by more than 1e-12 of its size."
OTHER = {"part": "numpy", "stored": "2.2.0", "recomputed": "2.3.0"}


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        (
            {},
            3,
            "different: the run r and its recomputation differ at step 3.\n  theta.x: 1.5 is stored, 1.25 recomputed\n",
        ),
        (
            {"agrees": True, "tolerance": 1e-12, "platform_changes": [OTHER], "differences": []},
            0,
            f"{AGREES}\n  numpy: 2.2.0 then, 2.3.0 now\n",
        ),
        ({"identical": True, "agrees": True}, 0, "identical: the recomputed steps of the run r have the same bits.\n"),
        ({"agrees": None, "error": {"code": "gone", "message": "The data are gone."}}, 1, "The data are gone.\n"),
    ],
)
def test_each_result_has_its_words_and_its_exit_code(changes: dict[str, Any], code: int, said: str) -> None:
    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        send(handler, 200, RUN if number == 1 else RESULT | changes)

    with answering(answer) as (url, _):
        done = CliRunner().invoke(app, ["verify", "r", "--url", url])
    assert (done.exit_code, done.output) == (code, said)
