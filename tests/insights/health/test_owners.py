"""A customer's owner is the owner of their account."""

from __future__ import annotations

import numpy as np
import pytest

from insights.health.owners import owners_of
from tables.tables import Tables
from tests.worlds import config, frame, shop

ACCOUNTS = frame({"account_id": "acme", "owner": "ann"}, {"account_id": "bolt", "owner": None})
PEOPLE = frame({"customer_id": "ada", "account_id": "acme"}, {"customer_id": "cyd", "account_id": None})


def tables(customer: str, **frames) -> Tables:
    return shop("ada 2026-03-01", settings=config(customer=customer), customers=PEOPLE, **frames)


@pytest.mark.parametrize(
    ("customer", "asked", "owners"),
    [("account", ["acme", "bolt", "cold"], ["ann", "max", "max"]), ("person", ["ada", "cyd"], ["ann", "max"])],
)
def test_the_account_names_the_owner_and_otherwise_the_toml_does(customer, asked, owners):
    assert owners_of(tables(customer, accounts=ACCOUNTS), np.array(asked), "max") == owners


def test_without_accounts_everybody_belongs_to_whom_the_toml_names():
    assert owners_of(tables("person"), np.array(["ada"]), "") == [""]


def test_accounts_without_an_owner_name_nobody():
    nobody = frame({"account_id": "acme", "seats": 3})

    assert owners_of(tables("person", accounts=nobody), np.array(["ada"]), "max") == ["max"]
