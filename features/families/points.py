"""Loyalty points: how many a customer has and is about to lose, and how they earn and spend them."""

from __future__ import annotations

from collections.abc import Iterator

from core.feature_names import POINTS_BALANCE, FeatureFamily
from features.compiler.declaration import NEVER_MISSING, Feature, Grain, Measure, Ratio
from features.families.feature_set import FeatureSet, over_windows

ENTRY = Grain(name="points entry", table="points")
EARNED = Measure(ENTRY, "sum", column="earned")
SPENT = Measure(ENTRY, "sum", column="spent")
FAMILY = FeatureFamily.POINTS
EXPIRY_DAYS = (30, 90)
"Days after the cutoff."


def _expiring() -> Iterator[Feature]:
    for days in EXPIRY_DAYS:
        is_soon = f"days_to_expiry >= 0 and days_to_expiry <= {days}"
        yield Feature(
            name=f"points_expiring_{days}d",
            family=FAMILY,
            expression=Measure(ENTRY, "sum", column="remaining", condition=is_soon),
            unit="points",
            title="points that expire within the next {days} days",
            says_zero="No points expire within the next {days} days",
            missing=NEVER_MISSING,
            text_days=days,
        )


STATIC = (
    Feature(
        name=POINTS_BALANCE,
        family=FAMILY,
        expression=Measure(ENTRY, "sum", column="balance"),
        unit="points",
        title="balance of points",
        says_zero="Has no points",
        missing=NEVER_MISSING,
    ),
    *_expiring(),
    *over_windows(
        Feature(
            name="points_earned_{window}",
            family=FAMILY,
            expression=EARNED,
            unit="points",
            title="points earned {window}",
            says_zero="No points earned {window}",
        ),
        (30, 90, 180, 365, None),
    ),
    *over_windows(
        Feature(
            name="points_spent_{window}",
            family=FAMILY,
            expression=SPENT,
            unit="points",
            title="points spent {window}",
            says_zero="No points spent {window}",
        ),
        (30, 90, 365, None),
    ),
    *over_windows(
        Feature(
            name="points_expired_{window}",
            family=FAMILY,
            expression=Measure(ENTRY, "sum", column="expired"),
            unit="points",
            title="points expired {window}",
            says_zero="No points expired {window}",
        ),
        (365,),
    ),
    *over_windows(
        Feature(
            name="points_burn_rate_{window}",
            family=FAMILY,
            expression=Ratio(SPENT, EARNED),
            unit="times",
            title="points spent {window} for each point earned",
            missing="no points were earned {window}",
        ),
        (90, 365, None),
    ),
    Feature(
        name="days_since_points_earned",
        family=FAMILY,
        expression=Measure(ENTRY, "least", column="age_days", condition="earned > 0"),
        unit="days",
        title="days since points were last earned",
        says="Last earned points {value_days} ago",
        says_missing="Has never earned points",
        missing="no points were earned",
    ),
    Feature(
        name="days_since_points_spent",
        family=FAMILY,
        expression=Measure(ENTRY, "least", column="age_days", condition="spent > 0"),
        unit="days",
        title="days since points were last spent",
        says="Last spent points {value_days} ago",
        says_missing="Has never spent points",
        missing="no points were spent",
    ),
)

FEATURES = FeatureSet(static=STATIC)
