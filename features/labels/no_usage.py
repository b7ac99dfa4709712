"""Churn of a service that is used rather than bought: no usage within the horizon."""

from __future__ import annotations

import numpy as np

from core.config import ChurnDefinition
from features.engine import texts, within
from features.labels.fate import Fate, Question, silence
from features.tables import Tables

TABLE = "usage"


def says(churn: ChurnDefinition) -> str:
    """The definition in words."""
    return f"no usage within {churn.horizon_days} days"


def fate(tables: Tables, question: Question) -> Fate:
    """Who did nothing in the window; any event is usage."""
    usage = tables[TABLE]
    used = usage.filter(within(usage.event_time, question.window))
    users = used.select("customer_id").distinct().to_pyarrow()
    came_back = np.isin(question.customer_ids, texts(users["customer_id"]))
    return silence(came_back, np.full(len(came_back), question.window.end, "datetime64[D]"))
