"""A card says in words what was measured, and no more."""

from __future__ import annotations

from datetime import UTC, date, datetime

from core.intervals import Estimate
from core.model_card import Comparison, Leak, Metric, ModelCard
from training.run.cards import card_markdown, marks, verdict

BETTER, EQUAL = Estimate(0.05, 0.02, 0.08), Estimate(0.01, -0.01, 0.03)


def against(other: str, difference: Estimate) -> Comparison:
    return Comparison("blend", other, "log_loss", difference)


def card(**changes) -> ModelCard:
    said = {
        "kind": "churn", "data_set": "shop", "model": "blend", "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "cutoff": date(2025, 9, 1), "training_cutoffs": (date(2025, 6, 1), date(2025, 9, 1)),
        "test_cutoff": date(2025, 9, 1), "cohort": "a purchase in the 180 days before the cutoff", "n_rows": 4000,
        "n_customers": 1200, "settings": {"seed": 3}, "base_rate": 0.25, "verdict": "blend beats recency",
    }  # fmt: skip
    return ModelCard(**(said | changes))


def test_a_model_that_beats_every_baseline_says_by_how_much():
    said = verdict("blend", [against("recency", BETTER), against("base_rate", BETTER)], ("base_rate", "recency"))

    assert said.startswith("blend beats recency and base_rate out of time")
    assert "by 0.0500 (90 % interval +0.0200 to +0.0800)" in said


def test_one_baseline_that_is_not_beaten_is_enough_to_have_learnt_nothing():
    said = verdict("blend", [against("recency", EQUAL), against("base_rate", BETTER)], ("base_rate", "recency"))

    assert said.startswith("blend learnt nothing that its baselines do not know")


def test_a_stand_in_is_called_one_and_not_marked_as_failed():
    said = verdict("recency", [against("base_rate", BETTER)], ("base_rate", "recency"), stands_in=True)

    assert said.startswith("recency is a baseline, champion until")
    assert marks(card(is_baseline=True, beats_baselines=False)) == ("baseline",)


def test_what_must_be_seen_at_a_glance_is_marked():
    assert marks(card(beats_baselines=False, leaks=(Leak("exit_score", "it tells all"),))) == (
        "learnt nothing",
        "leak: exit_score",
    )


def test_the_markdown_names_cohort_figures_recipe_and_leaks():
    metrics = (Metric("blend", "auc", Estimate(0.8, 0.7, 0.9)), Metric("recency", "auc", Estimate(0.7, 0.6, 0.8)))

    text = card_markdown(card(metrics=metrics, leaks=(Leak("exit_score", "it tells all"),)))

    assert "| blend | 0.8000 [0.7000, 0.9000] |" in text
    assert "| recency | 0.7000 [0.6000, 0.8000] |" in text
    assert "a purchase in the 180 days before the cutoff" in text
    assert "4,000 rows of 1,200 customers" in text
    assert "**Leak:** it tells all" in text
    assert "* seed: 3" in text
