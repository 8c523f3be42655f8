"""Trajectory of a run as arrays of numpy, or as a frame of pandas."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd


class Trajectory(Mapping[str, "npt.NDArray[np.generic]"]):
    """The columns by name: `step`, shape (n,), `theta`, shape (n, p), `train_loss` and each metric, shape (n,).

    What does not apply is NaN. `parameters` are the names of θ's components.
    """

    def __init__(self, file: BinaryIO) -> None:
        import numpy as np  # noqa: PLC0415 - takes a tenth of a second to import

        with np.load(file, allow_pickle=False) as arrays:
            self._columns: dict[str, npt.NDArray[Any]] = {name: arrays[name] for name in arrays.files}
        self.parameters: list[str] = self._columns.pop("parameters").tolist()

    def __getitem__(self, name: str) -> "npt.NDArray[Any]":
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        return f"Trajectory({', '.join(f'{name} {column.shape}' for name, column in self._columns.items())})"

    def to_pandas(self) -> "pd.DataFrame":
        """The columns as a frame whose index is the step; θ has a column for each parameter, `theta.NAME`."""
        import pandas as pd  # noqa: PLC0415 - pandas is the user's

        columns = {name: column for name, column in self._columns.items() if name not in ("theta", "step")}
        if "theta" in self._columns:
            theta = self._columns["theta"].T
            columns = {f"theta.{name}": each for name, each in zip(self.parameters, theta, strict=True)} | columns
        steps = self._columns.get("step")
        return pd.DataFrame(columns, index=None if steps is None else pd.Index(steps, name="step"))
