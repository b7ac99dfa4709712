"""Train and compare models of events: the steps of churn, with the labels and the cohort of `[predict.<event>]`."""

from __future__ import annotations

from dataclasses import replace

from core.errors import NotEnoughHistory
from core.model_card import Comparison, ModelCard
from core.model_kinds import PREDICT, find_kind
from features.labels.events import ask_for_event
from training.churn.gate import compare_churn_recipes
from training.churn.pipeline import feature_notices, train_churn
from training.run.pipeline import TrainingOptions, TrainingPipeline, TrainingResult
from training.run.session import Session


def ask_session(session: Session, event: str) -> Session:
    """The session whose tables ask for the event. Raises DataError and RuleError where they cannot."""
    tables = ask_for_event(session.tables, event)
    return replace(session, tables=tables, config=tables.config)


def train_event(session: Session, options: TrainingOptions) -> TrainingResult:
    """Train, evaluate and register a model of one event."""
    kind = find_kind(f"{PREDICT.name}.{options.event}")
    event_session = ask_session(session, kind.event)
    try:
        return train_churn(event_session, options.model, settings=options.settings, kind=kind)
    except NotEnoughHistory as fault:
        raise NotEnoughHistory(f"[predict.{kind.event}] {fault}") from fault


def compare_event_recipes(session: Session, *, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """Compare a challenger with the champion, or with `recency` where there is none."""
    event_session = ask_session(session, find_kind(challenger.kind).event)
    return compare_churn_recipes(event_session, champion=champion, challenger=challenger)


PIPELINE = TrainingPipeline(kind=PREDICT, train=train_event, compare=compare_event_recipes, notices=feature_notices)
