"""Customers month by month: running at the start, MRR, churned within the month; and the groups they belong to.

month      | March      | April      | May        |
ada        runs         runs, churns x
bo                      starts       runs
rows       ada March    ada April    bo May           one per customer and month, known at its first midnight
segment    dormant      lively       lively           computed from what was known at that midnight

A top share is taken of that month's customers. A customer has one tier, one plan and one value of an attribute at a
time, and may be in several segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.errors import NotEnoughHistory
from core.feature_names import MAIN_PLAN, FeatureFamily
from core.feature_table import FeatureTable
from core.rules.rule import Column
from core.window import Cohort
from features.pipeline import compute_features
from features.segments.customer_facts import load_customer_facts
from features.segments.membership import compute_segmentation
from features.segments.rule_variables import attribute_names, decode_words, facts_for_rules, features_for_rules
from insights.finance.mrr import MrrTable, months_between
from tables.episodes import RUNS_ON, SubscriptionEpisodes
from tables.tables import Tables

SEGMENT, TIER = "segment", "customer_tier"
RESERVED = (SEGMENT, TIER, "all", "month", "cause")
"A listed attribute with one of these names is called attributes.<name>."


@dataclass(frozen=True, kw_only=True)
class PersonMonths:
    """Rows (customer, month), by month and then customer; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    months: NDArray[np.datetime64]
    "datetime64[M]"
    episodes: NDArray[np.int64]
    "Index of the episode."
    churned: NDArray[np.bool_]
    "Whether the episode ended in the month."
    tenure_days: NDArray[np.int64]
    "Since the start of the episode, at the first midnight."
    mrr_units: NDArray[np.int64]
    "MRR at that midnight, in whole units of the base currency."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def cohort(self) -> Cohort:
        """The same rows as a cohort, to compute features for."""
        return Cohort(self.customer_ids, self.months.astype("datetime64[D]"), "a subscription running at the cutoff")

    def places_of(self, customer_ids: NDArray[np.str_], months: NDArray[np.datetime64]) -> NDArray[np.int64]:
        """The row of each customer (m,) in its month (m,); -1 for one not running at its start."""
        ids, codes = np.unique(np.append(self.customer_ids, customer_ids), return_inverse=True)
        keys = codes + len(ids) * np.append(self.months, months).astype(np.int64)
        own_keys, wanted_keys = keys[: len(self)], keys[len(self) :]
        order = np.argsort(own_keys, kind="stable")
        candidates = np.append(order, -1)[np.searchsorted(own_keys, wanted_keys, sorter=order)]
        return np.where(np.append(own_keys, -1)[candidates] == wanted_keys, candidates, -1)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> PersonMonths:
        """The rows that an index array or boolean mask picks."""
        return PersonMonths(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


def newest_months(episodes: SubscriptionEpisodes, n_months: int) -> NDArray[np.datetime64]:
    """The last months with known churn, at most `n_months`, datetime64[M].

    Raises NotEnoughHistory where no month is completely known.
    """
    after = episodes.observed_until.astype("datetime64[M]")
    first = np.append(episodes.began_on, episodes.observed_until).min().astype("datetime64[M]") + 1
    months = months_between(max(first, after - n_months), after - 1)
    if not len(months):
        raise NotEnoughHistory(
            f"churn is not known for any whole month: subscriptions start in {first - 1} and are known until "
            f"{episodes.observed_until}; record longer, or shorten churn.grace_days"
        )
    return months


def load_person_months(
    episodes: SubscriptionEpisodes, mrr: MrrTable, *, months: NDArray[np.datetime64]
) -> PersonMonths:
    """One row per month and customer with an episode running at its start. `mrr` covers these months."""
    parts = []
    for month in months:
        day, next_day = month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]")
        running = running_episodes(episodes, day)
        churned = episodes.has_ended_between(day, next_day)[running]
        tenure = (day - episodes.began_on[running]).astype(np.int64)
        units = mrr_at(mrr, month, customer_ids=episodes.customer_ids[running])
        parts.append((np.full(len(running), month), running, churned, tenure, units))
    month_of_row, running, churned, tenure, units = (np.concatenate(part) for part in zip(*parts, strict=True))
    return PersonMonths(
        customer_ids=episodes.customer_ids[running],
        months=month_of_row,
        episodes=running,
        churned=churned,
        tenure_days=tenure,
        mrr_units=units,
    )


