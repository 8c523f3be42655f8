"""Early stopping: conditions that end a descent before its last step."""

from math import inf, isnan
from typing import Literal, NamedTuple

Reason = Literal["gradient_norm", "loss_change", "patience"]


class Stop(NamedTuple):
    """Stopping conditions; None switches one off.

    - gradient_norm: stop at the first step with ‖∇E(θₖ)‖ ≤ gradient_norm.
    - loss_change: stop at the first step with |E(θₖ) − E(θₖ₋₁)| ≤ loss_change.
    - patience: stop after this many steps without a new minimum of the validation MSE. The training error keeps
      falling while the model overfits; a step chosen by the test error biases that error downwards (Prechelt, Early
      stopping, 1998).
    """

    gradient_norm: float | None = None
    loss_change: float | None = None
    patience: int | None = None

    @property
    def never(self) -> bool:
        """Whether no condition is given."""
        return self == Stop()


class StoppingState(NamedTuple):
    """The memory of the conditions: E of the previous step, the least validation MSE, and its step."""

    energy: float = inf
    least: float = inf
    least_step: float = 0.0

    def after(self, step: int, energy: float, validation: float) -> "StoppingState":
        """The memory after a step."""
        if validation < self.least:
            return StoppingState(energy, validation, step)
        return StoppingState(energy, self.least, self.least_step)


def reason_to_stop(
    stop: Stop, watch: StoppingState, step: int, *, energy: float, gradient_norm: float, validation: float
) -> Reason | None:
    """The condition met at a step, or None; `watch` is the memory of the steps before it."""
    if stop.gradient_norm is not None and gradient_norm <= stop.gradient_norm:
        return "gradient_norm"
    if stop.loss_change is not None and abs(energy - watch.energy) <= stop.loss_change:
        return "loss_change"
    waited = step - watch.least_step
    if stop.patience is not None and not isnan(validation) and not validation < watch.least and waited >= stop.patience:
        return "patience"
    return None
