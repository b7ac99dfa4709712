"""Marketing contacts: how often a customer is contacted, through which channel, and how they react."""

from __future__ import annotations

from collections.abc import Iterator

from core.feature_names import MAIN_CONTACT_CHANNEL, FeatureFamily
from features.compiler.declaration import Feature, Grain, Leader, Measure, Ratio
from features.families.feature_set import FeatureSet, WordFeatures, over_windows, within
from tables.attributes import names_of, quote_text

CONTACT = Grain(name="contact", table="contacts")
CONTACTS = Measure(CONTACT, "count")

FAMILY = FeatureFamily.CONTACTS
NONE_IN_WINDOW = "there was no contact {window}"
REACTIONS = {
    "opened": ("contacts opened {window}", "share of contacts opened in the last 90 days"),
    "clicked": ("contacts clicked {window}", "share of contacts clicked in the last 90 days"),
    "converted": ("contacts converted {window}", "share of contacts converted in the last 90 days"),
}
"Titles of the number and the share of the contacts with a reaction."


def _reaction_features(column: str, *, title: str, share_title: str) -> Iterator[Feature]:
    reacted = Measure(CONTACT, "count", condition=f"{column} == 1")
    yield from over_windows(
        Feature(
            name=f"contacts_{column}_{{window}}",
            family=FAMILY,
            expression=reacted,
            unit="contacts",
            title=title,
        ),
        (28, 90, None),
    )
    yield Feature(
        name=f"contact_{column}_share_90d",
        family=FAMILY,
        expression=Ratio(within(reacted, 90), within(CONTACTS, 90)),
        unit="share",
        title=share_title,
        missing=NONE_IN_WINDOW,
        text_days=90,
    )


STATIC = (
    *over_windows(
        Feature(
            name="contacts_{window}",
            family=FAMILY,
            expression=CONTACTS,
            unit="contacts",
            title="marketing contacts {window}",
            says_zero="No marketing contacts {window}",
        ),
        (7, 28, 90, None),
    ),
    Feature(
        name="days_since_last_contact",
        family=FAMILY,
        expression=Measure(CONTACT, "least", column="age_days"),
        unit="days",
        title="days since the last contact",
        says="Last contacted {value_days} ago",
        says_missing="Has never been contacted",
        missing="there has been no contact",
    ),
    Feature(
        name="days_since_last_open",
        family=FAMILY,
        expression=Measure(CONTACT, "least", column="opened_age_days"),
        unit="days",
        title="days since the last opened contact",
        says="Last opened a contact {value_days} ago",
        says_missing="Has never opened a contact",
        missing="no contact was opened",
    ),
    *(
        feature
        for column, (title, share_title) in REACTIONS.items()
        for feature in _reaction_features(column, title=title, share_title=share_title)
    ),
)


def contact_channel_features(channels: tuple[str, ...]) -> Iterator[Feature]:
    """The features of each of these contact channels."""
    if not channels:
        return
    counts = tuple(Measure(CONTACT, "count", condition=f"channel == {quote_text(channel)}") for channel in channels)
    yield Feature(
        name=MAIN_CONTACT_CHANNEL,
        family=FAMILY,
        expression=Leader(channels, counts, "largest"),
        unit="channel",
        title="most used contact channel",
        missing="there has been no contact",
    )
    for channel, name, count in zip(channels, names_of(channels), counts, strict=True):
        yield from over_windows(
            Feature(
                name=f"contacts_via_{name}_{{window}}",
                family=FAMILY,
                expression=count,
                unit="contacts",
                title="contacts via {word} {window}",
                says_zero="No contacts via {word} {window}",
                word=channel,
            ),
            (7, 28),
        )


FEATURES = FeatureSet(
    static=STATIC,
    per_word=(
        WordFeatures(
            table="contacts",
            column="channel",
            keeper=MAIN_CONTACT_CHANNEL,
            declare=contact_channel_features,
            placeholder="<channel>",
        ),
    ),
)
