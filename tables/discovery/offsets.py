"""The time zone of the business, as far as the times say it: by the type of a Parquet column, or by written offsets.

Days begin and end in this zone. An offset is that of many zones, and zones with summer time have two:

    tz=Asia/Tokyo         Asia/Tokyo, in the type of a column
    +02:00 alone          Etc/GMT-2, unless the language or the currency names a zone that has it all the time
    +01:00 and +02:00     a zone whose clocks change between them, such as Europe/Berlin
    Z or +00:00           nothing: systems write UTC, wherever the business is
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global
from babel.numbers import get_territory_currencies

from core.date_format import EPOCH_UNITS
from tables.contract import CONTRACT
from tables.discovery.columns import ColumnFacts
from tables.discovery.dates import DateGuess
from tables.discovery.guesses import TableGuess, offsets_of

ZONE_OF_OFFSET = {timedelta(hours=9): "Asia/Tokyo", timedelta(hours=5, minutes=30): "Asia/Kolkata"}
"Offsets that name one large business zone."
WITH_SUMMER_TIME = (
    "Europe/Berlin", "Europe/London", "Europe/Helsinki", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
"Large zones, for times with both offsets of one of them."
STEP = timedelta(days=7)
IN_UTC = re.compile(r"\b(utc|gmt)\b", re.IGNORECASE)
"In the names of columns with times: the table is in UTC."
MAX_NAMES = 3
"Columns that are named."
UTC_NAMES = {"UTC", "Etc/UTC", "GMT", "Etc/GMT", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal"}
"Zones in which systems keep moments, wherever the business is."


@dataclass(frozen=True)
class ZoneGuess:
    """A time zone that the offsets show, and how."""

    zone: str
    evidence: str
    is_certain: bool = False
    "Whether it needs no question."


def guess_zone(guesses: Sequence[TableGuess], *, likely: str | None) -> ZoneGuess | None:
    """The zone that the types or the offsets of all times show; `likely` is that of the language or the currency."""
    return _zone_in_types(guesses) or _zone_of_offsets(guesses, likely=likely)


def _zone_in_types(guesses: Sequence[TableGuess]) -> ZoneGuess | None:
    """The zone in the types of the columns, if it is one alone beside UTC."""
    places: dict[str, str] = {}
    for guess in guesses:
        for facts in guess.examined.columns.values():
            if facts.dates and facts.dates.zone in available_timezones() - UTC_NAMES:
                places.setdefault(facts.dates.zone, f"in the type of {facts.name} of {guess.examined.source.label}")
    return ZoneGuess(*places.popitem(), is_certain=True) if len(places) == 1 else None


def currency_of_zone(guesses: Sequence[TableGuess]) -> tuple[str, str] | None:
    """The currency of the country whose time zone the types name, with the evidence; None where they name none."""
    zone = _zone_in_types(guesses)
    country = get_global("zone_territories").get(zone.zone) if zone else None
    codes = get_territory_currencies(country) if country else []
    return (codes[0], f"assumed from the time zone {zone.zone}") if zone and codes else None


def describe_zone(facts: ColumnFacts, columns: Mapping[str, ColumnFacts]) -> str:
    """The zone in the type of a column, or that it has none although others of its source do; '' where none has."""
    dates = facts.dates
    if dates is None or facts.is_text or not any(one.dates and one.dates.is_zoned for one in columns.values()):
        return ""
    if dates.is_zoned:
        return f"its type has the time zone {dates.zone}" if dates.zone else "its type has a time zone"
    return "no time zone in its type: local times" if dates.has_clock and not dates.date_format else ""


def describe_local_times(guesses: Sequence[TableGuess]) -> str:
    """Which of the columns that are read have a clock and no zone, so that the zone of the business is theirs."""
    names = dict.fromkeys(
        facts.name
        for guess in guesses
        if not guess.profile and not columns_in_utc(guess)
        for column in guess.columns
        if (facts := guess.facts(column)) and facts.dates and _is_local(facts.dates, guess, column=column)
    )
    if not names:
        return ""
    shown = ", ".join(list(names)[:MAX_NAMES]) + (" and others" if len(names) > MAX_NAMES else "")
    return f"{shown}: times without a zone, read on its clocks (time_zone of a table states another one)"


def columns_in_utc(guess: TableGuess) -> list[str]:
    """The columns with times whose names say that these are in UTC."""
    names = [facts.name for name in guess.columns if (facts := guess.facts(name)) and facts.is_date]
    return [name for name in names if IN_UTC.search(name)]


def _is_local(dates: DateGuess, guess: TableGuess, *, column: str) -> bool:
    is_moment = dates.is_zoned or dates.offsets or dates.date_format in EPOCH_UNITS or offsets_of(guess, column)
    has_clock = dates.has_clock or guess.columns[column].time_of_day is not None
    return has_clock and not is_moment and CONTRACT[guess.table][column].kind == "time"


def are_offsets_of(guesses: Sequence[TableGuess], zone: str | None) -> bool:
    """Whether the times have offsets, and those of this zone at their time."""
    dates = list(_dates_of(guesses))
    offsets = _collect_offsets(dates)
    return bool(zone and offsets) and set(offsets) == set(_offsets_of(str(zone), dates))


def _zone_of_offsets(guesses: Sequence[TableGuess], *, likely: str | None) -> ZoneGuess | None:
    """The zone whose offsets the times have."""
    dates = list(_dates_of(guesses))
    offsets = _collect_offsets(dates)
    if not offsets:
        return None
    written = " and ".join(sorted(offsets.values()))
    evidence = f"the times have the offset{'s' if len(offsets) > 1 else ''} {written}"
    for zone in filter(None, (likely, *WITH_SUMMER_TIME)):
        if (zone == likely or len(offsets) > 1) and set(offsets) == set(_offsets_of(zone, dates)):
            return ZoneGuess(zone, f"{evidence}, as {zone} has then", is_certain=zone == likely)
    if len(offsets) > 1:
        return None
    (offset,) = offsets
    if offset in ZONE_OF_OFFSET:
        return ZoneGuess(ZONE_OF_OFFSET[offset], evidence, is_certain=True)
    return ZoneGuess(*_name_fixed_zone(offset, evidence=evidence))


def _dates_of(guesses: Sequence[TableGuess]) -> Iterator[DateGuess]:
    """All columns with dates, and days that have a time of day in another column."""
    for guess in guesses:
        yield from (facts.dates for facts in guess.examined.columns.values() if facts.dates)
        yield from _dates_with_clocks(guess)


def _collect_offsets(dates: Sequence[DateGuess]) -> dict[timedelta, str]:
    """The offsets other than UTC, and how they are written."""
    return {offset: text for one in dates for text in one.offsets if (offset := parse_offset(text))}


def _dates_with_clocks(guess: TableGuess) -> Iterator[DateGuess]:
    """The days that have a time of day with an offset in another column."""
    for name in guess.columns:
        offsets, days = offsets_of(guess, name), guess.facts(name)
        if offsets and days is not None and days.dates is not None:
            yield replace(days.dates, offsets=offsets)


def parse_offset(text: str) -> timedelta:
    """An offset as a time; zero for UTC, which says nothing.

    >>> parse_offset("+02:00")
    datetime.timedelta(seconds=7200)
    """
    match = re.fullmatch(r"([+-])(\d{2}):?(\d{2})?", text)
    if match is None:
        return timedelta()
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return -offset if match[1] == "-" else offset


def _name_fixed_zone(offset: timedelta, *, evidence: str) -> tuple[str, str]:
    """The zone that always has this offset: its names have the opposite sign. UTC where there is none."""
    hours, rest = divmod(offset, timedelta(hours=1))
    name = f"Etc/GMT{-hours:+d}"
    if rest or name not in available_timezones():
        return "UTC", f"{evidence}, which no zone name stands for: name the zone of the business"
    return name, f"{evidence} and days are those of it; name your own zone (e.g. Europe/Berlin) if its clocks change"


def _offsets_of(zone: str, dates: Sequence[DateGuess]) -> Iterator[timedelta]:
    """The offsets of a zone in the time of the dates."""
    days = [day for one in dates for day in (one.first, one.last) if day is not None and one.offsets]
    if not days:
        return
    clock, last = ZoneInfo(zone), max(days)
    day: date = min(days)
    while True:
        moment = datetime.combine(min(day, last), time(12), UTC)
        yield moment.astimezone(clock).utcoffset() or timedelta()
        if day >= last:
            return
        day += STEP
