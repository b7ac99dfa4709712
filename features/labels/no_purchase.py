"""Churn without a contract: no purchase within the horizon.

cutoff   gap       horizon
[-------)[------------------)
         a purchase in here that is no return: the customer stayed
"""

from __future__ import annotations

import numpy as np

from core.config.learning import ChurnDefinition
from features.cohort import IS_PURCHASE
from features.labels.inactivity import first_silence
from features.labels.label_result import LabelResult, Question, silence_without
from tables.tables import Tables

TABLE = "purchases"


def says(churn: ChurnDefinition) -> str:
    """The definition in words."""
    return f"no purchase within {churn.horizon_days} days"


def fate(tables: Tables, question: Question) -> LabelResult:
    """Who bought nothing in the window; returns are no purchases."""
    return silence_without(tables[TABLE].filter(IS_PURCHASE), question)


def lifetime(tables: Tables, question: Question, followed: Question) -> LabelResult:
    """Who bought nothing for a whole horizon, at any time while they were followed."""
    waits = np.full(len(question.customer_ids), question.churn.horizon_days)
    return first_silence(tables[TABLE].filter(IS_PURCHASE), followed, waits)
