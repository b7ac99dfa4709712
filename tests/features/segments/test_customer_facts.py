"""Languages, birthdays and changes of the contact person, by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.customers import Segment
from core.errors import RuleError
from core.feature_names import CustomerFact
from features.segments.customer_facts import days_to_birthday, load_customer_facts
from features.segments.rule_variables import facts_for_rules
from tables.tables import Tables
from tests.featured import cohort
from tests.worlds import config, frame, shop

CHANGED = CustomerFact.DAYS_SINCE_CONTACT_PERSON_CHANGED
BIRTHDAY = CustomerFact.DAYS_TO_BIRTHDAY


def facts_of(tables: Tables, name: str, *customer_ids: str, cutoff: str = "2024-03-08") -> list[Any]:
    return load_customer_facts(tables, cohort(*customer_ids, cutoff=cutoff), names=[name])[name].tolist()


@pytest.mark.parametrize(
    ("born", "cutoff", "days"),
    [
        ("1980-03-08", "2024-03-08", 0),
        ("1980-03-15", "2024-03-08", 7),
        ("1980-03-07", "2024-03-08", 364),
        ("1980-01-01", "2024-12-31", 1),
        ("1980-02-29", "2024-02-28", 1),
        ("1980-02-29", "2023-02-28", 1),
        ("1980-12-31", "2024-01-01", 365),
    ],
)
def test_the_next_birthday_is_today_or_later(born: str, cutoff: str, days: int):
    assert days_to_birthday(np.array([born], "datetime64[D]"), date.fromisoformat(cutoff)).tolist() == [days]


@given(st.dates(date(1900, 1, 1), date(2020, 1, 1)), st.dates(date(2021, 1, 1), date(2100, 1, 1)))
def test_a_birthday_is_at_most_a_year_away_and_has_the_day_of_birth(born: date, cutoff: date):
    (days,) = days_to_birthday(np.array([born], "datetime64[D]"), cutoff).tolist()
    birthday = date.fromordinal(cutoff.toordinal() + int(days))

    assert 0 <= days <= 365
    assert (birthday.month, birthday.day) in ((born.month, born.day), (3, 1))


def test_who_has_no_birth_date_has_no_birthday_and_an_undated_one_counts():
    people = frame({"customer_id": "ada", "birth_date": date(1980, 3, 15)}, {"customer_id": "bo", "birth_date": None})

    days = facts_of(shop("ada 2024-03-01", customers=people), BIRTHDAY, "bo", "ada", "cyd")

    assert str(days) == "[nan, 7.0, nan]"


def test_the_language_is_the_one_known_at_each_cutoff():
    people = frame(
        {"customer_id": "ada", "language": "en", "valid_from": "2024-01-01"},
        {"customer_id": "ada", "language": "ja", "valid_from": "2024-03-01"},
        {"customer_id": "bo", "language": None, "valid_from": "2024-01-01"},
    )
    rows = cohort("bo", "ada", "ada", "cyd")
    rows.cutoffs[2] = np.datetime64("2024-02-01")

    facts = load_customer_facts(shop("ada 2024-01-01", customers=people), rows, names=["language", "mrr"])

    assert {name: fact.tolist() for name, fact in facts.items()} == {"language": ["", "ja", "en", ""]}


def test_an_account_speaks_the_language_of_most_of_its_people():
    people = frame(
        *(
            {"customer_id": f"p{n}", "account_id": "acme", "language": word}
            for n, word in enumerate(["ja", "en", "ja"])
        ),
        {"customer_id": "p3", "account_id": "zeta", "language": "en"},
    )
    tables = shop("p0 2024-03-01", customers=people, settings=config(customer="account"))

    assert facts_of(tables, "language", "acme", "zeta") == ["ja", "en"]


PEOPLE = [
    {"customer_id": "p0", "account_id": "acme", "role": "Admin", "valid_from": "2023-01-01"},
    {"customer_id": "p1", "account_id": "acme", "role": "user", "valid_from": "2023-06-01"},
    {"customer_id": "p2", "account_id": "acme", "role": "main_contact", "valid_from": "2024-02-27"},
    {"customer_id": "p3", "account_id": "zeta", "role": "admin", "valid_from": "2023-01-01"},
    {"customer_id": "p3", "account_id": "zeta", "role": "admin", "valid_from": "2024-01-01"},
]


def test_a_contact_person_has_changed_when_another_person_becomes_the_main_contact():
    tables = shop("p0 2024-03-01", customers=frame(*PEOPLE), settings=config(customer="account"))

    assert str(facts_of(tables, CHANGED, "acme", "zeta")) == "[10.0, nan]"
    assert str(facts_of(tables, CHANGED, "acme", cutoff="2024-02-27")) == "[nan]"


def test_people_who_are_customers_share_the_change_of_their_account():
    assert str(facts_of(shop("p0 2024-03-01", customers=frame(*PEOPLE)), CHANGED, "p1", "p3")) == "[10.0, nan]"


def test_without_roles_a_new_owner_of_the_account_counts():
    owners = frame(
        *({"account_id": "acme", "owner": who, "valid_from": when} for who, when in [
            ("mori", "2023-01-01"), ("sato", "2024-02-01"), ("sato", "2024-03-01"), ("ito", "2024-03-08"),
        ]),
        {"account_id": "zeta", "owner": "mori", "valid_from": "2023-01-01"},
    )  # fmt: skip
    people = frame({"customer_id": "p0", "account_id": "acme"}, {"customer_id": "p1", "account_id": "zeta"})
    tables = shop("p0 2024-03-01", customers=people, accounts=owners, settings=config(customer="account"))

    assert str(facts_of(tables, CHANGED, "acme", "zeta")) == "[36.0, nan]"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("language", "uses 'language', which needs language in customers; map it under"),
        (BIRTHDAY, "needs birth_date in customers"),
        (CHANGED, "needs account_id, role and valid_from in customers, or owner and valid_from in accounts"),
    ],
)
def test_a_fact_that_no_column_says_is_refused(name: str, message: str):
    tables = shop("ada 2024-03-01", customers=frame({"customer_id": "ada"}))

    with pytest.raises(RuleError, match=message):
        facts_of(tables, name, "ada")


def test_only_the_facts_that_rules_use_are_read():
    assert facts_for_rules(config(segments={"x": Segment(rule="language == 'ja' and orders_30d > 1")})) == {"language"}
    assert load_customer_facts(shop("ada 2024-03-01"), cohort("ada"), names=["orders_30d"]) == {}
