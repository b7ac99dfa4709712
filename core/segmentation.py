"""Who belongs to which segment and tier, and what each of them is worth, risks to lose, and how it is doing.

segments    a customer may belong to several, or to none
tiers       ordered; a customer belongs to the first that fits, or to none
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np

from core.intervals import Estimate, estimate_intervals

ValueOf = Literal["mrr", "revenue_365d", ""]
"What a customer's value is: what they pay a month, or what they bought in the last 365 days; '' where nobody knows."


class Group(msgspec.Struct, frozen=True):
    """A segment or a tier as the configuration states it."""

    name: str
    says: str
    "Who belongs to it, in words."
    action: str
    "What is done for them; '' where nothing is stated."
    not_found: int = 0
    "Of a named list: ids that are of no customer at the cutoff."


class GroupFigures(msgspec.Struct, frozen=True):
    """A segment or tier with its figures; what nobody knows is left out."""

    name: str
    says: str
    action: str
    not_found: int
    customers: int
    share: float
    "Of all customers, 0 to 1."
    value: float | None
    "Of all its customers together, base currency; null where nobody knows what customers are worth."
    value_share: float | None
    risk: Estimate
    "The mean probability to leave of those who were scored, with its 90 % interval."
    expected_loss: Estimate
    "What of the value is expected to leave within the horizon: the sum of probability times value."
    health: Estimate
    "The mean health, 0 to 100."


@dataclass(frozen=True)
class Segmentation:
    """The segments and tiers of the customers of one cutoff; row i of every array is of the i-th customer."""

    customer_ids: np.ndarray
    "(n,) text."
    segments: tuple[Group, ...]
    in_segment: np.ndarray
    "(n, segments) bool."
    customer_tiers: tuple[Group, ...]
    customer_tier: np.ndarray
    "(n,) int16: index into tiers, -1 for none."
    value: np.ndarray
    "(n,) float64: what each customer pays; NaN where it is unknown."
    value_of: ValueOf
    churn_probability: np.ndarray
    "(n,) float64; NaN for who was not scored."
    health: np.ndarray
    "(n,) float64, 0 to 100; NaN for who was not scored."

    def segment_figures(self, seed: int = 0) -> tuple[GroupFigures, ...]:
        """Each segment's figures, in the order of the configuration."""
        return self._figures(self.segments, self.in_segment, seed)

    def tier_figures(self, seed: int = 0) -> tuple[GroupFigures, ...]:
        """Each tier's figures, the first first."""
        return self._figures(
            self.customer_tiers, self.customer_tier[:, None] == np.arange(len(self.customer_tiers)), seed
        )

    def _figures(self, groups: tuple[Group, ...], member: np.ndarray, seed: int) -> tuple[GroupFigures, ...]:
        if not groups:
            return ()
        worth, n_customers = np.nan_to_num(self.value), len(self.customer_ids)
        values, total = worth @ member, worth.sum()
        risks = list(self._risks(member, seed))
        return tuple(
            GroupFigures(
                group.name,
                group.says,
                group.action,
                group.not_found,
                customers=int(member[:, place].sum()),
                share=float(member[:, place].sum() / n_customers) if n_customers else 0.0,
                value=float(values[place]) if self.value_of else None,
                value_share=float(values[place] / total) if self.value_of and total > 0 else None,
                risk=risks[place][0],
                expected_loss=risks[place][1],
                health=risks[place][2],
            )
            for place, group in enumerate(groups)
        )

    def _risks(self, member: np.ndarray, seed: int) -> Iterator[tuple[Estimate, Estimate, Estimate]]:
        """Risk, expected loss and health of each group, all from the same resamples of customers."""
        scored = np.flatnonzero(~np.isnan(self.churn_probability))
        if not len(scored):
            yield from [(Estimate(), Estimate(), Estimate())] * member.shape[1]
            return
        belongs = member[scored].astype(np.float64)
        probability = self.churn_probability[scored]
        lost = probability * (self.value[scored] if self.value_of else np.nan)
        per_customer = np.stack([probability, np.nan_to_num(lost), self.health[scored]], axis=1)
        n_groups = belongs.shape[1]
        parts = np.concatenate([belongs, *(belongs * column[:, None] for column in per_customer.T)], axis=1)

        def figures(weights: np.ndarray) -> np.ndarray:
            counted, risk, loss, health = np.split(weights @ parts, 4, axis=1)
            members = np.where(counted > 0, counted, np.nan)
            loss = np.where(counted > 0, loss, np.nan) if self.value_of else np.full_like(loss, np.nan)
            return np.concatenate([risk / members, loss, health / members], axis=1)

        found = estimate_intervals(figures, np.arange(len(scored)), seed=seed)
        yield from zip(found[:n_groups], found[n_groups : 2 * n_groups], found[2 * n_groups :], strict=True)
