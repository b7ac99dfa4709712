"""The catalogue of features for people: `python -m features.documentation` writes docs/features.md."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from core.feature_names import (
    MAIN_CHANNEL,
    MAIN_CONTACT_CHANNEL,
    MAIN_EVENT,
    MAIN_PLAN,
    MAIN_TICKET_SEVERITY,
    MAIN_TICKET_TOPIC,
)
from features.compiler.declaration import Feature
from features.families.catalogue import DECLARED, LEARNT
from features.families.stated_preferences import answer_features
from tables.vocabulary import MAX_KINDS, MAX_WORDS

PAGE = Path(__file__).parent.parent / "docs" / "features.md"

INTRODUCTION = f"""# Features

What is known of each customer at a cutoff. This page is written by `python -m features.documentation` from the
declarations; a test keeps it true.

* A window of 30 days covers the 30 local days before the cutoff; a fact on the cutoff's own day has not happened yet.
* An order is one purchase occasion: the lines of one `order_id`, or of one moment where there is none. It is as old as
  its newest line. Only lines with an amount of at least 0 make it up; returns (negative amounts) are counted apart.
* A gap lies between two days with a purchase (or usage); it belongs to the window in which it ended.
* 0 stands where zero is the truth, such as the orders of a customer who bought nothing. Where the recorded history of
  the table is shorter than a window, every feature of that window is missing instead of cut short.
* A feature whose columns a data set lacks (quantities, items, channels, ...) is left out.
* `<channel>` and `<event>` stand for each of the {MAX_KINDS} most frequent ones in the data, learnt when a model is
  fitted. Listed attributes of customers and accounts come as they are: words as codes (the {MAX_WORDS} most frequent),
  numbers as numbers, dates as days since.
"""

STAND_INS = {
    MAIN_CHANNEL: "<channel>",
    MAIN_EVENT: "<event>",
    MAIN_PLAN: "<plan>",
    MAIN_TICKET_SEVERITY: "<severity>",
    MAIN_TICKET_TOPIC: "<topic>",
    MAIN_CONTACT_CHANNEL: "<channel>",
}
"For the words that are learnt from the data, by the feature that keeps them."

HEADER = ("| name | meaning | 意味 | unit | missing means |", "| --- | --- | --- | --- | --- |")


def documented() -> tuple[Feature, ...]:
    """Every feature that a data set can have, with stand-ins for the words that are learnt from it."""
    learnt = (feature for keeper, one in LEARNT.items() for feature in one.features((STAND_INS[keeper],)))
    return (*DECLARED, *learnt, *answer_features(("<question>: <answer>",)))


def page(features: Iterable[Feature]) -> str:
    """The catalogue as Markdown, one table a family."""
    parts = [INTRODUCTION]
    for family, members in groupby(sorted(features, key=_family_order), key=lambda feature: feature.family):
        parts.append("\n".join([f"## {family}\n", *HEADER, *map(_row, members), ""]))
    return "\n".join(parts)


def _family_order(feature: Feature) -> int:
    families = list(dict.fromkeys(other.family for other in documented()))
    return families.index(feature.family)


def _row(feature: Feature) -> str:
    cells = (f"`{feature.name}`", feature.en, feature.ja, feature.unit, feature.missing)
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(documented()), encoding="utf-8")


if __name__ == "__main__":
    main()
