"""A feature table has one row per row of the cohort and one column per available feature."""

from __future__ import annotations

import numpy as np
import pytest

from core.window import Cohort
from features.pipeline import compute_features
from tests.featured import cohort, features_at
from tests.worlds import config, frame, shop


def test_rows_keep_the_order_of_the_cohort_each_at_its_own_cutoff():
    tables = shop("bo 2024-01-01", "ada 2024-02-01", "ada 2024-02-05")
    days = np.array(["2024-03-01", "2024-02-02", "2024-03-01", "2024-02-02"], "datetime64[D]")

    table = compute_features(tables, Cohort(np.array(["bo", "ada", "ada", "cyd"]), days))

    assert table.customer_ids.tolist() == ["bo", "ada", "ada", "cyd"]
    np.testing.assert_array_equal(table.column("days_since_last_purchase"), [60, 1, 25, np.nan])


def test_features_without_their_columns_are_left_out():
    names = features_at(shop("ada 2024-01-01"), "ada").names

    assert "orders_30d" in names
    assert not [name for name in names if name.startswith(("quantity", "items", "categories", "order_share", "usage"))]


def test_purchases_with_orders_and_channels_have_at_least_sixty_features():
    table = features_at(shop("ada 2024-01-01 9 order_id=1 channel=web quantity=2"), "ada")

    assert len(table.columns) >= 60


@pytest.mark.parametrize(
    "names", [(), ("orders_30d",), ("town", "order_share_via_web", "orders_total"), ("orders_365d", "unknown")]
)
def test_selected_features_equal_the_same_features_among_all(names: tuple[str, ...]):
    customers = frame({"customer_id": "ada", "town": "A", "valid_from": "2020-01-01"})
    settings = config(attributes={"customers": ("town",)})
    tables = shop("ada 2024-03-01 9 channel=web", "bo 2024-02-01 9 channel=app", settings=settings, customers=customers)

    all_features = features_at(tables, "ada", "bo")
    table = compute_features(tables, cohort("ada", "bo"), names=names)

    assert set(table.names) == set(names) & set(all_features.names)
    np.testing.assert_array_equal(table.values, all_features.select(table.names).values)


def test_categories_come_from_the_items_table():
    items = frame(
        {"item_id": "tea", "category": "drinks", "valid_from": "2024-01-01"},
        {"item_id": "cup", "category": "tableware", "valid_from": "2024-01-01"},
    )
    tables = shop("ada 2024-03-01 30 item_id=tea", "ada 2024-03-02 10 item_id=cup", items=items)

    table = features_at(tables, "ada")

    assert table.column("categories_total")[0] == 2
    assert table.column("top_category_share")[0] == 0.75
    assert table.column("category_concentration")[0] == 0.625


def test_with_a_models_vocabularies_the_columns_are_those_it_was_fitted_on():
    fitted = features_at(shop("ada 2024-01-01 9 channel=web", "ada 2024-01-02 9 channel=app"), "ada")

    later = compute_features(shop("ada 2024-01-01 9 channel=fax"), cohort("ada"), vocabularies=fitted.vocabularies)

    assert later.names == fitted.names
    assert later.digests == fitted.digests
    assert later.column("order_share_via_web")[0] == 0


def test_a_window_longer_than_the_history_is_missing_for_every_customer():
    table = features_at(shop("ada 2024-02-01", "bo 2024-03-01"), "ada", "bo")

    np.testing.assert_array_equal(table.column("orders_30d"), [0, 1])
    assert np.isnan(table.column("orders_90d")).all()


def test_an_empty_cohort_has_an_empty_table():
    assert len(features_at(shop("ada 2024-01-01"))) == 0
