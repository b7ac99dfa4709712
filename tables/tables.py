"""A company's data under the contract: named tables, checked, and what was known of them at a cutoff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.duckdb import Backend as DuckDB
from ibis.backends.sql import SQLBackend

from core.config.data_set import Config
from core.digest import digest_of
from core.errors import DataError
from tables.accounts import memberships, rolled_up, seated
from tables.cleaning.conform import SET_ASIDE, conform, contract_of, dated_by
from tables.cleaning.contradictions import IN_TWO_ACCOUNTS
from tables.contract import CONTRACT
from tables.identities import followed, newest_links, resolved
from tables.known_at import known_cells, known_rows, last_rows, newest_versions, undated
from tables.load_report import LoadReport, fingerprint_of, intake_of
from tables.personal_columns import Suspicion, suspicions_of
from tables.subscription_spans import overlapping, without_overlaps
from tables.watermark import Recording, recordings_of, watermark_of


@dataclass(frozen=True)
class Counted:
    """What was counted of each table, when it was first asked."""

    intakes: dict[str, LoadReport] = field(default_factory=dict)
    recordings: dict[str, tuple[Recording, ...]] = field(default_factory=dict)
    refused: dict[str, tuple[Suspicion, ...]] = field(default_factory=dict)
    overlaps: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Tables:
    """Named Ibis tables of one engine; columns as in the contract, times naive and local, money in float64.

    `tables["purchases"]` holds every row that can be used, all versions of a line included; features read
    `tables.at(cutoff)` instead, which holds what was known then.
    """

    config: Config
    backend: SQLBackend
    sources: Mapping[str, ir.Table]
    "As they came."
    conformed: Mapping[str, ir.Table]
    "Every row read, with the cause to set it aside."
    usable: Mapping[str, ir.Table] = field(default_factory=dict)
    cutoff: date | None = None
    "Until when these tables tell: midnight of this day; None is everything recorded."
    counted: Counted = field(default_factory=Counted)
    "What was counted so far; shared with the views at cutoffs."

    def __contains__(self, name: object) -> bool:
        return name in self.usable

    def __getitem__(self, name: str) -> ir.Table:
        if name not in self.usable:
            raise DataError(
                f"there is no table '{name}'; there are: {', '.join(self.usable)}; see [tables] of the TOML"
            )
        return self.usable[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The tables there are."""
        return tuple(self.usable)

    def at(self, cutoff: date) -> Tables:
        """What was known before midnight of the cutoff.

        Rows that had happened and were recorded; cells that had become known; the newest version of each line; the
        customers that aliases stood for; the last of dated rows; the newer of overlapping spans. What has no date and
        is not listed in `as_of_today` is left out: somebody may have written it after the cutoff.
        """
        return self._known(cutoff)

    def latest(self) -> Tables:
        """What is known at the end of everything recorded; attributes without a date are as of then."""
        return self._known(None)

    def _known(self, cutoff: date | None) -> Tables:
        views = {name: self._view(name, cutoff) for name in self.usable}
        if "identities" in views:
            chains = followed(newest_links(views["identities"]))
            views = {name: self._resolved(name, view, chains) for name, view in views.items()}
        views = {name: self._last(name, view) for name, view in views.items()}
        if self.config.customer == "account" and "customers" in views:
            views = self._rolled_up(views, cutoff)
        return replace(self, usable=views, cutoff=cutoff)

    def _view(self, name: str, cutoff: date | None) -> ir.Table:
        contract, table = CONTRACT[name], self.usable[name]
        table = known_cells(known_rows(table, contract, cutoff), contract, cutoff)
        if "line_id" in table.columns and self.intake(name).line_versions:
            table = newest_versions(table)
        if name == "subscriptions" and self._overlaps:
            table = without_overlaps(table)
        if cutoff is None:
            return table
        hidden = {c for c in undated(contract, table.columns) if f"{name}.{c}" not in self.config.as_of_today}
        hidden |= {suspicion.column for suspicion in self.refused(name)}
        return table.drop(*(column for column in table.columns if column in hidden))

    @property
    def _overlaps(self) -> bool:
        """Whether spans of one subscription overlap anywhere; looked for once, since hardly ever any do."""
        if "subscriptions" not in self.counted.overlaps:
            found = overlapping(usable_rows(self.conformed["subscriptions"]))
            self.counted.overlaps["subscriptions"] = int(found.count().to_pyarrow().as_py())
        return self.counted.overlaps["subscriptions"] > 0

    def _resolved(self, name: str, view: ir.Table, chains: ir.Table) -> ir.Table:
        return resolved(view, chains) if name != "identities" and "customer_id" in view.columns else view

    def _rolled_up(self, views: dict[str, ir.Table], cutoff: date | None) -> dict[str, ir.Table]:
        people = self.usable["customers"]
        if "account_id" not in people.columns:
            raise DataError('customer = "account" needs the column account_id in customers; map it, or say "person"')
        # A membership without a date has always been known, as a link of identities has.
        members = memberships(self._last("customers", known_rows(people, CONTRACT["customers"], cutoff)))
        unsure = self._of_two_accounts(cutoff)
        having = [name for name, view in views.items() if "customer_id" in view.columns]
        views = views | {
            name: rolled_up(views[name], members, unsure) for name in having if name not in ("identities", "customers")
        }
        unsaid = "subscriptions" in views and "seats" not in views["subscriptions"].columns
        if unsaid and "accounts" in views and "seats" in views["accounts"].columns:
            views["subscriptions"] = seated(views["subscriptions"], views["accounts"])
        return views

    def _of_two_accounts(self, cutoff: date | None) -> ir.Table | None:
        """Who was said to be of two accounts at once; None where there is nobody."""
        if IN_TWO_ACCOUNTS not in self.intake("customers").set_aside:
            return None
        people = self.conformed["customers"]
        return known_rows(people.filter(people[SET_ASIDE] == IN_TWO_ACCOUNTS), CONTRACT["customers"], cutoff)

    def _last(self, name: str, view: ir.Table) -> ir.Table:
        contract = CONTRACT[name]
        several = dated_by(contract, view.columns) or (name == "customers" and "identities" in self.usable)
        return last_rows(view, contract) if several else view

    def watermark(self, table: str) -> date:
        """The first day that is not completely recorded; the config's where it states one.

        Raises DataError where the table has no times to tell from.
        """
        if self.config.watermark is not None:
            return self.config.watermark
        found = watermark_of(self.recordings(table))
        if found is None:
            raise DataError(f"{table} holds no time to tell its watermark from; state watermark in the TOML")
        return found

    def recordings(self, name: str) -> tuple[Recording, ...]:
        """When each channel of a table recorded; none for tables of things."""
        if name not in self.counted.recordings:
            self.counted.recordings[name] = recordings_of(usable_rows(self.conformed[name]), CONTRACT[name].happens_at)
        return self.counted.recordings[name]

    def intake(self, name: str) -> LoadReport:
        """What was read of one table; counted by its engine when first asked."""
        if name not in self.counted.intakes:
            self.counted.intakes[name] = intake_of(self.conformed[name], CONTRACT[name])
        return self.counted.intakes[name]

    def refused(self, name: str) -> tuple[Suspicion, ...]:
        """Listed attributes that look personal: features never see them."""
        if name not in self.counted.refused:
            contract, table = CONTRACT[name], last_rows(usable_rows(self.conformed[name]), CONTRACT[name])
            attributes = [column for column in table.columns if column not in contract]
            self.counted.refused[name] = suspicions_of(name, table, attributes)
        return self.counted.refused[name]

    @property
    def report(self) -> dict[str, LoadReport]:
        """What was read of every table, and what was set aside."""
        return {name: self.intake(name) for name in self.usable}

    @cached_property
    def digest(self) -> str:
        """A fingerprint of the content: the same rows in any order give the same digest on the same engine."""
        return digest_of({name: fingerprint_of(self.usable[name]) for name in self.usable})


