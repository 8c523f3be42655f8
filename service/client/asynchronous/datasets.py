"""The datasets of a service."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from service.client.asynchronous.connection import AsyncConnection
from service.client.data import JsonObject
from service.client.files import in_one_line
from service.client.progress import bar, is_shown

PIECE_BYTES = 1 << 20


class AsyncDatasets:
    """Uploads, lists and deletes datasets."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def upload(
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

            async def pieces() -> AsyncIterator[bytes]:
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
            answer = await self._connection.send(
                "POST", "/datasets", query=query, content=pieces, headers=headers, repeatable=True
            )
        found: JsonObject = answer.json()
        return found

    async def newest(self, limit: int = 50) -> list[JsonObject]:
        """The newest datasets."""
        answer = await self._connection.json("GET", "/datasets", query={"limit": limit})
        found: list[JsonObject] = answer["data"]
        return found

    async def get(self, dataset_id: str = "latest") -> JsonObject:
        """The description of a dataset, without its rows."""
        return await self._connection.json("GET", f"/datasets/{dataset_id}")

    async def delete(self, dataset_id: str) -> None:
        """Deletes a dataset that no run uses."""
        await self._connection.send("DELETE", f"/datasets/{dataset_id}")
