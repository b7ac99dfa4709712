"""The benchmarks of the features run on a small shop and a small company too."""

from __future__ import annotations

from benchmarks import usage_20m
from benchmarks.against_scan import everybody, features, scan
from benchmarks.features_10m import CUTOFF, make_purchases, shop_of


def test_a_small_shop_is_made_scanned_and_turned_into_features(tmp_path):
    make_purchases(tmp_path / "purchases", n_lines=2_000, n_customers=300)
    files = str(tmp_path / "purchases" / "*.parquet")

    cohort = everybody(files, CUTOFF)

    assert len(cohort) == 300
    assert scan(files).cpu_seconds > 0
    assert features(shop_of(files), cohort).peak_memory_gb > 0


def test_a_small_company_is_made_scanned_and_turned_into_features(tmp_path):
    usage_20m.make_world(tmp_path, n_events=2_000, n_customers=300)
    files, company = str(tmp_path / "usage" / "*.parquet"), usage_20m.company_of(tmp_path)

    cohort = everybody(files, usage_20m.CUTOFF)

    assert len(cohort) == 300
    assert scan(files, "value").cpu_seconds > 0
    assert features(company, cohort).peak_memory_gb > 0
