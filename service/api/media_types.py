"""Media types of requests and answers."""

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
NDJSON = "application/x-ndjson"
CSV = "text/csv"
SVG = "image/svg+xml"
PNG = "image/png"
EVENT_STREAM = "text/event-stream"
