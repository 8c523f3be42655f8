"""Damage to a file: a truncated end, a zeroed end, or changed bytes."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

from service.storage.sqlite.readonly import wal_of


def cut(file: Path) -> None:
    """Truncates the file at a random byte."""
    with file.open("r+b") as opened:
        opened.truncate(random.randrange(file.stat().st_size + 1))


def zero_tail(file: Path) -> None:
    """Zeros the end of the file, as after a crash before the file system wrote the data."""
    size = file.stat().st_size
    cut(file)
    with file.open("r+b") as opened:
        opened.truncate(size)


def flip(file: Path) -> None:
    """Changes some bytes in the second half."""
    content = bytearray(file.read_bytes())
    start = random.randrange(len(content) // 2, len(content))
    for place in range(start, min(start + 64, len(content))):
        content[place] ^= random.randrange(1, 256)
    file.write_bytes(content)


def _both(file: Path) -> None:
    cut(file)
    cut(wal_of(file))


def _of_log(harm: Callable[[Path], None]) -> Callable[[Path], None]:
    return lambda file: harm(wal_of(file))


CUTS: dict[str, Callable[[Path], None]] = {"file cut": cut, "log cut": _of_log(cut), "both cut": _both}
LOSSES: dict[str, Callable[[Path], None]] = {
    "log zeroed": _of_log(zero_tail),
    "log flipped": _of_log(flip),
    "file zeroed": zero_tail,
    "file flipped": flip,
}


def copy(file: Path, folder: Path) -> Path:
    """Copies the database file and its log to another folder."""
    folder.mkdir()
    for each in (file, wal_of(file)):
        if each.exists():
            shutil.copyfile(each, folder / each.name)
    return folder / file.name
