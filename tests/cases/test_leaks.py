"""Leak detection names columns that were written after the customer left, and no others."""

from __future__ import annotations

import pytest

from tables.cross_section import open_cross_section
from tests.cases.conftest import Case
from training.cross_section.rows import clean_rows


@pytest.mark.case("honest_column_taken_for_leak")
def test_the_only_good_column_is_no_leak(case: Case):
    rows = clean_rows(open_cross_section(case.config))

    assert [leak.feature for leak in rows.dropped] == ["score_a", "score_b"]
    assert rows.features.names == ("spend", "calls")


@pytest.mark.slow
@pytest.mark.case("honest_column_taken_for_leak")
def test_the_model_is_trained_on_the_honest_columns(case: Case):
    trained = case.run("train", "churn", "--set", "n_resamples=0", "--model", "logistic")

    assert "possible leak, left out of training: score_a: alone it has an AUC of 0.99" in trained.output
    assert "logistic beats base_rate" in trained.output


@pytest.mark.case("leaks_beside_strong_columns")
def test_strong_honest_columns_stay_beside_two_leaks(case: Case):
    rows = clean_rows(open_cross_section(case.config))

    assert [leak.feature for leak in rows.dropped] == ["score_a", "score_b"]
    assert rows.features.names == ("months_inactive", "contacts", "spend_change")


@pytest.mark.slow
@pytest.mark.case("leaks_beside_strong_columns")
def test_a_model_that_rests_on_doubtful_columns_is_refused_unless_they_are_allowed(case: Case):
    case.set_toml('name = "leaks', 'exclude_features = ["score_b"]\nallow_features = ["score_a"]\nname = "leaks')
    trained = case.run("train", "churn", "--set", "n_resamples=0", "--model", "logistic")

    assert "possible leak" not in trained.output
    assert case.run("promote", "churn").exit_code == 0
