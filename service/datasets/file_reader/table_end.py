"""The end of a table: notes below it, which are no rows, and a last row that may hold totals."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.datasets.file_reader.cells import TEXT, classify
from service.datasets.file_reader.dialect import is_blank

_NOTE = re.compile(
    r"\s*(?:[*†‡§]+\s*\w|\([0-9a-z*]{1,2}\)\s+\w|[0-9a-z]\)\s+\w|\[[0-9]+ rows|©"
    r"|(?:sources?|notes?|nb|n\.b\.|quellen?|anmerkung(?:en)?|hinweise?|remarques?|lecture|champ)\s*:)",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"\s*(?:(?:grand |sub|sub-)?totals?|total général|sous-total|sums?|somme|ensemble|summe|gesamt(?:summe)?|insgesamt"
    r"|averages?|mean|moyenne|mittelwert|durchschnitt)\s*:?\s*",
    re.IGNORECASE,
)
_LEAST_ROWS = 4
"""The fewest rows of which the last one may be the sum of the others."""


def starts_as_note(cell: str) -> bool:
    """Whether a text begins as a note does: with an asterisk, or `Source:`."""
    return _NOTE.match(cell) is not None


def is_footnote(cells: list[str], above: Sequence[list[str]], *, has_distance: bool) -> bool:
    """Whether the last record of a table is a note: a text alone in a column of numbers, or at a distance.

    `above` are the records before; `has_distance` says that blank lines precede the record.
    """
    if len(cells) < 2 or classify(cells[0])[0] != TEXT:
        return False
    has_texts = any(classify(each[0])[0] == TEXT and not is_blank(each[1:]) for each in above)
    if is_blank(cells[1:]):
        return has_distance or not has_texts or starts_as_note(cells[0])
    return not has_texts and starts_as_note(cells[0])


def is_total(end: Sequence[list[str]], last: NDArray[np.float64], sums: NDArray[np.float64], rows: int) -> bool:
    """Whether the last one of these records says that it has totals or means, or is the sum of all others.

    A word for totals that earlier ones have, too, is a value. `last` are the numbers of the last record, `sums` the
    sums of all.
    """
    texts = [cell for cell in end[-1] if classify(cell)[0] == TEXT]
    if texts and _TOTAL.fullmatch(texts[0]) and not any(texts[0] in cells for cells in end[:-1]):
        return True
    if rows < _LEAST_ROWS:
        return False
    given = ~np.isnan(last) & (sums != 0.0)
    are_sums = np.isclose(sums[given] - last[given], last[given], rtol=1e-9, atol=0.0)
    is_alone = len(are_sums) == 1 and not texts and bool(np.isnan(last).any())
    return bool(are_sums.all()) and (len(are_sums) > 1 or is_alone)
