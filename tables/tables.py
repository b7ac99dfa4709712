"""The tables of a data set under the contract, and what was known of them at a cutoff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import date
from functools import cached_property

import ibis.expr.types as ir
from ibis.backends.sql import SQLBackend

from core.config.data_set import Config
from core.config.training import PredictedEvent
from core.errors import DataError
from core.ids import digest_of
from tables.cleaning.conform import EXCLUDED_BECAUSE, EXCLUDED_VALUE, IN_TWO_ACCOUNTS, Conformed
from tables.cleaning.lookups import LookupMatch
from tables.cleaning.source_columns import drop_row_numbers
from tables.contract import CONTRACT
from tables.identities import add_seats, memberships, newest_links, replace_aliases, resolve_chains, roll_up
from tables.known_at import (
    ChannelCoverage,
    blank_unknown_cells,
    choose_cutoff_tables,
    columns_without_date,
    keep_known_rows,
    keep_last_rows,
    keep_newest_versions,
    measure_coverage,
    require_columns,
    watermark_of,
)
from tables.load_report import LoadReport, build_load_report, fingerprint_of
from tables.personal_columns import PersonalColumn, find_personal_columns
from tables.subscription_reading import MOMENT, SubscriptionReading, list_events, read_subscriptions


@dataclass(frozen=True)
class TableCounts:
    """Counts of each table, kept from the first time they are needed."""

    load_reports: dict[str, LoadReport] = field(default_factory=dict[str, LoadReport])
    channels: dict[str, tuple[ChannelCoverage, ...]] = field(default_factory=dict[str, tuple[ChannelCoverage, ...]])
    personal_columns: dict[str, tuple[PersonalColumn, ...]] = field(
        default_factory=dict[str, tuple[PersonalColumn, ...]]
    )
    subscriptions: dict[str, SubscriptionReading] = field(default_factory=dict[str, SubscriptionReading])


MAX_VIEWS = 32
"Cutoffs whose views are kept: cohort, features and labels ask for the same ones in turn."
MAX_KEPT_ROWS = 100_000
"Subscription rows up to which views are kept, because each holds its own spans."


@dataclass(frozen=True)
class Tables:
    """Named Ibis tables of one engine: columns as in the contract, times naive and local, money in float64.

    `tables["purchases"]` has every usable row and version of a line; features read what `tables.at(cutoff)` knew.
    """

    config: Config
    backend: SQLBackend
    _: KW_ONLY
    sources: Mapping[str, ir.Table]
    "As they are in the source."
    conformed: Mapping[str, Conformed]
    "Every row under the contract, with the reason to exclude it."
    usable: Mapping[str, ir.Table] = field(default_factory=dict[str, ir.Table])
    lookups: Mapping[str, LookupMatch] = field(default_factory=dict[str, LookupMatch])
    "How the keys match, of each table that looks up columns in a second file."
    cutoff: date | None = None
    "The tables hold what was known before midnight of this day; None: everything recorded."
    today: date | None = None
    "The local day on which the tables were opened, where it is known."
    event: PredictedEvent | None = None
    "The event that labels ask for; None: churn."
    journal_number: int = 0
    "The number of the last event of the journal that was read; see `tables.journal`."
    counts: TableCounts = field(default_factory=TableCounts)
    "Shared with the views at cutoffs."
    _views: dict[date | None, Tables] = field(
        init=False, repr=False, compare=False, default_factory=dict["date | None", "Tables"]
    )
    "The newest views, by cutoff."

    def __contains__(self, name: object) -> bool:
        return name in self.usable

    def __getitem__(self, name: str) -> ir.Table:
        return require_columns(self.as_far_as_recorded(name), CONTRACT[name], source=self.sources[name])

    def as_far_as_recorded(self, name: str) -> ir.Table:
        """The table, even where it lacks columns that all but recommendations need, e.g. times of purchases."""
        if name not in self.usable:
            raise DataError(
                f"there is no table '{name}'; there are: {', '.join(self.usable)}; see [tables] of the TOML"
            )
        return drop_row_numbers(self.usable[name])

    def is_undated(self, name: str) -> bool:
        """Whether the data set has the table, but its rows do not say when they happened."""
        return name in self and CONTRACT[name].happens_at not in self.usable[name].columns

    @property
    def names(self) -> tuple[str, ...]:
        """The tables of the data set."""
        return tuple(self.usable)

    def at(self, cutoff: date) -> Tables:
        """What was known before midnight of the cutoff.

        Has rows that had happened and were recorded, cells that had become known, the newest version of each line,
        customers instead of their aliases, the last of dated rows, and spans instead of subscription rows (see
        `tables.subscription_spans`). An undated column is dropped unless `as_of_today` lists it, because it may have
        been written after the cutoff.
        """
        return self._keep_view(cutoff)

    def latest(self) -> Tables:
        """What is known at the end of everything recorded; undated attributes have their value of today."""
        return self._keep_view(None)

    def _keep_view(self, cutoff: date | None) -> Tables:
        if cutoff in self._views:
            return self._views[cutoff]
        view = self._view_until(cutoff)
        if "subscriptions" not in self or self.load_report("subscriptions").n_rows <= MAX_KEPT_ROWS:
            if len(self._views) >= MAX_VIEWS:
                del self._views[next(iter(self._views))]
            self._views[cutoff] = view
        return view

    def _view_until(self, cutoff: date | None) -> Tables:
        views = {name: self._view(name, cutoff) for name in self.usable}
        if "identities" in views:
            chains = resolve_chains(newest_links(views["identities"]))
            views = {
                name: replace_aliases(view, chains) if name != "identities" and "customer_id" in view.columns else view
                for name, view in views.items()
            }
            if "customers" in views and "referred_by" in views["customers"].columns:
                views["customers"] = replace_aliases(views["customers"], chains, column="referred_by")
        if "subscriptions" in views and ("identities" in views or self.subscription_reading.has_loose_rows):
            # Computed here, once: the spans are few, and every query would compute them again.
            asks_for_changes = self.event is not None and self.event.table == "subscriptions"
            spans = self.subscription_reading.make_spans(views["subscriptions"], keeps_terms=asks_for_changes)
            views["subscriptions"] = spans.cache()
        views = {name: self._last(name, view) for name, view in views.items()}
        if self.config.customer == "account" and "customers" in views:
            views = self._roll_up(views, cutoff)
        return replace(self, usable=views, cutoff=cutoff)

    def _view(self, name: str, cutoff: date | None) -> ir.Table:
        contract, table = CONTRACT[name], self.usable[name]
        if name == "subscriptions" and "ended_at" in table.columns:
            table = self.subscription_reading.split_trials(table)
        table = keep_known_rows(table, contract, cutoff=cutoff)
        table = blank_unknown_cells(table, contract, cutoff=cutoff)
        if "line_id" in table.columns and self.load_report(name).n_line_versions:
            table = keep_newest_versions(table)
        if cutoff is None:
            return table
        hidden = {
            column
            for column in columns_without_date(contract, table.columns)
            if f"{name}.{column}" not in self.config.as_of_today
        }
        hidden |= {personal.column for personal in self.personal_columns(name)}
        return table.drop(*(column for column in table.columns if column in hidden))

    @property
    def subscription_reading(self) -> SubscriptionReading:
        """How the rows of subscriptions are read."""
        readings = self.counts.subscriptions
        if "subscriptions" not in readings:
            rows = usable_rows(self.conformed["subscriptions"])
            readings["subscriptions"] = read_subscriptions(rows, self.config.tables.get("subscriptions"))
        return readings["subscriptions"]

    def _roll_up(self, views: dict[str, ir.Table], cutoff: date | None) -> dict[str, ir.Table]:
        people, contract = self.usable["customers"], CONTRACT["customers"]
        if "account_id" not in people.columns:
            raise DataError(
                'customer = "account" needs the column account_id in customers; map it, or set customer = "person"'
            )
        # A membership without a date has always been known, like a link of identities.
        members = memberships(self._last("customers", keep_known_rows(people, contract, cutoff=cutoff)))
        ambiguous = self._in_two_accounts(cutoff)
        of_people = [
            name
            for name, view in views.items()
            if "customer_id" in view.columns and name not in ("identities", "customers")
        ]
        views = views | {name: roll_up(views[name], members, ambiguous=ambiguous) for name in of_people}
        lacks_seats = "subscriptions" in views and "seats" not in views["subscriptions"].columns
        if lacks_seats and "accounts" in views and "seats" in views["accounts"].columns:
            views["subscriptions"] = add_seats(views["subscriptions"], views["accounts"])
        return views

    def _in_two_accounts(self, cutoff: date | None) -> ir.Table | None:
        """The people recorded in two accounts at once; None if there are none."""
        if IN_TWO_ACCOUNTS not in self.load_report("customers").excluded:
            return None
        people = self.conformed["customers"].rows
        people = people.filter(people[EXCLUDED_BECAUSE] == IN_TWO_ACCOUNTS)
        return keep_known_rows(people, CONTRACT["customers"], cutoff=cutoff)

    def _last(self, name: str, view: ir.Table) -> ir.Table:
        contract = CONTRACT[name]
        may_repeat = contract.dating_column(view.columns) or (name == "customers" and "identities" in self.usable)
        return keep_last_rows(view, contract) if may_repeat else drop_row_numbers(view)

    @property
    def has_amounts(self) -> bool:
        """Whether money is known of purchases; without it, they show what was bought and when."""
        return "purchases" not in self.conformed or "amount" not in self.conformed["purchases"].assumed

    def without(self, name: str) -> Tables:
        """The tables of the data set but one."""
        return replace(self, usable={other: table for other, table in self.usable.items() if other != name})

    def watermark(self, table: str) -> date:
        """The first day that is not completely recorded; the one in the TOML if it states one.

        It is today where rows of events have no time. Raises DataError if there is nothing to derive it from.
        """
        if self.config.watermark is not None:
            return self.config.watermark
        watermark = watermark_of(self.channels(table)) or (self.today if self.is_undated(table) else None)
        if watermark is None:
            raise DataError(f"{table} has no times to derive its watermark from; set watermark in the TOML")
        return watermark

    def default_cutoff(self) -> date:
        """The cutoff of an answer given now: the first day that `cutoff_tables` do not completely cover."""
        return min(self.watermark(name) for name in self.cutoff_tables)

    @property
    def cutoff_tables(self) -> tuple[str, ...]:
        """The tables that decide the default cutoff: purchases and usage, else subscriptions, else those of contacts.

        Where one of them ends days before the other, the earlier one counts: all of its customers would seem silent.
        """
        return choose_cutoff_tables(self.names)

    def channels(self, name: str) -> tuple[ChannelCoverage, ...]:
        """The days that each channel of a table recorded; empty for tables of things."""
        if name not in self.counts.channels:
            table, happens_at = usable_rows(self.conformed[name]), CONTRACT[name].happens_at
            if name == "subscriptions":
                settings = self.config.tables.get(name)
                has_snapshots = settings is not None and settings.monthly_snapshots
                table, happens_at = list_events(table, today=self.today, has_snapshots=has_snapshots), MOMENT
            self.counts.channels[name] = measure_coverage(table, happens_at)
        return self.counts.channels[name]

    def load_report(self, name: str) -> LoadReport:
        """What was read from one table and which rows were excluded."""
        if name not in self.counts.load_reports:
            self.counts.load_reports[name] = build_load_report(self.conformed[name], CONTRACT[name])
        return self.counts.load_reports[name]

    def personal_columns(self, name: str) -> tuple[PersonalColumn, ...]:
        """Listed attributes that look like personal data; features never see them."""
        if name not in self.counts.personal_columns:
            contract = CONTRACT[name]
            table = keep_last_rows(usable_rows(self.conformed[name], with_numbers=True), contract)
            attributes = [column for column in table.columns if column not in contract]
            self.counts.personal_columns[name] = find_personal_columns(name, table, columns=attributes)
        return self.counts.personal_columns[name]

    @property
    def load_reports(self) -> dict[str, LoadReport]:
        """The load report of every table."""
        return {name: self.load_report(name) for name in self.usable}

    @cached_property
    def digest(self) -> str:
        """A fingerprint of the content: the same rows in any order give the same digest on the same engine."""
        return digest_of({name: fingerprint_of(self.as_far_as_recorded(name)) for name in self.usable})


def usable_rows(conformed: Conformed, *, with_numbers: bool = False) -> ir.Table:
    """The rows that are not excluded."""
    rows = conformed.rows
    usable = rows.filter(rows[EXCLUDED_BECAUSE].isnull()).drop(EXCLUDED_BECAUSE, EXCLUDED_VALUE)
    return usable if with_numbers else drop_row_numbers(usable)
