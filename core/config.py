"""A data set's TOML: where its tables live and what its business means by leaving.

Every knob stands once, here; `core.config_file` reads it.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from core.places import Places


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the TOML."""


class ColumnSource(Section, frozen=True):
    """Where a column's values come from: exactly one of `column`, `product` and `constant`."""

    column: str | None = None
    "A column of the source."
    product: tuple[str, ...] | None = None
    "Numeric columns of the source, multiplied."
    constant: str | int | float | bool | None = None
    missing_when: tuple[str, ...] = ()
    "Values that stand for missing."
    missing_when_starts_with: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given = [x for x in (self.column, self.product, self.constant) if x is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of column, product, constant")


class RowMatch(Section, frozen=True):
    """Which rows of the source are meant: those where the column's text equals or starts with something."""

    column: str
    equals: str | None = None
    starts_with: str | None = None

    def __post_init__(self) -> None:
        if (self.equals is None) == (self.starts_with is None):
            raise ValueError("give exactly one of equals, starts_with")


class TableSource(Section, frozen=True):
    """Where one table of the contract lives: a `path` (Parquet or CSV, a glob too) or a `database` and its `table`."""

    path: str | None = None
    "Relative to the TOML's folder."
    encoding: str = "utf-8"
    "Of a CSV: any of Python's."
    delimiter: str = ","
    database: str | None = None
    "An Ibis connection URL: duckdb://file.db, postgres://user:${PASSWORD}@host:5432/name."
    table: str | None = None
    "In the database; 'schema.table' where needed."
    time_zone: str | None = None
    "Of times without an offset, where it is not the business's own."
    columns: dict[str, str | ColumnSource] = {}
    "Contract column to source column; columns that are called alike need no mention."
    returns: RowMatch | None = None
    "purchases: rows that are returns, whatever the sign of their amount."

    def __post_init__(self) -> None:
        if (self.path is None) == (self.database is None):
            raise ValueError("give exactly one of path, database")
        if self.database is not None and self.table is None:
            raise ValueError("a database needs the name of its table")


Definition = Literal["no_purchase", "overdue", "subscription_ended", "no_usage"]


class ChurnDefinition(Section, frozen=True):
    """What leaving means for this business."""

    definition: Definition = "no_purchase"
    horizon_days: int = 90
    gap_days: int = 0
    "Between cutoff and horizon: the time the business needs to act."
    overdue_multiple: float = 3.0
    "overdue: no purchase within this many of the customer's own usual gaps."
    grace_days: int = 30
    "subscription_ended: a renewal within so many days is no churn."

    def __post_init__(self) -> None:
        if self.horizon_days < 1 or self.gap_days < 0:
            raise ValueError("horizon_days is at least 1 and gap_days at least 0")
        if self.overdue_multiple <= 0 or self.grace_days < 0:
            raise ValueError("overdue_multiple is above 0 and grace_days at least 0")


class Cutoffs(Section, frozen=True):
    """The days at which the past ends; where none is stated, they are taken from the history."""

    train: tuple[date, ...] = ()
    test: date | None = None

    every_days: int = 14
    "Spacing of the training cutoffs where none is stated."
    at_most: int = 6
    "How many training cutoffs are then taken."


class Tiers(Section, frozen=True):
    """From which churn probability a customer counts as at risk; probabilities survive a retraining."""

    medium: float = 0.3
    high: float = 0.6

    def __post_init__(self) -> None:
        if not 0 < self.medium < self.high < 1:
            raise ValueError("tiers need 0 < medium < high < 1")


class OfferAssumptions(Section, frozen=True):
    """What is assumed of offers where no `contacts` table tells; every answer says so."""

    acceptance_probability: float = 0.03
    answer_days: int = 14
    "Within so many days of a contact an offer is accepted or not at all; younger contacts tell nothing yet."
    saved_share: float = 0.0
    "Share of the customers who would leave that an offer of a kind in `saving_kinds` keeps."
    saving_kinds: tuple[str, ...] = ("discount", "thank_you")
    customer_value: float = 0.0
    "What a kept customer is worth over the horizon, base currency."

    def __post_init__(self) -> None:
        if not 0 <= self.acceptance_probability <= 1 or not 0 <= self.saved_share <= 1:
            raise ValueError("acceptance_probability and saved_share lie between 0 and 1")
        if self.answer_days < 1:
            raise ValueError("answer_days is at least 1")


class RecommenderSettings(Section, frozen=True):
    """How recommendations are judged and filled."""

    k: int = 10
    horizon_days: int = 28
    "Purchases within so many days after the cutoff are what a recommender should have found."
    popularity_half_life_days: float = 30.0
    models: tuple[str, ...] = ()
    "Which of the shelf are tried; none named is all of them. Popularity, the bar for the others, is tried anyhow."
    trend_window_days: int = 14
    "What is on the rise is told from so many days, against as many before them."
    bought_together_orders: int = 5
    "Two items are said to be bought together from so many orders with both on."

    def __post_init__(self) -> None:
        if min(self.k, self.horizon_days, self.trend_window_days, self.bought_together_orders) < 1:
            raise ValueError("k, horizon_days, trend_window_days and bought_together_orders are at least 1")
        if self.popularity_half_life_days <= 0:
            raise ValueError("popularity_half_life_days is above 0")


class MoneySettings(Section, frozen=True):
    """How amounts are to be read in reports."""

    rates: str | None = None
    "CSV of dated exchange rates, relative to the TOML: month (2026-04), currency, rate (base currency for one of it)."
    decimals: int | None = None
    "Of the base currency, where it is not ISO 4217's (JPY has none)."
    tax_included: bool = False
    "Whether amounts hold tax; reports say so."
    fiscal_year_starts: int = 1
    "The month, 1 to 12."
    margin_rate: float = 1.0
    "Share of the revenue that is left after serving it, where subscriptions do not state their own."
    yearly_discount: float = 0.1
    "By which later revenue is worth less, for the value of a customer from the survival curve."

    def __post_init__(self) -> None:
        if not 1 <= self.fiscal_year_starts <= 12:
            raise ValueError("fiscal_year_starts is a month, 1 to 12")
        if not 0 < self.margin_rate <= 1 or self.yearly_discount < 0:
            raise ValueError("margin_rate lies above 0 and at most at 1, yearly_discount is at least 0")
        if self.decimals is not None and not 0 <= self.decimals <= 4:
            raise ValueError("decimals lie between 0 and 4")


class CauseMeasure(Section, frozen=True):
    """Something that a business can do against one cause of leaving."""

    name: str
    cause: str
    saved_share: float
    "Of the customers who would leave for this cause, the share that it keeps."
    cost: float | None = None
    "A customer, base currency; not stated, it is the cost of the offer."
    cost_once: float = 0.0
    "Whoever it is done for, base currency."
    offer: str | None = None
    "An offer_id of the offers table: what the customer gets."

    def __post_init__(self) -> None:
        if not 0 <= self.saved_share <= 1:
            raise ValueError(f"saved_share of '{self.name}' lies between 0 and 1")
        if (self.cost is None) == (self.offer is None):
            raise ValueError(f"give exactly one of cost and offer for '{self.name}'")


class CauseSettings(Section, frozen=True):
    """How this business tells why customers leave, and what it can do about it."""

    names: tuple[str, ...] = ("product", "price", "support")
    "What is told apart; whatever fits none of them is 'other'."
    words: dict[str, tuple[str, ...]] = {}
    "By cause: codes of end_reason and topics, and words of them, beyond the usual ones."
    features: dict[str, tuple[str, ...]] = {}
    "By cause: features or whole families, with * for anything, beyond the usual ones; what stands here counts first."
    text_threshold: float = 0.5
    "From which probability on the text model's word counts."
    said_within_days: int = 90
    "Tickets and surveys of so many days before the end are asked for a cause where the end itself states none."
    value_months: float = 12.0
    "What a kept customer is worth: so many months of what they pay, at the margin."
    measures: tuple[CauseMeasure, ...] = ()

    def __post_init__(self) -> None:
        known = {*self.names, "other"}
        for place, causes in (("words", self.words), ("features", self.features)):
            for cause in causes:
                if cause not in known:
                    raise ValueError(f"[causes.{place}] speaks of '{cause}'; causes are {', '.join(sorted(known))}")
        for measure in self.measures:
            if measure.cause not in known:
                raise ValueError(f"measure '{measure.name}' is for '{measure.cause}', which is no cause")
        if not 0 <= self.text_threshold <= 1 or self.said_within_days < 1 or self.value_months <= 0:
            raise ValueError("text_threshold lies between 0 and 1, said_within_days and value_months above 0")


class Config(Section, frozen=True):
    """One data set."""

    name: str
    time_zone: str
    "IANA name; every time inside is naive and local to it."
    currency: str
    "Base currency, ISO 4217."
    active_days: int
    "Who bought (or used) within so many days before a cutoff is a customer at it."
    tables: dict[str, TableSource]
    customer: Literal["person", "account"] = "person"
    "Who the customer is; with account, people roll up to their account_id."
    churn: ChurnDefinition = ChurnDefinition()
    cutoffs: Cutoffs = Cutoffs()
    tiers: Tiers = Tiers()
    offers: OfferAssumptions = OfferAssumptions()
    recommender: RecommenderSettings = RecommenderSettings()
    money: MoneySettings = MoneySettings()
    causes: CauseSettings = CauseSettings()
    attributes: dict[str, tuple[str, ...]] = {}
    "Listed attributes by table, e.g. customers = ['country']: used as features; of items, what questions filter by."
    as_of_today: tuple[str, ...] = ()
    "Listed attributes without a date that may be used all the same, e.g. 'customers.country'."
    identical_lines: Literal["keep", "drop"] = "keep"
    watermark: date | None = None
    "First day that is not completely recorded, where the tables do not tell."
    seed: int = 7
    var: str = "var"
    "Where models, releases and figures are kept, relative to the working directory."

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", self.name):
            raise ValueError(f"name is 1 to 64 of a-z, 0-9 and _, found '{self.name}'")
        if self.active_days < 1:
            raise ValueError("active_days is at least 1")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as fault:
            raise ValueError(f"time_zone '{self.time_zone}' is no IANA name such as Europe/London") from fault

    @property
    def zone(self) -> ZoneInfo:
        """The business's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def places(self) -> Places:
        """Where this data set's files lie."""
        return Places(Path(self.var), self.name)

    def today(self, now: datetime) -> date:
        """The cutoff of an answer given at this moment: the local day that has begun."""
        return now.astimezone(self.zone).date()

    def label_days(self) -> timedelta:
        """How long after a cutoff its label is known."""
        return timedelta(days=self.churn.gap_days + self.churn.horizon_days)
