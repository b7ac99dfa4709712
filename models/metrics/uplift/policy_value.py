"""What a policy would have earned, estimated from decisions that another policy made by chance.

    w     = pi(a | x) / p            how much likelier the new policy takes the logged action than the logging one did
    ips   = mean of w r              inverse propensity scoring (Horvitz & Thompson 1952)
    snips = sum of w r / sum of w    self-normalised (Swaminathan & Joachims 2015): less variance, a small bias
    dr    = mean of q(x, pi) + w (r - q(x, a))     doubly robust (Dudik, Langford & Li 2011)

r is the reward of a decision, p the propensity of its action a, and q a model's prediction of the reward: q(x, pi) is
its mean over the actions of the new policy. DR is unbiased where the propensities are right, whatever q is; a good q
lowers its variance. q must not have been fitted on the rows it predicts: use cross-fitting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.intervals import N_RESAMPLES, Estimate, estimate_intervals
from models.metrics.weighted import ratio

IPS, SNIPS, DR = "ips", "snips", "doubly_robust"


@dataclass(frozen=True, kw_only=True)
class LoggedDecisions:
    """Decisions with their propensities and rewards, and what a new policy would do; every array is (n,).

    Raises DataError where a propensity is 0 or below, or above 1.
    """

    customer_ids: NDArray[np.str_]
    "Whose decision it was; intervals resample them."
    rewards: NDArray[np.float64]
    propensities: NDArray[np.float64]
    "P(the logged action) under the policy that logged it, above 0 and up to 1."
    target: NDArray[np.float64]
    "P(the logged action) under the new policy."
    predicted: NDArray[np.float64]
    "q(x, a): the predicted reward of the logged action."
    predicted_by_target: NDArray[np.float64]
    "q(x, pi): the mean predicted reward of the new policy's actions."

    def __post_init__(self) -> None:
        impossible = ~((self.propensities > 0) & (self.propensities <= 1))
        if impossible.any():
            row = int(np.flatnonzero(impossible)[0])
            raise DataError(
                f"{int(impossible.sum()):,} of {len(self.propensities):,} propensities are not above 0 and up to 1, "
                f"e.g. {self.propensities[row]:g} of customer '{self.customer_ids[row]}' (row {row}); leave such "
                "decisions out or correct their propensity"
            )

    @property
    def weights(self) -> NDArray[np.float64]:
        """w, (n,)."""
        return self.target / self.propensities

    @property
    def doubly_robust_values(self) -> NDArray[np.float64]:
        """The doubly robust value of each decision, (n,)."""
        return self.predicted_by_target + self.weights * (self.rewards - self.predicted)

    @property
    def effective_size(self) -> float:
        """How many decisions of the new policy itself would tell as much (Kish 1965)."""
        weights = self.weights
        return float(weights.sum() ** 2 / (weights**2).sum()) if weights.any() else 0.0


def estimate_policy_value(
    decisions: LoggedDecisions, *, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> dict[str, Estimate]:
    """The mean reward per decision of the new policy by each estimator, with intervals over customers."""
    weights, rewards, corrected = decisions.weights, decisions.rewards, decisions.doubly_robust_values

    def statistics(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        n = counts.sum(axis=1)
        return np.column_stack(
            [
                counts @ (weights * rewards) / n,
                ratio(counts @ (weights * rewards), counts @ weights),
                counts @ corrected / n,
            ]
        )

    estimates = estimate_intervals(statistics, decisions.customer_ids, n_resamples=n_resamples, seed=seed)
    return dict(zip((IPS, SNIPS, DR), estimates, strict=True))
