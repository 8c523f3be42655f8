"""Lists in headers: quality values, and bounds of what is read."""

import pytest

from service.api.content_negotiation import MOST_CHARACTERS, MOST_ENTRIES, qualities
from service.api.etags import matches
from service.api.languages import language_of


def test_a_list_has_quality_values() -> None:
    assert qualities("text/csv;q=0.5, */*;q=0.1,text/html") == {"text/csv": 0.5, "*/*": 0.1, "text/html": 1.0}


def test_the_first_entries_of_a_list_are_read() -> None:
    assert len(qualities(",".join(f"a{number}" for number in range(MOST_ENTRIES + 9)))) == MOST_ENTRIES
    assert qualities("gzip," + "a," * 400)["gzip"] == 1.0
    assert language_of("fr," * MOST_ENTRIES + "en") == "fr"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr", "fr"),
        ("fr-CH, en;q=0.5", "fr"),
        ("fr;q=0.5, EN-gb;q=0.8", "en"),
        ("de, fr, en", "fr"),
        ("de, en;q=0.7, fr;q=0.7", "en"),
        ("fr;q=0", "en"),
        ("fr;q=x", "en"),
        ("fry", "en"),
        ("de", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_language_of_the_greatest_quality_is_chosen(header: str | None, language: str) -> None:
    assert language_of(header) == language


@pytest.mark.parametrize("entry", ["a,", ";", "a;q=0.5,", " ", "gzip"])
def test_a_long_list_is_not_read(entry: str) -> None:
    assert qualities("gzip," + entry * MOST_CHARACTERS) == {}
    assert language_of("x,fr," + entry * MOST_CHARACTERS) == "en"


@pytest.mark.parametrize(
    ("given", "is_known"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", W/"a" , "c"', True),
        ('"b",' * 10_000 + '"a"', True),
        (" * ", True),
        (None, False),
        ("", False),
        ("a", False),
        ('"ab", "ba"', False),
        ('"b*"', False),
    ],
)
def test_if_none_match_is_a_list(given: str | None, is_known: bool) -> None:
    assert matches(given, '"a"') is is_known
