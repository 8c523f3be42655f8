"""Files from memory, plain and compressed. Those of the page, two with a list of modules, are read again if changed."""

import gzip
import os
from functools import lru_cache
from mimetypes import guess_type
from pathlib import Path
from typing import NamedTuple

from fastapi import Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from service.api import preload_lists
from service.api.etags import etag_of, matches
from service.api.middleware.compression import LEAST_BYTES, TEXT, takes_gzip

FRESH = {"Cache-Control": "no-cache"}
"""Browsers revalidate each file, so that they never mix two versions."""


class File(NamedTuple):
    """Content that does not change, encoded once."""

    content: bytes
    compressed: bytes | None
    """The same by gzip, if that pays."""
    etag: str
    media_type: str


def file_of(content: bytes, media_type: str) -> File:
    """The content with its encodings, which take some ten milliseconds."""
    pays = media_type in TEXT and len(content) >= LEAST_BYTES
    return File(content, gzip.compress(content, mtime=0) if pays else None, etag_of(content), media_type)


def answer(file: File, request: Request, headers: dict[str, str] | None = None) -> Response:
    """The file in the encoding that the client accepts, or 304 if the client has it."""
    headers = (headers or FRESH) | {"ETag": file.etag}
    if matches(request.headers.get("if-none-match"), file.etag):
        return Response(status_code=304, headers=headers)
    if file.compressed and takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(file.compressed, headers=headers | {"Content-Encoding": "gzip"}, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)


class Assets:
    """The files of a folder at the start of the service; no name reaches another folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        found = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
        self._files = {path.relative_to(folder).as_posix(): path for path in found}

    def answer(self, name: str, request: Request, headers: dict[str, str] | None = None) -> Response:
        """A file, or 304 if the client has it. Raises HTTPException for an unknown name."""
        if (path := self._files.get(name)) is None:
            raise HTTPException(404)
        return answer(_read(self._folder, name, path.stat().st_mtime_ns), request, headers)


@lru_cache(maxsize=256)
def _read(folder: Path, name: str, _modified: int) -> File:
    has_list = name in preload_lists.PLACES
    content = preload_lists.filled(name, folder) if has_list else (folder / name).read_bytes()
    return file_of(content, guess_type(name)[0] or "application/octet-stream")
