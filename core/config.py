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

from core.errors import nearest
from core.health import DIMENSIONS
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
    each_subscription: bool = False
    "subscription_ended: whether the end of one counts though the customer's others run on."

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


class HazardSettings(Section, frozen=True):
    """How it is learnt when customers leave; without this section it is not."""

    models: tuple[str, ...] = ()
    "Which of models.churn.hazard_models are tried; none named is all. kaplan_meier, the bar, is tried anyhow."
    horizon_months: int = 12
    "How far ahead, in months of 30 days; less where the history is too short to judge it."
    period_days: int = 30
    "Within a period the risk of who is still there counts as constant."
    every_days: int = 30
    "Spacing of the cutoffs, before as many are taken as `at_most` says, evenly."
    at_most: int = 12
    "How many training cutoffs are taken."

    def __post_init__(self) -> None:
        if min(self.horizon_months, self.period_days, self.every_days, self.at_most) < 1:
            raise ValueError("horizon_months, period_days, every_days and at_most are at least 1")
        if self.horizon_months * 30 < self.period_days:
            raise ValueError("horizon_months holds at least one period of period_days")


class ReportSettings(Section, frozen=True):
    """What `kizuna report` tells apart."""

    segments_by: tuple[str, ...] = ()
    "By which attributes figures are split, e.g. 'accounts.industry'; those that no contract knows need [attributes]."
    tier_by: str | None = None
    "The attribute that holds a customer's tier, e.g. 'accounts.tier'."
    acquisition_channels: tuple[str, ...] = ()
    "Which channels of `spend` win customers; none named is all of them."
    months: int = 24
    "How many complete months are told one by one."
    not_features: tuple[str, ...] = ("login", "logout", "visit", "session", "page_view", "error")
    "Events of `usage` that are nothing a customer could use more of; a letter does not name them."

    def __post_init__(self) -> None:
        for name in (*self.segments_by, *([self.tier_by] if self.tier_by else ())):
            if not re.fullmatch(r"(accounts|customers)\.\w+", name):
                raise ValueError(f"segments_by and tier_by name columns such as accounts.industry, found '{name}'")
        if self.months < 1:
            raise ValueError("months is at least 1")


class FlatTable(Section, frozen=True):
    """One file of a flat data set: a row a customer."""

    path: str
    "Parquet or CSV, relative to the TOML's folder."
    customer_id: str
    "Its column that names the customer."
    encoding: str = "utf-8"
    delimiter: str = ","
    columns: dict[str, str] = {}
    "Feature to column of the file."


class FlatLabel(Section, frozen=True):
    """Who left: the customers in whose row a column holds a certain value."""

    table: str
    column: str
    equals: str
    cause: str | None = None
    "The column of the same table that says why."


