"""A service on a disk of some MiB that a test fills to the last byte."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from tempfile import mkdtemp

from tests.required_programs import missing
from tests.torture.fragile_service import FragileService


class SmallDisk(FragileService):
    """A database on a separate small disk. The service's output goes to another disk."""

    @property
    def log(self) -> Path:
        """The log file, outside the small disk."""
        return self.home.parent / "log"

    @contextmanager
    def full(self) -> Iterator[None]:
        """Fills the disk, and any space that becomes free, until the block ends."""
        filled, done = threading.Event(), threading.Event()
        file = self.home / "others"
        thread = threading.Thread(target=_fill, args=(file, filled, done))
        thread.start()
        filled.wait()
        try:
            yield
        finally:
            done.set()
            thread.join()
            file.unlink()

    def take_the_rest(self, most: float = inf) -> None:
        """Takes the free space once, to the last byte, but at most this many bytes in all calls."""
        with (self.home / "rest").open("ab", buffering=0) as opened, suppress(OSError):
            while opened.tell() < most:
                opened.write(bytes(4096))


def _fill(file: Path, filled: threading.Event, done: threading.Event) -> None:
    with file.open("wb", buffering=0) as opened:
        while not done.wait(0.001):
            with suppress(OSError):
                while opened.write(bytes(65_536)):  # the last write is partial: no byte is left
                    pass
            filled.set()


@contextmanager
def small_disk(size: str, **settings: object) -> Iterator[SmallDisk]:
    """Mounts a disk of this size, in `mount` syntax.

    Its folder is not pytest's: a killed test leaves its disk mounted, and pytest would fail to remove that. After a
    failure the folder stays, for it has the log.
    """
    home = Path(mkdtemp(prefix="descent-disk-"))
    disk = home / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(disk)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        missing("the right to mount a disk")
    try:
        yield SmallDisk(disk, **settings)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    shutil.rmtree(home)
