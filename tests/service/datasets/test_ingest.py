"""The dataset of a file: the order of its columns, and the id that earlier versions gave the same content."""

import numpy as np
import pytest

from service.datasets.file_reader import TableColumn
from service.datasets.ingest import from_body, from_table
from tests.service.people import TABLE, people, table

X = [[1.0, 0.5], [2.0, 1.5], [4.0, 2.5], [4.0, 3.5]]
Y = [7.0, 3.0, 5.0, 6.0]


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
def test_numbers_have_the_id_of_the_same_json_whatever_the_order_of_the_file(order: list[int]) -> None:
    same = from_body(X, Y, ["a", "b"]).described
    columns = [TableColumn(name, "number", None) for name in ("a", "b", "y")]
    data = np.ascontiguousarray(np.column_stack([X, Y])[:, order])
    incoming = from_table(table(["a", "b"], "y", [columns[place] for place in order], data=data))
    assert (incoming.described.id, incoming.described.sha256) == (same.id, same.sha256)
    assert [column["name"] for column in incoming.described.columns] == ["a", "b", "y"]
    assert np.vstack(list(incoming.blocks())).tolist() == np.column_stack([X, Y]).tolist()
    assert all(block.flags.c_contiguous for block in incoming.blocks())


def test_a_file_with_other_columns_keeps_its_order() -> None:
    incoming = people(target="age", features=["height"])
    assert [column["name"] for column in incoming.described.columns] == ["age", "sex", "height", "town", "one"]
    assert np.array_equal(np.vstack(list(incoming.blocks())), TABLE)


def test_the_id_covers_what_the_rows_mean() -> None:
    def made(kind: str = "category", texts: tuple[str, ...] = ("f", "m"), missing: int = 0, target: str = "y") -> str:
        numbers = [TableColumn(name, "number", None) for name in "xy"]
        columns = [TableColumn("k", kind, list(texts), missing), *numbers]  # type: ignore[arg-type]
        data = np.array([[0.0, 1.0, 2.0], [1.0, 3.0, 4.0], [1.0, 5.0, 6.0], [0.0, 7.0, 8.0]])
        return from_table(table(["k=m"], target, columns, data=data)).described.id

    ids = [made(), made("label"), made(texts=("f", "n")), made(missing=1), made(target="x")]
    assert len({*ids}) == len(ids)
    assert made() == ids[0]
