"""Segments and customer tiers of one cutoff, with their value, churn risk and health.

segments          a customer may belong to several, or to none
customer tiers    ordered; a customer belongs to the first that fits, or to none
ranks             of the loyalty programme; a customer has the highest that they have reached, or none
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.customers import segment_variable
from core.intervals import Estimate, estimate_intervals

ValueKind = Literal["mrr", "revenue_365d", ""]
"What the value of a customer is: monthly recurring revenue, or the revenue of the last 365 days; '' if unknown."

YearlyValueKind = Literal["margin", "revenue", ""]
"What a customer's yearly value is: the margin or the revenue of the last 365 days; '' if unknown."


CustomerWorthKind = Literal["predicted", "margin", "revenue", ""]
"Where what a customer is worth comes from: the value model or, without one, the last 365 days."

CUSTOMER_TIER = "customer_tier"
"The variable of rules with the name of the customer tier; missing for customers in none."


class SegmentDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A segment or customer tier of the configuration."""

    name: str
    definition: str
    "The rule, or the list or share in words."
    action: str
    "What the business does for these customers; '' if the configuration names nothing."
    not_found: int = 0
    "For a list of ids: how many are no customer at the cutoff."


def name_tiers(tiers: Sequence[SegmentDefinition], customer_tier: NDArray[np.int16]) -> NDArray[np.str_]:
    """The name of each customer's tier, (n,), from its place in `tiers`; '' for -1, none."""
    return np.array([*(tier.name for tier in tiers), ""])[customer_tier]


class SegmentFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A segment or customer tier with its figures. Unknown figures are left out of JSON."""

    name: str
    definition: str
    action: str
    not_found: int
    customers: int
    share: float
    "Share of all customers, 0 to 1."
    value: float | None
    "Total value of its customers, base currency; null if the value of customers is unknown."
    value_share: float | None
    "Share of the value of all customers, 0 to 1."
    risk: Estimate
    "Mean churn probability of the scored customers, with its 90 % interval."
    expected_loss: Estimate
    "Value expected to churn within the horizon: the sum of churn probability times value."
    health: Estimate
    "Mean health, 0 to 100."
    equity: Estimate = Estimate()
    "Customer equity: the predicted value of its customers together; unknown without a value model."


@dataclass(frozen=True)
class PredictedValue:
    """What customers are expected to bring in, and by how much the total of all may be off."""

    amounts: NDArray[np.float64]
    "(n,) base currency; NaN for customers without a forecast."
    levels: NDArray[np.float64]
    "(samples,) actual over predicted total, in samples of the customers of the last known window."

    def sum_groups(self, in_group: NDArray[np.bool_], seed: int) -> list[Estimate]:
        """The total of each group, (n, groups), with its interval: customers are drawn anew, and a level with them.

        It does not cover changes of behaviour since the last known window.
        """
        rows = np.flatnonzero(~np.isnan(self.amounts))
        if not len(rows):
            return [Estimate()] * in_group.shape[1]
        parts = in_group[rows] * self.amounts[rows][:, None]
        draws = np.random.default_rng(seed)

        def totals(weights: NDArray[np.float64]) -> NDArray[np.float64]:
            is_sample = len(weights) > 1 or (weights != 1.0).any()
            levels = draws.choice(self.levels, len(weights)) if is_sample else np.ones(1)
            return weights @ parts * levels[:, None]

        return estimate_intervals(totals, rows, seed=seed)


@dataclass(frozen=True, kw_only=True)
class Segmentation:
    """The segments and customer tiers of the customers of one cutoff. Row i of every array is the i-th customer."""

    customer_ids: NDArray[np.str_]
    "(n,)."
    segments: tuple[SegmentDefinition, ...]
    in_segment: NDArray[np.bool_]
    "(n, segments)."
    customer_tiers: tuple[SegmentDefinition, ...]
    customer_tier: NDArray[np.int16]
    "(n,) index into `customer_tiers`; -1 for none."
    value: NDArray[np.float64]
    "(n,) what each customer pays; NaN if unknown."
    value_kind: ValueKind
    churn_probability: NDArray[np.float64]
    "(n,), NaN for customers without a score."
    health: NDArray[np.float64]
    "(n,), 0 to 100; NaN for customers without a score."
    predicted_value: PredictedValue | None = None
    "None without a value model."
    ranks: tuple[SegmentDefinition, ...] = ()
    "The lowest first."
    rank: NDArray[np.int64] | None = None
    "(n,) index into `ranks`; -1 for none. None without ranks."

    def memberships(self) -> dict[str, NDArray[np.float64] | NDArray[np.str_]]:
        """The variables `segment_<name>` and, where there are customer tiers, `customer_tier`; (n,) each."""
        columns: dict[str, NDArray[np.float64] | NDArray[np.str_]] = {
            segment_variable(segment.name): self.in_segment[:, place].astype(np.float64)
            for place, segment in enumerate(self.segments)
        }
        if self.customer_tiers:
            columns[CUSTOMER_TIER] = name_tiers(self.customer_tiers, self.customer_tier)
        return columns

    def segment_figures(self, seed: int = 0) -> tuple[SegmentFigures, ...]:
        """The figures of each segment, in the order of the configuration."""
        return self._figures(self.segments, self.in_segment, seed=seed)

    def tier_figures(self, seed: int = 0) -> tuple[SegmentFigures, ...]:
        """The figures of each customer tier, in the order of the configuration."""
        in_tier = self.customer_tier[:, None] == np.arange(len(self.customer_tiers))
        return self._figures(self.customer_tiers, in_tier, seed=seed)

    def rank_figures(self, seed: int = 0) -> tuple[SegmentFigures, ...]:
        """The figures of each rank of the loyalty programme, the lowest first; none without ranks."""
        if self.rank is None:
            return ()
        return self._figures(self.ranks, self.rank[:, None] == np.arange(len(self.ranks)), seed=seed)

    def _figures(
        self, definitions: tuple[SegmentDefinition, ...], in_segment: NDArray[np.bool_], *, seed: int
    ) -> tuple[SegmentFigures, ...]:
        if not definitions:
            return ()
        customer_values, n_customers = np.nan_to_num(self.value), len(self.customer_ids)
        values, total = customer_values @ in_segment, customer_values.sum()
        risks = list(self._risks(in_segment, seed))
        equities = self.predicted_value.sum_groups(in_segment, seed) if self.predicted_value else None
        return tuple(
            SegmentFigures(
                name=segment.name,
                definition=segment.definition,
                action=segment.action,
                not_found=segment.not_found,
                customers=int(in_segment[:, column].sum()),
                share=float(in_segment[:, column].sum() / n_customers) if n_customers else 0.0,
                value=float(values[column]) if self.value_kind else None,
                value_share=float(values[column] / total) if self.value_kind and total > 0 else None,
                risk=risks[column][0],
                expected_loss=risks[column][1],
                health=risks[column][2],
                equity=Estimate() if equities is None else equities[column],
            )
            for column, segment in enumerate(definitions)
        )

    def _risks(self, in_segment: NDArray[np.bool_], seed: int) -> Iterator[tuple[Estimate, Estimate, Estimate]]:
        """Churn risk, expected loss and health of each segment, all from the same bootstrap samples of customers."""
        scored = np.flatnonzero(~np.isnan(self.churn_probability))
        if not len(scored):
            yield from [(Estimate(), Estimate(), Estimate())] * in_segment.shape[1]
            return
        belongs = in_segment[scored].astype(np.float64)
        probability = self.churn_probability[scored]
        lost = probability * (self.value[scored] if self.value_kind else np.nan)
        per_customer = np.stack([probability, np.nan_to_num(lost), self.health[scored]], axis=1)
        n_segments = belongs.shape[1]
        parts = np.concatenate([belongs, *(belongs * column[:, None] for column in per_customer.T)], axis=1)

        def figures(weights: NDArray[np.float64]) -> NDArray[np.float64]:
            members, risk, loss, health = np.split(weights @ parts, 4, axis=1)
            # A sample may hold no customer of a segment: its figures are then missing.
            n_members = np.where(members > 0, members, np.nan)
            loss = np.where(members > 0, loss, np.nan) if self.value_kind else np.full_like(loss, np.nan)
            return np.concatenate([risk / n_members, loss, health / n_members], axis=1)

        intervals = estimate_intervals(figures, np.arange(len(scored)), seed=seed)
        yield from zip(
            intervals[:n_segments], intervals[n_segments : 2 * n_segments], intervals[2 * n_segments :], strict=True
        )
