"""Profiles: a table takes what it does not state itself from the profile that it names."""

from __future__ import annotations

import pytest

from core.config.profiles import profile_names, read_profile
from core.errors import ConfigError
from tests.core.test_config import SHOP, read

STRIPE = (
    SHOP
    + """
[tables.purchases]
path = "p.csv"
[tables.subscriptions]
path = "subscriptions.csv"
profile = "stripe_subscriptions"
"""
)


def test_a_table_has_the_columns_of_its_profile(tmp_path):
    table = read(tmp_path, STRIPE).tables["subscriptions"]

    assert table.columns["customer_id"] == "Customer ID"
    assert table.time_zone == "UTC"


def test_what_a_table_states_itself_wins_over_its_profile_column_by_column(tmp_path):
    own = 'time_zone = "Asia/Tokyo"\ncolumns = { customer_id = "Customer Email" }\n'
    table = read(tmp_path, STRIPE + own).tables["subscriptions"]

    assert table.time_zone == "Asia/Tokyo"
    assert (table.columns["customer_id"], table.columns["plan"]) == ("Customer Email", "Plan")


def test_an_unknown_profile_is_refused_with_the_most_similar_name(tmp_path):
    with pytest.raises(
        ConfigError, match=r"unknown profile 'stripe_subscription'; did you mean 'stripe_subscriptions'"
    ):
        read(tmp_path, STRIPE.replace("stripe_subscriptions", "stripe_subscription"))


def test_a_profile_of_another_table_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"\[tables.purchases\]: profile 'stripe_subscriptions' is for"):
        read(tmp_path, SHOP + '[tables.purchases]\npath = "p.csv"\nprofile = "stripe_subscriptions"\n')


@pytest.mark.parametrize("name", profile_names())
def test_a_profile_has_only_known_keys(name: str):
    assert read_profile(name).title
