"""Consents and preferences as known before a cutoff."""

from __future__ import annotations

from datetime import date

import pytest

from tables.consents import customers_refusing, load_preferences, refusing_by_channel
from tests.worlds import frame, shop

CUTOFF = date(2024, 3, 8)


def consents(*lines: str):
    """Rows from lines such as "ada recommend no 2024-03-01"."""
    names = ("customer_id", "purpose", "granted", "event_time")
    rows = [dict(zip(names, line.split(), strict=True)) for line in lines]
    return frame(*({**row, "granted": row["granted"] == "yes"} for row in rows))


def preferences(*lines: str):
    """Rows from lines such as "ada category tea 2024-03-01"."""
    split = [line.split() for line in lines]
    return frame(
        *({"customer_id": who, "key": key, "value": value, "event_time": when} for who, key, value, when in split)
    )


@pytest.mark.parametrize(
    ("lines", "has_refused"),
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
def test_the_latest_consent_before_the_cutoff_counts(lines, has_refused):
    tables = shop("ada 2024-01-01", consents=consents(*lines))

    assert customers_refusing(tables, "recommend", cutoff=CUTOFF).tolist() == (["ada"] if has_refused else [])


def test_a_refusal_of_a_channel_is_the_latest_consent_for_it_and_none_for_contact_at_all():
    lines = [
        "ada contact:mail no 2024-03-01", "bo contact:mail no 2024-03-01", "bo contact:mail yes 2024-03-02",
        "cy Contact:LINE no 2024-03-01", "cy contact:mail no 2024-03-08", "dee contact no 2024-03-01",
    ]  # fmt: skip
    tables = shop("ada 2024-01-01", consents=consents(*lines))

    refusing = {name: ids.tolist() for name, ids in refusing_by_channel(tables, cutoff=CUTOFF).items()}
    assert refusing == {"mail": ["ada"], "line": ["cy"]}
    assert customers_refusing(tables, "contact", cutoff=CUTOFF).tolist() == ["dee"]
    assert refusing_by_channel(shop("ada 2024-01-01"), cutoff=CUTOFF) == {}


def test_a_customer_without_a_consent_has_not_refused():
    assert not len(customers_refusing(shop("ada 2024-01-01"), "recommend", cutoff=CUTOFF))


def test_a_consent_of_an_alias_is_that_of_its_customer():
    identities = frame({"alias_id": "card-1", "customer_id": "ada"})

    tables = shop("ada 2024-01-01", consents=consents("card-1 score no 2024-03-01"), identities=identities)

    assert customers_refusing(tables, "score", cutoff=CUTOFF).tolist() == ["ada"]


def test_the_latest_preferences_for_a_key_replace_older_ones():
    rows = preferences(
        "ada category tea 2024-03-01", "ada category sweets 2024-03-02", "ada category coffee 2024-03-02",
        "ada colour red 2024-01-01", "ada category cups 2024-03-08",
    )  # fmt: skip

    latest = load_preferences(shop("ada 2024-01-01", preferences=rows), CUTOFF)

    assert latest == {"ada": {"category": ("coffee", "sweets"), "colour": ("red",)}}
