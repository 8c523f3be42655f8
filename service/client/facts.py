"""Facts of a run, as the service last told them."""

import html
from typing import Any

from service.client.data import JsonObject
from service.client.picture import Picture

CRITERIA = {
    "E(θ)": "train_loss",
    "train MSE": "train_mse",
    "test MSE": "test_mse",
    "train accuracy": "train_accuracy",
    "test accuracy": "test_accuracy",
}
FINISHED = frozenset({"succeeded", "diverged", "failed", "cancelled"})


class Facts:
    """A JSON object of the service. `facts` is the whole of it, and `object["field"]` a field."""

    def __init__(self, facts: JsonObject) -> None:
        self.facts = facts

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]

    @property
    def id(self) -> str:
        """The id."""
        return str(self.facts["id"])

    @property
    def name(self) -> str | None:
        """The name that the user gave, if any."""
        name: str | None = self.facts["name"]
        return name

    @property
    def status(self) -> str:
        """queued, running, paused, cancelling; then succeeded, diverged, failed, cancelled; of a sweep finished."""
        return str(self.facts["status"])


class RunFacts(Facts):
    """A run as the service last told it; docs/api-guide.md has every field."""

    curves: Picture | None = None
    """The picture of both criteria as SVG, once `plot` has made it."""

    @property
    def is_finished(self) -> bool:
        """Whether the run has ended."""
        return self.status in FINISHED

    @property
    def parameters(self) -> list[str]:
        """The names of θ's components."""
        return list(self.facts["parameters"])

    @property
    def theta(self) -> list[float]:
        """θ of the last step. Raises LookupError before the first step."""
        return list(self._final["theta"])

    @property
    def coefficients(self) -> dict[str, float | None]:
        """θ of the last step by name, in the units of the data. Raises LookupError before the first step."""
        return dict(self._final["coefficients"])

    @property
    def train_mse(self) -> float | None:
        """The error on the training rows at the last step; None without data. Raises LookupError before the first."""
        error: float | None = self._final["train_mse"]
        return error

    @property
    def test_mse(self) -> float | None:
        """The error on the test rows at the last step; None without any. Raises LookupError before the first."""
        error: float | None = self._final["test_mse"]
        return error

    @property
    def diagnosis(self) -> list[JsonObject]:
        """The findings, each with its sentence and the change of the request that mends it, if one does."""
        return list(self.facts["diagnosis"])

    @property
    def verdict(self) -> str | None:
        """How the descent ended beside what was attainable, in one sentence."""
        convergence = self.facts["convergence"]
        return None if convergence is None else str(convergence["sentence"])

    @property
    def _final(self) -> JsonObject:
        final: JsonObject | None = self.facts["final"]
        if final is None:
            raise LookupError(f"The run {self.id} is {self.status} and has no step yet.")
        return final

    def __repr__(self) -> str:
        title = "" if self.name is None else f" {self.name!r}"
        steps = f"{self.facts['steps_done']:,} of {self.facts['steps_total']:,} steps"
        return f"<Run {self.id}{title}: {self.status}, {steps}>"

    def _repr_html_(self) -> str:
        """The run in a notebook: where it arrived, its verdict and findings, and its curves."""
        final = self.facts["final"] or {}
        numbers = {title: final.get(name) for title, name in CRITERIA.items()}
        cells = {**final.get("coefficients", {}), **numbers}
        rows = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{value:.6g}</td></tr>"
            for name, value in cells.items()
            if value is not None
        )
        sentences = [self.verdict or "", *(finding["sentence"] for finding in self.diagnosis)]
        told = "".join(f"<p>{html.escape(each)}</p>" for each in sentences if each)
        return f"<p><b>{html.escape(repr(self)[1:-1])}</b></p><table>{rows}</table>{told}{self.curves or ''}"
