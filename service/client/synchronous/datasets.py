# Made from service/client/asynchronous/datasets.py by `python -m tests.service.client.source`.
"""The datasets of a service."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from service.client.data import JsonObject
from service.client.files import in_one_line
from service.client.progress import bar, is_shown
from service.client.synchronous.connection import Connection

PIECE_BYTES = 1 << 20


class Datasets:
    """Uploads, lists and deletes datasets."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def upload(
        self,
        file: str | Path | bytes,
        *,
        target: str | None = None,
        features: Sequence[str] | None = None,
        name: str | None = None,
        progress: bool | None = None,
        **reading: Any,
    ) -> JsonObject:
        """The dataset of a file or of its bytes: CSV, also gzipped, a workbook, Parquet. `report` tells how it is read.

        `reading` are the other parameters of POST /datasets, such as missing="drop" or decimal=",". The file is sent as
        it is read.
        """
        path = None if isinstance(file, bytes) else Path(file)
        size = len(file) if isinstance(file, bytes) else Path(file).stat().st_size
        query = {"target": target, "features": features and in_one_line(features), **reading}
        query["name"] = name or (path and path.name)
        headers = {"Content-Type": "text/csv", "Content-Length": str(size)}
        with bar(f"upload {query['name'] or ''}".strip(), "bytes", shown=is_shown(progress)) as show:

            def pieces() -> Iterator[bytes]:
                done = 0
                if isinstance(file, bytes):
                    yield file
                    return
                with Path(file).open("rb") as opened:
                    while piece := opened.read(PIECE_BYTES):
                        yield piece
                        done += len(piece)
                        show(done, size)

            # The same content has the same id: sent twice, it is stored once.
            answer = self._connection.send(
                "POST", "/datasets", query=query, content=pieces, headers=headers, repeatable=True
            )
        found: JsonObject = answer.json()
        return found

    def newest(self, limit: int = 50) -> list[JsonObject]:
        """The newest datasets."""
        answer = self._connection.json("GET", "/datasets", query={"limit": limit})
        found: list[JsonObject] = answer["data"]
        return found

    def get(self, dataset_id: str = "latest") -> JsonObject:
        """The description of a dataset, without its rows."""
        return self._connection.json("GET", f"/datasets/{dataset_id}")

    def delete(self, dataset_id: str) -> None:
        """Deletes a dataset that no run uses."""
        self._connection.send("DELETE", f"/datasets/{dataset_id}")
