"""A service on a disk of some MiB, which is filled to the last byte."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.required_programs import missing
from tests.torture.fragile_service import Ground


class SmallDisk(Ground):
    """A ground whose files are on a disk of their own. What the service says goes to another one."""

    @property
    def log(self) -> Path:
        """Beside the disk, not on it."""
        return self.home.parent / "log"

    @contextmanager
    def full(self) -> Iterator[None]:
        """Somebody takes all the room, and whatever else becomes free, until the end."""
        done = threading.Event()
        file = self.home / "others"
        thread = threading.Thread(target=_fill, args=(file, done))
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            file.unlink()


def _fill(file: Path, done: threading.Event) -> None:
    with file.open("wb", buffering=0) as opened:
        while not done.wait(0.001):
            with suppress(OSError):
                while opened.write(bytes(65_536)):  # the last one is cut short: not a byte is left
                    pass


@contextmanager
def small_disk(home: Path, size: str, **settings: object) -> Iterator[SmallDisk]:
    """A disk of this size, as `mount` takes it, in a folder."""
    disk = home / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(disk)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        missing("the right to mount a disk")
    try:
        yield SmallDisk(disk, **settings)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
