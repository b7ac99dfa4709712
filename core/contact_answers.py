"""What customers did after contacts: who accepted, and who unsubscribed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureTable

MIN_ANSWERS = 40
"Accepted contacts, and others, among older and among newer ones, that a model which distinguishes customers needs."


def can_tell_customers_apart(n_accepted: int, n_contacts: int) -> bool:
    """Whether contacts that fall into older and newer ones could have enough answers in both parts."""
    return min(n_accepted, n_contacts - n_accepted) >= 2 * MIN_ANSWERS


@dataclass(frozen=True, kw_only=True)
class AcceptanceRows:
    """Treated contacts whose time to answer is over; every array is (n,)."""

    features: FeatureTable
    "(n, m) of each customer at a cutoff up to the day of the contact."
    offer_ids: NDArray[np.str_]
    tastes: NDArray[np.float64]
    "How much more than others the customer buys the offer's item or category, as a logarithm; NaN for other offers."
    accepted: NDArray[np.bool_]
    days: NDArray[np.datetime64]
    "datetime64[D] of the contact."
    answer_days: int
    "Days after a contact in which the offer could be accepted."

    def __len__(self) -> int:
        return len(self.offer_ids)

    @property
    def customer_ids(self) -> NDArray[np.str_]:
        """Whom each contact was made to."""
        return self.features.customer_ids

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> AcceptanceRows:
        """The contacts that an index array or mask selects."""
        arrays = {name: getattr(self, name)[rows] for name in ("offer_ids", "tastes", "accepted", "days")}
        return replace(self, features=self.features.take(rows), **arrays)


@dataclass(frozen=True, kw_only=True)
class UnsubscribeRows:
    """Contacts with a control group, or without; every array is (n,)."""

    treated: NDArray[np.bool_]
    propensities: NDArray[np.float64]
    "P(treated); NaN where it was not recorded."
    unsubscribed: NDArray[np.bool_]
    "Within the time to answer."
    recent_contacts: NDArray[np.int64]
    "Contacts of the customer in the 30 days before this one."
    evidence: str = "contacts"
    "Where unsubscriptions come from: contacts or consents."

    def __len__(self) -> int:
        return len(self.treated)

    def take(self, rows: NDArray[np.bool_]) -> UnsubscribeRows:
        """The contacts that a mask selects."""
        names = ("treated", "propensities", "unsubscribed", "recent_contacts")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    @property
    def has_control(self) -> bool:
        """Whether chance left some customers untreated."""
        return bool((~self.treated & ~(self.propensities >= 1)).any())

    @property
    def arm_weights(self) -> NDArray[np.float64]:
        """How many customers each stands for, (n,): 1 / P(the group that the customer is in).

        It is 0 where chance did not decide, and 1 for all where there is no control group.
        """
        if not self.has_control:
            return self.treated.astype(np.float64)
        chance = np.where(np.isnan(self.propensities), self.treated.mean(), self.propensities)
        is_chance = (chance > 0) & (chance < 1)
        own = np.where(self.treated, chance, 1.0 - chance)
        return np.divide(1.0, own, out=np.zeros(len(self)), where=is_chance)


@dataclass(frozen=True, kw_only=True)
class SaveRows:
    """Contacts that chance decided, and who stayed; every array is (n,), but `before`."""

    customer_ids: NDArray[np.str_]
    treated: NDArray[np.bool_]
    propensities: NDArray[np.float64]
    "P(treated), above 0 and below 1."
    stayed: NDArray[np.bool_]
    "No churn within its horizon from the day of the contact."
    before: NDArray[np.float64]
    "(n, p) what was known before the contact."

    def __len__(self) -> int:
        return len(self.treated)

    @property
    def arm_weights(self) -> NDArray[np.float64]:
        """How many customers each stands for, (n,): 1 / P(the group that the customer is in)."""
        return 1.0 / np.where(self.treated, self.propensities, 1.0 - self.propensities)
