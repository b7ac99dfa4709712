"""Model cards: build one from an evaluation, and render it as JSON and as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from core.feature_table import FeatureColumn
from core.labels import Labels
from core.model_card import CROSS_VALIDATION, Comparison, Metric, ModelCard
from core.model_kinds import PREDICT, ModelKind, find_kind
from training.run.money import render_money
from training.run.recipe import Recipe
from training.run.session import Session
from training.run.tracking import git_state

RECIPE_FIGURES = (
    "The metrics are the recipe's: it was fitted on the training cutoffs up to {last} and tested once at {test}. The "
    "registered model is the same recipe, fitted again on every known outcome."
)
MAX_NOTE_LENGTH = 5000
"MLflow's limit of a note and of a version's description."
MAX_COMPARED = 20
"MLflow's table has a column for each metric; it cannot be read with many more."
COMPARED_MONEY = ("empc", "savings")
"Of the metrics in money, those by which runs are compared."
INTERVALS = "Intervals are 90 % and resample customers; they do not cover changes of behaviour after the test cutoff."


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The metrics of the recipes that were tried, and how one of them compares with its baselines."""

    recipe: Recipe
    baselines: Sequence[str]
    metrics: tuple[Metric, ...]
    "Of every recipe that was tried."
    comparisons: tuple[Comparison, ...]
    "Of the recipe with each of its baselines."
    measured: str = "in the test period"
    "How the comparisons were measured, for the verdict."
    is_first_champion: bool = False
    "Whether it is the baseline that becomes champion because there is none."


def build_card(session: Session, kind: ModelKind, *, evaluation: Evaluation, **facts: Any) -> ModelCard:
    """The card of a model; `facts` are the fields of `ModelCard` that depend on the kind."""
    recipe = evaluation.recipe
    is_its_own_baseline = recipe.model in evaluation.baselines and not evaluation.comparisons
    return ModelCard(
        kind=kind.name,
        data_set=session.config.name,
        model=recipe.model,
        created_at=session.now,
        settings=recipe.settings,
        metrics=evaluation.metrics,
        comparisons=evaluation.comparisons,
        verdict=verdict(evaluation, kind),
        beats_baselines=beats_all(evaluation.comparisons, kind),
        is_baseline=evaluation.is_first_champion or is_its_own_baseline,
        git=git_state(),
        **facts,
    )


def outcome_facts(outcomes: Labels) -> dict[str, Any]:
    """The card's fields that describe the rows of a model of churn."""
    return {
        "gap_days": outcomes.gap_days,
        "label": outcomes.definition,
        "n_rows": len(outcomes),
        "n_customers": len(set(outcomes.customer_ids)),
    }


def feature_facts(columns: Sequence[FeatureColumn]) -> dict[str, Any]:
    """The card's fields that describe the features a model was fitted on."""
    return {
        "features": {column.name: column.digest for column in columns},
        "as_of_today": tuple(column.name for column in columns if column.as_of_today),
    }


def beats_all(comparisons: Sequence[Comparison], kind: ModelKind) -> bool:
    """Whether every difference is a gain by the rule of the kind; False where there is no comparison."""
    return bool(comparisons) and all(comparison.difference.is_gain(kind.claim_errors) for comparison in comparisons)


def verdict(evaluation: Evaluation, kind: ModelKind) -> str:
    """One sentence: by how much the model beats its baselines, or that it is not shown to beat them."""
    model, comparisons = evaluation.recipe.model, evaluation.comparisons
    differences = "; ".join(_describe(comparison) for comparison in comparisons)
    if evaluation.is_first_champion:
        sentence = f"{model} is a baseline, champion until a model passes the gate"
        return f"{sentence}: {differences}" if differences else sentence
    if not comparisons:
        return f"{model} is itself the baseline, so it is not shown to be better than one"
    if not beats_all(comparisons, kind):
        rule = (
            "every interval must be above 0"
            if kind.claim_errors is None
            else "every gain must exceed one standard error"
        )
        return f"{model} is not shown to be better than its baselines: {differences}; {rule}"
    subject = f"{model}, itself a baseline," if model in evaluation.baselines else model
    beaten = " and ".join(comparison.against for comparison in comparisons)
    is_certain = all(comparison.difference.is_gain() for comparison in comparisons)
    by = "" if is_certain else " by more than one standard error"
    return f"{subject} beats {beaten} {evaluation.measured}{by}: {differences}"


