"""Churn without a contract: no purchase within the horizon.

cutoff   gap       horizon
[-------)[------------------)
         a purchase in here that is no return: the customer stayed
"""

from __future__ import annotations

import numpy as np

from core.config import ChurnDefinition
from features.cohort import IS_PURCHASE
from features.engine import texts, within
from features.labels.fate import Fate, Question, silence
from features.tables import Tables

TABLE = "purchases"


def says(churn: ChurnDefinition) -> str:
    """The definition in words."""
    return f"no purchase within {churn.horizon_days} days"


def fate(tables: Tables, question: Question) -> Fate:
    """Who bought nothing in the window; returns are no purchases."""
    purchases = tables[TABLE]
    bought = purchases.filter(within(purchases.event_time, question.window), IS_PURCHASE)
    buyers = bought.select("customer_id").distinct().to_pyarrow()
    came_back = np.isin(question.customer_ids, texts(buyers["customer_id"]))
    return silence(came_back, np.full(len(came_back), question.window.end, "datetime64[D]"))
