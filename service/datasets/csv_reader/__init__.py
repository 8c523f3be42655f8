"""CSV reader: reads an uploaded file once, as a stream, into float64 on disk. Its memory is independent of the size.

    bytes ─► lines ─► csv.reader ─► records ─► blocks ─► float64 (k, d + 1) ─► an unnamed temporary file
    `records`                                 `numbers`                        `table`

The first data record determines the type of every column (`layout`). A column whose first cell is a number has only
numbers; any other column is text and has no numbers. Written rows therefore never change.
"""

from service.datasets.csv_reader.errors import CsvError
from service.datasets.csv_reader.table import CsvTable, read_csv

__all__ = ["CsvError", "CsvTable", "read_csv"]
