"""A card reports what was measured in words."""

from __future__ import annotations

from datetime import UTC, date, datetime

from core.intervals import Estimate
from core.model_card import Comparison, ContactProfit, Leak, Metric, ModelCard, RetentionProfit
from core.model_kinds import CHURN, HAZARD
from core.retention import RetentionTerms
from training.run.cards import (
    MAX_NOTE_LENGTH,
    Evaluation,
    calibration_warning,
    flags,
    metrics_table,
    render_card_markdown,
    render_card_note,
    select_compared_metrics,
    verdict,
)
from training.run.recipe import Recipe

BETTER, EQUAL = Estimate(0.05, 0.02, 0.08), Estimate(0.01, -0.01, 0.03)


def against(other: str, difference: Estimate) -> Comparison:
    return Comparison(model="blend", against=other, name="log_loss", difference=difference)


def evaluation(model: str, *comparisons: Comparison, is_first_champion: bool = False) -> Evaluation:
    return Evaluation(
        recipe=Recipe(model, {}),
        baselines=("base_rate", "recency"),
        metrics=(),
        comparisons=comparisons,
        is_first_champion=is_first_champion,
    )


def card(**changes) -> ModelCard:
    fields = {
        "kind": "churn", "data_set": "shop", "model": "blend", "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "cutoff": date(2025, 9, 1), "training_cutoffs": (date(2025, 6, 1), date(2025, 9, 1)),
        "test_cutoff": date(2025, 9, 1), "cohort": "a purchase in the 180 days before the cutoff", "n_rows": 4000,
        "n_customers": 1200, "settings": {"seed": 3}, "base_rate": 0.25, "verdict": "blend beats recency",
    }  # fmt: skip
    return ModelCard(**(fields | changes))


def test_the_verdict_on_a_model_that_beats_every_baseline_says_by_how_much():
    sentence = verdict(evaluation("blend", against("recency", BETTER), against("base_rate", BETTER)), HAZARD)

    assert sentence.startswith("blend beats recency and base_rate in the test period")
    assert "by 0.0500 (90 % interval +0.0200 to +0.0800)" in sentence


def test_the_verdict_on_a_gain_of_a_single_customer_is_negative_and_names_no_bounds():
    sentence = verdict(evaluation("blend", against("recency", Estimate(0.4))), HAZARD)

    assert "blend is not shown to be better than its baselines" in sentence
    assert "by 0.4000 (no interval)" in sentence


def test_a_churn_model_beats_a_baseline_by_more_than_one_standard_error_and_the_verdict_says_so():
    wide, wider = Estimate(0.01, -0.001, 0.021), Estimate(0.01, -0.008, 0.028)

    assert "beats recency in the test period by more than one standard error: log_loss better" in verdict(
        evaluation("blend", against("recency", wide)), CHURN
    )
    assert verdict(evaluation("blend", against("recency", wider)), CHURN).endswith("must exceed one standard error")
    assert "is not shown" in verdict(evaluation("blend", against("recency", wide)), HAZARD)


def with_gap(value: float, low: float, high: float) -> ModelCard:
    metrics = {
        "calibration_gap": Estimate(value, low, high),
        "mean_probability": Estimate(0.46),
        "observed_rate": Estimate(0.38),
    }
    return card(metrics=tuple(Metric("blend", name, estimate) for name, estimate in metrics.items()))


def test_the_card_warns_of_probabilities_that_were_too_high_by_more_than_chance():
    assert (
        "> Probabilities were too high: 46.0% on average, where 38.0% churned (difference +8.0 points, "
        "90 % interval +6.0 to +10.0)." in render_card_markdown(with_gap(0.08, 0.06, 0.10))
    )


def test_a_gap_by_chance_or_of_less_than_three_points_is_no_warning():
    assert not calibration_warning(with_gap(0.08, -0.01, 0.17))
    assert not calibration_warning(with_gap(0.02, 0.01, 0.03))


def test_one_baseline_that_is_not_beaten_is_enough_for_a_negative_verdict():
    sentence = verdict(evaluation("blend", against("recency", EQUAL), against("base_rate", BETTER)), HAZARD)

    assert sentence.startswith("blend is not shown to be better than its baselines")


def test_a_baseline_that_is_the_first_champion_is_not_flagged_as_a_failure():
    sentence = verdict(evaluation("recency", against("base_rate", BETTER), is_first_champion=True), HAZARD)

    assert sentence.startswith("recency is a baseline, champion until")
    assert flags(card(is_baseline=True, beats_baselines=False)) == ("baseline",)


