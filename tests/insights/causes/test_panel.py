"""From the tables of a simulated company to its groups, which agree with what each month says of itself."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.config.customers import Segment
from core.config.loading import read_config
from features.pipeline import compute_features
from features.segments.membership import compute_segmentation
from insights.causes.attribute_groups import SEGMENT, TIER
from insights.causes.decomposition import decompose
from insights.causes.panel import Evidence, evidence_of
from insights.finance.loading import ExcludedRows
from models.churn.recency import Recency
from simulation.software.simulate import SoftwareWorld, simulate_software
from tables.sources.opening import open_tables
from tables.tables import Tables
from training.churn.rows import load_churn_rows

SEGMENTS = {
    "busy": Segment(rule="tickets_30d >= 1"), "shaky": Segment(rule="churn_probability > 0.08"),
    "large": Segment(top=0.1), "all": Segment(rule="mrr > 0"),
}  # fmt: skip
RISK_LEVELS = {"gold": Segment(top=0.2), "silver": Segment(rule="account_size == 'small'")}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tables, Evidence]:
    """By a churn model that knows one feature only: no plan, no attribute, nothing that the rules speak of."""
    path: Path = simulate_software(SoftwareWorld(n_accounts=150, n_months=18)).write(tmp_path_factory.mktemp("firm"))
    config = msgspec.structs.replace(read_config(path, os.environ), segments=SEGMENTS, customer_tiers=RISK_LEVELS)
    tables = open_tables(config)
    rows = load_churn_rows(tables)
    model = Recency().fit(rows.features.take(rows.all_mature), rows.outcomes.take(rows.all_mature))
    return tables, evidence_of(tables, model, None, 6, ExcludedRows())


@pytest.mark.slow
def test_who_belongs_in_a_month_agrees_with_that_month_s_own_answer(told: tuple[Tables, Evidence]):
    tables, evidence = told
    groups = {(group.by, group.value): group.rows for group in evidence.groups}

    for month in np.unique(evidence.rows.months):
        rows = evidence.rows.months == month
        features = compute_features(tables, evidence.rows.take(rows).cohort)
        then = compute_segmentation(tables.config, features, churn_probability=evidence.risk[rows])
        for place, name in enumerate(SEGMENTS):
            assert groups[SEGMENT, name][rows].tolist() == then.in_segment[:, place].tolist()
        for place, name in enumerate(RISK_LEVELS):
            assert groups[TIER, name][rows].tolist() == (then.customer_tier == place).tolist()
    assert 0 < groups[SEGMENT, "busy"].mean() < 1


@pytest.mark.slow
def test_tiers_plans_and_attributes_each_put_the_whole_at_stake(told: tuple[Tables, Evidence]):
    tables, evidence = told

    found = decompose(evidence, tables.config, dict.fromkeys(("training", "discount", "success-call"), 1000.0), {})

    for by in (TIER, "main_plan", "account_industry", "account_size"):
        at_stake = sum(one.mrr_at_stake.value for one in found.outlooks if one.by == by)
        assert at_stake == pytest.approx(found.mrr_at_stake.value)
    assert next(one for one in found.outlooks if one.value == "all").stakes == found.stakes
