"""Which account a customer belongs to, and who owns it."""

from __future__ import annotations

import numpy as np
import pytest

from tables.accounts import accounts_of, owners_of
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
    assert owners_of(tables(customer, accounts=ACCOUNTS).latest(), np.array(customer_ids), default="max") == owners


def test_without_accounts_every_owner_is_the_default():
    assert owners_of(tables("person").latest(), np.array(["ada"]), default="") == [""]


def test_accounts_without_an_owner_column_give_the_default():
    accounts = frame({"account_id": "acme", "seats": 3})

    assert owners_of(tables("person", accounts=accounts).latest(), np.array(["ada"]), default="max") == ["max"]


def test_a_person_belongs_to_the_account_of_their_row_and_an_account_to_itself():
    assert accounts_of(tables("person").latest(), np.array(["ada", "cyd", "eve"])) == ["acme", "", ""]
    assert accounts_of(tables("account").latest(), np.array(["acme"])) == ["acme"]
