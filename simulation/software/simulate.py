"""Simulates a software company with known truth: accounts, people, contracts, usage, tickets, and churn causes.

This is the public entry of the package: `simulate_software(SoftwareWorld(n_accounts=200)).write(folder)`. The truth is
what no real company knows: the true churn probabilities, and the true causes of past churns.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from core.interactions import codes_of
from simulation.contact_values import ContactValues
from simulation.software.communication import (
    communication_stream,
    contacts_table,
    effective_offers_table,
    offers_table,
    preferences_table,
    surveys_table,
)
from simulation.software.contacting import upgrade_plans
from simulation.software.contracts import accounts_table, contract_spans, subscriptions_table
from simulation.software.effects import OFFERS, draw_effects
from simulation.software.expected_margins import AccountForecast
from simulation.software.history import AccountHistory, simulate_history
from simulation.software.people import customers_table, make_people
from simulation.software.sales import deal_stream, opportunities_table, rates_table, spend_table
from simulation.software.state import CAUSES, AccountState, advance_month, ends_a_term, hazards_in
from simulation.software.tickets import tickets_table
from simulation.software.usage import make_sessions, usage_table
from simulation.software.world import Accounts, SoftwareWorld, make_accounts
from simulation.writing import list_tables, write_company

VALUE_MONTHS = 12
"Months after a contact whose margin counts."
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

        The cutoff is the first of a month, and no contact is made from then on. These are means over simulated futures;
        churn itself is not drawn but enters as a weight, which needs fewer futures. Valid for `customers_on(cutoff)`;
        an account that returns later still counts as churned.
        """
        month, n = self.world.month_of(cutoff), len(self.accounts)
        random = np.random.default_rng([self.world.seed, STREAM, month])
        rows = np.tile(np.arange(n), n_futures)
        accounts, state = self.accounts.take(rows), self._state(month).take(rows)
        effects, contacts = draw_effects(self.world, self.accounts), self.history.contacts
        tenure = self._tenure(month)[rows]
        staying, left, steps = np.ones(len(rows)), np.zeros((len(CAUSES), len(rows))), list[NDArray[np.float64]]()
        for step in range(n_months):
            running = contacts.factors_in(month + step, effects, before=month)
            hazards = hazards_in(self.world, accounts, state=state, tenure_months=tenure + step)
            hazards = hazards * np.tile(running, n_futures)
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

    def contact_values(self, cutoff: date, *, n_months: int = VALUE_MONTHS, n_futures: int = 50) -> ContactValues:
        """What one contact at midnight of the first of a month is worth over the months, a mean over futures.

        Offers are in the order of the table `offers`. Accounts do not unsubscribe, so that nothing is lost by fatigue.
        """
        month, effects = self.world.month_of(cutoff), draw_effects(self.world, self.accounts)
        margins, stays = AccountForecast(
            world=self.world,
            accounts=self.accounts,
            effects=effects,
            contacts=self.history.contacts,
            state=self._state(month),
            tenure_months=self._tenure(month),
            month=month,
            n_months=n_months,
            n_futures=n_futures,
        ).expect()
        there, changes = self._are_customers(month), self.world.offer_effects
        change, staying = ((one[1:] - one[0]).T * (there[:, None] & changes) for one in (margins, stays))
        return ContactValues(
            customer_ids=self.accounts.account_ids,
            offer_ids=np.array(list(OFFERS)),
            margin=change,
            fatigue=np.zeros_like(change),
            cost=np.array([offer.cost for offer in OFFERS.values()]),
            response=staying,
            response_without=stays[0] * there,
            staying=staying,
            may_contact=there,
        )

    def _state(self, month: int) -> AccountState:
        """The state at the first of a month, with the plans that begin then."""
        return upgrade_plans(self.history.states[month], self.history.contacts.list_upgrades(month))

    def _are_customers(self, month: int) -> NDArray[np.bool_]:
        """(n,) whether each account pays at midnight of the first of a month, also of the one after the records."""
        last = min(month, self.world.n_months) - 1
        return self.history.paid_until[:, last] >= self.world.firsts[last + 1]

    def _tenure(self, month: int) -> NDArray[np.int64]:
        """(n,) months since each account began, as of the first of a month."""
        before = self.history.tenure_months[:, max(month - 1, 0)]
        return before + 1 if month else before


