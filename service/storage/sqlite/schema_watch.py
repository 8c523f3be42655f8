"""Notices that a newer program has migrated the database, whose tables this program does not know."""

from typing import Any

_VERSION = "SELECT version_num FROM alembic_version"


class SchemaWatch:
    """Compares the version of the database with that of the first look. A difference is final."""

    def __init__(self) -> None:
        self._version: str | None = None
        self.fault: str | None = None
        """User-visible sentence about a migration; None without one."""

    def look(self, cursor: Any) -> None:
        """Reads the version. Raises the driver's errors."""
        cursor.execute(_VERSION)
        [(version,)] = cursor.fetchall()
        if self._version is None:
            self._version = version
        elif version != self._version and self.fault is None:
            self.fault = (
                f"A newer program has migrated the database from version {self._version} to {version}. "
                "Stop this service, and start it with the newer program."
            )
