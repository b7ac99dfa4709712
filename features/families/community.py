"""Community: what customers do for each other, by the usage events that `[report] community_events` names."""

from __future__ import annotations

from collections.abc import Iterator

from core.feature_names import MAIN_COMMUNITY_EVENT, FeatureFamily
from features.compiler.declaration import Feature, Grain, Leader, Measure
from features.families.feature_set import FeatureSet, WordFeatures, over_windows
from tables.attributes import MAX_KINDS, names_of, quote_text
from tables.tables import Tables

EVENT = Grain(name="event", table="usage")
COMMUNITY_DAY = Grain(name="community day", table="usage", keys=("age_days",), where="community == 1")
FAMILY = FeatureFamily.COMMUNITY
IS_COMMUNITY = "community == 1"

STATIC = (
    *over_windows(
        Feature(
            name="community_actions_{window}",
            family=FAMILY,
            expression=Measure(EVENT, "count", condition=IS_COMMUNITY),
            unit="events",
            title="actions in the community {window}",
            says_zero="Nothing done in the community {window}",
        ),
        (30, 90, 365, None),
    ),
    *over_windows(
        Feature(
            name="community_days_{window}",
            family=FAMILY,
            expression=Measure(COMMUNITY_DAY, "count"),
            unit="days",
            title="days with actions in the community {window}",
            says_zero="Nothing done in the community {window}",
        ),
        (90,),
    ),
    Feature(
        name="days_since_community_action",
        family=FAMILY,
        expression=Measure(EVENT, "least", column="age_days", condition=IS_COMMUNITY),
        unit="days",
        title="days since the last action in the community",
        says="Last took part in the community {value_days} ago",
        says_missing="Has never taken part in the community",
        missing="there is no action in the community on record",
    ),
)


def community_features(events: tuple[str, ...]) -> Iterator[Feature]:
    """The features of each of these community events: posts, answers, badges, attendance."""
    if not events:
        return
    counts = tuple(Measure(EVENT, "count", condition=f"event == {quote_text(event)}") for event in events)
    yield Feature(
        name=MAIN_COMMUNITY_EVENT,
        family=FAMILY,
        expression=Leader(events, counts, "largest"),
        unit="event",
        title="most frequent action in the community",
        missing="there is no action in the community on record",
    )
    for event, name, count in zip(events, names_of(events), counts, strict=True):
        yield from over_windows(
            Feature(
                name=f"community_{name}_{{window}}",
                family=FAMILY,
                expression=count,
                unit="events",
                title="'{word}' in the community {window}",
                says_zero="No '{word}' in the community {window}",
                word=event,
            ),
            (90, 365),
        )


class CommunityEvents(WordFeatures):
    """Features per community event; the words are those that the TOML names."""

    def learn_words(self, tables: Tables) -> tuple[str, ...]:
        """The first events of `[report] community_events`; none without usage."""
        return tables.config.report.community_events[:MAX_KINDS] if self.table in tables else ()


FEATURES = FeatureSet(
    static=STATIC,
    per_word=(
        CommunityEvents(
            table="usage",
            column="event",
            keeper=MAIN_COMMUNITY_EVENT,
            declare=community_features,
            placeholder="<community event>",
        ),
    ),
)
