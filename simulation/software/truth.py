"""What nobody can see in a real company: who is about to leave, and why those who left did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from core.interactions import codes_of
from simulation.software.accounts import Accounts
from simulation.software.hazards import CAUSES, ends_a_term, hazards_in
from simulation.software.lives import Lives
from simulation.software.states import month_after
from simulation.software.world import SoftwareWorld

N_FUTURES = 200
"Of each account, over which expectations are taken."
STREAM = 4
"Futures are drawn apart from the life that was lived."


@dataclass(frozen=True)
class SoftwareTruth:
    """The simulated company as it is; arrays by account are (n,), in the order of `accounts.account_ids`."""

    world: SoftwareWorld
    accounts: Accounts
    lives: Lives

    def rows_of(self, account_ids: np.ndarray) -> np.ndarray:
        """Where each account stands in the arrays; -1 for unknown ones."""
        return codes_of(account_ids, self.accounts.account_ids)

    def customers_on(self, day: date) -> np.ndarray:
        """Who is a customer at midnight of the first day of a month; bool."""
        month = self.world.month_of(day)
        return self.lives.at_risk[:, month]

    def causes(self) -> np.ndarray:
        """Why each account left, the last time that it did; '' for those who never did."""
        causes, ends = np.full(len(self.accounts), "", dtype=CAUSES.dtype), self.lives.ends
        causes[ends.accounts] = CAUSES[ends.causes]
        return causes

    def cause_shares(self, first: date | None = None, last: date | None = None) -> dict[str, float]:
        """The expected share of each cause in the ends from one day to before another: their hazards' own shares.

        Of many ends, the causes that were drawn come to these shares up to chance.
        """
        days = self.world.times(self.lives.ends.days).astype("datetime64[D]")
        chosen = np.ones(len(days), bool)
        if first is not None:
            chosen &= days >= np.datetime64(first, "D")
        if last is not None:
            chosen &= days < np.datetime64(last, "D")
        shares = self.lives.ends.shares[:, chosen].mean(axis=1)
        return dict(zip(CAUSES.tolist(), shares.tolist(), strict=True))

    def incidence(self, cutoff: date, n_months: int, n_futures: int = N_FUTURES) -> np.ndarray:
        """(causes, n, n_months) P(an account has left for a cause within 1, 2, ... months | its hidden state).

        The cutoff is the first of a month. Means over futures that follow the same laws as the past did; whether an
        account leaves is not drawn but weighed in. Means something for `customers_on(cutoff)`; who comes back later
        has left all the same.
        """
        month, n = self.world.month_of(cutoff), len(self.accounts)
        random = np.random.default_rng([self.world.seed, STREAM, month])
        rows = np.tile(np.arange(n), n_futures)
        accounts, state = self.accounts.take(rows), self.lives.states[month].take(rows)
        tenure = self._tenure(month)[rows]
        staying, left, told = np.ones(len(rows)), np.zeros((len(CAUSES), len(rows))), []
        for step in range(n_months):
            hazards = hazards_in(self.world, accounts, state, tenure + step)
            total = hazards.sum(axis=0)
            left = left + staying * (1 - np.exp(-total)) * hazards / total
            staying = staying * np.exp(-total)
            told.append(left.reshape(len(CAUSES), n_futures, n).mean(axis=1))
            renewing = ends_a_term(accounts, tenure + step)
            state, _ = month_after(self.world, accounts, state, month + step, renewing, random)
        return np.stack(told, axis=-1)

    def p_leaving(self, cutoff: date, n_months: int, n_futures: int = N_FUTURES) -> np.ndarray:
        """(n,) P(an account leaves within so many months of the first of a month | its hidden state)."""
        return self.incidence(cutoff, n_months, n_futures)[:, :, -1].sum(axis=0)

    def _tenure(self, month: int) -> np.ndarray:
        """Months since each account began, as of the first of a month."""
        before = self.lives.tenure_months[:, max(month - 1, 0)]
        return before + 1 if month else before
