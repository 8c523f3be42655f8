"""Notices that a newer program has migrated the database, whose tables this program does not know."""

import re
from typing import Any

_VERSION = "SELECT CAST(version_num AS BLOB) FROM alembic_version"
_SOUND = re.compile(rb"[0-9]{4}")


class SchemaWatch:
    """Compares the version of the database with that of the first look. A later one is final, any other one damaged."""

    def __init__(self) -> None:
        self._version: bytes | None = None
        self.fault: str | None = None
        """User-visible sentence about a migration; None without one."""

    def look(self, cursor: Any) -> None:
        """Reads the version. Raises the driver's errors."""
        cursor.execute(_VERSION)
        found = [version for (version,) in cursor.fetchall() if version is not None and _SOUND.fullmatch(version)]
        if not found:
            return
        if self._version is None:
            self._version = found[0]
        elif found[0] > self._version and self.fault is None:
            self.fault = (
                f"A newer program has migrated the database from version {self._version.decode()} to "
                f"{found[0].decode()}. "
                "Stop this service, and start it with the newer program."
            )
