"""Listed attributes as features."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.feature_table import FeatureTable
from features.pipeline import compute_features
from tests.featured import cohort, features_at
from tests.worlds import config, frame, shop

LISTED = config(attributes={"customers": ("city", "age", "joined_at")})


def dated(who: str, day: str, **attributes: Any) -> dict[str, Any]:
    return {"customer_id": who, "valid_from": day, "joined_at": "2024-01-08", "age": 30.0, **attributes}


def described(*rows: dict[str, Any]) -> FeatureTable:
    tables = shop("ada 2024-01-01", settings=LISTED, customers=frame(*rows))
    return features_at(tables, "ada", "bo", "cyd")


def test_words_become_codes_into_their_sorted_vocabulary():
    found = described(dated("ada", "2024-01-01", city="Rome"), dated("bo", "2024-01-01", city="Oslo", age=40.0))

    assert found.vocabularies == {"city": ("Oslo", "Rome")}
    np.testing.assert_array_equal(found.column("city"), [1, 0, np.nan])
    np.testing.assert_array_equal(found.column("age"), [30, 40, np.nan])


def test_a_date_becomes_the_days_since():
    found = described(dated("ada", "2024-01-01", city="Rome"))

    np.testing.assert_array_equal(found.column("days_since_joined_at"), [60, np.nan, np.nan])


def test_the_last_row_before_the_cutoff_counts():
    found = described(
        dated("ada", "2024-01-01", city="Rome"),
        dated("ada", "2024-02-01", city="Oslo"),
        dated("ada", "2024-03-08", city="Bonn"),
    )

    assert found.vocabularies == {"city": ("Oslo",)}
    assert found.column("city")[0] == 0


def test_a_word_that_was_not_seen_when_the_model_was_fitted_is_missing():
    tables = shop("ada 2024-01-01", settings=LISTED, customers=frame(dated("ada", "2024-01-01", city="Rome")))

    found = compute_features(tables, cohort("ada"), vocabularies={"city": ("Oslo",)})

    assert found.vocabularies == {"city": ("Oslo",)}
    assert np.isnan(found.column("city")[0])


def test_an_attribute_without_a_date_is_used_only_where_listed_and_is_marked():
    customers = frame({"customer_id": "ada", "city": "Rome"})
    settings = config(attributes={"customers": ("city",)})
    as_of_today = config(attributes={"customers": ("city",)}, as_of_today=("customers.city",))

    assert "city" not in features_at(shop("ada 2024-01-01", settings=settings, customers=customers), "ada").names
    found = features_at(shop("ada 2024-01-01", settings=as_of_today, customers=customers), "ada")
    assert found.columns[found.names.index("city")].as_of_today


def test_an_account_lends_its_attributes_to_its_customers():
    settings = config(attributes={"accounts": ("plan",)}, as_of_today=("customers.account_id", "accounts.plan"))
    customers = frame({"customer_id": "ada", "account_id": "acme"})
    accounts = frame({"account_id": "acme", "plan": "gold"})

    found = features_at(shop("ada 2024-01-01", settings=settings, customers=customers, accounts=accounts), "ada")

    assert found.vocabularies["account_plan"] == ("gold",)
    assert found.column("account_plan")[0] == 0
