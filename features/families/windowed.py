"""The windows that features look back over, and one declaration repeated over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from features.compiler.declaration import (
    SHORT_HISTORY,
    Deviation,
    Difference,
    Expression,
    Feature,
    Leader,
    Measure,
    Ratio,
)

WINDOWS = (7, 30, 90, 180, 365)
"Days before the cutoff."

TREND_WINDOWS = (30, 90, 180)
"Days compared with as many days before them."


def over_windows(feature: Feature, windows: Iterable[int | None] = WINDOWS) -> Iterator[Feature]:
    """The feature once a window (None is all that is recorded); `{window}` in its name and texts is filled."""
    for days in windows:
        yield replace(_worded(feature, days), expression=within(feature.expression, days))


def trends(feature: Feature, windows: Iterable[int] = TREND_WINDOWS) -> Iterator[Feature]:
    """The share of the last two windows that falls into the newer one: 0.5 is steady, 1 all new, 0 gone quiet."""
    for days in windows:
        newer_share = Ratio(within(feature.expression, days), within(feature.expression, 2 * days))
        yield replace(_worded(feature, days), expression=newer_share)


def within(expression: Expression, days: int | None) -> Expression:
    """The expression with every measure in it looking back so many days."""
    match expression:
        case Measure():
            return replace(expression, window_days=days)
        case Ratio(of, over):
            return Ratio(within(of, days), within(over, days))
        case Difference(of, less):
            return Difference(within(of, days), within(less, days))
        case Deviation(count, total, squares):
            return Deviation(within(count, days), within(total, days), within(squares, days))
        case Leader(words, numbers, prefers):
            return Leader(words, tuple(within(number, days) for number in numbers), prefers)


def _worded(feature: Feature, days: int | None) -> Feature:
    name, en, ja, missing = "total", "on record", "全期間", feature.missing.replace(SHORT_HISTORY, "never missing")
    if days is not None:
        name, en, ja, missing = f"{days}d", f"in the last {days} days", f"直近{days}日間", feature.missing
    return replace(
        feature,
        name=feature.name.replace("{window}", name).replace("{days}", str(days)),
        en=feature.en.replace("{window}", en).replace("{days}", str(days)),
        ja=feature.ja.replace("{window}", ja).replace("{days}", str(days)),
        missing=missing,
    )
