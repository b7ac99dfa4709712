"""The benchmark of the features runs on a small shop too."""

from __future__ import annotations

from benchmarks.features_10m import everybody, features, make_purchases, scan, shop_of


def test_a_small_shop_is_made_scanned_and_turned_into_features(tmp_path):
    make_purchases(tmp_path / "purchases", n_lines=2_000, n_customers=300)
    files = str(tmp_path / "purchases" / "*.parquet")

    cohort = everybody(tmp_path / "purchases")

    assert len(cohort) == 300
    assert scan(files).cpu_seconds > 0
    assert features(shop_of(files), cohort).peak_memory_gb > 0
