"""The files that a run is saved as, by the endings of their names."""

import csv
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import BinaryIO

FORMS: dict[str, tuple[str, dict[str, str]]] = {
    ".py": ("/model", {"format": "python"}),
    ".c": ("/model", {"format": "c"}),
    ".xlsx": ("/model", {"format": "sheet"}),
    **{f".{name}": ("/trajectory", {"format": name}) for name in ("csv", "json", "ndjson", "npz", "parquet")},
    ".svg": ("/curves.svg", {}),
    ".png": ("/curves.png", {}),
    ".zip": ("/bundle", {}),
}


def form_of(path: Path) -> tuple[str, dict[str, str]]:
    """The place below the run, and its query. Raises ValueError for an ending that is none of FORMS."""
    found = FORMS.get(path.suffix.lower())
    if found is None:
        raise ValueError(f"{path.name}: the name ends in none of {', '.join(FORMS)}.")
    return found


def quoted(names: Sequence[str]) -> str:
    """Names separated by commas, in quotes where they need some."""
    text = StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue()


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when it is complete."""
    path = path.expanduser()
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent}: there is no such folder.")
    part = path.with_name(f"{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
