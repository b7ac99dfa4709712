"""The history has to be long enough for the definition of churn, and the check counts who churned."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from core.config.training import ChurnDefinition, Cutoffs
from features.check.finding import Severity
from features.check.history import check_history
from features.check.overview import check_tables
from tables.tables import Tables
from tests.features.check.checked import find_kind
from tests.worlds import config, shop


def problems(*days: str, **changes: Any) -> tuple[str, ...]:
    settings = config(churn=ChurnDefinition(horizon_days=30), active_days=20, **changes)
    return tuple(
        str(problem) for problem in check_history(shop(*(f"ada {day}" for day in days), settings=settings)).problems
    )


def test_a_history_of_two_labels_and_the_active_days_before_them_is_long_enough():
    assert problems("2024-01-01", "2024-03-21") == ()
    assert (
        "50 days before it are needed (active_days and 30 of a label), there are 49"
        in (problems("2024-01-01", "2024-03-20")[0])
    )


def test_stated_training_cutoffs_need_a_record_before_them():
    early_cutoffs = Cutoffs(train=(date(2024, 1, 1), date(2024, 2, 1)), test=date(2024, 3, 10))

    (early,) = problems("2024-01-01", "2024-04-15", cutoffs=early_cutoffs)

    assert "nothing was recorded before the training cutoffs 2024-01-01" in early


def test_the_test_cutoff_must_be_mature_and_training_labels_must_end_before_it():
    late = Cutoffs(train=(date(2024, 3, 1), date(2024, 3, 20)), test=date(2024, 4, 1))

    immature, crossing = problems("2024-01-01", "2024-04-15", cutoffs=late)

    assert "ends 2024-05-01, but labels are certain only until 2024-04-15; set a test cutoff of 2024-03-16" in immature
    assert "2024-03-20 cross the test cutoff 2024-04-01" in crossing
    assert "2024-03-01," not in crossing


def test_a_definition_without_its_table_names_the_table_it_needs():
    ended = ChurnDefinition(definition="subscription_ended")
    history = check_history(shop("ada 2024-03-01", settings=config(churn=ended)))

    assert not history.is_sufficient
    assert "needs the table subscriptions" in str(history.problems[0])


def month_of_buyers(n_regular: int, n_gone: int) -> Tables:
    """Regular customers buy every ten days, the others only in January."""
    days = [date(2024, 1, 1) + timedelta(days=10 * n) for n in range(13)]
    lines = [f"r{n} {day}" for day in days for n in range(n_regular)]
    lines += [f"g{n} {day}" for day in days[:8] for n in range(n_gone)]
    return shop(*lines, settings=config(churn=ChurnDefinition(horizon_days=30), active_days=30))


def test_the_check_counts_the_customers_and_the_churned_ones_at_each_cutoff():
    churn = check_tables(month_of_buyers(n_regular=3, n_gone=2)).churn

    test = churn.cutoffs[-1]
    assert (test.is_test, test.n_customers, test.n_churned) == (True, 5, 2)
    assert [(counts.is_test, counts.n_churned) for counts in churn.cutoffs[:-1]] == [(False, 0)] * (
        len(churn.cutoffs) - 1
    )


def test_a_handful_of_churned_customers_is_too_few_for_narrow_intervals_or_to_learn_from():
    few = find_kind(month_of_buyers(n_regular=40, n_gone=12), "nothing_to_learn")

    assert (few.count, few.severity) == (0, Severity.ERROR)
