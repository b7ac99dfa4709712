"""A customer's owner is the owner of their account."""

from __future__ import annotations

import numpy as np
import pytest

from insights.health.tasks import owners_of
from tables.tables import Tables
from tests.worlds import config, frame, shop

ACCOUNTS = frame({"account_id": "acme", "owner": "ann"}, {"account_id": "bolt", "owner": None})
PEOPLE = frame({"customer_id": "ada", "account_id": "acme"}, {"customer_id": "cyd", "account_id": None})


def tables(customer: str, **frames) -> Tables:
    return shop("ada 2026-03-01", settings=config(customer=customer), customers=PEOPLE, **frames)


@pytest.mark.parametrize(
    ("customer", "customer_ids", "owners"),
    [("account", ["acme", "bolt", "cold"], ["ann", "max", "max"]), ("person", ["ada", "cyd"], ["ann", "max"])],
)
def test_the_owner_is_the_accounts_else_the_default(customer, customer_ids, owners):
    assert owners_of(tables(customer, accounts=ACCOUNTS), np.array(customer_ids), default="max") == owners


def test_without_accounts_every_owner_is_the_default():
    assert owners_of(tables("person"), np.array(["ada"]), default="") == [""]


def test_accounts_without_an_owner_column_give_the_default():
    accounts = frame({"account_id": "acme", "seats": 3})

    assert owners_of(tables("person", accounts=accounts), np.array(["ada"]), default="max") == ["max"]
