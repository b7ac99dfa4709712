"""What customers said themselves: consents, preferences, and the groups that they belong to."""

from __future__ import annotations

from datetime import date

import pytest

from tables.attributes import attribute_groups
from tables.consents import customers_refusing, load_preferences
from tests.worlds import config, frame, shop

CUTOFF = date(2024, 3, 8)


def consents(*lines: str):
    """Rows from lines such as "ada recommend no 2024-03-01"."""
    names = ("customer_id", "purpose", "granted", "event_time")
    rows = [dict(zip(names, line.split(), strict=True)) for line in lines]
    return frame(*({**row, "granted": row["granted"] == "yes"} for row in rows))


def said(*lines: str):
    """Rows from lines such as "ada category tea 2024-03-01"."""
    split = [line.split() for line in lines]
    return frame(
        *({"customer_id": who, "key": key, "value": value, "event_time": when} for who, key, value, when in split)
    )


@pytest.mark.parametrize(
    ("words", "has_refused"),
    [
        (["ada recommend no 2024-03-01"], True),
        (["ada recommend yes 2024-03-01"], False),
        (["ada recommend no 2024-03-01", "ada recommend yes 2024-03-02"], False),
        (["ada recommend yes 2024-03-01", "ada recommend no 2024-03-02"], True),
        (["ada recommend no 2024-03-08"], False),
        (["ada recommend no 2024-03-01", "ada recommend yes 2024-03-08"], True),
        (["ada recommend yes 2024-03-02", "ada recommend no 2024-03-02"], True),
        (["ada contact no 2024-03-01"], False),
        (["ada Recommend no 2024-03-01"], True),
    ],
)
def test_the_last_word_before_the_cutoff_counts(words, has_refused):
    tables = shop("ada 2024-01-01", consents=consents(*words))

    assert customers_refusing(tables, "recommend", cutoff=CUTOFF).tolist() == (["ada"] if has_refused else [])


def test_who_says_nothing_refuses_nothing():
    assert not len(customers_refusing(shop("ada 2024-01-01"), "recommend", cutoff=CUTOFF))


def test_an_alias_speaks_for_its_customer():
    identities = frame({"alias_id": "card-1", "customer_id": "ada"})

    tables = shop("ada 2024-01-01", consents=consents("card-1 score no 2024-03-01"), identities=identities)

    assert customers_refusing(tables, "score", cutoff=CUTOFF).tolist() == ["ada"]


def test_the_newest_words_on_a_key_replace_the_older_ones():
    told = said(
        "ada category tea 2024-03-01", "ada category sweets 2024-03-02", "ada category coffee 2024-03-02",
        "ada colour red 2024-01-01", "ada category cups 2024-03-08",
    )  # fmt: skip

    found = load_preferences(shop("ada 2024-01-01", preferences=told), CUTOFF)

    assert found == {"ada": {"category": ("coffee", "sweets"), "colour": ("red",)}}


def test_attribute_groups_are_listed_words_as_known_at_the_cutoff():
    customers = frame(
        {"customer_id": "ada", "town": "Osaka", "age": 31.0, "secret": "x", "valid_from": "2024-01-01"},
        {"customer_id": "ada", "town": "Tokyo", "age": 31.0, "secret": "x", "valid_from": "2024-04-01"},
        {"customer_id": "bo", "town": None, "age": 40.0, "secret": "y", "valid_from": "2024-01-01"},
    )
    settings = config(attributes={"customers": ("town", "age")})

    found = attribute_groups(shop("ada 2024-01-01", settings=settings, customers=customers), CUTOFF)

    assert found == {"ada": {"town": "Osaka"}, "bo": {}}
