"""The accounts of a release: the churn risk, value and reasons of their customers, rolled up by account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.risk_level import RiskLevel
from core.segmentation import CustomerWorthKind
from models.artifact import Artifact
from serving.release.lookup import IdIndex, PackedJson

NAME = "accounts"


class AccountReason(msgspec.Struct, frozen=True, kw_only=True):
    """A reason for an account's risk: the contribution of a feature family, summed over its customers."""

    code: str
    "The feature family."
    direction: str
    "up raises the risk, down lowers it."
    weight: float
    "Mean contribution in log-odds, weighted like the risk."
    customer_id: str
    "The customer who contributes most; the sentences are about them."
    en: str
    ja: str


class AccountScore(msgspec.Struct, frozen=True, kw_only=True):
    """The churn risk of one account."""

    account_id: str
    owner: str
    "'' for none."
    customers: int
    "Customers of the account at the cutoff."
    scored: int
    "Of them, those who do not opt out of scoring."
    churn_probability: float
    "Mean of the scored customers, weighted by their value; without values, each counts the same."
    risk_level: RiskLevel
    highest_customer_id: str
    "The customer with the highest churn probability."
    highest_probability: float
    value: float | None
    """\
    Predicted value of the scored customers within `[value] horizon_days`; without a value model, their margin or
    revenue of the last 365 days. Base currency; null if unknown."""
    value_kind: CustomerWorthKind
    expected_loss: float | None
    """\
    Sum over customers of churn probability times the predicted value of a customer who stays; without a value model,
    times the margin or revenue of the last 365 days."""
    reasons: tuple[AccountReason, ...]
    "At most three, strongest first."


_DECODER = msgspec.json.Decoder(AccountScore)


@dataclass(frozen=True)
class AccountPart:
    """Row i belongs to the i-th id of the index."""

    index: IdIndex
    scores: PackedJson
    "(n,) `AccountScore`."
    unscored: IdIndex
    "Accounts whose customers all opted out of scoring."

    @classmethod
    def of(cls, scores: Sequence[AccountScore], unscored: Sequence[str]) -> AccountPart:
        """Store the scores of one cutoff."""
        index, order = IdIndex.of(np.array([score.account_id for score in scores], dtype=np.str_))
        left_out, _ = IdIndex.of(np.array(list(unscored), dtype=np.str_))
        return cls(index, PackedJson.of(scores[row] for row in order.tolist()), left_out)

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as one folder of a release."""
        arrays: dict[str, NDArray] = {
            "ids": self.index.ids,
            "scores": self.scores.content,
            "score_offsets": self.scores.offsets,
            "unscored": self.unscored.ids,
        }
        return {NAME: Artifact("account_scores", {}, arrays)}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> AccountPart:
        """The part that was stored."""
        arrays = artifacts[NAME].arrays
        scores = PackedJson(arrays["scores"], arrays["score_offsets"])
        return cls(IdIndex(arrays["ids"]), scores, IdIndex(arrays["unscored"]))

    def score(self, row: int) -> AccountScore:
        """The score of the account in a row."""
        return _DECODER.decode(self.scores[row])
