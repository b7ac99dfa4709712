"""Churn of a service that is used rather than bought: no usage within the horizon."""

from __future__ import annotations

from core.config import ChurnDefinition
from features.labels.fate import Fate, Question, silence_without
from features.tables import Tables

TABLE = "usage"


def says(churn: ChurnDefinition) -> str:
    """The definition in words."""
    return f"no usage within {churn.horizon_days} days"


def fate(tables: Tables, question: Question) -> Fate:
    """Who did nothing in the window; any event is usage."""
    return silence_without(tables[TABLE], question)
