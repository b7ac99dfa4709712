"""Referrals: whether a customer came through another one, and how many they brought (`customers.referred_by`)."""

from __future__ import annotations

from core.feature_names import FeatureFamily
from features.compiler.declaration import NEVER_MISSING, Feature, Grain, Measure
from features.families.feature_set import FeatureSet, over_windows

JOINING = Grain(name="joining", table="customers")
FAMILY = FeatureFamily.REFERRALS
IS_REFERRAL = "brought == 1"

FEATURES = FeatureSet(
    static=(
        Feature(
            name="was_referred",
            family=FAMILY,
            expression=Measure(JOINING, "count", condition="came_referred == 1"),
            unit="customers",
            title="came through another customer (1) or not (0)",
            says="Came through another customer",
            says_zero="Did not come through another customer",
            missing=NEVER_MISSING,
        ),
        *over_windows(
            Feature(
                name="referrals_{window}",
                family=FAMILY,
                expression=Measure(JOINING, "count", condition=IS_REFERRAL),
                unit="customers",
                title="customers brought {window}",
                says_zero="No customers brought {window}",
            ),
            (365, None),
        ),
        Feature(
            name="days_since_last_referral",
            family=FAMILY,
            expression=Measure(JOINING, "least", column="age_days", condition=IS_REFERRAL),
            unit="days",
            title="days since the last customer whom they brought joined",
            says="Brought a customer {value_days} ago",
            says_missing="Has never brought a customer",
            missing="no customer came through this one",
        ),
    ),
)
