"""From the tables of a simulated company to its groups, which agree with each month's own segmentation."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.config.customers import Segment
from core.config.loading import read_config
from core.errors import DataError
from features.cohort import select_cohort
from features.labels.labelling import label_outcomes
from features.pipeline import compute_features
from features.segments.membership import compute_segmentation
from insights.causes.decomposition import decompose
from insights.causes.panel import Panel, build_panel
from insights.causes.person_months import SEGMENT, TIER
from insights.finance.loading import ExcludedRows
from models.churn.recency import RECENCIES, Recency
from simulation.software.simulate import SoftwareWorld, simulate_software
from tables.sources.opening import open_tables
from tables.tables import Tables
from tests.worlds import shop

SEGMENTS = {
    "busy": Segment(rule="tickets_30d >= 1"), "shaky": Segment(rule="churn_probability > 0.08"),
    "large": Segment(top=0.1), "all": Segment(rule="mrr > 0"),
}  # fmt: skip
TIERS = {"gold": Segment(top=0.2), "silver": Segment(rule="account_size == 'small'")}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tables, Panel]:
    """With a churn model of one feature: no plan, no attribute, no feature of the rules."""
    path: Path = simulate_software(SoftwareWorld(n_accounts=150, n_months=18)).write(tmp_path_factory.mktemp("firm"))
    config = msgspec.structs.replace(read_config(path, os.environ), segments=SEGMENTS, customer_tiers=TIERS)
    tables = open_tables(config)
    cohort = select_cohort(tables, [tables.watermark("subscriptions") - timedelta(days=days) for days in (200, 150)])
    outcomes = label_outcomes(tables, cohort)
    features = compute_features(tables, cohort, names=RECENCIES)
    model = Recency().fit(features.take(outcomes.is_usable), outcomes.take(outcomes.is_usable))
    return tables, build_panel(tables, model, text_model=None, n_months=3, excluded=ExcludedRows())


@pytest.mark.slow
def test_membership_in_a_month_agrees_with_that_month_s_segmentation(company: tuple[Tables, Panel]):
    tables, panel = company
    groups = {(group.by, group.value): group.rows for group in panel.groups}

    for month in np.unique(panel.rows.months):
        rows = panel.rows.months == month
        features = compute_features(tables, panel.rows.take(rows).cohort)
        segmentation = compute_segmentation(tables.config, features, churn_probability=panel.risk[rows])
        for place, name in enumerate(SEGMENTS):
            assert groups[SEGMENT, name][rows].tolist() == segmentation.in_segment[:, place].tolist()
        for place, name in enumerate(TIERS):
            assert groups[TIER, name][rows].tolist() == (segmentation.customer_tier == place).tolist()
    assert 0 < groups[SEGMENT, "busy"].mean() < 1


@pytest.mark.slow
def test_tiers_plans_and_attributes_each_add_up_to_the_total(company: tuple[Tables, Panel]):
    tables, panel = company

    decomposition = decompose(
        panel,
        tables.config,
        offer_costs=dict.fromkeys(("training", "discount", "success-call"), 1000.0),
        excluded_rows={},
    )

    for by in (TIER, "main_plan", "account_industry", "account_size"):
        at_risk = sum(one.mrr_at_risk.value for one in decomposition.group_risks if one.by == by)
        assert at_risk == pytest.approx(decomposition.mrr_at_risk.value)
    assert (
        next(one for one in decomposition.group_risks if one.value == "all").mrr_at_risk_by_cause
        == decomposition.mrr_at_risk_by_cause
    )


def test_a_data_set_without_subscriptions_is_told_what_causes_need():
    with pytest.raises(DataError, match=r"causes are those of ended subscriptions; .* \[tables.subscriptions\]"):
        build_panel(shop("ada 2024-03-01"), Recency(), text_model=None, n_months=3, excluded=ExcludedRows())
