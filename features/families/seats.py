"""Seats of an account: how many of its people use the product, of the seats it pays for.

Only accounts have them: usage of an account's people is counted for the account and keeps the person.
"""

from __future__ import annotations

from core.feature_names import ACTIVE_SEAT_SHARE_30D, FeatureFamily
from features.compiler.declaration import Feature, Grain, Measure, Ratio
from features.families.feature_set import FeatureSet, over_windows, within
from features.families.subscriptions import RUNNING, SPAN
from features.families.usage import NONE_IN_WINDOW

PERSON = Grain(name="person", table="usage", keys=("person_id",))

ACTIVE_PEOPLE = Measure(PERSON, "count")
SEATS = Measure(SPAN, "sum", column="seats", condition=RUNNING)

STATIC = (
    *over_windows(
        Feature(
            name="active_people_{window}",
            family=FeatureFamily.SEATS,
            expression=ACTIVE_PEOPLE,
            unit="people",
            title="active users {window}",
            says_zero="No active users {window}",
        ),
        (7, 30, 90),
    ),
    Feature(
        name="active_people_trend_30d",
        family=FeatureFamily.SEATS,
        expression=Ratio(within(ACTIVE_PEOPLE, 30), within(ACTIVE_PEOPLE, 90)),
        unit="share",
        title="active users in the last 30 days as a share of those in the last 90",
        says_missing="No active users in the last 90 days",
        missing=NONE_IN_WINDOW,
        text_days=90,
    ),
    Feature(
        name=ACTIVE_SEAT_SHARE_30D,
        family=FeatureFamily.SEATS,
        expression=Ratio(within(ACTIVE_PEOPLE, 30), SEATS),
        unit="share",
        title="share of paid seats used in the last 30 days",
        missing="there is no paid seat",
    ),
)

FEATURES = FeatureSet(static=STATIC)
