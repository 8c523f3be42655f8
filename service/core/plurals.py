"""Numbers with nouns in messages."""


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """The number and the noun: 1 row, 2 rows."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"
