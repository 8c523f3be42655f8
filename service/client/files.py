"""The files that a run is saved as, by the endings of their names."""

import csv
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

Form = tuple[str, dict[str, str], str]
"""The place below the run, its query, and the media type."""
FORMS: dict[str, Form] = {
    ".py": ("/model", {"format": "python"}, "text/x-python"),
    ".c": ("/model", {"format": "c"}, "text/x-c"),
    ".xlsx": ("/model", {"format": "sheet"}, "application/vnd.openxmlformats"),
    ".csv": ("/trajectory", {"format": "csv"}, "text/csv"),
    ".json": ("/trajectory", {"format": "json"}, "application/json"),
    ".ndjson": ("/trajectory", {"format": "ndjson"}, "application/x-ndjson"),
    ".npz": ("/trajectory", {"format": "npz"}, "application/x-npz"),
    ".parquet": ("/trajectory", {"format": "parquet"}, "application/vnd.apache.parquet"),
    ".svg": ("/curves.svg", {}, "image/svg+xml"),
    ".png": ("/curves.png", {}, "image/png"),
    ".html": ("/page.html", {}, "text/html"),
    ".zip": ("/bundle", {}, "application/zip"),
}


def form_of(path: Path) -> Form:
    """The form that the ending names. Raises ValueError for one that is none of FORMS."""
    found = FORMS.get(path.suffix.lower())
    if found is None:
        raise ValueError(f"{path.name}: the name ends in none of {', '.join(FORMS)}.")
    return found


def path_of(kind: str, object_id: str) -> str:
    """The path of an object. Raises ValueError for an id that would make it another one's."""
    if not object_id.strip("."):
        raise ValueError(f"{object_id!r} is no id.")
    return f"{kind}/{quote(object_id, safe='')}"


def quoted(names: Sequence[str] | str | None) -> str | None:
    """Names separated by commas, in quotes where they need some. A text is sent as it is."""
    if names is None or isinstance(names, str):
        return names
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
