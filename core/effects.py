"""What treatments change for each customer, as uplift models estimate it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

EffectOutcome = Literal["purchased", "converted", "amount", "stayed"]
OUTCOME_WORDS: dict[EffectOutcome, str] = {
    "purchased": "a purchase",
    "converted": "a conversion",
    "amount": "the net amount bought",
    "stayed": "no churn",
}
"What each outcome of a contact counts."


def define_outcome(outcome: EffectOutcome, *, horizon_days: int) -> str:
    """An outcome in words, as a model card has it: 'a purchase within 14 days of a contact'."""
    return f"{OUTCOME_WORDS[outcome]} within {horizon_days} days of a contact"


def outcome_of(definition: str) -> EffectOutcome | None:
    """The outcome that a text such as a model card's names as `define_outcome` writes it; None if it names none."""
    return next((name for name in get_args(EffectOutcome) if f"{OUTCOME_WORDS[name]} within" in definition), None)


@dataclass(frozen=True, kw_only=True)
class Effects:
    """Effects of K treatments on n customers, in outcomes per customer; every array but the ids is (n, K)."""

    customer_ids: NDArray[np.str_]
    "(n,)."
    treatments: tuple[str, ...]
    "K names, such as offer ids."
    effect: NDArray[np.float64]
    "The expected outcome with the treatment minus the one without."
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    "The bounds of the 90 % interval; NaN where the model was not refitted on resamples."
    without: NDArray[np.float64]
    "The expected outcome without the treatment."
    by_activity: tuple[str, ...] = ()
    "Treatments whose average effect is shared among the customers in proportion to P(alive)."
    unshown: tuple[str, ...] = ()
    "Treatments whose effect is 0 or below because, with all tested together, it is not shown to be above 0."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def never_send(self) -> NDArray[np.bool_]:
        """Whether a treatment harms a customer, as far as the interval says: its upper bound is below 0, (n, K)."""
        return self.high < 0

    def share_by_activity(self, p_alive: NDArray[np.float64], *, treatments: Sequence[str]) -> Effects:
        """The average effects of some treatments, shared in proportion to P(alive), (n,), with the same mean.

        A contact changes nothing for former customers: an average that includes them is too low for those who are
        still active. Where P(alive) is unknown, a customer keeps the average; where it is all alike, all do.
        """
        probabilities = p_alive[~np.isnan(p_alive)]
        if not treatments or not len(probabilities) or probabilities.max() == probabilities.min():
            return self
        shares = np.nan_to_num(p_alive / probabilities.mean(), nan=1.0)[:, None]
        is_shared = np.isin(self.treatments, treatments)
        scale = np.where(is_shared, shares, 1.0)
        arrays = {name: getattr(self, name) * scale for name in ("effect", "low", "high")}
        return replace(self, **arrays, by_activity=tuple(np.array(self.treatments)[is_shared].tolist()))

    def average(self) -> Effects:
        """The mean of all customers as that of one, n = 1; NaN without any."""
        arrays = {name: getattr(self, name) for name in ("effect", "low", "high", "without")}
        means = {name: one.mean(axis=0, keepdims=True) if len(self) else np.full((1, one.shape[1]), np.nan)
                 for name, one in arrays.items()}  # fmt: skip
        return replace(self, customer_ids=np.array([""]), **means)

    def take(self, rows: NDArray[Any]) -> Effects:
        """The customers that an index array or mask selects."""
        arrays = {name: getattr(self, name)[rows] for name in ("customer_ids", "effect", "low", "high", "without")}
        return replace(self, **arrays)