def running_episodes(episodes: SubscriptionEpisodes, day: np.datetime64) -> NDArray[np.int64]:
    """Indices of the episodes that run at a day, by customer; of several of one customer, the one that ends first."""
    running = np.flatnonzero(episodes.running_at(day))
    ends = np.where(np.isnat(episodes.ended_on), RUNS_ON, episodes.ended_on)[running]
    running = running[np.lexsort((ends, episodes.customer_ids[running]))]
    customer_ids = episodes.customer_ids[running]
    is_first = np.append(True, customer_ids[1:] != customer_ids[:-1])[: len(running)]
    return running[is_first]


def mrr_at(mrr: MrrTable, month: np.datetime64, *, customer_ids: NDArray[np.str_]) -> NDArray[np.int64]:
    """MRR of each customer (n,) at the first midnight of a month of the table; 0 for unknown customers."""
    column = int((month - mrr.months[0]).astype(np.int64))
    place = np.searchsorted(mrr.customer_ids, customer_ids)
    place = np.minimum(place, max(len(mrr.customer_ids) - 1, 0))
    return np.where(mrr.customer_ids[place] == customer_ids, mrr.units[place, column], 0)


@dataclass(frozen=True)
class Membership:
    """One group and the person-months that belong to it."""

    by: str
    "SEGMENT, TIER, or the feature: main_plan, account_industry, ..."
    value: str
    "'' for customers in no other group of the same kind; segments have none."
    rows: NDArray[np.bool_]
    "(n,)"

    def of_places(self, places: NDArray[np.int64]) -> Membership:
        """The same group for things that each belong to a person-month, -1 for none."""
        return replace(self, rows=np.append(self.rows, False)[places])


def load_memberships(tables: Tables, cohort: Cohort, *, risk: NDArray[np.float64]) -> tuple[Membership, ...]:
    """Every group of the cohort, whose P(churn) is `risk`, (n,). Raises as `compute_segmentation`.

    Rules and plans may need features that the churn model does not use; only those are computed.
    """
    names = features_for_rules(tables.config).union([MAIN_PLAN], attribute_names(tables.config))
    features = compute_features(tables, cohort, names=names)
    facts = load_customer_facts(tables, features, names=facts_for_rules(tables.config))
    segments = segment_memberships(tables.config, features, risk=risk, facts=facts)
    return (*segments, *attribute_memberships(features))


def segment_memberships(
    config: Config, features: FeatureTable, *, risk: NDArray[np.float64], facts: Mapping[str, Column] | None = None
) -> tuple[Membership, ...]:
    """Segments and customer tiers of the configuration, computed cutoff by cutoff; `risk` and each fact are (n,)."""
    in_segment = np.zeros((len(features), len(config.segments)), bool)
    tier = np.full(len(features), -1)
    for cutoff in np.unique(features.cutoffs):
        rows = np.flatnonzero(features.cutoffs == cutoff)
        facts_then = {name: fact[rows] for name, fact in (facts or {}).items()}
        segmentation = compute_segmentation(config, features.take(rows), churn_probability=risk[rows], facts=facts_then)
        in_segment[rows], tier[rows] = segmentation.in_segment, segmentation.customer_tier
    segments = (Membership(SEGMENT, name, rows) for name, rows in zip(config.segments, in_segment.T, strict=True))
    names = np.array([*config.customer_tiers, ""])
    return (*segments, *(_partition(TIER, names[tier], order=tuple(names)) if config.customer_tiers else ()))


def attribute_memberships(features: FeatureTable) -> Iterator[Membership]:
    """Groups by plan and by each categorical attribute."""
    for column in features.columns:
        if column.vocabulary and (column.name == MAIN_PLAN or column.family == FeatureFamily.ATTRIBUTES):
            words = decode_words(features.column(column.name), column.vocabulary)
            by = f"{FeatureFamily.ATTRIBUTES}.{column.name}" if column.name in RESERVED else column.name
            yield from _partition(by, words, order=(*sorted({*column.vocabulary} - {""}), ""))


def _partition(by: str, words: NDArray[np.str_], *, order: tuple[str, ...]) -> Iterator[Membership]:
    """One group per value that occurs, (n,); together they are all rows."""
    return (Membership(by, str(word), words == word) for word in order if (words == word).any())
