"""Builds the accounts of a release: rolls up the scores of their customers.

account   customer   probability   value      account's risk = (0.9 x 10 + 0.5 x 90) / 100 = 0.54
acme      cyd                0.9      10      expected loss  =  0.9 x 10 + 0.5 x 90        = 54
acme      ada                0.5      90

With a value model, the value is the predicted one; risk and expected loss weigh that of a customer who stays, as the
scores of customers do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.training import RiskLevels
from core.interactions import codes_of
from core.model_kinds import CHURN, VALUE
from core.scores import Reason
from core.segmentation import CustomerWorthKind
from serving.build.inputs import BuildInputs, BuiltPart
from serving.release.account_part import AccountPart, AccountReason, AccountScore
from serving.release.churn_part import RISK_LEVELS, ChurnPart, find_risk_levels
from serving.release.release import ReleasePart
from serving.release.segment_part import SegmentPart
from serving.release.value_part import ValuePart

MAX_REASONS = 3
_REASONS = msgspec.json.Decoder(list[Reason])


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """Roll up the scored customers of each account; no part where no customer has one, or no customer is scored."""
    churn, segments = parts.get(CHURN.name), parts.get("segments")
    if not isinstance(churn, ChurnPart) or not isinstance(segments, SegmentPart):
        return BuiltPart(None)
    value, members = parts.get(VALUE.name), dict[str, list[int]]()
    for row in range(len(segments)):
        account_id = segments.account_ids[row]
        if account_id:
            members.setdefault(account_id, []).append(row)
    if not members:
        return BuiltPart(None)
    return BuiltPart(
        build_accounts(
            churn,
            segments,
            value=value if isinstance(value, ValuePart) else None,
            members=members,
            risk_levels=inputs.config.risk_levels,
            n_decimals=inputs.config.n_decimals,
        )
    )


def build_accounts(
    churn: ChurnPart,
    segments: SegmentPart,
    *,
    members: Mapping[str, Sequence[int]],
    risk_levels: RiskLevels,
    n_decimals: int,
    value: ValuePart | None = None,
) -> AccountPart:
    """Roll up customers, given as rows of the segments, by account; without a value model by the last year's value."""
    worth = _Worth.of(segments, value)
    scores: list[AccountScore] = []
    unscored: list[str] = []
    for account_id, rows in members.items():
        scored = [(row, place) for row in rows if (place := churn.index.find(segments.index.name(row))) >= 0]
        if not scored:
            if any(churn.has_opted_out(segments.index.name(row)) for row in rows):
                unscored.append(account_id)
            continue
        account = _Account.of(churn, segments, worth=worth, scored=scored)
        scores.append(
            account.describe(account_id, n_customers=len(rows), risk_levels=risk_levels, n_decimals=n_decimals)
        )
    return AccountPart.of(scores, unscored)


@dataclass(frozen=True)
class _Worth:
    """What each customer of the segments is worth; arrays are (n,), base currency, NaN if unknown."""

    kind: CustomerWorthKind
    amounts: NDArray[np.float64]
    at_risk: NDArray[np.float64]
    "What is lost with a customer who churns: predicted value already expects some to leave."

    @classmethod
    def of(cls, segments: SegmentPart, value: ValuePart | None) -> _Worth:
        if value is None:
            return cls(segments.yearly_value_kind, segments.yearly_value, segments.yearly_value)
        rows = codes_of(segments.index.names(), value.index.names())
        amounts, at_risk = (np.append(one, np.nan)[rows] for one in (value.values(), value.values_if_alive()))
        return cls("predicted", amounts, at_risk)


@dataclass(frozen=True)
class _Account:
    """The scored customers of an account."""

    churn: ChurnPart
    segments: SegmentPart
    worth: _Worth
    rows: NDArray[np.int64]
    "(n,) of the segments."
    places: NDArray[np.int64]
    "(n,) of the scores."

    @classmethod
    def of(
        cls, churn: ChurnPart, segments: SegmentPart, *, worth: _Worth, scored: Sequence[tuple[int, int]]
    ) -> _Account:
        rows, places = np.array(scored, np.int64).T
        return cls(churn, segments, worth, rows, places)

    @property
    def probability(self) -> NDArray[np.float64]:
        """Of each customer, (n,)."""
        return self.churn.probability[self.places]

    @property
    def weights(self) -> NDArray[np.float64]:
        """The share of each customer, (n,), in the account's value; equal shares where none is above 0."""
        value = np.clip(np.nan_to_num(self.worth.at_risk[self.rows]), 0, None)
        return value / value.sum() if value.sum() > 0 else np.full(len(value), 1 / len(value))

    def describe(self, account_id: str, *, n_customers: int, risk_levels: RiskLevels, n_decimals: int) -> AccountScore:
        """The account's score."""
        probability = float(self.weights @ self.probability)
        value, at_risk = self.worth.amounts[self.rows], self.worth.at_risk[self.rows]
        is_known = not np.isnan(value).all()
        highest = int(self.probability.argmax())
        return AccountScore(
            account_id=account_id,
            owner=self.segments.owners[int(self.rows[0])],
            customers=n_customers,
            scored=len(self.rows),
            churn_probability=probability,
            risk_level=RISK_LEVELS[find_risk_levels(np.array([probability]), risk_levels)[0]],
            highest_customer_id=self.segments.index.name(int(self.rows[highest])),
            highest_probability=float(self.probability[highest]),
            value=round(float(np.nansum(value)), n_decimals) if is_known else None,
            value_kind=self.worth.kind,
            expected_loss=round(float(np.nansum(self.probability * at_risk)), n_decimals) if is_known else None,
            reasons=self._reasons(),
        )

    def _reasons(self) -> tuple[AccountReason, ...]:
        """The families with the largest weighted sums; each names the customer who adds most to it."""
        totals: dict[str, float] = {}
        parts: dict[str, list[tuple[float, str, Reason]]] = {}
        for row, place, weight in zip(self.rows.tolist(), self.places.tolist(), self.weights.tolist(), strict=True):
            for reason in _REASONS.decode(self.churn.reasons[place]):
                added = weight * reason.weight
                totals[reason.code] = totals.get(reason.code, 0.0) + added
                parts.setdefault(reason.code, []).append((added, self.segments.index.name(row), reason))
        strongest = sorted((code for code in totals if totals[code]), key=lambda code: (-abs(totals[code]), code))
        return tuple(self._reason(code, totals[code], parts=parts[code]) for code in strongest[:MAX_REASONS])

    def _reason(self, code: str, total: float, *, parts: list[tuple[float, str, Reason]]) -> AccountReason:
        sign = 1 if total > 0 else -1
        _, customer_id, reason = max(parts, key=lambda part: (sign * part[0], part[1]))
        return AccountReason(
            code=code,
            direction="up" if total > 0 else "down",
            weight=total,
            customer_id=customer_id,
            en=reason.en,
            ja=reason.ja,
        )
