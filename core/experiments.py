"""Outcomes of customers who were treated, or not, by chance: the only evidence of an effect.

    propensity = P(treated) of a customer, as it was when chance decided, for treated and control customers alike

With it, sums over the treated stand for all customers: a treated customer counts 1 / propensity times, one of the
control group 1 / (1 - propensity) times (Horvitz & Thompson 1952).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError, NotEnoughHistory

PROPENSITY_SETTING = "leave such contacts out or correct contacts.propensity"


@dataclass(frozen=True, kw_only=True)
class RandomisedRows:
    """One treatment against no treatment; every array is (n,).

    Raises DataError for propensities or outcomes that cannot be, NotEnoughHistory where one of the groups is empty.
    """

    customer_ids: NDArray[np.str_]
    treated: NDArray[np.bool_]
    outcomes: NDArray[np.float64]
    "1.0 or 0.0 for what a customer did or did not do, otherwise an amount in base currency."
    propensities: NDArray[np.float64]
    "P(treated), above 0 and below 1."

    def __post_init__(self) -> None:
        refuse_impossible_propensities(self.propensities, self.customer_ids)
        if not np.isfinite(self.outcomes).all():
            row = int(np.flatnonzero(~np.isfinite(self.outcomes))[0])
            raise DataError(
                f"the outcome of customer '{self.customer_ids[row]}' (row {row}) is no number; leave it out"
            )
        for is_of_group, group in ((self.treated, "treated"), (~self.treated, "in the control group")):
            if not is_of_group.any():
                raise NotEnoughHistory(
                    f"none of {len(self.treated):,} customers was {group}, so no effect can be measured; treat some "
                    "and leave others untreated by chance"
                )

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def is_binary(self) -> bool:
        """Whether each customer did or did not do something."""
        return bool(np.isin(self.outcomes, (0.0, 1.0)).all())

    @property
    def arm_weights(self) -> NDArray[np.float64]:
        """1 / P(the group that the customer is in), (n,)."""
        return 1.0 / np.where(self.treated, self.propensities, 1.0 - self.propensities)

    @property
    def weights_by_sign(self) -> NDArray[np.float64]:
        """`arm_weights`, negative in the control group: the mean of it times outcomes is the effect, (n,)."""
        return np.where(self.treated, self.arm_weights, -self.arm_weights)

    @property
    def average_effect(self) -> float:
        """The mean outcome with treatment minus the one without, each normalised by its weights (Hajek 1971)."""
        weights = self.arm_weights
        with_treatment, without = (
            float(np.average(self.outcomes[group], weights=weights[group])) for group in (self.treated, ~self.treated)
        )
        return with_treatment - without

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> RandomisedRows:
        """The rows that an index array or mask selects. Raises NotEnoughHistory where one of the groups has none."""
        return RandomisedRows(**{name: array[rows] for name, array in vars(self).items()})


def refuse_impossible_propensities(propensities: NDArray[np.float64], customer_ids: NDArray[Any]) -> None:
    """Raise DataError where chance did not decide: a propensity of 0, 1, outside of both or missing."""
    impossible = ~((propensities > 0) & (propensities < 1))
    if impossible.any():
        row = int(np.flatnonzero(impossible)[0])
        raise DataError(
            f"{int(impossible.sum()):,} of {len(propensities):,} propensities are not between 0 and 1, e.g. "
            f"{propensities[row]:g} of customer '{customer_ids[row]}'; {PROPENSITY_SETTING}"
        )
