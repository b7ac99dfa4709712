"""The benchmarks of features run on a small shop and a small company."""

from __future__ import annotations

from benchmarks import usage_20m
from benchmarks.against_scan import every_customer, measure_features, measure_scan
from benchmarks.features_10m import CUTOFF, make_purchases, shop_of


def test_scan_and_features_are_measured_on_a_small_shop(tmp_path):
    make_purchases(tmp_path / "purchases", n_lines=2_000, n_customers=300)
    files = str(tmp_path / "purchases" / "*.parquet")

    cohort = every_customer(files, CUTOFF)

    assert len(cohort) == 300
    assert measure_scan(files).cpu_seconds > 0
    assert measure_features(shop_of(files), cohort).peak_memory_gb > 0


def test_scan_and_features_are_measured_on_a_small_company(tmp_path):
    usage_20m.make_company(tmp_path, n_events=2_000, n_customers=300)
    files, company = str(tmp_path / "usage" / "*.parquet"), usage_20m.company_of(tmp_path)

    cohort = every_customer(files, usage_20m.CUTOFF)

    assert len(cohort) == 300
    assert measure_scan(files, "value").cpu_seconds > 0
    assert measure_features(company, cohort).peak_memory_gb > 0
