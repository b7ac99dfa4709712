"""Marketing contacts: how often a customer is contacted, through which channel, and how they react."""

from __future__ import annotations

from collections.abc import Iterator

from core.feature_names import MAIN_CONTACT_CHANNEL, FeatureFamily
from features.compiler.declaration import Feature, Grain, Leader, Measure, Ratio
from features.compiler.windows import over_windows, within
from features.families.feature_set import FeatureSet, WordFeatures
from tables.vocabulary import names_of, quoted

CONTACT = Grain("contact", "contacts")
CONTACTS = Measure(CONTACT, "count")

FAMILY = FeatureFamily.CONTACTS
NONE_IN_WINDOW = "no contact in the window, or the recorded history is shorter than it"
REACTIONS = {
    "opened": ("opened", "開封"),
    "clicked": ("clicked", "クリック"),
    "converted": ("accepted", "成約"),
}


def _reaction_features(column: str, en: str, *, ja: str) -> Iterator[Feature]:
    reacted = Measure(CONTACT, "count", condition=f"{column} == 1")
    yield from over_windows(
        Feature(
            name=f"contacts_{column}_{{window}}",
            family=FAMILY,
            expression=reacted,
            unit="contacts",
            en=f"contacts {en} {{window}}",
            ja=f"{{window}}の{ja}数",
        ),
        (28, 90, None),
    )
    yield Feature(
        name=f"contact_{column}_share_90d",
        family=FAMILY,
        expression=Ratio(within(reacted, 90), within(CONTACTS, 90)),
        unit="share",
        en=f"share of the contacts in the last 90 days that was {en}",
        ja=f"直近90日間の{ja}率",
        missing=NONE_IN_WINDOW,
    )


STATIC = (
    *over_windows(
        Feature(
            name="contacts_{window}",
            family=FAMILY,
            expression=CONTACTS,
            unit="contacts",
            en="contacts {window}",
            ja="{window}の接触回数",
        ),
        (7, 28, 90, None),
    ),
    Feature(
        name="days_since_last_contact",
        family=FAMILY,
        expression=Measure(CONTACT, "least", column="age_days"),
        unit="days",
        en="days since the last contact",
        ja="最後の接触からの日数",
        missing="no contact on record",
    ),
    Feature(
        name="days_since_last_open",
        family=FAMILY,
        expression=Measure(CONTACT, "least", column="opened_age_days"),
        unit="days",
        en="days since a contact was last opened",
        ja="最後の開封からの日数",
        missing="no contact was opened",
    ),
    *(feature for column, (en, ja) in REACTIONS.items() for feature in _reaction_features(column, en, ja=ja)),
)


def contact_channel_features(channels: tuple[str, ...]) -> Iterator[Feature]:
    """The features of each of these contact channels."""
    if not channels:
        return
    counts = tuple(Measure(CONTACT, "count", condition=f"channel == {quoted(channel)}") for channel in channels)
    yield Feature(
        name=MAIN_CONTACT_CHANNEL,
        family=FAMILY,
        expression=Leader(channels, counts, "largest"),
        unit="channel",
        en="channel of most contacts",
        ja="最も多い接触チャネル",
        missing="no contact on record",
    )
    for channel, name, count in zip(channels, names_of(channels), counts, strict=True):
        yield from over_windows(
            Feature(
                name=f"contacts_via_{name}_{{window}}",
                family=FAMILY,
                expression=count,
                unit="contacts",
                en=f"contacts via {channel} {{window}}",
                ja=f"{{window}}の{channel}での接触回数",
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
