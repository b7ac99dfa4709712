"""Opens tables as of now: records that are dated later than today are mistakes, and stored decisions are contacts."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from core import environment
from core.config.data_set import Config
from core.errors import BadInput, NotEnoughHistory
from core.window import Cohort
from tables.journal import add_events
from tables.sources.opening import open_tables
from tables.stored_contacts import add_contacts
from tables.tables import Tables

LONG_SILENCE = timedelta(days=7)
"After the last record, before a later cutoff is remarked on: a firm with few orders has days without any."


def open_todays_tables(config: Config, *, is_read_often: bool = False, needs_activity: bool = True) -> Tables:
    """The tables of a configuration, without the records after today; see `open_tables`.

    Contacts that Kizuna has decided are among those of the table `contacts`, and events that the service has stored are
    rows of their tables.
    """
    from serving.build.contacts import read_contacts
    from serving.build.events import read_events
    from serving.decisions.store import DecisionStore
    from serving.journal.live import JournalPlace

    today = config.today(datetime.now(UTC))
    tables = open_tables(config, today=today, is_read_often=is_read_often, needs_activity=needs_activity)
    url = os.environ.get(environment.DATABASE_URL)
    tables = add_contacts(tables, read_contacts(DecisionStore.at(url, config.places.decisions, data_set=config.name)))
    journal = JournalPlace(url, config.places.events).connect(config.name)
    try:
        stored = read_events(journal, config.zone)
    finally:
        journal.close()
    return add_events(tables, stored.tables, number=stored.number)


def refuse_future(cutoffs: Iterable[date | None], config: Config) -> None:
    """Raise BadInput for a --cutoff whose records cannot exist yet; tomorrow is one that uses all of today."""
    today = config.today(datetime.now(UTC))
    for cutoff in cutoffs:
        if cutoff is not None and cutoff > today + timedelta(days=1):
            raise BadInput(f"--cutoff {cutoff} lies in the future: today is {today}")


def end_of_today(cutoff: date | None, config: Config) -> date:
    """The day before which data count: the --cutoff, otherwise tomorrow. Raises BadInput as `refuse_future` does."""
    refuse_future([cutoff], config)
    return cutoff or config.today(datetime.now(UTC)) + timedelta(days=1)


def describe_silence(tables: Tables, cutoff: date) -> str:
    """What a --cutoff long after the last record does to every figure; '' where it is none."""
    last = max(tables.watermark(name) for name in tables.cutoff_tables)
    if cutoff <= last + LONG_SILENCE:
        return ""
    return (
        f"note: the tables end on {last}, so every customer seems silent in the {(cutoff - last).days} days to {cutoff}"
    )


def require_customers(cohort: Cohort, cutoffs: Iterable[date]) -> None:
    """Raise NotEnoughHistory where there was no customer at any of these cutoffs."""
    if not len(cohort):
        days = ", ".join(map(str, cutoffs))
        raise NotEnoughHistory(f"there was no customer at {days} ({cohort.definition}); name another day with --cutoff")
