"""The datasets of a service."""

from collections.abc import AsyncIterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from service.client.asynchronous.connection import AsyncConnection
from service.client.data import JsonObject, Table, as_csv
from service.client.files import path_of, quoted
from service.client.progress import ASYNC_PROGRESS, bar, is_shown

PIECE_BYTES = 1 << 20


class AsyncDatasets:
    """Uploads, lists and deletes datasets."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def upload(
        self,
        file: str | Path | bytes | Table,
        *,
        target: str | None = None,
        features: Sequence[str] | str | None = None,
        name: str | None = None,
        progress: bool | None = ASYNC_PROGRESS,
        **reading: Any,
    ) -> JsonObject:
        """The dataset of a file, of its bytes, or of a frame: CSV, Excel, Parquet, NPZ. `report` says how it is read.

        `reading` are the other parameters of POST /datasets, such as missing="drop" or decimal=",". The file is sent as
        it is read.
        """
        if isinstance(file, Table):
            file = as_csv(file)
        path = None if isinstance(file, bytes) else Path(file).expanduser()
        size = len(file) if isinstance(file, bytes) else Path(file).expanduser().stat().st_size
        query = {"target": target, "features": quoted(features), **reading}
        query["name"] = name or (path and path.name)
        is_npz = path is not None and path.suffix.lower() == ".npz"
        headers = {"Content-Type": "application/x-npz" if is_npz else "text/csv", "Content-Length": str(size)}
        with bar(f"upload {query['name'] or ''}".strip(), "bytes", shown=is_shown(progress)) as show:

            async def pieces() -> AsyncIterator[bytes]:
                with BytesIO(file) if isinstance(file, bytes) else Path(file).expanduser().open("rb") as opened:
                    while piece := opened.read(PIECE_BYTES):
                        yield piece
                        show(opened.tell(), size)

            # The same content has the same id: sent twice, it is stored once.
            return await self._connection.json(
                "POST", "/datasets", query=query, content=pieces, headers=headers, repeatable=True
            )

    async def get(self, dataset_id: str = "latest") -> JsonObject:
        """The description of a dataset, without its rows."""
        return await self._connection.json("GET", self._path(dataset_id))

    async def delete(self, dataset_id: str) -> None:
        """Deletes a dataset that no run uses."""
        await self._connection.send("DELETE", self._path(dataset_id))

    async def list(self, limit: int = 50) -> list[JsonObject]:
        """The newest datasets."""
        answer = await self._connection.json("GET", "/datasets", query={"limit": limit}, member="data")
        return list(answer["data"])

    def _path(self, dataset_id: str) -> str:
        return path_of("/datasets", dataset_id)
