"""Writer of a model as a workbook. One sheet has a row of formulas, another has θ."""

from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from service.analysis.model_code.notation import Notation, written
from service.analysis.model_code.program import ExportedModel

MOST_COLUMNS = 16_384
"""The columns of a sheet."""
HEADER = Font(bold=True)
CALLS = {
    **{name: f"{name.upper()}({{0}})" for name in ("exp", "log10", "sqrt", "abs", "sin", "cos", "tan")},
    **{f"arc{name}": f"A{name.upper()}({{0}})" for name in ("sin", "cos", "tan")},
    **{name: f"{name.upper()}({{0}})" for name in ("sinh", "cosh", "tanh")},
    "log": "LN({0})",
    # Spreadsheets lack these functions; near 0 other forms would lose digits.
    "expm1": "IF(ABS({0})<0.5,2*EXP({0}/2)*SINH({0}/2),EXP({0})-1)",
    "log1p": "IF(ABS({0})<0.5,2*ATANH({0}/(2+{0})),LN(1+{0}))",
    "maximum": "MAX({0},{1})",
    "minimum": "MIN({0},{1})",
    "relu": "MAX({0},0)",
    "sigmoid": "(0.5*(1+TANH(0.5*({0}))))",
    "softplus": "(MAX({0},0)+2*ATANH(EXP(-ABS({0}))/(2+EXP(-ABS({0})))))",
}


def workbook_of(model: ExportedModel, example: list[float]) -> bytes:
    """The workbook (.xlsx). `example` is a first row of features.

    The sheet has the features, the variables and the outputs, each a column; its second row can be filled down.
    """
    book = Workbook()
    sheet = book["Sheet"]
    sheet.title = "model"
    _write_theta(book.create_sheet("theta"), model)
    width, assignments = len(model.features), model.program.assignments
    labels = [str(each) for each in model.classes or ()]
    outputs = [f"P({label})" for label in labels] or [model.target]
    places = {each.place: outputs[k] for k, each in enumerate(model.program.outputs)}
    for j, (name, value) in enumerate(zip(model.features, example, strict=True), start=1):
        _write_text(sheet.cell(1, j), name)
        sheet.cell(2, j, value)
    notation = Notation(
        theta=lambda i: f"theta!$B${i + 2}",
        feature=lambda j: f"{get_column_letter(j + 1)}2",
        variable=lambda i: f"{get_column_letter(width + i + 1)}2",
        number=lambda value: repr(value).upper(),
        calls=CALLS,
        power="POWER({},{})",
        infinity="(1/0)",
        nan="(0/0)",
    )
    for i, each in enumerate(assignments):
        _write_text(sheet.cell(1, width + i + 1), places.get(i, f"z{i}"))
        sheet.cell(2, width + i + 1, "=" + written(each, notation))
    if labels:
        _write_likeliest(sheet, model, labels, notation)
    sheet.freeze_panes = "A2"
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def column_count(model: ExportedModel) -> int:
    """The columns that the workbook of a model has."""
    return len(model.features) + len(model.program.assignments) + (1 if model.classes else 0)


def _write_theta(sheet: Worksheet, model: ExportedModel) -> None:
    for j, title in enumerate(("parameter", "value"), start=1):
        _write_text(sheet.cell(1, j), title)
    for i, (name, value) in enumerate(zip(model.parameters, model.theta, strict=True), start=2):
        _write_text(sheet.cell(i, 1), name)
        sheet.cell(i, 2, value)


def _write_likeliest(sheet: Worksheet, model: ExportedModel, labels: list[str], notation: Notation) -> None:
    """The column of the likeliest class. Of two equally probable classes it is the second, of more the first."""
    cells = [written(each, notation) for each in model.program.outputs]
    greatest = f"MAX({cells[0]}:{cells[-1]})"
    place = f"IF({cells[1]}>=0.5,2,1)" if len(cells) == 2 else f"MATCH({greatest},{cells[0]}:{cells[-1]},0)"
    column = column_count(model)
    _write_text(sheet.cell(1, column), model.target)
    for k, label in enumerate(labels):
        _write_text(sheet.cell(1, column + 2 + k), label)
    first, last = get_column_letter(column + 2), get_column_letter(column + 1 + len(labels))
    sheet.cell(2, column, f"=INDEX(${first}$1:${last}$1,{place})")


def _write_text(cell: Cell, text: str) -> None:
    """Writes a text as it is: one that begins with = is no formula."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", text)
    cell.data_type = "s"
    if cell.row == 1:
        cell.font = HEADER
