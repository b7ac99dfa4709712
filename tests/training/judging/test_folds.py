"""Folds use the cutoffs whose labels are complete, and never the test cutoff."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config.data_set import Config
from core.config.training import ChurnDefinition, Cutoffs, Definition
from core.errors import NotEnoughHistory
from features.check.history import check_history
from tests.worlds import config, frame, shop
from training.judging.folds import Folds, choose_folds, customer_folds, folds_of

FIRST, MATURE_UNTIL = date(2023, 1, 1), date(2024, 12, 31)


def build_config(horizon_days: int = 60, gap_days: int = 0, **cutoffs: Any) -> Config:
    churn = ChurnDefinition(horizon_days=horizon_days, gap_days=gap_days)
    return config(churn=churn, cutoffs=Cutoffs(**cutoffs))


def choose(first: date = FIRST, mature_until: date = MATURE_UNTIL, **settings: Any) -> Folds:
    n_cutoffs = {name: value for name, value in settings.items() if name == "max_cutoffs"}
    return choose_folds(build_config(**settings), first=first, mature_until=mature_until, **n_cutoffs)


def rows(folds: Folds, n_customers: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Every customer at every cutoff, including the test cutoff and purged ones."""
    ids = np.array([f"c{number}" for number in range(n_customers)])
    return np.tile(ids, len(folds.refit)), np.repeat(np.array(folds.refit, "M8[D]"), n_customers)


def test_the_default_test_cutoff_is_the_last_mature_day():
    assert choose(horizon_days=60, gap_days=7).test == MATURE_UNTIL - timedelta(days=67)


def test_default_training_cutoffs_are_the_newest_whose_labels_end_by_the_test():
    folds = choose(horizon_days=60, step_days=30, max_cutoffs=3)

    assert [(folds.test - day).days for day in folds.train] == [120, 90, 60]
    assert [(folds.test - day).days for day in folds.purged] == [30]


def test_training_cutoffs_have_the_active_days_before_them():
    folds = choose(first=date(2024, 1, 1), step_days=14, max_cutoffs=99)

    assert (folds.train[0] - date(2024, 1, 1)).days >= 180


def test_a_history_that_is_too_short_says_how_many_days_are_needed():
    with pytest.raises(NotEnoughHistory, match=r"240 days before it are needed .* there are 224"):
        choose(first=date(2024, 3, 22))


def test_the_last_complete_cutoff_is_used_where_the_grid_has_none():
    first = MATURE_UNTIL - timedelta(days=180 + 60 + 60)

    folds = choose(first=first, step_days=14)

    assert folds.train == (folds.test - timedelta(days=60),)


def test_a_stated_test_cutoff_that_is_not_mature_is_refused_with_the_last_mature_one():
    with pytest.raises(NotEnoughHistory, match=r"2024-12-01 is not mature.*2025-01-30.*2024-11-01 or earlier"):
        choose(train=(date(2024, 6, 1),), test=date(2024, 12, 1))


def test_stated_cutoffs_whose_labels_cross_the_test_are_purged_with_a_notice():
    folds = choose(train=(date(2024, 6, 1), date(2024, 7, 3), date(2024, 7, 2)), test=date(2024, 8, 31))

    assert (folds.train, folds.purged) == ((date(2024, 6, 1), date(2024, 7, 2)), (date(2024, 7, 3),))
    assert folds.notices == ("purged, because their labels cross the test cutoff 2024-08-31: 2024-07-03",)


def test_stated_cutoffs_after_the_test_cutoff_are_ignored_with_a_notice():
    folds = choose(train=(date(2024, 6, 1), date(2024, 9, 1)), test=date(2024, 8, 31))

    assert folds.refit == (date(2024, 6, 1), date(2024, 8, 31))
    assert "2024-09-01" in folds.notices[0]


def test_stated_cutoffs_that_would_all_be_purged_are_refused():
    with pytest.raises(NotEnoughHistory, match="state one of 2024-07-02 or earlier"):
        choose(train=(date(2024, 8, 1),), test=date(2024, 8, 31))


def test_the_gap_belongs_to_the_label():
    with pytest.raises(NotEnoughHistory):
        choose(gap_days=1, train=(date(2024, 7, 2),), test=date(2024, 8, 31))


def test_validation_walks_forward_where_an_earlier_cutoff_has_complete_labels():
    folds = choose(step_days=30, max_cutoffs=6)

    splits = folds.validation(*rows(folds))

    assert folds.scheme == "walk_forward"
    assert [split.name for split in splits] == [day.isoformat() for day in folds.train[-4:]]
    assert [int(split.train.sum() / 40) for split in splits] == [1, 2, 3, 4]


def test_twelve_origins_at_most_are_spread_over_the_last_two_years():
    folds = choose(date(2020, 1, 1), step_days=14, max_cutoffs=99)

    days = [date.fromisoformat(split.name) for split in folds.validation(*rows(folds))]

    assert len(days) == 12
    assert days[-1] == folds.train[-1]
    assert (folds.test - days[0]).days == 728
    assert all(56 <= (after - before).days <= 70 for before, after in pairwise(days))


def test_default_cutoffs_lie_closer_together_in_a_shorter_history():
    steps = {
        years: (folds.train[1] - folds.train[0]).days
        for years, folds in ((1, choose(date(2024, 1, 1))), (2, choose()), (4, choose(date(2021, 1, 1))))
    }

    assert steps == {1: 14, 2: 30, 4: 30}
    assert len(choose(date(2021, 1, 1)).train) == 12


