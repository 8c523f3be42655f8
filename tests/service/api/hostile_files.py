"""Hostile bodies that are not JSON, or not a table."""

import gzip
import io
import pickle
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache

from tests.service.api.hostile_request import CSV, DATA, PLACEHOLDER, TEXT, X3, Hostile, at, body


def encoded() -> Iterator[Hostile]:
    """Encodings other than UTF-8, and invalid sequences."""
    for path, text in (("/fit", TEXT), ("/datasets", DATA)):
        for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-7", "cp037"):
            is_valid = name == "utf-7" and text.decode().encode(name) == text
            yield Hostile(f"{name} {path}", text.decode().encode(name), is_valid, path)
        yield Hostile(f"BOM {path}", b"\xef\xbb\xbf" + text, path=path)
        for packed in (gzip.compress(text, mtime=0), zlib.compress(text)):
            yield Hostile(f"compressed {path}", packed, path=path)
    broken = [b"\xff", b"\x80", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\xfe\xff", b"caf\xe9"]
    for sequence in broken:
        for pointer in ("/name", "/model/kind", "/dataset/target_name"):
            text = body(**at(pointer, PLACEHOLDER)).replace(PLACEHOLDER.encode(), sequence)
            yield Hostile(f"{pointer} {sequence!r}", text)
        yield Hostile(f"key {sequence!r}", TEXT[:-1] + b', "' + sequence + b'": 1}')
        yield Hostile(f"tag {sequence!r}", TEXT[:-1] + b', "tags": {"' + sequence + b'": "a"}}')
        # Windows-1252 has a letter for each of these bytes.
        yield Hostile(f"CSV {sequence!r}", b"a," + sequence + b"\n1,2\n3,4\n", True, "/datasets", CSV)
    for escape in ("\\ud800", "\\udfff\\ud800", "\\u12", "\\x41", "\\u00g0", "\\", "\\a", "\\u{41}"):
        yield Hostile(f"escape {escape}", TEXT[:-1] + f', "name": "{escape}"}}'.encode())
    for control in (0, 1, 9, 10, 31):
        yield Hostile(f"control {control}", TEXT[:-1] + b', "name": "a' + bytes([control]) + b'"}')


KINDS = [
    *(
        None,
        "",
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
    ),
    *(
        "application/jsonp",
        "application/json5",
        "text/json",
        "application/problem+json",
        "image/png",
        "*/*",
        "json",
        ";",
    ),
    *("application/", "/json", "application/json, text/csv", "text/csv+json", "application/octet-stream", "a" * 5_000),
]


def mislabelled() -> Iterator[Hostile]:
    """Valid bodies with wrong headers, and the reverse."""
    for kind in KINDS:
        yield Hostile(f"Content-Type {kind}"[:60], TEXT, kind=kind)
        yield Hostile(f"Content-Type {kind} for data"[:60], DATA, path="/datasets", kind=kind)
    for coding in ("gzip", "deflate", "br", "zstd", "gzip, gzip", "chunked", "x" * 1_000):
        headers = (("Content-Encoding", coding),)
        yield Hostile(f"Content-Encoding {coding[:20]}", TEXT, headers=headers)
        yield Hostile(f"{coding[:20]} it says", gzip.compress(TEXT, mtime=0), headers=headers)
        is_read = coding == "gzip"  # the first bytes of a file decide
        yield Hostile(f"CSV {coding[:20]}", b"a,y\n1,2\n3,4\n", is_read, "/datasets", CSV, headers)
    yield Hostile("JSON as CSV", DATA, None, "/datasets", CSV)
    yield Hostile("CSV as JSON", b"a,y\n1,2\n3,4\n", path="/datasets")
    yield Hostile("CSV to fit", b"a,y\n1,2\n3,4\n", kind=CSV)


@cache
def binaries() -> dict[str, bytes]:
    """Files that a user may send by mistake, or their beginnings."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(zipfile.ZipInfo("xl/worksheets/sheet1.xml"), "<row/>" * 1_000)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("0"), b"0" * 10_000_000)
    return {
        "xlsx": archive.getvalue(),
        "zip bomb": bomb.getvalue(),
        "gzip bomb": gzip.compress(b"0" * 10_000_000, mtime=0),
        "parquet": b"PAR1\x15\x04\x15\x10" + b"\x00\x01" * 50 + struct.pack("<I", 2**31 - 1) + b"PAR1",
        "pickle": pickle.dumps({"x": X3}),
        "numpy": b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (99,), }" + b" " * 60 + b"\n",
        "sqlite": b"SQLite format 3\0" + bytes(84),
        "png": b"\x89PNG\r\n\x1a\n" + bytes(40),
        "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
        "elf": b"\x7fELF" + bytes(60),
        "xml": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "html": b"<!doctype html><table><tr><td>1<td>2</table>",
        "zeros": bytes(10_000),
        "every byte": bytes(range(256)) * 40,
        "nothing": b"",
        "a blank": b" ",
        "lines": b"\n" * 10_000,
        "http": b"POST /fit HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    }


def binary() -> Iterator[Hostile]:
    """Files of other formats."""
    for name, content in binaries().items():
        yield Hostile(f"{name} to fit", content)
        yield Hostile(f"{name} as data", content, path="/datasets")
        yield Hostile(f"{name} as CSV", content, path="/datasets", kind=CSV)


TABLES: list[bytes] = [
    *(
        b"a",
        b"a\n",
        b"a,b",
        b"a,b\n",
        b"a,b\n1,2",
        b"a,b\n1,2\n",
        b"1\n2\n3\n",
        b",\n,\n,\n",
        b",,,,\n",
        b"\n\n\n1,2\n\n",
    ),
    *(b'"a,b\n1,2\n3,4\n', b'a,"b\n1,2\n3,4\n', b'a,b\n1,"2\n3,4\n', b'a,b\n1,2\n3,"4', b'a,b\n1,2"\n"3,4\n', b'"""\n'),
    *(b"a,b\n1,2\n3\n", b"a,b\n1,2\n3,4,5\n", b"a,b\n1,2\n\n3,4,\n", b"a,b,c\n1,2\n3,4\n", b"a,b\n1,2\n,4\n"),
    *(b"a,a\n1,2\n3,4\n", b",b\n1,2\n3,4\n", b"a,b\n1,NaN\n3,4\n", b"a,b\n1,inf\n3,4\n", b"a,b\n1,1e999\n3,4\n"),
    *(b"a,b\n1,0x10\n3,4\n", b"a,b\n1_0,2\n3,4\n", b"a,b\n--1,2\n3,4\n", b"a,b\n=1+1,2\n3,4\n", b"a,b\n1,null\n3,4\n"),
    *(
        b"a;b\n1,2;3\n4.5,6;7\n",
        b"a|b\n1|2\n3|4\n",
        b"a b\n1 2\n3 4\n",
        b"a,b\r1,2\r3",
        b"a\0,b\n1,2\n3,4\n",
        b"a,b\n1\0,2\n3,4\n",
    ),
    *(b'=cmd|"/c calc"!A0,b\n1,2\nx,4\n', b"@SUM(A1),b\nx,y\n1,2\n", b"-1+1,+2\n1-1,2\n", b"a,b\nx,y\nz,w\n"),
    *(b"c,y\n" + b"1,2\n" * 3 + b"x" * 2_000_000, b"1," * 1_000_000, b"," * 1_000_000 + b"\n", b'"' * 1_000_001),
    *(
        b"a,b\n" + b"9" * 400 + b",2\n3,4\n",
        b"a,b\n" + b"9" * 500_000 + b",2\n3,4\n",
        b"n" * 1_000_000 + b",b\n1,2\n3,4\n",
    ),
    *(
        b"a,b\n1,2\n3,4\n" + b'"' + b"\n" * 500_000,
        b"a,b\n" + b"1,2\n" * 10 + b"x,y\n",
        b"\xef\xbb\xbf",
        b"sep=;\n1;2\n",
    ),
    "a,b\n１,2\n3,4\n".encode(),
    "a,b\n١,2\n3,4\n".encode(),
    "a,b\n−1,2\n3,4\n".encode(),
    "а,a\n1,2\n3,4\n".encode(),
    "a,b\n1,2\n3,4\n".encode("utf-16"),
    ",".join(f"c{number}" for number in range(1_002)).encode() + (b"\n" + b",".join([b"1"] * 1_002)) * 3,
]


QUERIES = [
    "",
    "?header=true",
    "?header=false",
    "?target=b",
    "?target=none",
    "?features=a",
    "?features=a,a",
    "?features=none",
]


def tables() -> Iterator[Hostile]:
    """CSV files, with several queries."""
    for table in TABLES:
        for query in QUERIES if len(table) < 1_000 else QUERIES[:1]:
            yield Hostile(f"CSV {table[:30]!r}{query}", table, None, f"/datasets{query}", CSV)
