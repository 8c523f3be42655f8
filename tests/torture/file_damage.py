"""What can happen to a file: its end is lost, or zeros, or a few bytes are others."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

from service.storage.sqlite.readonly import wal_of


def cut(file: Path) -> None:
    """Loses its end, from a random byte on."""
    with file.open("r+b") as opened:
        opened.truncate(random.randrange(file.stat().st_size + 1))


def zero_tail(file: Path) -> None:
    """Keeps its length; the end is zeros, as a file system leaves it that had not written the data yet."""
    size = file.stat().st_size
    cut(file)
    with file.open("r+b") as opened:
        opened.truncate(size)


def flip(file: Path) -> None:
    """Some bytes in the second half are others."""
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
    """The database file and its log in another folder, as they are."""
    folder.mkdir()
    for each in (file, wal_of(file)):
        if each.exists():
            shutil.copyfile(each, folder / each.name)
    return folder / file.name