__all__ = ["SimulatedSoftware", "SoftwareTruth", "SoftwareWorld", "simulate_software"]

CONFIG_NAME = "software.toml"
RATES_NAME = "rates.csv"

CONFIG = """\
# A simulated software company: seed {seed}, {n_accounts} accounts, {n_months} months.
name = "software"
time_zone = "Asia/Tokyo"
currency = "JPY"
customer = "account"
active_days = 90
watermark = {watermark}

[churn]
definition = "subscription_ended"
horizon_days = {horizon_days}
grace_days = 30

[cutoffs]
step_days = 30

[risk_levels]
medium = 0.08
high = 0.2

[money]
rates = "rates.csv"
fiscal_year_starts = 4
yearly_discount = 0.1

[offers]
acceptance_probability = 0.1
save_rate = 0.15
saving_kinds = ["service_call", "discount"]
# An upgrade begins in the month after the contact.
answer_days = 31
customer_value = 600000

[attributes]
accounts = ["industry", "size", "country"]

[hazard]
horizon_months = 12

[causes.words]
support = ["outage", "bug"]

[[causes.interventions]]
name = "training"
cause = "product"
save_rate = 0.2
offer = "training"

[[causes.interventions]]
name = "discount"
cause = "price"
save_rate = 0.25
offer = "discount"

[[causes.interventions]]
name = "success call"
cause = "support"
save_rate = 0.2
offer = "success-call"
"""


@dataclass(frozen=True)
class SimulatedSoftware:
    """The tables that the company would have, and the truth that no company knows."""

    tables: dict[str, pa.Table]
    "By table name of the contract; columns have the names of the contract."
    rates: pa.Table
    "Columns month, currency and rate: yen for one unit of the currency."
    truth: SoftwareTruth

    def write(self, folder: Path) -> Path:
        """Write each table as Parquet, the rates as CSV and a TOML; returns the path of the TOML."""
        config = write_company(folder, self.tables, name=CONFIG_NAME, text=self.config_text())
        csv.write_csv(self.rates, folder / RATES_NAME)
        return config

    def config_text(self) -> str:
        """The TOML of this company; paths are relative to its folder."""
        world = self.truth.world
        text = CONFIG.format(
            seed=world.seed,
            n_accounts=world.n_accounts,
            n_months=world.n_months,
            watermark=world.end,
            horizon_days=world.horizon_days,
        )
        return text + list_tables(self.tables)


def simulate_software(world: SoftwareWorld | None = None) -> SimulatedSoftware:
    """Simulate a software company. The same settings give the same tables, to the last row."""
    world = world or SoftwareWorld()
    # Every part draws from this one stream, so the order of these calls is part of the result.
    random = np.random.default_rng(world.seed)
    accounts = make_accounts(world, random)
    history = simulate_history(world, accounts, random=random)
    tables = record_tables(world, accounts, history=history, random=random)
    return SimulatedSoftware(tables, rates_table(world, deal_stream(world)), SoftwareTruth(world, accounts, history))


def record_tables(
    world: SoftwareWorld, accounts: Accounts, *, history: AccountHistory, random: np.random.Generator
) -> dict[str, pa.Table]:
    """The tables that the systems of the company record, by table name of the contract."""
    spans = contract_spans(world, accounts, history=history)
    people = make_people(world, accounts, history=history, random=random)
    tickets = tickets_table(world, history, people=people, random=random)
    sessions = make_sessions(world, history, people=people, random=random)
    messages, deals = communication_stream(world), deal_stream(world)
    return {
        "accounts": accounts_table(world, accounts, history=history, spans=spans),
        "customers": customers_table(world, accounts, people=people, random=random),
        "subscriptions": subscriptions_table(world, accounts, history=history, spans=spans, random=random),
        "usage": usage_table(world, people, sessions=sessions, random=random),
        "tickets": tickets,
        "surveys": surveys_table(world, accounts, history=history, people=people, tickets=tickets, random=messages),
        "contacts": contacts_table(world, history, people=people, random=messages),
        "offers": effective_offers_table(history) if world.offer_effects else offers_table(),
        "preferences": preferences_table(world, people, random=messages),
        "spend": spend_table(world, accounts, random=deals),
        "opportunities": opportunities_table(world, accounts, history=history, random=deals),
    }
