"""What a decomposition works on: customers month by month, what was stated, and what they lived through.

months of which it is known who left          today
|    May    |   June    |   July    |  ...  |
^           ^           ^                   ^      everything is known as of these midnights
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from core.errors import NotEnoughHistory
from features.pipeline import compute_features
from insights.causes.attribute_groups import Membership, memberships
from insights.causes.covariates import Covariates
from insights.causes.feature_causes import CauseNames
from insights.causes.person_months import PersonMonths, newest_months, person_months
from insights.causes.sentiment import Tones, tones_of
from insights.causes.stated import SOURCES, StatedCauses, stated_causes
from insights.finance.loading import ExcludedRows, spans_of
from insights.finance.money import Money
from insights.finance.mrr import MrrTable, months_between
from insights.finance.rates import money_of
from models.churn.additive import AdditiveModel
from models.texts.text_model import TextModel
from tables.episodes import SubscriptionEpisodes
from tables.tables import Tables

NOT_STATED = -1


@dataclass(frozen=True)
class Evidence:
    """Person-months with what is known of each; arrays are (n,) and aligned with `rows` unless said otherwise."""

    names: CauseNames
    rows: PersonMonths
    "Of the months of which it is known who left, and last of today."
    lived: Covariates
    risk: np.ndarray
    "P(leaving) within the model's horizon."
    stated: np.ndarray
    "int64 place of the cause that was stated of the departure; NOT_STATED also where nobody left."
    witnessed: np.ndarray
    "int64 likewise, but only what the end itself stated: tickets are part of what was lived, and are not heard twice."
    groups: tuple[Membership, ...]
    "Segments, tiers, plans, listed attributes: who belongs to each as of the start of each month."
    stays: SubscriptionEpisodes
    "All on record."
    said: StatedCauses
    "Of each stay."
    today: np.datetime64
    "datetime64[M]: at whose first midnight the newest rows are told."
    money: Money
    horizon_days: int
    tones: Tones = field(default_factory=Tones.none)
    "Of what customers wrote in the months of which it is known who left."

    @property
    def is_past(self) -> np.ndarray:
        """(n,) bool: the months of which it is known who left."""
        return self.rows.months < self.today

    @property
    def first_day(self) -> np.datetime64:
        """The first midnight that is told of, datetime64[D]."""
        return self.rows.months.min().astype("datetime64[D]")

    @property
    def end_of_months(self) -> np.datetime64:
        """The day after the last month of which it is known who left, datetime64[D]."""
        return (self.rows.months[self.is_past].max() + 1).astype("datetime64[D]")

    @property
    def mrr(self) -> np.ndarray:
        """(n,) base currency a month."""
        return self.rows.mrr_units * self.money.unit

    def sources(self) -> dict[str, int]:
        """How many of the departures each source told the cause of; '' is none."""
        return dict(Counter(self.said.sources[self.rows.stays[self.rows.left]].tolist()))

    def groups_of_texts(self) -> tuple[Membership, ...]:
        """Who belongs to each group, told of the texts of `tones`; who came within the month belongs to none yet."""
        places = self.rows.places_of(self.tones.customer_ids, self.tones.months)
        return tuple(group.of_places(places) for group in self.groups)

    def codes_of_stays(self) -> np.ndarray:
        """Of each stay the place of its stated cause, int64; NOT_STATED for none."""
        return codes(self.said.causes, self.names.causes)


def evidence_of(
    tables: Tables, model: AdditiveModel, text_model: TextModel | None, n_months: int, left_out: ExcludedRows
) -> Evidence:
    """Read the tables and ask the model. Raises DataError without subscriptions, NotEnoughHistory without a month."""
    names, money, stays = CauseNames(tables.config.causes), money_of(tables.config), SubscriptionEpisodes.of(tables)
    said = stated_causes(tables, stays, names, text_model)
    months = newest_months(stays, n_months)
    today = np.datetime64(tables.watermark("subscriptions"), "M")
    book = MrrTable.of(spans_of(tables, left_out), months_between(months[0], today), money, rate_of=today - 1)
    rows = person_months(stays, book, np.append(months, today))
    rows = rows.take((rows.months < today) | (rows.mrr_units > 0))
    refuse_nobody(rows, today)
    features = compute_features(tables, rows.cohort, vocabularies=vocabularies_of(model))
    risk = model.score(features, model.horizon_days_).value
    past = rows.months < today
    left = rows.left & past
    stated = np.where(left, codes(said.causes, names.causes)[rows.stays], NOT_STATED)
    return Evidence(
        names=names,
        rows=rows,
        lived=Covariates.through(features, past, model, names),
        risk=risk,
        stated=stated,
        witnessed=np.where(said.sources[rows.stays] == SOURCES[0], stated, NOT_STATED),
        groups=memberships(tables, rows.cohort, risk),
        stays=stays,
        said=said,
        today=today,
        money=money,
        horizon_days=model.horizon_days_,
        tones=tones_of(
            tables, names, text_model, *(day.astype("datetime64[D]") for day in (months[0], months[-1] + 1))
        ),
    )


def refuse_nobody(rows: PersonMonths, today: np.datetime64) -> None:
    """Raises NotEnoughHistory where nobody had a subscription in the months, or nobody has one today."""
    if (rows.months < today).all() or (rows.months == today).all():
        when = f"at the beginning of {today}" if (rows.months < today).any() else f"in the months before {today}"
        raise NotEnoughHistory(f"nobody has a subscription that runs {when}; see subscriptions under [tables]")


def vocabularies_of(model: AdditiveModel) -> dict[str, tuple[str, ...]]:
    """The words that the model's categorical features were learnt with."""
    return {column.name: column.vocabulary for column in model.columns_ if column.vocabulary is not None}


def codes(causes: np.ndarray, known: tuple[str, ...]) -> np.ndarray:
    """The place of each cause, int64; NOT_STATED for ''."""
    places = {cause: place for place, cause in enumerate(known)}
    return np.array([places.get(cause, NOT_STATED) for cause in causes.tolist()], dtype=np.int64)
