"""Simulates a software company with known truth: accounts, people, contracts, usage, tickets, and churn causes.

This is the public entry of the package: `simulate_software(SoftwareWorld(n_accounts=200)).write(folder)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from simulation.software.accounts import Accounts, make_accounts
from simulation.software.communication import (
    communication_stream,
    contacts_table,
    offers_table,
    preferences_table,
    surveys_table,
)
from simulation.software.contracts import accounts_table, contract_spans, subscriptions_table
from simulation.software.history import AccountHistory, simulate_history
from simulation.software.people import customers_table, make_people
from simulation.software.sales import deal_stream, opportunities_table, rates_table, spend_table
from simulation.software.tickets import tickets_table
from simulation.software.truth import SoftwareTruth
from simulation.software.usage import make_sessions, usage_table
from simulation.software.world import SoftwareWorld
from simulation.writing import list_tables, write_company

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
max_cutoffs = 12

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
saving_kinds = ["service", "discount"]
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
        "offers": offers_table(),
        "preferences": preferences_table(world, people, random=messages),
        "spend": spend_table(world, accounts, random=deals),
        "opportunities": opportunities_table(world, accounts, history=history, random=deals),
    }
