"""A software company whose truth is known: accounts with people, contracts, usage, tickets, and why they leave."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from simulation.software.accounts import Accounts, make_accounts
from simulation.software.deals import deal_stream, opportunities_table, rates_table, spend_table
from simulation.software.lives import Lives, live
from simulation.software.people import customers_table, make_people
from simulation.software.spans import accounts_table, contract_spans, subscriptions_table
from simulation.software.tickets import tickets_table
from simulation.software.truth import SoftwareTruth
from simulation.software.usage import make_sessions, usage_table
from simulation.software.voices import (
    contacts_table,
    offers_table,
    preferences_table,
    surveys_table,
    voice_stream,
)
from simulation.software.world import SoftwareWorld
from simulation.writing import listed, write_world

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
    """The tables that the company would have, and the truth that it would not."""

    tables: dict[str, pa.Table]
    "By contract name; columns are called as in the contract."
    rates: pa.Table
    "Month, currency, rate: yen for one of it."
    truth: SoftwareTruth

    def write(self, folder: Path) -> Path:
        """Write each table as Parquet, the rates as CSV and a TOML that describes them; returns the TOML's path."""
        config = write_world(folder, self.tables, CONFIG_NAME, self.config_text())
        csv.write_csv(self.rates, folder / RATES_NAME)
        return config

    def config_text(self) -> str:
        """The TOML of this company; paths are relative to its folder."""
        world = self.truth.world
        stated = CONFIG.format(
            seed=world.seed,
            n_accounts=world.n_accounts,
            n_months=world.n_months,
            watermark=world.end,
            horizon_days=world.horizon_days,
        )
        return stated + listed(self.tables)


def simulate_software(world: SoftwareWorld | None = None) -> SimulatedSoftware:
    """Make a software company; the same settings make the same one, to the last line."""
    world = world or SoftwareWorld()
    random = np.random.default_rng(world.seed)
    accounts = make_accounts(world, random)
    lives = live(world, accounts, random)
    tables = recorded(world, accounts, lives, random)
    return SimulatedSoftware(tables, rates_table(world, deal_stream(world)), SoftwareTruth(world, accounts, lives))


def recorded(
    world: SoftwareWorld, accounts: Accounts, lives: Lives, random: np.random.Generator
) -> dict[str, pa.Table]:
    """What the company's systems would have written down of these lives, by contract name."""
    spans = contract_spans(world, accounts, lives)
    people = make_people(world, accounts, lives, random)
    tickets = tickets_table(world, lives, people, random)
    sessions = make_sessions(world, lives, people, random)
    voices, deals = voice_stream(world), deal_stream(world)
    return {
        "accounts": accounts_table(world, accounts, lives, spans),
        "customers": customers_table(world, accounts, people, random),
        "subscriptions": subscriptions_table(world, accounts, lives, spans, random),
        "usage": usage_table(world, people, sessions, random),
        "tickets": tickets,
        "surveys": surveys_table(world, accounts, lives, people, tickets, voices),
        "contacts": contacts_table(world, lives, people, voices),
        "offers": offers_table(),
        "preferences": preferences_table(world, people, voices),
        "spend": spend_table(world, accounts, deals),
        "opportunities": opportunities_table(world, accounts, lives, deals),
    }
