"""Which features churn models are trained on: `exclude_features`, `allow_features`, and what leak detection doubts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from core.config.data_set import Config
from core.errors import BadInput, did_you_mean
from core.feature_table import FeatureColumn
from core.model_card import CROSS_VALIDATION, Leak, Metric, ModelCard
from training.judging.leaks import MAX_JOINT_AUC, LabelledRows, find_leaks
from training.judging.rare_values import QUESTION

JUDGED = ("test", CROSS_VALIDATION)
"Splits that a model is judged by."


@dataclass(frozen=True)
class Screening:
    """The features to train on, and those that are left out."""

    kept: tuple[str, ...]
    excluded: tuple[Leak, ...]
    "Those that raised an alarm."
    notes: tuple[str, ...]
    "Sentences for the model card."


def screen_features(splits: Sequence[tuple[LabelledRows, LabelledRows]], config: Config) -> Screening:
    """Leave out what `exclude_features` names and what raises an alarm, but for what `allow_features` names.

    Raises BadInput where a setting names a feature that does not exist.
    """
    names = splits[0][0].features.names
    for setting, listed in (("exclude_features", config.exclude_features), ("allow_features", config.allow_features)):
        for name in listed:
            if name not in names:
                raise BadInput(f"{setting}: no feature '{name}'{did_you_mean(name, names)}")
    candidates = [name for name in names if name not in config.exclude_features]
    findings = find_leaks(
        [(earlier.select(candidates), later.select(candidates)) for earlier, later in splits], seed=config.seed
    )
    alarms = tuple(leak for leak in findings.alarms if leak.feature not in config.allow_features)
    allowed = [leak.feature for leak in findings.alarms if leak.feature in config.allow_features]
    alarmed = {leak.feature for leak in alarms}
    return Screening(
        kept=tuple(name for name in candidates if name not in alarmed),
        excluded=alarms,
        notes=(
            *findings.notes,
            *(
                [f"Taken out by exclude_features: {', '.join(config.exclude_features)}."]
                if config.exclude_features
                else []
            ),
            *(
                [f"Kept by allow_features although leak detection doubts them: {', '.join(allowed)}."]
                if allowed
                else []
            ),
        ),
    )


def collect_exclusions(config: Config, *cards: ModelCard | None) -> frozenset[str]:
    """What recipes are compared without: the excluded features of the TOML and of each card."""
    of_cards = (leak.feature for card in cards if card for leak in card.excluded_features)
    return frozenset((*config.exclude_features, *of_cards))


def doubt_model(
    metrics: Iterable[Metric], model: str, *, columns: Iterable[FeatureColumn], allowed: Collection[str]
) -> tuple[Leak, ...]:
    """The undated columns of a model that is too good for them to have been known before the customer left."""
    aucs = [one.estimate.value for one in metrics if (one.model, one.name) == (model, "auc") and one.split in JUDGED]
    if not aucs or (auc := aucs[0]) <= MAX_JOINT_AUC:
        return ()
    undated = [column.name for column in columns if column.as_of_today]
    if any(name in allowed for name in undated):
        return ()  # A person has answered for a column that explains it.
    return tuple(Leak(name, f"a model that uses {name} has an AUC of {auc:.3f}: {QUESTION}") for name in undated)
