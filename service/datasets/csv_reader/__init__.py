"""Reader of files: reads an upload once, as a stream, into float64 on disk. Its memory is independent of the size.

    bytes ─► text ─► records ─► blocks ─► float64, and text that needs its whole column ─► temporary files
    `source` `encoding` `text_records` `records`     `encoder`, `profile`                  `draft`
                                                        │ `column_types`: what each column is
    CsvTable ◄─ float64 of the kept columns ◄───────────┘
    `table`     `second_pass`, only for a file with gaps or text

The first pass counts the notations of every column. Then the type of each column is decided by all its cells. A file of
plain numbers needs no second pass. The report has each thing that the reader did or left out.
"""

from service.core.dataset_record import ReportEntry
from service.datasets.csv_reader.errors import CsvError
from service.datasets.csv_reader.options import Options
from service.datasets.csv_reader.reading import read_csv
from service.datasets.csv_reader.table import CsvTable, TableColumn

__all__ = ["CsvError", "CsvTable", "Options", "ReportEntry", "TableColumn", "read_csv"]
