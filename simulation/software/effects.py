"""What the offers of the simulated software company change for each account: hazards of churn by cause, and the plan.

    contact on the first of month t     months t, t + 1, t + 2     month t + 1
                                        hazards change             an accepted upgrade begins

Each offer lowers the hazard of the cause that it addresses. Some accounts, small ones more often, are bothered instead:
a contact makes them ask whether they need the product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.software.state import CAUSES, AccountState
from simulation.software.world import PLANS, Accounts, SoftwareWorld

STREAM = 8
EFFECT_MONTHS = 3
UPGRADING = 0.35
"P(an account upgrades when it is offered), at full usefulness."
BOTHERED_SHARE, BOTHERED_SHARE_OF_SMALL = 0.06, 0.2
BOTHER = {"product": 1.8, "price": 1.3, "other": 1.8}
"Factor of a contact on the hazards of accounts that it bothers, by cause."


@dataclass(frozen=True, kw_only=True)
class AccountOffer:
    """An offer to an account."""

    kind: str
    channel: str
    cost: float
    "Yen of one contact."
    margin: float
    "Yen that it is expected to bring when it is accepted."
    factors: dict[str, float]
    "On the hazards of accounts that are as open as can be, by cause; 1 for the others."
    yearly_only: bool = False
    "Whether it does nothing for monthly terms."
    weekly_capacity: int | None = None


OFFERS = {
    "training": AccountOffer(kind="content", channel="mail", cost=2_000.0, margin=20_000.0, factors={"product": 0.4}),
    "discount": AccountOffer(kind="discount", channel="mail", cost=40_000.0, margin=60_000.0, factors={"price": 0.2}),
    "success-call": AccountOffer(
        kind="service_call",
        channel="phone",
        cost=12_000.0,
        margin=40_000.0,
        factors={"support": 0.2, "product": 0.8},
        weekly_capacity=15,
    ),
    "renewal-call": AccountOffer(
        kind="renewal",
        channel="phone",
        cost=10_000.0,
        margin=30_000.0,
        factors=dict.fromkeys(("product", "price", "support"), 0.6),
        yearly_only=True,
        weekly_capacity=15,
    ),
    "upgrade": AccountOffer(kind="upgrade", channel="mail", cost=1_000.0, margin=80_000.0, factors={"price": 1.15}),
}
UPGRADE = list(OFFERS).index("upgrade")


@dataclass(frozen=True, kw_only=True)
class AccountEffects:
    """What each of m offers does to each of n accounts."""

    factors: NDArray[np.float64]
    "(m, causes, n) on the hazards of EFFECT_MONTHS months."
    bothered: NDArray[np.bool_]
    "(n,) whether contacts bother the account."
    openness: NDArray[np.float64]
    "(n,) 0 to 1."

    def p_upgrade(self, state: AccountState) -> NDArray[np.float64]:
        """(n,) P(an account takes the next plan if it is offered now); 0 for those with the last one."""
        can = (state.plan < len(PLANS) - 1) & ~self.bothered
        return UPGRADING * state.usefulness * self.openness * can


def draw_effects(world: SoftwareWorld, accounts: Accounts) -> AccountEffects:
    """Draw who is bothered and how open each account is; the same for the same seed."""
    random, n = np.random.default_rng([world.seed, STREAM]), len(accounts)
    share = np.where(accounts.size == "small", BOTHERED_SHARE_OF_SMALL, BOTHERED_SHARE)
    bothered, openness = random.random(n) < share, random.beta(3.0, 1.5, n)
    factors = np.ones((len(OFFERS), len(CAUSES), n))
    for place, offer in enumerate(OFFERS.values()):
        reached = openness * ((accounts.term_months > 1) | (not offer.yearly_only))
        for row, cause in enumerate(CAUSES.tolist()):
            helps = 1 - (1 - offer.factors.get(cause, 1.0)) * reached
            factors[place, row] = np.where(bothered, BOTHER.get(cause, 1.0), helps)
    return AccountEffects(factors=factors, bothered=bothered, openness=openness)