def test_a_poor_model_with_a_leak_is_flagged():
    assert flags(card(beats_baselines=False, leaks=(Leak("exit_score", "it tells all"),))) == (
        "not better than baselines",
        "leak: exit_score",
    )


def test_the_markdown_has_cohort_metrics_recipe_and_leaks():
    metrics = (
        Metric(model="blend", name="auc", estimate=Estimate(0.8, 0.7, 0.9)),
        Metric(model="recency", name="auc", estimate=Estimate(0.7, 0.6, 0.8)),
    )

    text = render_card_markdown(card(metrics=metrics, leaks=(Leak("exit_score", "it tells all"),)))

    assert "| blend | 0.8000 [0.7000, 0.9000] |" in text
    assert "| recency | 0.7000 [0.6000, 0.8000] |" in text
    assert "a purchase in the 180 days before the cutoff" in text
    assert "4,000 rows of 1,200 customers" in text
    assert "**Possible leak:** it tells all" in text
    assert "* seed: 3" in text


def test_the_markdown_says_what_contacts_earn_and_what_was_assumed():
    terms = RetentionTerms(
        save_rate=0.3,
        save_rate_customers=20,
        offer_cost=1250,
        contact_cost=0.5,
        median_value=25000,
        sources={"save_rate": "[offers] save_rate", "offer_cost": "assumed: 5.0 %", "contact_cost": "stated"},
    )
    contact = ContactProfit(contacted="all customers", share=Estimate(1, 1, 1), profit=Estimate(-1500, -1600.4, 12))
    money = RetentionProfit(currency="JPY", value="margin of the last year", terms=terms, contacts=(contact,))
    metrics = (metric("empc", 20.0), metric("empc_share", 0.2), metric("savings", 0.3))

    text = render_card_markdown(card(money=money, metrics=metrics))

    assert "| all customers | 100.0% [100.0%, 100.0%] | -1,500 [-1,600, 12.00] |" in text
    assert "* Expected maximum profit (EMPC): 20.00 [19.90, 20.10], by contacting 20.0% [10.0%, 30.0%] of cust" in text
    assert "* Savings against the better of contacting all or none: 30.0% [20.0%, 40.0%]." in text
    assert (
        "* A contact keeps 30% of churning customers, as sure as if measured on 20 customers: [offers] save_r" in text
    )
    assert "## Money" not in render_card_markdown(card(metrics=metrics))


def metric(name: str, value: float, *, model: str = "blend", split: str = "test") -> Metric:
    return Metric(model=model, name=name, estimate=Estimate(value, value - 0.1, value + 0.1), split=split)


def test_runs_are_compared_by_the_registered_models_test_metrics_and_its_gain():
    of_others = (metric("auc", 0.6, model="recency"), metric("auc", 0.9, split="validation"))
    measured = card(
        metrics=(metric("brier", 0.1), metric("auc", 0.8), metric("recall", float("nan")), *of_others),
        comparisons=(against("recency", BETTER),),
    )

    assert select_compared_metrics(measured) == {
        "auc": 0.8, "auc.low": 0.7000000000000001, "auc.high": 0.9, "log_loss.gain_over.recency": 0.05, "brier": 0.1,
    }  # fmt: skip


def test_of_a_hundred_metrics_twenty_are_compared_and_all_are_in_the_table():
    metrics = (*(metric(f"rank_{place}", 0.5) for place in range(100)), metric("auc", 0.8), metric("lift@10", 2.0))
    measured = card(metrics=metrics)

    assert len(select_compared_metrics(measured)) == 20
    assert list(select_compared_metrics(measured))[:2] == ["auc", "auc.low"]
    assert {len(column) for column in metrics_table(measured).values()} == {102}


def test_a_note_is_the_card_and_a_long_one_ends_between_two_lines():
    short, long = card(), card(features={f"feature_{place}": "0" * 16 for place in range(400)})

    assert render_card_note(short) == render_card_markdown(short)
    note = render_card_note(long)
    assert len(note) <= MAX_NOTE_LENGTH
    whole, _, end = note.rpartition("\n\nThe whole card")
    assert render_card_markdown(long).startswith(whole + "\n")
    assert end.startswith(" is the file card.md")