def usable_rows(conformed: ir.Table) -> ir.Table:
    """The rows without a cause to be set aside."""
    return conformed.filter(conformed[SET_ASIDE].isnull()).drop(SET_ASIDE)


def tables_of(
    config: Config, backend: SQLBackend, sources: Mapping[str, ir.Table], conformed: Mapping[str, ir.Table]
) -> Tables:
    """Tables of conformed sources: rows with a cause to be set aside are left out, identical lines where asked."""
    conformed = {name: _named(backend, table) for name, table in conformed.items()}
    usable = {name: usable_rows(table) for name, table in conformed.items()}
    if config.duplicate_rows == "drop" and "purchases" in usable:
        usable["purchases"] = usable["purchases"].distinct()
    return Tables(config, backend, sources, conformed, {name: _named(backend, table) for name, table in usable.items()})


def _named(backend: SQLBackend, table: ir.Table) -> ir.Table:
    """The table as a view of DuckDB, so that what is asked of it later is not translated whole each time.

    In other engines, which may be a company's own, nothing is made.
    """
    if not isinstance(backend, DuckDB):
        return table
    name = ibis.util.gen_name("view")
    backend.raw_sql(f'CREATE TEMP VIEW "{name}" AS {ibis.to_sql(table, dialect="duckdb")}')
    return backend.table(name, database="temp.main")


def tables_from_frames(config: Config, frames: Mapping[str, pa.Table], backend: SQLBackend | None = None) -> Tables:
    """Tables of Arrow tables whose columns are called as in the contract, copied into the engine (default: DuckDB)."""
    engine = backend if backend is not None else ibis.duckdb.connect()
    sources = {name: _stored(engine, name, frame) for name, frame in frames.items()}
    conformed = {name: conform(raw, contract_of(name), config, None) for name, raw in sources.items()}
    return tables_of(config, engine, sources, conformed)


def _stored(engine: SQLBackend, name: str, frame: pa.Table) -> ir.Table:
    """The frame in the engine; a column without a value has no type there, so it becomes empty text."""
    fields = [field.with_type(pa.string()) if pa.types.is_null(field.type) else field for field in frame.schema]
    return engine.create_table(ibis.util.gen_name(name), frame.cast(pa.schema(fields)), temp=True)
