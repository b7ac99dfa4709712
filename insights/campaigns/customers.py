"""The customers of a campaign: each once, from the day on which it was, or would have been, contacted first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from features.contact_outcomes import ContactLog

NEVER = np.datetime64("NaT", "s")


@dataclass(frozen=True, kw_only=True)
class ComparedCustomers:
    """The customers of one campaign and its control group; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    entered_at: NDArray[np.datetime64]
    "datetime64[s], local: when the first contact was made, or would have been made to one of the control group."
    treated: NDArray[np.bool_]
    "As chance decided, whatever was sent."
    propensities: NDArray[np.float64]
    "P(treated); 1 for customers whom chance could not leave out, e.g. before there was a control group."
    n_contacts: NDArray[np.int64]
    costs: NDArray[np.float64]
    "Of all contacts of the customer, base currency."
    converted_at: NDArray[np.datetime64]
    "datetime64[s]; the first reported conversion, NaT without one."
    unsubscribed_at: NDArray[np.datetime64]
    "datetime64[s]; NaT without one."
    contacted_anyway: NDArray[np.bool_]
    "Customers of the control group with an outcome or a decision that only a contact leads to."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @classmethod
    def empty(cls) -> ComparedCustomers:
        """No customers."""
        times, numbers, flags = np.empty(0, "datetime64[s]"), np.empty(0), np.empty(0, np.bool_)
        return cls(
            customer_ids=np.empty(0, "U1"),
            entered_at=times,
            treated=flags,
            propensities=numbers,
            n_contacts=np.empty(0, np.int64),
            costs=numbers,
            converted_at=times,
            unsubscribed_at=times,
            contacted_anyway=flags,
        )

    @property
    def contact_log(self) -> ContactLog:
        """The entries as contacts, for what customers did after them."""
        n = len(self)
        return ContactLog(
            customer_ids=self.customer_ids,
            sent_at=self.entered_at,
            campaigns=np.full(n, ""),
            treatments=np.full(n, ""),
            treated=self.treated,
            propensities=self.propensities,
            converted_at=self.converted_at,
        )

    @property
    def by_chance(self) -> ComparedCustomers:
        """The customers whom chance could leave out; all where it could leave out none."""
        is_chance = (self.propensities > 0) & (self.propensities < 1)
        if is_chance.all() or not is_chance.any():
            return self
        return replace(self, **{name: array[is_chance] for name, array in vars(self).items()})

    @property
    def mean_propensity(self) -> float:
        """The mean P(treated) of customers whom chance could leave out; NaN without any."""
        return float(self.by_chance.propensities.mean()) if len(self) else float("nan")

    def is_mature(self, n_days: int, *, until: date) -> NDArray[np.bool_]:
        """Whether the days to respond of each customer are over before midnight of a day, (n,)."""
        return self.entered_at + np.timedelta64(n_days, "D") <= np.datetime64(until, "s")