class FlatSource(Section, frozen=True):
    """A data set without times: what is known of each customer on one day, and who has left by then.

    Nothing tells when a cell was written, so every column may have been written after the customer left.
    """

    as_of: date
    "The day that the files tell of."
    label: FlatLabel
    tables: dict[str, FlatTable]

    def __post_init__(self) -> None:
        if self.label.table not in self.tables:
            raise ValueError(f"label.table '{self.label.table}' is none of [flat.tables]: {', '.join(self.tables)}")
        names = [name for table in self.tables.values() for name in table.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice or not names:
            raise ValueError(f"'{twice[0]}' is a column twice" if twice else "no [flat.tables] names a column")


class Segment(Section, frozen=True):
    """Customers that belong together, by exactly one of `rule`, `customers`, `customers_file` and `top`."""

    rule: str | None = None
    "In the language of core.rules, over features, key figures and listed attributes."
    customers: tuple[str, ...] = ()
    "Their ids, one by one."
    customers_file: str | None = None
    "A CSV, relative to the TOML, whose column customer_id (else its first one) holds their ids."
    top: float | None = None
    "The share of all customers, above 0 and at most 1, that is largest `by` a number; customers without it are none."
    by: str = "value"
    "With `top`: a feature, a key figure, or value (what a customer pays: MRR, else the revenue of 365 days)."
    measure: str = ""
    "What is done for them, in the business's own words."

    def __post_init__(self) -> None:
        stated = [self.rule is not None, bool(self.customers), self.customers_file is not None, self.top is not None]
        if sum(stated) != 1:
            raise ValueError("give exactly one of rule, customers, customers_file, top")
        if self.top is not None and not 0 < self.top <= 1:
            raise ValueError("top is a share above 0 and at most 1")
        if self.top is None and self.by != "value":
            raise ValueError("by goes with top")


class HealthSettings(Section, frozen=True):
    """From which score on a customer counts as healthy, and what a fall sets going."""

    healthy_from: float = 70.0
    "Where the probability of the tier medium lies on the scale, whatever it is."
    watch_from: float = 40.0
    "Where that of the tier high lies."
    at_risk_from: float = 20.0
    "Below is critical."
    hysteresis: float = 5.0
    "A limit is crossed by so many points before the band changes."
    minimum_stay_days: int = 14
    "A band is kept for at least so many days."
    drop: float = 15.0
    "So many points within 7 or 28 days, to below healthy, make a task."
    quiet_days: int = 28
    "After a fall, the same customer makes no other task for so many days."
    owner: str = ""
    "Whose a task is where the accounts name no owner."
    due_days: int = 7
    "A task is due so many days after the fall."
    measures: dict[str, str] = {}
    "What is suggested, by the dimension that fell most; the others keep the usual suggestion."
    webhook: str | None = None
    "An address that takes each new task."
    webhook_secret: str | None = None
    "Signs what is sent there; as ${NAME}."

    def __post_init__(self) -> None:
        if not 0 < self.at_risk_from < self.watch_from < self.healthy_from < 100:
            raise ValueError("health needs 0 < at_risk_from < watch_from < healthy_from < 100")
        narrowest = min(self.at_risk_from, self.watch_from - self.at_risk_from, self.healthy_from - self.watch_from)
        if not 0 <= self.hysteresis <= min(narrowest, 100 - self.healthy_from) / 2:
            raise ValueError("hysteresis is at least 0 and at most half of the narrowest band")
        if not self.drop > 0 or min(self.minimum_stay_days, self.due_days) < 0 or self.quiet_days < 28:
            raise ValueError("drop is above 0, minimum_stay_days and due_days at least 0, quiet_days at least 28")
        for name in self.measures:
            if name not in DIMENSIONS:
                raise ValueError(f"measures: no dimension '{name}'{nearest(name, DIMENSIONS)}")
        if self.webhook is not None and not self.webhook.startswith(("http://", "https://")):
            raise ValueError("webhook begins with http:// or https://")
        if self.webhook is not None and len(self.webhook_secret or "") < 16:
            raise ValueError(
                "a webhook needs a webhook_secret of at least 16 characters, such as ${KIZUNA_WEBHOOK_SECRET}"
            )


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
    tables: dict[str, TableSource]
    "Where times are told; none where the data set is flat."
    active_days: int = 0
    "Who bought (or used) within so many days before a cutoff is a customer at it; at least 1 where times are told."
    flat: FlatSource | None = None
    "Instead of tables: a data set without times."
    customer: Literal["person", "account"] = "person"
    "Who the customer is; with account, people roll up to their account_id."
    churn: ChurnDefinition = ChurnDefinition()
    cutoffs: Cutoffs = Cutoffs()
    tiers: Tiers = Tiers()
    offers: OfferAssumptions = OfferAssumptions()
    recommender: RecommenderSettings = RecommenderSettings()
    money: MoneySettings = MoneySettings()
    hazard: HazardSettings | None = None
    "When customers leave is learnt beside `kizuna train churn` where this section stands."
    report: ReportSettings = ReportSettings()
    segments: dict[str, Segment] = {}
    "By name; a customer may belong to several."
    customer_tiers: dict[str, Segment] = {}
    "By name, the first first: a customer belongs to the first that fits, and to no other."
    health: HealthSettings = HealthSettings()
    causes: CauseSettings = CauseSettings()
    attributes: dict[str, tuple[str, ...]] = {}
    "Listed attributes by table, e.g. customers = ['country']: used as features; of items, what questions filter by."
    as_of_today: tuple[str, ...] = ()
    "Listed attributes without a date that may be used all the same, e.g. 'customers.country'."
    csat_scale: tuple[float, float] = (1.0, 5.0)
    "The lowest and the highest score that a CSAT survey can have; others are set aside."
    identical_lines: Literal["keep", "drop"] = "keep"
    watermark: date | None = None
    "First day that is not completely recorded, where the tables do not tell."
    seed: int = 7
    var: str = "var"
    "Where models, releases and figures are kept, relative to the working directory."

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", self.name):
            raise ValueError(f"name is 1 to 64 of a-z, 0-9 and _, found '{self.name}'")
        if self.flat is None and self.active_days < 1:
            raise ValueError("active_days is at least 1")
        if self.flat is not None and self.tables:
            raise ValueError("give either [flat] or [tables]; what has times belongs into tables")
        if self.csat_scale[0] >= self.csat_scale[1]:
            raise ValueError("csat_scale is the lowest score and then the highest, e.g. [1, 5]")
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