def _describe(comparison: Comparison) -> str:
    estimate = comparison.difference
    word = "better" if estimate.value > 0 else "worse"
    by = f"{abs(estimate.value):.4f} ({estimate.interval_of_difference})"
    return f"{comparison.name} {word} than {comparison.against} by {by}"


def select_compared_metrics(card: ModelCard) -> dict[str, float]:
    """The figures by which people compare runs, at most `MAX_COMPARED`: the registered model's on the evaluation split.

    Those that `kizuna models` shows come first, with their intervals; then what the model gains over its baselines.
    """
    split = card.evaluation_split
    estimates = {m.name: m.estimate for m in card.metrics if (m.model, m.split) == (card.model, split)}
    values: dict[str, float] = {}
    for name in find_kind(card.kind).metrics:
        if name in estimates:
            estimate = estimates[name]
            values |= {name: estimate.value, f"{name}.low": estimate.low, f"{name}.high": estimate.high}
    values |= {f"{one.name}.gain_over.{one.against}": one.difference.value for one in card.comparisons}
    values |= {name: estimates[name].value for name in COMPARED_MONEY if name in estimates}
    values |= {name: estimate.value for name, estimate in estimates.items() if name not in values}
    measured = [(name, value) for name, value in values.items() if not math.isnan(value)]
    return dict(measured[:MAX_COMPARED])


def metrics_table(card: ModelCard) -> dict[str, list[Any]]:
    """Every metric of every model that was tried, as columns."""
    return {
        "split": [metric.split for metric in card.metrics],
        "model": [metric.model for metric in card.metrics],
        "metric": [metric.name for metric in card.metrics],
        "value": [metric.estimate.value for metric in card.metrics],
        "low": [metric.estimate.low for metric in card.metrics],
        "high": [metric.estimate.high for metric in card.metrics],
    }


def render_card_json(card: ModelCard) -> str:
    """The card as JSON."""
    return msgspec.json.format(msgspec.json.encode(card)).decode()