def test_validation_is_over_customers_where_the_cutoffs_are_too_close_together():
    folds = choose(horizon_days=90, train=(date(2024, 4, 22), date(2024, 6, 3)), test=date(2024, 9, 1))
    customer_ids, cutoffs = rows(folds)

    splits = folds.validation(customer_ids, cutoffs)

    assert folds.scheme == "over_customers"
    assert "no two cutoffs are 90 days apart" in folds.summary
    assert (np.sum([split.validation for split in splits], axis=0) == (cutoffs < np.datetime64(folds.test))).all()
    assert all(not set(customer_ids[split.train]) & set(customer_ids[split.validation]) for split in splits)


@given(
    horizon_days=st.integers(1, 120),
    gap_days=st.integers(0, 20),
    every=st.integers(1, 60),
    max_cutoffs=st.integers(1, 9),
)
def test_no_training_label_reaches_into_the_validation_window(horizon_days, gap_days, every, max_cutoffs):
    folds = choose(horizon_days=horizon_days, gap_days=gap_days, step_days=every, max_cutoffs=max_cutoffs)
    customer_ids, cutoffs = rows(folds, n_customers=3)
    label = np.timedelta64(horizon_days + gap_days, "D")
    test = np.datetime64(folds.test)

    assert (np.array(folds.train, "M8[D]") + label <= test).all()
    for split in folds.validation(customer_ids, cutoffs):
        assert (cutoffs[split.train | split.validation] < test).all()
        if folds.scheme == "walk_forward":
            assert cutoffs[split.train].max() + label <= cutoffs[split.validation].min()


@given(others=st.sets(st.text(min_size=1, max_size=4), max_size=20), seed=st.integers(0, 2**31))
def test_a_customers_fold_does_not_depend_on_the_other_customers(others, seed):
    alone = customer_folds(np.array(["ada"]), n_folds=5, seed=seed)
    among = customer_folds(np.array(["ada", *sorted(others), "ada"]), n_folds=5, seed=seed)

    assert alone[0] == among[0] == among[-1]


def test_another_seed_gives_other_folds_of_equal_size():
    ids = np.array([f"c{number}" for number in range(2_000)])
    first, second = (customer_folds(ids, n_folds=5, seed=seed) for seed in (1, 2))

    assert (first != second).mean() > 0.7
    assert np.bincount(first).min() > 330


def test_folds_come_from_the_history_of_the_tables():
    settings = config(churn=ChurnDefinition(horizon_days=30), active_days=60)
    folds = folds_of(shop("ada 2024-01-01", "bo 2024-12-31", settings=settings))

    assert (folds.test, folds.label_days) == (date(2024, 12, 1), 30)


@pytest.mark.parametrize("definition", ["no_purchase", "subscription_ended"])
@given(n_days=st.integers(60, 200), active_days=st.integers(1, 60), step_days=st.integers(1, 60))
@settings(max_examples=15, deadline=None)
def test_the_check_finds_a_history_long_enough_just_when_training_does(
    definition: Definition, n_days: int, active_days: int, step_days: int
):
    churn = ChurnDefinition(definition=definition, horizon_days=30, grace_days=20)
    first, end = date(2024, 1, 1), date(2024, 1, 1) + timedelta(days=n_days)
    row = {"customer_id": "ada", "subscription_id": "s", "plan": "pro", "mrr": 1.0, "started_at": str(first)}
    tables = shop(
        f"ada {first}",
        f"ada {end}",
        subscriptions=frame({**row, "ended_at": str(end)}),
        settings=config(churn=churn, active_days=active_days, cutoffs=Cutoffs(step_days=step_days), watermark=end),
    )

    if check_history(tables).is_sufficient:
        assert folds_of(tables).train
    else:
        with pytest.raises(NotEnoughHistory):
            folds_of(tables)


def contracts(cutoffs: Cutoffs) -> Folds:
    """Two years of one contract with a grace period of 20 days."""
    row = {"customer_id": "ada", "subscription_id": "s", "plan": "pro", "mrr": 1.0}
    churn = ChurnDefinition(definition="subscription_ended", horizon_days=90, grace_days=20)
    tables = shop(
        "ada 2023-01-01",
        subscriptions=frame({**row, "started_at": "2023-01-01", "ended_at": "2024-12-01"}),
        settings=config(churn=churn, active_days=30, cutoffs=cutoffs, watermark=date(2024, 12, 31)),
    )
    return folds_of(tables)


def test_cutoffs_after_the_test_are_fitted_on_once_a_month_of_their_horizon_is_certain():
    folds = contracts(Cutoffs())

    assert folds.test == date(2024, 12, 31) - timedelta(days=110)
    assert [(day - folds.test).days for day in folds.later] == [30, 60]
    assert folds.delay_days == 20


def test_stated_cutoffs_are_the_only_ones_and_wait_for_the_grace_period_too():
    folds = contracts(Cutoffs(train=(date(2024, 1, 1),), test=date(2024, 6, 1)))

    assert (folds.refit, folds.delay_days) == ((date(2024, 1, 1), date(2024, 6, 1)), 20)


@pytest.mark.parametrize(("n_customers", "n_cutoffs"), [(3, 24), (1_500, 16), (9_000, 12)])
def test_few_customers_get_more_cutoffs(monkeypatch: pytest.MonkeyPatch, n_customers: int, n_cutoffs: int):
    tables = shop("ada 2020-01-01", "ada 2024-12-31", settings=config(churn=ChurnDefinition(horizon_days=30)))
    monkeypatch.setattr("features.labels.cutoffs.select_cohort", lambda *_: range(n_customers))

    assert len(folds_of(tables).train) == n_cutoffs
