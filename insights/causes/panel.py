"""The panel that decompositions use: customers by month with stated causes, covariates, groups and risk.

months with known churn                       today
|    May    |   June    |   July    |  ...  |
^           ^           ^                   ^      data known at these midnights
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError, NotEnoughHistory
from features.pipeline import compute_features
from insights.causes.covariates import CauseNames, Covariates
from insights.causes.person_months import Membership, PersonMonths, load_memberships, load_person_months, newest_months
from insights.causes.sentiment import SentimentTexts, read_sentiments
from insights.causes.stated import NOT_STATED, SOURCES, StatedCauses, find_stated_causes
from insights.finance.loading import ExcludedRows, load_spans
from insights.finance.money import Money
from insights.finance.mrr import MrrTable, months_between
from models.protocols import AdditiveChurnModel
from models.texts.text_model import TextModel
from tables.episodes import SubscriptionEpisodes
from tables.tables import Tables


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Person-months with what is known of each; arrays are (n,), aligned with `rows`."""

    names: CauseNames
    rows: PersonMonths
    "The months with known churn, then today's."
    covariates: Covariates
    risk: NDArray[np.float64]
    "P(churn) within the model's horizon."
    stated_causes: NDArray[np.int64]
    "Index of the stated cause of a churned row; NOT_STATED for none, and for rows that did not churn."
    stated_by_end: NDArray[np.int64]
    "The same, stated by the end itself only: tickets are covariates already, and must not count twice."
    groups: tuple[Membership, ...]
    "Segments, tiers, plans and attributes at the start of each month."
    episodes: SubscriptionEpisodes
    "All on record."
    stated_by_episode: StatedCauses
    today: np.datetime64
    "datetime64[M]: the newest rows are those of its first midnight."
    money: Money
    horizon_days: int
    sentiments: SentimentTexts = field(default_factory=SentimentTexts.none)
    "Of texts written in the months with known churn."

    @property
    def is_past(self) -> NDArray[np.bool_]:
        """(n,) whether the row is of a month with known churn."""
        return self.rows.months < self.today

    @property
    def first_day(self) -> np.datetime64:
        """The first midnight, datetime64[D]."""
        return self.rows.months.min().astype("datetime64[D]")

    @property
    def end_of_months(self) -> np.datetime64:
        """The day after the last month with known churn, datetime64[D]."""
        return (self.rows.months[self.is_past].max() + 1).astype("datetime64[D]")

    @property
    def mrr(self) -> NDArray[np.float64]:
        """(n,) base currency per month."""
        return self.rows.mrr_units.astype(np.float64) * self.money.unit

    def sources(self) -> dict[str, int]:
        """Number of churned rows by the source of their stated cause; '' for none."""
        return dict(Counter(self.stated_by_episode.sources[self.rows.episodes[self.rows.churned]].tolist()))

    def groups_of_texts(self) -> tuple[Membership, ...]:
        """Membership of the texts of `sentiments`; customers who started within the month are in no group yet."""
        places = self.rows.places_of(self.sentiments.customer_ids, self.sentiments.months)
        return tuple(group.of_places(places) for group in self.groups)

    def causes_of_episodes(self) -> NDArray[np.int64]:
        """Index of the stated cause of each episode; NOT_STATED for none."""
        return cause_codes(self.stated_by_episode.causes, self.names.causes)


def build_panel(
    tables: Tables,
    model: AdditiveChurnModel,
    *,
    text_model: TextModel | None,
    n_months: int,
    excluded: ExcludedRows,
) -> Panel:
    """Read the tables and score the rows. Raises DataError without subscriptions, NotEnoughHistory without a month."""
    if "subscriptions" not in tables:
        raise DataError("churn causes are those of ended subscriptions; add the table under [tables.subscriptions]")
    names, money, episodes = CauseNames(tables.config.causes), Money.of(tables.config), SubscriptionEpisodes.of(tables)
    by_episode = find_stated_causes(tables, episodes, names=names, text_model=text_model)
    months = newest_months(episodes, n_months)
    today = np.datetime64(tables.watermark("subscriptions"), "M")
    mrr = MrrTable.of(load_spans(tables, excluded), months_between(months[0], today), money=money, rate_month=today - 1)
    rows = load_person_months(episodes, mrr, months=np.append(months, today))
    rows = rows.take((rows.months < today) | (rows.mrr_units > 0))
    _require_customers(rows, today)
    features = compute_features(tables, rows.cohort, vocabularies=vocabularies_of(model))
    risk = model.score(features, model.horizon_days_).value
    is_past = rows.months < today
    codes = cause_codes(by_episode.causes, names.causes)[rows.episodes]
    stated_causes = np.where(rows.churned & is_past, codes, NOT_STATED)
    first_day, until = (day.astype("datetime64[D]") for day in (months[0], months[-1] + 1))
    return Panel(
        names=names,
        rows=rows,
        covariates=Covariates.from_features(features, is_past, model=model, names=names),
        risk=risk,
        stated_causes=stated_causes,
        stated_by_end=np.where(by_episode.sources[rows.episodes] == SOURCES[0], stated_causes, NOT_STATED),
        groups=load_memberships(tables, rows.cohort, risk=risk),
        episodes=episodes,
        stated_by_episode=by_episode,
        today=today,
        money=money,
        horizon_days=model.horizon_days_,
        sentiments=read_sentiments(tables, text_model, names=names, first_day=first_day, until=until),
    )


def _require_customers(rows: PersonMonths, today: np.datetime64) -> None:
    """Raise NotEnoughHistory where no subscription ran in the months, or none runs today."""
    if (rows.months < today).all() or (rows.months == today).all():
        when = f"at the beginning of {today}" if (rows.months < today).any() else f"in the months before {today}"
        raise NotEnoughHistory(f"no subscription runs {when}; see subscriptions under [tables]")


def vocabularies_of(model: AdditiveChurnModel) -> dict[str, tuple[str, ...]]:
    """The vocabularies of the model's categorical features."""
    return {column.name: column.vocabulary for column in model.columns_ if column.vocabulary is not None}


def cause_codes(causes: NDArray[np.str_], names: tuple[str, ...]) -> NDArray[np.int64]:
    """The index of each cause; NOT_STATED for ''."""
    places = {cause: place for place, cause in enumerate(names)}
    return np.array([places.get(cause, NOT_STATED) for cause in causes.tolist()], dtype=np.int64)