def render_card_markdown(card: ModelCard) -> str:
    """The card as Markdown."""
    parts = [
        f"# {card.registry_name}{f' version {card.version}' if card.version else ''}: {card.model}",
        f"**{card.verdict}.**" if card.verdict else "",
        _warnings(card),
        _facts(card),
        render_money(card),
        *(f"## {title}\n\n{_metrics_table(card, split)}" for split, title in _splits(card).items()),
        _groups_table(card),
        "## Limits\n\n" + _bullets(card.limits),
        "## Recipe\n\n" + _bullets([f"{name}: {value}" for name, value in card.settings.items()]),
        "## Features\n\n" + _bullets([f"{name} ({digest})" for name, digest in card.features.items()]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def render_card_note(card: ModelCard) -> str:
    """The card as a note in MLflow: its last sections are left out where it is longer than MLflow allows."""
    note = render_card_markdown(card)
    if len(note) <= MAX_NOTE_LENGTH:
        return note
    end = "\n\nThe whole card is the file card.md of the run.\n"
    shortened = note[: MAX_NOTE_LENGTH - len(end)]
    return shortened[: max(shortened.rfind("\n\n## "), shortened.rfind("\n| "))] + end


def flags(card: ModelCard) -> tuple[str, ...]:
    """The warnings about a version in a few words each: baseline, not better than its baselines, leak."""
    return (
        *(["baseline"] if card.is_baseline else []),
        *([] if card.beats_baselines or card.is_baseline else ["not better than baselines"]),
        *([f"leak: {', '.join(leak.feature for leak in card.leaks)}"] if card.leaks else []),
    )


MIN_GAP = 0.03
"A smaller distance between mean probability and churn rate changes no decision."


def calibration_warning(card: ModelCard) -> str:
    """One sentence where the mean probability is off by more than chance and `MIN_GAP`; '' otherwise."""
    split = card.evaluation_split
    gap, probability, rate = (
        card.metric(name, split=split) for name in ("calibration_gap", "mean_probability", "observed_rate")
    )
    if gap is None or probability is None or rate is None or abs(gap.value) <= MIN_GAP or not gap.excludes(0.0):
        return ""
    word = "high" if gap.value > 0 else "low"
    happened = "had the event" if find_kind(card.kind).family == PREDICT.name else "churned"
    return (
        f"Probabilities were too {word}: {probability.value:.1%} on average, where {rate.value:.1%} {happened} "
        f"(difference {100 * gap.value:+.1f} points, 90 % interval {100 * gap.low:+.1f} to {100 * gap.high:+.1f})."
    )


def _warnings(card: ModelCard) -> str:
    gap = calibration_warning(card)
    baseline = ["A baseline, champion until a model passes the gate."] if card.is_baseline else []
    leaks = [f"**Possible leak:** {leak.finding}" for leak in card.leaks]
    dropped = [f"**Left out as a possible leak:** {leak.feature}: {leak.finding}" for leak in card.excluded_features]
    return "\n".join(f"> {line}\n" for line in [*baseline, *([gap] if gap else []), *leaks, *dropped])


def _facts(card: ModelCard) -> str:
    is_dated = card.evaluation_split != CROSS_VALIDATION
    facts = {
        "Data set": card.data_set,
        "Predicts": card.label,
        "Cohort": card.cohort,
        "Fitted on": f"{card.n_rows:,} rows" + (f" of {card.n_customers:,} customers" if card.n_customers else ""),
        "Cutoffs": ", ".join(day.isoformat() for day in card.training_cutoffs if is_dated),
        "Tested at": card.test_cutoff.isoformat() if card.test_cutoff else "",
        "Base rate": f"{card.base_rate:.1%}" if card.base_rate is not None else "",
        "Attributes as of today": ", ".join(card.as_of_today),
        "Data digest": card.data_digest,
        "Code": card.git,
        "Created at": f"{card.created_at:%Y-%m-%d %H:%M} UTC",
    }
    return "| | |\n| --- | --- |\n" + "\n".join(f"| {name} | {fact} |" for name, fact in facts.items() if fact)


def _metrics_table(card: ModelCard, split: str) -> str:
    """A table with a row per model and a column per metric."""
    estimates = {(metric.model, metric.name): metric.estimate for metric in card.metrics if metric.split == split}
    models = list(dict.fromkeys(model for model, _ in estimates))
    names = list(dict.fromkeys(name for _, name in estimates))
    if not models:
        return "None."
    head = f"| model | {' | '.join(names)} |\n|{' --- |' * (len(names) + 1)}"
    rows = [
        f"| {model} | " + " | ".join(str(estimates.get((model, name), "")) for name in names) + " |" for model in models
    ]
    return "\n".join([head, *rows])


def _groups_table(card: ModelCard) -> str:
    """Calibration and error by attribute group; '' without groups."""
    if not card.groups:
        return ""
    head = "| attribute | group | rows | mean probability | churn rate | gap | log loss |\n|" + " --- |" * 7
    rows = [
        f"| {one.attribute} | {one.group} | {one.n_rows:,} | {one.mean_probability:.1%} | {one.observed_rate:.1%} | "
        f"{one.calibration_gap.as_difference}{' (excludes 0)' if one.calibration_gap.excludes(0.0) else ''} | "
        f"{one.log_loss} |"
        for one in card.groups
    ]
    note = (
        "The gap is the mean probability minus the churn rate. Of twenty groups, about two gaps exclude 0 by chance: "
        "intervals are 90 %."
    )
    return "\n".join(["## Calibration and error by attribute group\n", head, *rows, "", note])


def _splits(card: ModelCard) -> dict[str, str]:
    """The splits to show, with their headings."""
    if card.evaluation_split == CROSS_VALIDATION:
        return {CROSS_VALIDATION: f"Metrics on held-out {'customers' if card.n_customers else 'texts'}"}
    tested = "Metrics in the test period" if card.test_cutoff else "Metrics on what was held out"
    is_validated = any(metric.split == "validation" for metric in card.metrics)
    return {"test": tested} | ({"validation": "Metrics on validation, which chose the model"} if is_validated else {})


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"* {line}" for line in lines) or "None."
