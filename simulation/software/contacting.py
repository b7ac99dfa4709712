"""The contacts of the simulated software company, on the first of each month, and how they change its history.

Each month, accounts by chance get one offer by chance; a random part of them is the control group, who get nothing.
Contacts draw from a stream of random numbers of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.software.effects import EFFECT_MONTHS, OFFERS, UPGRADE, AccountEffects, draw_effects
from simulation.software.state import CAUSES, AccountState
from simulation.software.world import PLANS, Accounts, SoftwareWorld

STREAM = 9
FIRST_CAMPAIGN_MONTH, MONTHS_BETWEEN_CAMPAIGNS = 3, 1
REACHED, TREATED = 0.35, 0.85


@dataclass(frozen=True, kw_only=True)
class AccountContacts:
    """All contacts, by month and then account; arrays are (contacts,)."""

    accounts: NDArray[np.int64]
    months: NDArray[np.int64]
    offers: NDArray[np.int64]
    "int64 rows of OFFERS: what is sent, or would have been."
    treated: NDArray[np.bool_]
    upgrades: NDArray[np.bool_]
    "bool: whether the account takes the next plan because of the contact."

    def __len__(self) -> int:
        return len(self.accounts)

    def list_upgrades(self, month: int) -> NDArray[np.int64]:
        """The accounts whose next plan begins in a month."""
        return self.accounts[self.upgrades & (self.months == month - 1)]

    def factors_in(self, month: int, effects: AccountEffects, *, before: int) -> NDArray[np.float64]:
        """(causes, n) the factor on the hazards of a month, by contacts in months before `before`."""
        factors = np.ones((len(CAUSES), len(effects.bothered)))
        running = self.treated & (self.months > month - EFFECT_MONTHS) & (self.months <= month) & (self.months < before)
        for account, offer in zip(self.accounts[running], self.offers[running], strict=True):
            factors[:, account] *= effects.factors[offer, :, account]
        return factors


class AccountContacting:
    """Makes contacts month by month; without `offer_effects`, none is made and nothing ever changes."""

    def __init__(self, world: SoftwareWorld, accounts: Accounts) -> None:
        self.random = np.random.default_rng([world.seed, STREAM])
        self.effects = draw_effects(world, accounts)
        self._makes_contacts = world.offer_effects
        none, flags = np.empty(0, np.int64), np.empty(0, np.bool_)
        self._log = [AccountContacts(accounts=none, months=none, offers=none, treated=flags, upgrades=flags)]

    @property
    def contacts(self) -> AccountContacts:
        """All contacts so far."""
        names = AccountContacts.__dataclass_fields__
        merged: dict[str, NDArray[Any]] = {
            name: np.concatenate([getattr(part, name) for part in self._log]) for name in names
        }
        return AccountContacts(**merged)

    def begin_month(self, month: int, state: AccountState, *, staying: NDArray[np.bool_]) -> AccountState:
        """Make the contacts of a month; returns the state with the plans that earlier contacts have changed."""
        upgraded = upgrade_plans(state, self._log[-1].list_upgrades(month))
        since = month - FIRST_CAMPAIGN_MONTH
        if self._makes_contacts and since >= 0 and since % MONTHS_BETWEEN_CAMPAIGNS == 0:
            self._log.append(self._draw(month, upgraded, staying=staying))
        return upgraded

    def _draw(self, month: int, state: AccountState, *, staying: NDArray[np.bool_]) -> AccountContacts:
        n = len(staying)
        selected, treated, upgrading = self.random.random((3, n))
        offers = self.random.integers(0, len(OFFERS), n)
        who = np.flatnonzero(staying & (selected < REACHED))
        is_treated = treated[who] < TREATED
        taking = (offers[who] == UPGRADE) & (upgrading[who] < self.effects.p_upgrade(state)[who])
        return AccountContacts(
            accounts=who,
            months=np.full(len(who), month),
            offers=offers[who],
            treated=is_treated,
            upgrades=is_treated & taking,
        )

    def factors_in(self, month: int) -> NDArray[np.float64]:
        """(causes, n) the factor of the contacts so far on the hazards of a month."""
        return self.contacts.factors_in(month, self.effects, before=month + 1)


def upgrade_plans(state: AccountState, rows: NDArray[np.int64]) -> AccountState:
    """The state with the next plan for some accounts."""
    plan = state.plan.copy()
    plan[rows] = np.minimum(plan[rows] + 1, len(PLANS) - 1)
    return replace(state, plan=plan)
