"""Features are found in the files of their families; those of a missing table are skipped and named."""

from __future__ import annotations

from features.families.catalogue import FEATURE_SETS, available_features, missing_tables, static_features
from tests.worlds import frame, shop

USED = frame({"customer_id": "ada", "event_time": "2024-01-01", "event": "visit"})


def test_a_missing_table_is_reported_in_one_line_with_its_families():
    lines = {missing.table: str(missing) for missing in missing_tables(shop("ada 2024-01-01"))}

    assert (
        lines["tickets"] == f"no tickets table, so {len(FEATURE_SETS['tickets'].static)} features (support) are skipped"
    )
    assert set(lines) == {
        "customers",
        "usage",
        "subscriptions",
        "tickets",
        "surveys",
        "contacts",
        "preferences",
        "points",
    }


def test_the_families_of_missing_tables_have_no_features():
    tables = shop("ada 2024-01-01", usage=USED)
    available = {feature.family for feature in available_features(tables)}

    skipped = {family for missing in missing_tables(tables) for family in missing.families}

    assert skipped & available == set()
    assert skipped <= {feature.family for feature in static_features()}


def test_a_feature_of_two_tables_counts_under_the_missing_one():
    families = {missing.table: missing.families for missing in missing_tables(shop("ada 2024-01-01", usage=USED))}

    assert "usage" not in families
    assert families["subscriptions"] == ("seats", "subscription")
