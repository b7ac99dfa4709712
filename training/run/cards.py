"""What a model card says in words: the verdict, and the card as Markdown for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from core.model_card import CROSS_VALIDATION, Comparison, ModelCard

RECIPE_FIGURES = (
    "The figures are the recipe's: fitted on the training cutoffs up to {last} and tested once at {test}; what is "
    "shipped is the same recipe, fitted again on every mature row."
)


def beats_all(comparisons: Sequence[Comparison]) -> bool:
    """Whether the first model is better than each other one with its whole interval; never where there is no other."""
    return bool(comparisons) and all(comparison.difference.low > 0 for comparison in comparisons)


def verdict(
    model: str,
    comparisons: Sequence[Comparison],
    baselines: Sequence[str],
    stands_in: bool = False,
    where: str = "out of time",
) -> str:
    """One sentence: by how much the model beats its baselines, or that it learnt nothing beyond them.

    `stands_in` is said of a baseline that is champion because there was none; `where` says on what it was judged.
    """
    told = "; ".join(_told(comparison) for comparison in comparisons)
    if stands_in:
        return f"{model} is a baseline, champion until a model passes the gate" + (f": {told}" if told else "")
    if not comparisons:
        return f"{model} learnt nothing: it is the baseline itself"
    if not beats_all(comparisons):
        return f"{model} learnt nothing that its baselines do not know: {told}; an interval reaches zero or below"
    beaten = " and ".join(comparison.against for comparison in comparisons)
    return f"{model}{', itself a baseline,' if model in baselines else ''} beats {beaten} {where}: {told}"


def _told(comparison: Comparison) -> str:
    word = "better" if comparison.difference.value > 0 else "worse"
    estimate = comparison.difference
    bounds = f"90 % interval {estimate.low:+.4f} to {estimate.high:+.4f}"
    return f"{comparison.name} {word} than {comparison.against} by {abs(estimate.value):.4f} ({bounds})"


def card_json(card: ModelCard) -> str:
    """The card for machines."""
    return msgspec.json.format(msgspec.json.encode(card)).decode()


def card_markdown(card: ModelCard) -> str:
    """The card for people."""
    parts = [
        f"# {card.registered_name}{f' version {card.version}' if card.version else ''}: {card.model}",
        f"**{card.verdict}.**" if card.verdict else "",
        _marks(card),
        _facts(card),
        *(f"## {title}\n\n{_figures(card, split)}" for split, title in _splits(card).items()),
        "## Limits\n\n" + _bullets(card.limits),
        "## Recipe\n\n" + _bullets([f"{name}: {value}" for name, value in card.settings.items()]),
        "## Features\n\n" + _bullets([f"{name} ({digest})" for name, digest in card.features.items()]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def marks(card: ModelCard) -> tuple[str, ...]:
    """What must be seen at a glance: baseline, learnt nothing, leak."""
    return (
        *(["baseline"] if card.is_baseline else []),
        *([] if card.beats_baselines or card.is_baseline else ["learnt nothing"]),
        *([f"leak: {', '.join(leak.feature for leak in card.leaks)}"] if card.leaks else []),
    )


def _marks(card: ModelCard) -> str:
    baseline = ["A baseline that became champion because there was none."] if card.is_baseline else []
    leaks = [f"**Leak:** {leak.finding}" for leak in card.leaks]
    left_out = [f"**Left out as a leak:** {leak.feature}: {leak.finding}" for leak in card.excluded_features]
    return "\n".join(f"> {line}\n" for line in [*baseline, *leaks, *left_out])


def _facts(card: ModelCard) -> str:
    facts = {
        "Data set": card.data_set,
        "Predicts": card.label,
        "Who": card.cohort,
        "Learnt from": f"{card.n_rows:,} rows" + (f" of {card.n_customers:,} customers" if card.n_customers else ""),
        "Cutoffs": ", ".join(
            day.isoformat() for day in card.training_cutoffs if card.evaluation_split != CROSS_VALIDATION
        ),
        "Tested at": card.test_cutoff.isoformat() if card.test_cutoff else "",
        "Happens to": f"{card.base_rate:.1%}" if card.base_rate is not None else "",
        "Attributes as of today": ", ".join(card.as_of_today),
        "Data digest": card.data_digest,
        "Code": card.git,
        "Made at": f"{card.created_at:%Y-%m-%d %H:%M} UTC",
    }
    return "| | |\n| --- | --- |\n" + "\n".join(f"| {name} | {fact} |" for name, fact in facts.items() if fact)


def _figures(card: ModelCard, split: str) -> str:
    """A table with a row a model and a column a figure."""
    found = {(metric.model, metric.name): metric.estimate for metric in card.metrics if metric.split == split}
    models = list(dict.fromkeys(model for model, _ in found))
    names = list(dict.fromkeys(name for _, name in found))
    if not models:
        return "None."
    head = f"| model | {' | '.join(names)} |\n|{' --- |' * (len(names) + 1)}"
    lines = [
        f"| {model} | " + " | ".join(str(found.get((model, name), "")) for name in names) + " |" for model in models
    ]
    return "\n".join([head, *lines])


def _splits(card: ModelCard) -> dict[str, str]:
    """What the card's figures were measured on: across customers or texts where these have no times."""
    if card.evaluation_split == CROSS_VALIDATION:
        return {CROSS_VALIDATION: f"Figures on {'customers' if card.n_customers else 'texts'} not learnt from"}
    return {"test": "Figures out of time", "validation": "Figures that chose the model"}


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"* {line}" for line in lines) or "None."
