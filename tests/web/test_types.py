"""The page's types of requests and answers agree with the OpenAPI description."""

from tests.web.typescript import DECLARATIONS, declarations, described


def test_the_declarations_are_those_of_the_description() -> None:
    assert DECLARATIONS.read_text(encoding="utf-8") == declarations(described()), "run: python -m tests.web.typescript"
