"""Why accounts leave: four causes, each with a hazard of its own, driven by what the account lives through."""

from __future__ import annotations

import numpy as np

from simulation.software.accounts import Accounts
from simulation.software.states import State
from simulation.software.world import SoftwareWorld

CAUSES = np.array(["product", "price", "support", "other"])

COIN_TOSS_HAZARD = 0.022
"A month, where nothing tells who leaves."
AT_RENEWAL, BETWEEN_RENEWALS = 2.0, 0.8
"By which hazards are multiplied in the month in which a yearly term ends, and in its other months."


def hazards_in(world: SoftwareWorld, accounts: Accounts, state: State, tenure_months: np.ndarray) -> np.ndarray:
    """(causes, n) the rates a month at which accounts leave, by their state at the end of the month before.

    `tenure_months` (n,) says how many months ago each account began.
    """
    n = len(accounts)
    if world.churn_is_a_coin_toss:
        return np.full((len(CAUSES), n), COIN_TOSS_HAZARD / len(CAUSES))
    useless = 0.9 * np.exp(-13.0 * state.usefulness)
    price = accounts.price_sensitivity * (
        0.0001 + 0.022 * state.pressure + 0.025 * state.shrunk + 0.03 * accounts.dearness.clip(0)
    )
    support = 0.0001 + 0.03 * np.minimum(state.pain, 4)
    other = 0.0016 * accounts.closing
    return np.stack([useless, price, support, other]) * term_factor(accounts, tenure_months)


def term_factor(accounts: Accounts, tenure_months: np.ndarray) -> np.ndarray:
    """(n,) what the term does to every hazard; terms of one month do nothing."""
    yearly = accounts.term_months > 1
    ending = ends_a_term(accounts, tenure_months)
    return np.where(yearly, np.where(ending, AT_RENEWAL, BETWEEN_RENEWALS), 1.0)


def ends_a_term(accounts: Accounts, tenure_months: np.ndarray) -> np.ndarray:
    """(n,) bool: whose term ends on the first of a month, so that its price may change."""
    return (tenure_months > 0) & (tenure_months % accounts.term_months == 0)


def drawn_causes(hazards: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(n,) int64 rows of CAUSES: one each, in proportion to its share of the hazard."""
    shares = np.cumsum(hazards, axis=0) / hazards.sum(axis=0)
    return (random.random(hazards.shape[1]) > shares).sum(axis=0).clip(max=len(CAUSES) - 1)
