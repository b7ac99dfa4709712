"""Opens tables as of now: records that are dated later than today are mistakes."""

from __future__ import annotations

from datetime import UTC, datetime

from core.config.data_set import Config
from tables.sources.opening import open_tables
from tables.tables import Tables


def open_todays_tables(config: Config, *, is_read_often: bool = False, needs_activity: bool = True) -> Tables:
    """The tables of a configuration, without the records after today; see `open_tables`."""
    today = config.today(datetime.now(UTC))
    return open_tables(config, today=today, is_read_often=is_read_often, needs_activity=needs_activity)
