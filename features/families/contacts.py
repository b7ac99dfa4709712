"""What marketing contacts tell: how often we write, through what, and whether anybody still opens it."""

from __future__ import annotations

from collections.abc import Iterator

from features.compiler.declaration import Feature, Grain, Leader, Measure, Ratio
from features.families.windowed import over_windows, within
from tables.vocabulary import names_of, quoted

CONTACT = Grain("contact", "contacts")
CONTACTS = Measure(CONTACT, "count")

FAMILY = "contacts"
NONE_IN_WINDOW = "no contact in the window, or the recorded history is shorter than it"
REACTIONS = {
    "opened": ("opened", "開封"),
    "clicked": ("clicked", "クリック"),
    "converted": ("accepted", "成約"),
}


def _reactions(column: str, en: str, ja: str) -> Iterator[Feature]:
    reacted = Measure(CONTACT, "count", condition=f"{column} == 1")
    yield from over_windows(
        Feature(
            f"contacts_{column}_{{window}}", FAMILY, reacted, "contacts",
            f"contacts {en} {{window}}", f"{{window}}の{ja}数",
        ),
        (28, 90, None),
    )  # fmt: skip
    yield Feature(
        f"contact_{column}_share_90d", FAMILY, Ratio(within(reacted, 90), within(CONTACTS, 90)), "share",
        f"share of the contacts in the last 90 days that was {en}", f"直近90日間の{ja}率", NONE_IN_WINDOW,
    )  # fmt: skip


CONTACT_FEATURES = (
    *over_windows(
        Feature("contacts_{window}", FAMILY, CONTACTS, "contacts", "contacts {window}", "{window}の接触回数"),
        (7, 28, 90, None),
    ),
    Feature(
        "days_since_last_contact", FAMILY, Measure(CONTACT, "least", "age_days"), "days",
        "days since the last contact", "最後の接触からの日数", "no contact on record",
    ),
    Feature(
        "days_since_last_open", FAMILY, Measure(CONTACT, "least", "opened_age_days"), "days",
        "days since a contact was last opened", "最後の開封からの日数", "no contact was opened",
    ),
    *(feature for column, told in REACTIONS.items() for feature in _reactions(column, *told)),
)  # fmt: skip


def contact_channel_features(channels: tuple[str, ...]) -> Iterator[Feature]:
    """How often each of these channels was used; the channels are learnt from the data."""
    if not channels:
        return
    counts = tuple(Measure(CONTACT, "count", condition=f"channel == {quoted(channel)}") for channel in channels)
    yield Feature(
        "main_contact_channel", FAMILY, Leader(channels, counts, "largest"), "channel",
        "channel of most contacts", "最も多い接触チャネル", "no contact on record",
    )  # fmt: skip
    for channel, name, count in zip(channels, names_of(channels), counts, strict=True):
        yield from over_windows(
            Feature(
                f"contacts_via_{name}_{{window}}", FAMILY, count, "contacts",
                f"contacts via {channel} {{window}}", f"{{window}}の{channel}での接触回数",
            ),
            (7, 28),
        )  # fmt: skip
