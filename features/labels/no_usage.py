"""Churn of a service that is used rather than bought: no usage within the horizon."""

from __future__ import annotations

import numpy as np

from core.config.learning import ChurnDefinition
from features.labels.inactivity import first_silence
from features.labels.label_result import LabelResult, Question, silence_without
from tables.tables import Tables

TABLE = "usage"


def says(churn: ChurnDefinition) -> str:
    """The definition in words."""
    return f"no usage within {churn.horizon_days} days"


def fate(tables: Tables, question: Question) -> LabelResult:
    """Who did nothing in the window; any event is usage."""
    return silence_without(tables[TABLE], question)


def lifetime(tables: Tables, question: Question, followed: Question) -> LabelResult:
    """Who did nothing for a whole horizon, at any time while they were followed."""
    waits = np.full(len(question.customer_ids), question.churn.horizon_days)
    return first_silence(tables[TABLE], followed, waits)
