"""What one definition of churn says of the customers of one cutoff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from core.config.learning import ChurnDefinition
from core.interactions import codes_of
from core.window import Window
from tables.engines.arrays import texts, within


@dataclass(frozen=True)
class Question:
    """Which customers are asked about, at which cutoff, under which definition."""

    customer_ids: np.ndarray
    "(n,) text 'U', sorted, each once."
    cutoff: date
    churn: ChurnDefinition

    @property
    def window(self) -> Window:
        """The days that decide: [cutoff + gap, cutoff + gap + horizon)."""
        return Window.horizon(self.cutoff, self.churn.horizon_days, self.churn.gap_days)

    def align(self, found: pa.Table, values: np.ndarray, missing: float | np.datetime64 | str) -> np.ndarray:
        """Values by `found`'s customer_id (each once), put into the order of those asked about; (n,)."""
        places = codes_of(texts(found["customer_id"]), self.customer_ids)
        aligned = np.full(len(self.customer_ids), missing, dtype=values.dtype)
        aligned[places[places >= 0]] = values[places >= 0]
        return aligned


@dataclass(frozen=True)
class LabelResult:
    """What became of those asked about; every array is (n,), in their order."""

    churned: np.ndarray
    "bool"
    churned_at: np.ndarray
    "datetime64[D]; NaT where the customer stayed."
    cause: np.ndarray
    "Text 'U'; '' where none was stated."
    subject: np.ndarray
    "bool: False where the definition does not apply, such as a customer without a subscription."

    def take(self, rows: np.ndarray) -> LabelResult:
        """The fates that an index array picks."""
        return LabelResult(self.churned[rows], self.churned_at[rows], self.cause[rows], self.subject[rows])

    @classmethod
    def joined(cls, parts: Sequence[LabelResult]) -> LabelResult:
        """The fates of several cutoffs, one after the other."""
        return cls(
            churned=np.concatenate([np.empty(0, bool), *(part.churned for part in parts)]),
            churned_at=np.concatenate([np.empty(0, "datetime64[D]"), *(part.churned_at for part in parts)]),
            cause=np.concatenate([np.empty(0, "U1"), *(part.cause for part in parts)]),
            subject=np.concatenate([np.empty(0, bool), *(part.subject for part in parts)]),
        )


def silence(came_back: np.ndarray, silent_on: np.ndarray) -> LabelResult:
    """The fate of customers who leave without saying so: churned on the day that their silence was long enough."""
    return LabelResult(
        churned=~came_back,
        churned_at=np.where(came_back, np.datetime64("NaT", "D"), silent_on),
        cause=np.full(len(came_back), ""),
        subject=np.ones(len(came_back), bool),
    )


def silence_without(facts: ir.Table, question: Question) -> LabelResult:
    """The fate where any of these facts within the window means that the customer stayed."""
    heard_of = facts.filter(within(facts.event_time, question.window)).select("customer_id").distinct().to_pyarrow()
    came_back = np.isin(question.customer_ids, texts(heard_of["customer_id"]))
    return silence(came_back, np.full(len(came_back), question.window.end, "datetime64[D]"))
