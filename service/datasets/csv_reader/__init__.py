"""An uploaded CSV, read once as a stream into float64 that lies on disk: memory does not grow with the file.

    bytes ─► lines ─► csv.reader ─► records ─► blocks ─► float64 (k, d + 1) ─► an unnamed temporary file
    `records`                                 `numbers`                        `table`

The first data record settles what every column is (`layout`). A column that starts with a number must go on with
numbers, one that starts with anything else is text and may hold no number: so what is written never has to be revised.
"""

from service.datasets.csv_reader.errors import CsvError
from service.datasets.csv_reader.table import CsvTable, read_csv

__all__ = ["CsvError", "CsvTable", "read_csv"]
