"""A data set's TOML as a whole; its sections stand in `core.settings`.

Every knob stands once, there or here; `core.config.loading` reads it.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from core.config.customers import CauseSettings, HealthSettings, Segment
from core.config.money import MoneySettings, OfferAssumptions, ReportSettings
from core.config.section import Section
from core.config.sources import CrossSectionSource, TableSource
from core.config.training import ChurnDefinition, Cutoffs, HazardSettings, RecommenderSettings, RiskLevels
from core.errors import ConfigError
from core.places import Places


class Config(Section, frozen=True):
    """One data set."""

    name: str
    time_zone: str
    "IANA name; every time inside is naive and local to it."
    currency: str
    "Base currency, ISO 4217."
    tables: dict[str, TableSource]
    "Where times are told; none where the data set is a cross-section."
    active_days: int = 0
    "Who bought (or used) within so many days before a cutoff is a customer at it; at least 1 where times are told."
    cross_section: CrossSectionSource | None = None
    "Instead of tables: a data set without times."
    customer: Literal["person", "account"] = "person"
    "Who the customer is; with account, people roll up to their account_id."
    churn: ChurnDefinition = ChurnDefinition()
    cutoffs: Cutoffs = Cutoffs()
    risk_levels: RiskLevels = RiskLevels()
    offers: OfferAssumptions = OfferAssumptions()
    recommender: RecommenderSettings = RecommenderSettings()
    money: MoneySettings = MoneySettings()
    hazard: HazardSettings | None = None
    "When customers leave is learnt beside `kizuna train churn` where this section stands."
    report: ReportSettings = ReportSettings()
    segments: dict[str, Segment] = msgspec.field(default_factory=dict)
    "By name; a customer may belong to several."
    customer_tiers: dict[str, Segment] = msgspec.field(default_factory=dict)
    "By name, the first first: a customer belongs to the first that fits, and to no other."
    health: HealthSettings = HealthSettings()
    causes: CauseSettings = CauseSettings()
    attributes: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    "Listed attributes by table, e.g. customers = ['country']: used as features; of items, what questions filter by."
    as_of_today: tuple[str, ...] = ()
    "Listed attributes without a date that may be used all the same, e.g. 'customers.country'."
    csat_scale: tuple[float, float] = (1.0, 5.0)
    "The lowest and the highest score that a CSAT survey can have; others are set aside."
    duplicate_rows: Literal["keep", "drop"] = "keep"
    watermark: date | None = None
    "First day that is not completely recorded, where the tables do not tell."
    seed: int = 7
    var: str = "var"
    "Where models, releases and figures are kept, relative to the working directory."

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", self.name):
            raise ValueError(f"name is 1 to 64 of a-z, 0-9 and _, found '{self.name}'")
        if self.cross_section is None and self.active_days < 1:
            raise ValueError("active_days is at least 1")
        if self.cross_section is not None and self.tables:
            raise ValueError("give either [cross_section] or [tables]; what has times belongs into tables")
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


def require_dated_tables(config: Config) -> None:
    """Raise ConfigError for a data set without times, where these are needed."""
    if config.cross_section is not None:
        raise ConfigError(
            f"{config.name} is a cross-section data set: it has no times to tell past from future by; "
            "`kizuna check`, `train churn`, `models` and `promote churn` take it, everything else needs [tables]"
        )
