"""The expected margin of each account of the simulated company after a cutoff, with each offer and without any.

    margin = sum over months of P(paid) * price * margin rate        P(stays) = exp(-sum of hazards * factors)

Churn is not drawn but enters as a weight, and the state of an account does not depend on it, so all offers are weighed
on the same simulated futures; an accepted upgrade has a second future of the same random numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.software.contacting import AccountContacts, upgrade_plans
from simulation.software.effects import EFFECT_MONTHS, OFFERS, UPGRADE, AccountEffects
from simulation.software.state import AccountState, advance_month, ends_a_term, hazards_in
from simulation.software.world import MARGINS, SEAT_PRICE, Accounts, SoftwareWorld

STREAM = 10


@dataclass(frozen=True, kw_only=True)
class AccountForecast:
    """Forecasts the accounts of a company from the first of a month on; arrays are (n,)."""

    world: SoftwareWorld
    accounts: Accounts
    effects: AccountEffects
    contacts: AccountContacts
    "Of the history; those before the month still have an effect."
    state: AccountState
    tenure_months: NDArray[np.int64]
    month: int
    n_months: int
    n_futures: int

    def expect(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(1 + m, n) the margin, and P(stays to the end): without a contact, then with one of each offer."""
        margins, stays = self._weigh([None, *range(len(OFFERS))], is_upgraded=False)
        better, stay = self._weigh([UPGRADE], is_upgraded=True)
        p, place = self.effects.p_upgrade(self.state), 1 + UPGRADE
        margins[place] += p * (better[0] - margins[place])
        stays[place] += p * (stay[0] - stays[place])
        return margins, stays

    def _weigh(self, offers: list[int | None], *, is_upgraded: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        n = len(self.accounts)
        staying, margins = np.ones((len(offers), self.n_futures, n)), np.zeros((len(offers), n))
        for step, (hazards, monthly) in enumerate(self._futures(is_upgraded=is_upgraded)):
            for row, offer in enumerate(offers):
                own = self.effects.factors[offer] if offer is not None and step < EFFECT_MONTHS else np.ones((1, n))
                left = staying[row] * np.exp(-(hazards * np.expand_dims(own, 1)).sum(axis=0))
                # A churn falls on any day of the month, so half of it is paid on average.
                margins[row] += (monthly * (staying[row] + left) / 2).mean(axis=0)
                staying[row] = left
        return margins, staying.mean(axis=1)

    def _futures(self, *, is_upgraded: bool) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """For each month the hazards, (causes, futures, n), and the margin of a whole month, (futures, n)."""
        n, random = len(self.accounts), np.random.default_rng([self.world.seed, STREAM, self.month])
        rows = np.tile(np.arange(n), self.n_futures)
        accounts, state, tenure = self.accounts.take(rows), self.state.take(rows), self.tenure_months[rows]
        for step in range(self.n_months):
            month = self.month + step
            if is_upgraded and step == 1:
                state = upgrade_plans(state, np.arange(len(rows)))
            earlier = self.contacts.factors_in(month, self.effects, before=self.month)
            hazards = hazards_in(self.world, accounts, state=state, tenure_months=tenure + step)
            renewing = ends_a_term(accounts, tenure + step)
            state, _ = advance_month(self.world, accounts, state=state, month=month, renewing=renewing, random=random)
            price = SEAT_PRICE[state.plan] * state.seats * state.price_level * np.exp(accounts.dearness)
            yield (
                hazards.reshape(len(hazards), self.n_futures, n) * earlier[:, None],
                (price * MARGINS[state.plan]).reshape(self.n_futures, n),
            )
