"""Customers of campaigns as the product collects them: from stored decisions and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from core.decisions import DecisionOutcome, DecisionRow
from insights.campaigns.customers import ComparedCustomers
from insights.report.campaign_data import compare_campaign, load_campaign_customers
from serving.build.contacts import read_contacts
from serving.decisions.store import DecisionStore
from tables.stored_contacts import add_contacts
from tables.tables import Tables
from tests.worlds import shop

LATER = date(2030, 1, 1)


def with_decisions(
    tables: Tables, decisions: Sequence[DecisionRow], outcomes: Sequence[DecisionOutcome] = ()
) -> Tables:
    """The tables with the contacts of these decisions."""
    with TemporaryDirectory() as folder:
        store = DecisionStore.at(None, Path(folder) / "decisions.db", data_set="test")
        store.add(decisions)
        added = store.add_outcomes(outcomes, now=datetime(2030, 1, 1))
        assert not added.refused
        return add_contacts(tables, read_contacts(store))


def collect_customers(decisions: Sequence[DecisionRow], outcomes: Sequence[DecisionOutcome]) -> ComparedCustomers:
    """The customers of the campaign `spring`, with all that is known of them."""
    tables = with_decisions(shop("last 2024-04-10"), decisions, outcomes)
    return compare_campaign(load_campaign_customers(tables, LATER), "spring")
