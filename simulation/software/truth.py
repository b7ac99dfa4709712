"""What no real company knows: the true churn probabilities, and the true causes of past churns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.interactions import codes_of
from simulation.software.accounts import Accounts
from simulation.software.hazards import CAUSES, ends_a_term, hazards_in
from simulation.software.history import AccountHistory
from simulation.software.state import advance_month
from simulation.software.world import SoftwareWorld

N_FUTURES = 200
"Number of simulated futures per account that incidences are averaged over."
STREAM = 4
"A stream of their own for futures."


@dataclass(frozen=True)
class SoftwareTruth:
    """The true state of a simulated company; arrays by account are (n,), in the order of `accounts.account_ids`."""

    world: SoftwareWorld
    accounts: Accounts
    history: AccountHistory

    def rows_of(self, account_ids: NDArray[np.str_]) -> NDArray[np.int32]:
        """(k,) the row of each account in the arrays; -1 for an unknown id."""
        return codes_of(account_ids, self.accounts.account_ids)

    def customers_on(self, day: date) -> NDArray[np.bool_]:
        """(n,) whether each account is a customer at midnight of the first day of a month."""
        month = self.world.month_of(day)
        return self.history.at_risk[:, month]

    def causes(self) -> NDArray[np.str_]:
        """(n,) the cause of the last churn of each account; '' for accounts that never churned."""
        causes, churns = np.full(len(self.accounts), "", dtype=CAUSES.dtype), self.history.churns
        causes[churns.accounts] = CAUSES[churns.causes]
        return causes

    def cause_shares(self, first: date | None = None, last: date | None = None) -> dict[str, float]:
        """The expected share of each cause in the churns from `first` to before `last`: its share of their hazards.

        The drawn causes of many churns have these shares up to chance.
        """
        days = self.world.times(self.history.churns.days).astype("datetime64[D]")
        chosen = np.ones(len(days), bool)
        if first is not None:
            chosen &= days >= np.datetime64(first, "D")
        if last is not None:
            chosen &= days < np.datetime64(last, "D")
        shares = self.history.churns.shares[:, chosen].mean(axis=1)
        return dict(zip(CAUSES.tolist(), shares.tolist(), strict=True))

    def incidence(self, cutoff: date, n_months: int, *, n_futures: int = N_FUTURES) -> NDArray[np.float64]:
        """(causes, n, n_months) P(an account churns for a cause within 1, 2, ... months | its hidden state).

        The cutoff is the first of a month. These are means over simulated futures; churn itself is not drawn but
        enters as a weight, which needs fewer futures. Valid for `customers_on(cutoff)`; an account that returns later
        still counts as churned.
        """
        month, n = self.world.month_of(cutoff), len(self.accounts)
        random = np.random.default_rng([self.world.seed, STREAM, month])
        rows = np.tile(np.arange(n), n_futures)
        accounts, state = self.accounts.take(rows), self.history.states[month].take(rows)
        tenure = self._tenure(month)[rows]
        staying, left, steps = np.ones(len(rows)), np.zeros((len(CAUSES), len(rows))), list[NDArray[np.float64]]()
        for step in range(n_months):
            hazards = hazards_in(self.world, accounts, state=state, tenure_months=tenure + step)
            total = hazards.sum(axis=0)
            left = left + staying * (1 - np.exp(-total)) * hazards / total
            staying = staying * np.exp(-total)
            steps.append(left.reshape(len(CAUSES), n_futures, n).mean(axis=1))
            renewing = ends_a_term(accounts, tenure + step)
            state, _ = advance_month(
                self.world, accounts, state=state, month=month + step, renewing=renewing, random=random
            )
        return np.stack(steps, axis=-1)

    def p_churn(self, cutoff: date, n_months: int, *, n_futures: int = N_FUTURES) -> NDArray[np.float64]:
        """(n,) P(an account churns within `n_months` from the first of a month | its hidden state)."""
        return self.incidence(cutoff, n_months, n_futures=n_futures)[:, :, -1].sum(axis=0)

    def _tenure(self, month: int) -> NDArray[np.int64]:
        """(n,) months since each account began, as of the first of a month."""
        before = self.history.tenure_months[:, max(month - 1, 0)]
        return before + 1 if month else before
