"""Which account a customer belongs to, and who owns it."""

from __future__ import annotations

from datetime import date

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
    assert owners_of(tables(customer, accounts=ACCOUNTS), np.array(customer_ids), cutoff=None, default="max") == owners


def test_without_accounts_every_owner_is_the_default():
    assert owners_of(tables("person"), np.array(["ada"]), cutoff=None, default="") == [""]


def test_accounts_without_an_owner_column_give_the_default():
    accounts = frame({"account_id": "acme", "seats": 3})

    assert owners_of(tables("person", accounts=accounts), np.array(["ada"]), cutoff=None, default="max") == ["max"]


def test_a_person_belongs_to_the_account_of_their_row_and_an_account_to_itself():
    assert accounts_of(tables("person"), np.array(["ada", "cyd", "eve"]), cutoff=None) == ["acme", "", ""]
    assert accounts_of(tables("account"), np.array(["acme"]), cutoff=None) == ["acme"]


CUTOFF = date(2026, 3, 15)


def test_an_account_and_an_owner_without_a_date_are_those_of_today():
    people = tables("person", accounts=ACCOUNTS)

    assert accounts_of(people, np.array(["ada", "cyd"]), cutoff=CUTOFF) == ["acme", ""]
    assert owners_of(people, np.array(["ada", "cyd"]), cutoff=CUTOFF, default="max") == ["ann", "max"]


def test_an_owner_with_a_date_is_the_one_before_the_cutoff():
    accounts = frame(
        {"account_id": "acme", "owner": "ann", "valid_from": "2026-01-01"},
        {"account_id": "acme", "owner": "bea", "valid_from": "2026-03-20"},
    )
    owners = {
        cutoff: owners_of(tables("person", accounts=accounts), np.array(["ada"]), cutoff=cutoff, default="")
        for cutoff in (CUTOFF, None)
    }
    assert owners == {CUTOFF: ["ann"], None: ["bea"]}
