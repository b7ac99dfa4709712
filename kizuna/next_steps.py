"""What to run next, once a model is trained, promoted or has become champion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.config.data_set import Config
from core.model_kinds import CHURN, find_kind

if TYPE_CHECKING:
    from core.model_card import ModelCard

FIRST_LOOK = "kizuna score --out scores.csv"
"Scores by the churn champion, before and after the first release."


def step_of_challenger(card: ModelCard) -> str | None:
    """The command that promotes a challenger; None where the gate would refuse it."""
    if not card.beats_baselines or card.leaks:
        return None
    return f"{find_kind(card.kind).promote_command} --version {card.version}"


def step_of_champion(card: ModelCard, config: Config) -> str:
    """The command that reads the champion; a cross-section has no releases."""
    # Imported here, because it imports MLflow.
    from models.mlflow_store.registry import CHAMPION

    kind = find_kind(card.kind)
    if config.cross_section is None or not kind.is_released:
        return kind.used_by
    return (
        f'mlflow.pyfunc.load_model("models:/{card.registry_name}@{CHAMPION}") scores a DataFrame by column name; '
        "data without dates cannot be released"
    )


def step_after_training(card: ModelCard | None, config: Config) -> str | None:
    """What comes after `kizuna train --promote`, by the champion that it left; None where nothing would read it."""
    if card is None:
        return None
    if find_kind(card.kind) is CHURN and config.cross_section is None:
        return FIRST_LOOK
    return None if card.is_constant else step_of_champion(card, config)
