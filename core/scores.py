"""Scores of customers with their intervals, risk levels and reasons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.i18n.translation import JAPANESE, Language, translate

Outcome = Literal["churn", "event"]


class ComparedWith(StrEnum):
    """Whose usual value the value of a reason is compared with."""

    CUSTOMER = "customer"
    "The customer's own, earlier or usual one."
    ALL_CUSTOMERS = "all_customers"
    "The median or most common one of all customers at the training cutoffs."


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """The contribution of a feature family to a customer's score, with a sentence."""

    code: str
    "The feature family, see `core.feature_names.FeatureFamily`."
    direction: str
    "up raises the probability of churn (the risk) or of the event, down lowers it."
    weight: float
    "Contribution in log-odds. Reasons are sorted by its absolute value."
    value: float | str | None
    "The customer's value of the feature in the family that contributes most."
    usual_value: float | str | None
    "The usual value of that feature."
    compared_with: ComparedWith = ComparedWith.ALL_CUSTOMERS
    "Whose usual value it is."
    en: str
    "A sentence about the customer; `direction` says whether it raises or lowers the risk."
    ja: str

    def mark(self, language: Language, *, outcome: Outcome = "churn") -> str:
        """The sentence, marked where it lowers the probability, for texts that show no direction beside it."""
        sentence = self.ja if language == JAPANESE else self.en
        if outcome == "churn" or self.direction == "up":
            return mark_direction(sentence, self.direction, language=language)
        return translate("{sentence} [makes it less likely]", language, sentence=sentence)


def mark_direction(sentence: str, direction: str, *, language: Language) -> str:
    """The sentence of a reason for churn, marked where it lowers the risk."""
    return sentence if direction == "up" else translate("{sentence} [lowers the risk]", language, sentence=sentence)


@dataclass(frozen=True, kw_only=True)
class Scores:
    """One value per row (customer, cutoff); every array is (n,)."""

    customer_ids: NDArray[np.str_]
    cutoffs: NDArray[np.datetime64]
    "datetime64[D]."
    value: NDArray[np.float64]
    "Probability of churn within the horizon."
    horizon_days: int
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None
    "Bounds of the 90 % bootstrap interval, if the model has one."

    def __len__(self) -> int:
        return len(self.customer_ids)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Scores:
        """The rows that an index array or mask selects."""
        low, high = (None if bound is None else bound[rows] for bound in (self.low, self.high))
        return replace(
            self, customer_ids=self.customer_ids[rows], cutoffs=self.cutoffs[rows], value=self.value[rows],
            low=low, high=high,
        )  # fmt: skip
