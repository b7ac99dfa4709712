"""Why accounts churn: four causes, each with its own hazard, driven by the history of the account."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulation.software.accounts import Accounts
from simulation.software.state import AccountState
from simulation.software.world import SoftwareWorld

CAUSES = np.array(["product", "price", "support", "other"])

RANDOM_CHURN_HAZARD = 0.022
"Per month, if churn is random."
AT_RENEWAL, BETWEEN_RENEWALS = 2.0, 0.8
"Factor on all hazards in the month in which a yearly term ends, and in its other months."


def hazards_in(
    world: SoftwareWorld, accounts: Accounts, *, state: AccountState, tenure_months: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(causes, n) the monthly cause-specific hazards, given the state at the end of the previous month.

    `tenure_months` (n,) is the number of months since each account began.
    """
    n = len(accounts)
    if world.churn_is_random:
        return np.full((len(CAUSES), n), RANDOM_CHURN_HAZARD / len(CAUSES))
    product = 0.9 * np.exp(-13.0 * state.usefulness)
    price = accounts.price_sensitivity * (
        0.0001 + 0.022 * state.pressure + 0.025 * state.downgrade + 0.03 * accounts.dearness.clip(0)
    )
    support = 0.0001 + 0.03 * np.minimum(state.pain, 4)
    other = 0.0016 * accounts.closing
    return np.stack([product, price, support, other]) * term_factor(accounts, tenure_months)


def term_factor(accounts: Accounts, tenure_months: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) the factor of the term on every hazard; 1 for monthly terms."""
    yearly = accounts.term_months > 1
    ending = ends_a_term(accounts, tenure_months)
    return np.where(yearly, np.where(ending, AT_RENEWAL, BETWEEN_RENEWALS), 1.0)


def ends_a_term(accounts: Accounts, tenure_months: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) whether the term ends on the first of the month, so that the price may change."""
    return (tenure_months > 0) & (tenure_months % accounts.term_months == 0)


def draw_causes(hazards: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.int64]:
    """(n,) rows of CAUSES, each drawn in proportion to its share of the hazard."""
    shares = np.cumsum(hazards, axis=0) / hazards.sum(axis=0)
    return (random.random(hazards.shape[1]) > shares).sum(axis=0).clip(max=len(CAUSES) - 1)
