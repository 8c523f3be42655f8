"""Media types of requests and answers."""

from importlib.util import find_spec

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
PROBLEM_JSON = "application/problem+json"
NDJSON = "application/x-ndjson"
CSV = "text/csv"
NPZ = "application/x-npz"
PARQUET = "application/vnd.apache.parquet"
HAS_PARQUET = find_spec("pyarrow") is not None
"""Whether the extra `parquet` is installed."""
GZIP = "application/gzip"
ZIP = "application/zip"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PYTHON_SOURCE = "text/x-python"
C_SOURCE = "text/x-c"
HTML = "text/html"
SVG = "image/svg+xml"
PNG = "image/png"
EVENT_STREAM = "text/event-stream"
