"""Reader of files: reads an upload once, as a stream, into float64 on disk. Its memory is independent of the size.

    bytes ─► text ─► records ─► blocks ─► float64, and text that needs its whole column ─► temporary files
    `source` `encoding` `text_records` `records`     `encoder`, `profile`                  `draft`
                                                        │ `column_types`: what each column is
    FileTable ◄─ float64 of the kept columns ◄───────────┘
    `table`     `second_pass`, only for a file with gaps or text

The first pass counts the notations of every column. Then the type of each column is decided by all its cells. A file of
plain numbers needs no second pass. The report has each thing that the reader did or left out.
"""

from service.core.dataset_record import ReportEntry
from service.datasets.file_reader.errors import FileError
from service.datasets.file_reader.feature_rows import Needed, read_feature_rows
from service.datasets.file_reader.options import Options
from service.datasets.file_reader.reading import read_file
from service.datasets.file_reader.table import FileTable, TableColumn

__all__ = [
    "FileError",
    "FileTable",
    "Needed",
    "Options",
    "ReportEntry",
    "TableColumn",
    "read_feature_rows",
    "read_file",
]
