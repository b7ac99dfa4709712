"""Tables and a cohort become a feature table."""

from __future__ import annotations

import numpy as np
import pytest

from core.cohort import Cohort
from features.pipeline import compute_features
from tests.featured import cohort, features_at
from tests.worlds import config, frame, shop


def test_the_rows_come_in_the_cohorts_order_each_at_its_own_cutoff():
    tables = shop("bo 2024-01-01", "ada 2024-02-01", "ada 2024-02-05")
    days = np.array(["2024-03-01", "2024-02-02", "2024-03-01", "2024-02-02"], "datetime64[D]")

    found = compute_features(tables, Cohort(np.array(["bo", "ada", "ada", "cyd"]), days))

    assert found.customer_ids.tolist() == ["bo", "ada", "ada", "cyd"]
    np.testing.assert_array_equal(found.column("days_since_last_purchase"), [60, 1, 25, np.nan])


def test_columns_that_the_data_lack_take_no_column():
    names = features_at(shop("ada 2024-01-01"), "ada").names

    assert "orders_30d" in names
    assert not [name for name in names if name.startswith(("quantity", "items", "categories", "order_share", "usage"))]


def test_purchases_without_items_give_at_least_sixty_columns_where_orders_and_channels_are_known():
    found = features_at(shop("ada 2024-01-01 9 order_id=1 channel=web quantity=2"), "ada")

    assert len(found.columns) >= 60


@pytest.mark.parametrize(
    "names", [(), ("orders_30d",), ("town", "order_share_via_web", "orders_total"), ("orders_365d", "unheard_of")]
)
def test_features_that_are_asked_for_by_name_are_what_they_are_among_all(names: tuple[str, ...]):
    lives = frame({"customer_id": "ada", "town": "A", "valid_from": "2020-01-01"})
    settings = config(attributes={"customers": ("town",)})
    tables = shop("ada 2024-03-01 9 channel=web", "bo 2024-02-01 9 channel=app", settings=settings, customers=lives)

    everything = features_at(tables, "ada", "bo")
    found = compute_features(tables, cohort("ada", "bo"), names=names)

    assert set(found.names) == set(names) & set(everything.names)
    np.testing.assert_array_equal(found.values, everything.select(found.names).values)


def test_categories_come_from_the_items_as_known_then():
    items = frame(
        {"item_id": "tea", "category": "drinks", "valid_from": "2024-01-01"},
        {"item_id": "cup", "category": "tableware", "valid_from": "2024-01-01"},
    )
    tables = shop("ada 2024-03-01 30 item_id=tea", "ada 2024-03-02 10 item_id=cup", items=items)

    found = features_at(tables, "ada")

    assert found.column("categories_total")[0] == 2
    assert found.column("top_category_share")[0] == 0.75
    assert found.column("category_concentration")[0] == 0.625


def test_a_model_finds_the_channels_that_it_was_fitted_on():
    fitted = features_at(shop("ada 2024-01-01 9 channel=web", "ada 2024-01-02 9 channel=app"), "ada")

    later = compute_features(shop("ada 2024-01-01 9 channel=fax"), cohort("ada"), vocabularies=fitted.vocabularies)

    assert later.names == fitted.names
    assert later.digests == fitted.digests
    assert later.column("order_share_via_web")[0] == 0


def test_a_history_shorter_than_a_window_leaves_it_missing_for_everybody():
    found = features_at(shop("ada 2024-02-01", "bo 2024-03-01"), "ada", "bo")

    np.testing.assert_array_equal(found.column("orders_30d"), [0, 1])
    assert np.isnan(found.column("orders_90d")).all()


def test_nobody_gets_an_empty_table():
    assert len(features_at(shop("ada 2024-01-01"))) == 0
