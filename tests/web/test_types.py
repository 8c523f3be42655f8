"""The page's types of what the service is asked and answers are those that the service describes."""

from tests.web.typescript import DECLARATIONS, declarations, described


def test_the_declarations_are_those_of_the_description() -> None:
    assert DECLARATIONS.read_text(encoding="utf-8") == declarations(described()), "run: python -m tests.web.typescript"
