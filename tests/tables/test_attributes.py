"""Listed attributes as features."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from core.feature_table import FeatureTable
from core.i18n.translation import ENGLISH, JAPANESE
from features.pipeline import compute_features
from tables.attributes import attribute_groups
from tests.engines import engine, every_engine
from tests.featured import cohort, features_at
from tests.worlds import config, frame, shop

LISTED = config(attributes={"customers": ("city", "age", "joined_at")})


def customer_row(who: str, day: str, **attributes: Any) -> dict[str, Any]:
    return {"customer_id": who, "valid_from": day, "joined_at": "2024-01-08", "age": 30.0, **attributes}


def features_of(*rows: dict[str, Any]) -> FeatureTable:
    tables = shop("ada 2024-01-01", settings=LISTED, customers=frame(*rows))
    return features_at(tables, "ada", "bo", "cyd")


def test_words_become_codes_of_a_sorted_vocabulary():
    features = features_of(
        customer_row("ada", "2024-01-01", city="Rome"), customer_row("bo", "2024-01-01", city="Oslo", age=40.0)
    )

    assert features.vocabularies == {"city": ("Oslo", "Rome")}
    np.testing.assert_array_equal(features.column("city"), [1, 0, np.nan])
    np.testing.assert_array_equal(features.column("age"), [30, 40, np.nan])


def test_reasons_call_an_attribute_by_its_label_in_each_language():
    labels = {"ja": {"city": "お住まいの市", "joined_at": "入会"}, "en": {"city": "home town"}}
    settings = config(attributes=LISTED.attributes, attribute_labels=labels)
    rows = frame(customer_row("ada", "2024-01-01", city="Rome"))
    features = features_at(shop("ada 2024-01-01", settings=settings, customers=rows), "ada")

    titles = {column.name: (column.title(ENGLISH), column.title(JAPANESE)) for column in features.columns}

    assert titles["city"] == ("home town", "お住まいの市")
    assert titles["age"] == ("age", "age")
    assert titles["days_since_joined_at"] == ("days since joined at", "入会からの日数")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"jp": {"city": "市"}}, "attribute_labels: no language 'jp'"),
        ({"ja": {"ctiy": "市"}}, "attribute_labels: 'ctiy' is no listed attribute; did you mean 'city'"),
    ],
)
def test_a_label_of_an_unknown_language_or_attribute_is_refused(labels: dict[str, dict[str, str]], message: str):
    with pytest.raises(ValueError, match=message):
        config(attributes={"customers": ("city",)}, attribute_labels=labels)


def test_a_date_becomes_the_days_since_it():
    features = features_of(customer_row("ada", "2024-01-01", city="Rome"))

    np.testing.assert_array_equal(features.column("days_since_joined_at"), [60, np.nan, np.nan])


def test_the_last_row_before_the_cutoff_counts():
    features = features_of(
        customer_row("ada", "2024-01-01", city="Rome"),
        customer_row("ada", "2024-02-01", city="Oslo"),
        customer_row("ada", "2024-03-08", city="Bonn"),
    )

    assert features.vocabularies == {"city": ("Oslo",)}
    assert features.column("city")[0] == 0


def test_a_word_that_was_not_seen_in_training_is_missing():
    tables = shop("ada 2024-01-01", settings=LISTED, customers=frame(customer_row("ada", "2024-01-01", city="Rome")))

    features = compute_features(tables, cohort("ada"), vocabularies={"city": ("Oslo",)})

    assert features.vocabularies == {"city": ("Oslo",)}
    assert np.isnan(features.column("city")[0])


def test_an_undated_attribute_is_used_only_if_listed_in_as_of_today_and_is_marked():
    customers = frame({"customer_id": "ada", "city": "Rome"})
    settings = config(attributes={"customers": ("city",)})
    as_of_today = config(attributes={"customers": ("city",)}, as_of_today=("customers.city",))

    assert "city" not in features_at(shop("ada 2024-01-01", settings=settings, customers=customers), "ada").names
    features = features_at(shop("ada 2024-01-01", settings=as_of_today, customers=customers), "ada")
    assert features.columns[features.names.index("city")].as_of_today


def test_customers_have_the_attributes_of_their_account():
    settings = config(attributes={"accounts": ("plan",)}, as_of_today=("customers.account_id", "accounts.plan"))
    customers = frame({"customer_id": "ada", "account_id": "acme"})
    accounts = frame({"account_id": "acme", "plan": "gold"})

    features = features_at(shop("ada 2024-01-01", settings=settings, customers=customers, accounts=accounts), "ada")

    assert features.vocabularies["account_plan"] == ("gold",)
    assert features.column("account_plan")[0] == 0


def test_attribute_groups_are_listed_words_as_known_at_the_cutoff():
    customers = frame(
        {"customer_id": "ada", "town": "Osaka", "age": 31.0, "secret": "x", "valid_from": "2024-01-01"},
        {"customer_id": "ada", "town": "Tokyo", "age": 31.0, "secret": "x", "valid_from": "2024-04-01"},
        {"customer_id": "bo", "town": None, "age": 40.0, "secret": "y", "valid_from": "2024-01-01"},
    )
    settings = config(attributes={"customers": ("town", "age")})

    groups = attribute_groups(shop("ada 2024-01-01", settings=settings, customers=customers), date(2024, 3, 8))

    assert groups == {"ada": {"town": "Osaka"}, "bo": {}}


@every_engine
def test_attributes_whose_values_are_all_numbers_are_numbers_in_text_files_as_well(engine_name: str):
    names = ("age", "grade", "zip_code", "branch", "note")
    rows = [
        {
            "customer_id": f"c{n}", "valid_from": "2024-01-01", "age": f"{20 + n}.5" if n else "n/a",
            "grade": str(n % 5), "zip_code": str(10115 + n), "branch": f"{n:03d}", "note": str(n) if n else "see file",
        }
        for n in range(40)
    ]  # fmt: skip

    settings = config(attributes={"customers": names})
    tables = shop("c1 2024-01-02", settings=settings, customers=frame(*rows), backend=engine(engine_name))
    customers = tables["customers"]

    assert {name: customers[name].type().is_numeric() for name in names} == {
        "age": True,
        "grade": False,
        "zip_code": False,
        "branch": False,
        "note": False,
    }
    assert customers.age.count().to_pyarrow().as_py() == 39
