"""What is said of when a customer will leave, as it goes into an answer."""

from __future__ import annotations

import math

import msgspec

from core.risk_curves import RiskCurves
from serving.http.problems import Problem
from serving.release.hazard_part import HazardPart
from serving.release.release import Release


class CustomerCurve(msgspec.Struct, frozen=True):
    """When one customer will leave; lists have a value for each of `days`."""

    days: list[int]
    "After the cutoff: the ends of the periods."
    churn_probability: list[float]
    "P(churn) by then; it never falls."
    by_cause: dict[str, list[float]] | None
    "The part of it that each cause has: they add up to it. Null where no causes were learnt."
    expected_months: float
    "Months that they are expected to stay, ten years at most: beyond the curve they leave at their own last rate."
    months_within: float
    "Of these, the months within the curve."
    expected_revenue: float | None
    "The expected months times what they pay a month now, base currency; null where that is not known."


def curve_answer(part: HazardPart, row: int) -> CustomerCurve:
    """The curve of the customer in a row of the part."""
    curve = part.curves.take(slice(row, row + 1))
    months, revenue = float(curve.expected_months[0]), float(part.monthly_revenue[row])
    return CustomerCurve(
        days=curve.days.tolist(),
        churn_probability=curve.risk[0].tolist(),
        by_cause=_by_cause(curve),
        expected_months=months,
        months_within=float(curve.months_within[0]),
        expected_revenue=None if math.isnan(revenue) else months * revenue,
    )


def part_for(release: Release, horizon_days: int) -> HazardPart:
    """The curves that answer for a horizon. Raises Problem where there are none or they end before it."""
    part = release.hazard
    if part is None:
        answers_for = f"it answers for {release.churn.horizon_days} days only: " if release.churn else ""
        reason = release.description.missing.get("hazard", "no hazard was trained (kizuna train hazard)")
        raise Problem(
            "model-not-released",
            f"release {release.description.release_id} has no curve of when customers leave; {answers_for}{reason}",
        )
    if horizon_days > part.curves.horizon_days:
        raise Problem("horizon-not-learnt", f"The curves end after {part.curves.horizon_days} days")
    return part


def _by_cause(curve: RiskCurves) -> dict[str, list[float]] | None:
    if not curve.causes:
        return None
    return {cause: curve.by_cause[0, :, place].tolist() for place, cause in enumerate(curve.causes)}
