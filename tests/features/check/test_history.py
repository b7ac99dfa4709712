"""The history has to hold the labels of the training and test cutoffs."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.config.training import ChurnDefinition, Cutoffs
from features.check.history import check_history
from tests.worlds import config, shop


def problems(*days: str, **changes: Any) -> tuple[str, ...]:
    settings = config(churn=ChurnDefinition(horizon_days=30), active_days=20, **changes)
    return check_history(shop(*(f"ada {day}" for day in days), settings=settings)).problems


def test_a_history_of_two_labels_and_a_day_is_long_enough():
    assert problems("2024-01-01", "2024-03-02") == ()
    assert "nothing was recorded before the training cutoffs" in problems("2024-01-01", "2024-03-01")[0]


def test_the_test_cutoff_must_be_mature_and_training_labels_must_end_before_it():
    late = Cutoffs(train=(date(2024, 3, 1), date(2024, 3, 20)), test=date(2024, 4, 1))

    immature, crossing = problems("2024-01-01", "2024-04-15", cutoffs=late)

    assert "ends 2024-05-01, after the watermark 2024-04-15" in immature
    assert "2024-03-20 cross the test cutoff 2024-04-01" in crossing
    assert "2024-03-01," not in crossing


def test_a_definition_without_its_table_names_the_table_it_needs():
    ended = ChurnDefinition(definition="subscription_ended")
    history = check_history(shop("ada 2024-03-01", settings=config(churn=ended)))

    assert not history.is_sufficient
    assert "needs the table subscriptions" in history.problems[0]
