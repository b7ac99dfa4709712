"""The TOML of a data set as a whole. `core.config.loading` reads it."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from core.config.campaigns import Campaign
from core.config.customers import CauseSettings, HealthSettings, Segment, segment_variable
from core.config.decisions import ContactPolicy, DecisionSettings
from core.config.journal import JournalSettings
from core.config.loyalty import LoyaltySettings
from core.config.money import MoneySettings, OfferAssumptions, ReportSettings, RetentionSettings
from core.config.recommender_experiment import RecommenderExperiment
from core.config.section import MOST_DAYS, Section, require_time_zone
from core.config.sources import CrossSectionSource, TableSource
from core.config.training import (
    ChurnDefinition,
    Cutoffs,
    HazardSettings,
    PredictedEvent,
    RecommenderSettings,
    RiskLevels,
    UpliftSettings,
    ValueSettings,
)
from core.config.webhooks import WebhookSettings
from core.currencies import currency_codes, decimals_of
from core.environment import Places
from core.errors import ConfigError, did_you_mean
from core.i18n.translation import languages
from core.webhooks import EventType

LARGEST_SEED = 2**31 - 1
"Libraries keep it in 32 bits."


class Config(Section, frozen=True):
    """A data set."""

    name: str
    "1 to 64 characters: a-z, 0-9 and _, starting with a letter. Names folders and registered models."
    time_zone: str
    "IANA time zone of the business, e.g. Europe/Berlin. All times are converted to it."
    currency: str
    "Base currency, ISO 4217."
    tables: dict[str, TableSource]
    "The tables of the contract. Not needed with `[cross_section]`."
    active_days: Annotated[int, Meta(le=MOST_DAYS)] = 0
    """\
    A purchase or usage in this many days before a cutoff makes a customer, as does a running subscription. At least 1,
    except with `[cross_section]`."""
    cross_section: CrossSectionSource | None = None
    "Instead of `[tables]`: data without dates."
    customer: Literal["person", "account"] = "person"
    "Who the customer is. With account, the rows of people count for their account_id."
    churn: ChurnDefinition = ChurnDefinition()
    "What churn means."
    cutoffs: Cutoffs = Cutoffs()
    "Training and test cutoffs."
    risk_levels: RiskLevels = RiskLevels()
    "Bands of churn probability."
    offers: OfferAssumptions = OfferAssumptions()
    "Assumptions about offers."
    retention: RetentionSettings = RetentionSettings()
    "What a retention contact costs and keeps."
    contact_policy: ContactPolicy = ContactPolicy()
    "Limits on contacts, and the permanent control group."
    decisions: DecisionSettings = DecisionSettings()
    "How offers are chosen."
    campaigns: dict[str, Campaign] = msgspec.field(default_factory=dict)
    "Campaigns by name: `[campaigns.win_back]`. A name has 1 to 64 characters: a-z, 0-9 and _, starting with a letter."
    journal: JournalSettings = JournalSettings()
    "How events that the service has stored join the tables."
    recommender: RecommenderSettings = RecommenderSettings()
    "Training and tests of recommenders."
    recommender_experiment: RecommenderExperiment | None = None
    "If given, releases have a second recommender, which answers a share of the customers."
    money: MoneySettings = MoneySettings()
    "How reports read amounts."
    hazard: HazardSettings | None = None
    "If given, `kizuna train churn` trains a hazard model, too."
    value: ValueSettings = ValueSettings()
    "Customer lifetime value."
    uplift: UpliftSettings = UpliftSettings()
    "What contacts change."
    report: ReportSettings = ReportSettings()
    "What reports show."
    loyalty: LoyaltySettings = LoyaltySettings()
    "Points and ranks."
    segments: dict[str, Segment] = msgspec.field(default_factory=dict)
    "Segments by name. A customer may belong to several."
    customer_tiers: dict[str, Segment] = msgspec.field(default_factory=dict)
    "Customer tiers by name. A customer belongs to the first that fits."
    health: HealthSettings = HealthSettings()
    "Health scores and tasks."
    webhooks: WebhookSettings = WebhookSettings()
    "Which events the webhook receives, and which addresses it may have."
    causes: CauseSettings = CauseSettings()
    "Churn causes and interventions."
    attributes: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    "Listed attributes by table, e.g. customers = ['country']. They are used as features; those of items as filters."
    attribute_labels: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    """\
    What listed attributes are called in reasons, by language and name: `[attribute_labels.ja]` with `country = "国"`.
    Default: the name itself."""
    as_of_today: tuple[str, ...] = ()
    "Listed attributes without a date that are used all the same, e.g. 'customers.country'. Model cards name them."
    predict: dict[str, PredictedEvent] = msgspec.field(default_factory=dict)
    "Events by name: `[predict.buys_tea]`. A name has 1 to 64 characters: a-z, 0-9 and _, starting with a letter."
    exclude_features: tuple[str, ...] = ()
    "Features that churn models are trained without."
    allow_features: tuple[str, ...] = ()
    "Features that are used although leak detection doubts them, because you know that they were not written later."
    csat_scale: tuple[float, float] = (1.0, 5.0)
    "Lowest and highest score of a CSAT survey. Other scores are excluded."
    duplicate_rows: Literal["keep", "drop"] = "keep"
    "What happens to purchases that are equal in every column of their source, also in columns that are not read."
    watermark: date | None = None
    "First day that is not completely recorded. By default it follows from the tables."
    seed: Annotated[int, Meta(ge=0, le=LARGEST_SEED)] = 7
    "Seed of everything random."
    var: str = "var"
    "Folder of models, releases and figures, relative to the working directory."

    def __post_init__(self) -> None:
        for key, name in (("name", self.name), *self._names_of_sections()):
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
                raise ValueError(f"{key} has 1 to 64 characters (a-z, 0-9, _) and starts with a letter, found '{name}'")
        if self._asks_who_is_active and self.active_days < 1:
            raise ValueError(
                "active_days has to be at least 1: within how many days a customer was active, e.g. active_days = 180"
            )
        if self.cross_section is not None and self.tables:
            raise ValueError("give either [cross_section] or [tables]; data with dates belongs into [tables]")
        if self.currency not in currency_codes():
            raise ValueError(f"currency '{self.currency}' is no code of ISO 4217, such as EUR, JPY or USD")
        if self.csat_scale[0] >= self.csat_scale[1]:
            raise ValueError("csat_scale is the lowest score and then the highest, e.g. [1, 5]")
        require_time_zone(self.time_zone)
        self._require_whole_totals()
        self._require_known_labels()
        self._require_known_events()
        self._require_known_segments()
        if self.health.webhook is None and EventType.RISK_CHANGED in self.webhooks.event_types:
            raise ValueError(f"[webhooks] events: {EventType.RISK_CHANGED} needs the webhook of [health]")
        if self.health.webhook is not None and (refusal := self.webhooks.explain_refusal(self.health.webhook)):
            raise ValueError(f"[health] {refusal}")

    def _require_whole_totals(self) -> None:
        columns = [one for source in self.tables.values() for one in source.columns.values()]
        is_shared = any(not isinstance(one, str) and one.shared_within is not None for one in columns)
        if is_shared and self.duplicate_rows == "drop":
            raise ValueError(
                'duplicate_rows = "drop" would drop parts of the totals that shared_within shares; take it out: '
                "shared_within counts a total once, even where lines are repeated"
            )

    def _names_of_sections(self) -> list[tuple[str, str]]:
        names = {"[predict] a name": self.predict, "[campaigns] a name": self.campaigns}
        named = [(key, name) for key, sections in names.items() for name in sections]
        experiment = self.recommender_experiment
        return named if experiment is None else [*named, ("[recommender_experiment] name", experiment.name)]

    def _require_known_segments(self) -> None:
        by_variable = dict[str, str]()
        for name in self.segments:
            if (other := by_variable.setdefault(segment_variable(name), name)) != name:
                raise ValueError(
                    f"[segments] '{other}' and '{name}' are both {segment_variable(name)} in rules; rename one of them"
                )
        for name, campaign in self.campaigns.items():
            if campaign.segment is not None and campaign.segment not in self.segments:
                segment = campaign.segment
                raise ValueError(f"[campaigns.{name}] no segment '{segment}'{did_you_mean(segment, self.segments)}")

    def _require_known_events(self) -> None:
        if "churn" in self.predict:
            raise ValueError("[predict.churn] needs another name: churn_probability is that of the churn model")

    def _require_known_labels(self) -> None:
        listed = {name for names in self.attributes.values() for name in names}
        for language, labels in self.attribute_labels.items():
            if language not in languages():
                raise ValueError(f"attribute_labels: no language '{language}'{did_you_mean(language, languages())}")
            for name in labels:
                if name not in listed and self.cross_section is None:
                    raise ValueError(f"attribute_labels: '{name}' is no listed attribute{did_you_mean(name, listed)}")

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the business."""
        return ZoneInfo(self.time_zone)

    @property
    def n_decimals(self) -> int:
        """The number of decimals of amounts in the base currency."""
        return decimals_of(self.currency) if self.money.decimals is None else self.money.decimals

    @property
    def places(self) -> Places:
        """The paths of this data set's files."""
        return Places(Path(self.var), self.name)

    @property
    def _asks_who_is_active(self) -> bool:
        """Whether some table says who is a customer at a cutoff: surveys and tickets alone do not."""
        is_of_contacts = self.tables and not {"purchases", "usage", "subscriptions"} & set(self.tables)
        return self.cross_section is None and not is_of_contacts

    @property
    def label_duration(self) -> timedelta:
        """The time from a cutoff until its labels are known."""
        return timedelta(days=self.churn.gap_days + self.churn.horizon_days)

    def today(self, now: datetime) -> date:
        """The local day at a moment: the cutoff of an answer given then."""
        return now.astimezone(self.zone).date()


def require_predicted_tables(config: Config) -> None:
    """Raise ConfigError for a predicted event whose table the data set does not have."""
    for event, predicted in config.predict.items():
        if config.tables and predicted.table not in config.tables:
            tables = ", ".join(config.tables)
            raise ConfigError(f"[predict.{event}] there is no table '{predicted.table}'; there are: {tables}")


def require_dated_tables(config: Config) -> None:
    """Raise ConfigError for a cross-section data set."""
    if config.cross_section is not None:
        raise ConfigError(
            f"{config.name} is a cross-section data set without dates; only `kizuna check`, `train churn`, `models` "
            "and `promote churn` work with it, everything else needs [tables]"
        )
