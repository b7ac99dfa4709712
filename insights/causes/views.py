"""Past churn in three views (stated, attributed, hazard) for all customers, each group, and each month.

The hazard view comes with the cumulative incidence of each cause (Aalen & Johansen 1978). Running episodes are
censored; episodes that started before observation enter late. The incidence of one cause counts beside the others:
treating churn for another cause as censored would overstate it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.intervals import N_RESAMPLES, Estimate, estimate_intervals, percentile_intervals
from core.survival import TimeToEvent
from core.window import DAYS_PER_MONTH
from insights.causes.panel import Panel
from insights.causes.person_months import Membership, PersonMonths
from insights.causes.resampled_fits import ResampledShares
from insights.causes.stated import NOT_STATED
from models.metrics.weighted import ratio
from tables.episodes import SubscriptionEpisodes

UNSTATED = "not stated"
INCIDENCE_MONTHS = (1, 3, 6, 12)
MIN_CHURNED = 10
"With fewer churned customers, shares would be meaningless."
Shares = dict[str, Estimate]
"By cause."
Incidence = dict[str, list[Estimate]]
"By cause, after INCIDENCE_MONTHS."


@dataclass(frozen=True)
class Durations:
    """Durations of episodes, or of their parts; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    days: NDArray[np.int64]
    "At least 1: how long each lasted, or was observed to last."
    causes: NDArray[np.int64]
    "Index of the cause; -1 for an episode that has not ended."
    entry_days: NDArray[np.int64]
    "Its age when observation started."

    @classmethod
    def of(
        cls, episodes: SubscriptionEpisodes, causes: NDArray[np.int64], *, observed_from: np.datetime64
    ) -> Durations:
        """Durations of episodes with the cause of each end; episodes that ended before observation are left out."""
        until = np.where(np.isnat(episodes.ended_on), episodes.observed_until, episodes.ended_on)
        is_observed = (until > observed_from) & (episodes.began_on < episodes.observed_until)
        episodes, causes, until = episodes.take(is_observed), causes[is_observed], until[is_observed]
        entry_days = (observed_from - episodes.began_on).astype(np.int64).clip(0)
        days = (until - episodes.began_on).astype(np.int64).clip(1)
        return cls(episodes.customer_ids, days, np.where(np.isnat(episodes.ended_on), -1, causes), entry_days)

    @classmethod
    def of_months(cls, rows: PersonMonths, ended_on: NDArray[np.datetime64], *, causes: NDArray[np.int64]) -> Durations:
        """Durations of person-months, each with the end of its episode, (n,) datetime64[D], and the cause of churn.

        Each row covers its own days only, so that a customer counts for a group in the months of membership.
        """
        began = rows.months.astype("datetime64[D]") - rows.tenure_days
        until = np.where(rows.churned, ended_on, (rows.months + 1).astype("datetime64[D]") - 1)
        return cls(
            rows.customer_ids,
            (until - began).astype(np.int64),
            np.where(rows.churned, causes, -1),
            rows.tenure_days - 1,
        )

    @property
    def time_to_event(self) -> TimeToEvent:
        """The same rows for survival analysis."""
        return TimeToEvent(self.days, self.causes, self.entry_days)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Durations:
        """The rows that an index array or boolean mask picks."""
        return Durations(self.customer_ids[rows], self.days[rows], self.causes[rows], self.entry_days[rows])


def estimate_incidence(
    durations: Durations, at_days: NDArray[np.float64], *, n_causes: int, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> list[list[Estimate]]:
    """Incidence by cause and then time, with 90 % intervals over customers."""
    if not len(durations.days):
        return [[Estimate()] * len(at_days)] * n_causes
    time_to_event = durations.time_to_event
    estimates = estimate_intervals(
        lambda weights: time_to_event.aalen_johansen(n_causes, weights).at(at_days).reshape(len(weights), -1),
        durations.customer_ids, n_resamples=n_resamples, seed=seed,
    )  # fmt: skip
    return [estimates[cause * len(at_days) : (cause + 1) * len(at_days)] for cause in range(n_causes)]


class CauseViews(msgspec.Struct, frozen=True, kw_only=True):
    """The three views of one group of customers over all months, or in one month."""

    by: str
    "'all', 'month', or the kind of group: segment, customer_tier, main_plan, account_industry, ..."
    value: str
    n_customers: int
    n_churned: int
    n_stated: int
    stated_shares: Shares = msgspec.field(name="stated")
    "They sum to 1."
    attributed_shares: Shares = msgspec.field(name="attributed")
    "They sum to 1."
    hazard: Shares
    "Per month; with customers who stated nothing they sum to the monthly churn."
    incidence: Incidence
    "Also of customers who stated nothing; empty for single months."
    month: str = ""
    "The month of a group's single month; '' for all months."
    too_few: bool = False
    "Fewer than MIN_CHURNED churned, so only counts are given."


@dataclass(frozen=True)
class PastMonths:
    """The person-months with known churn."""

    panel: Panel
    responsibilities: NDArray[np.float64]
    "(n, causes) to which churn is attributed."
    resampled: ResampledShares
    "Of the churned past rows: how the responsibilities vary with the customers that the hazards were fitted on."
    seed: int

    def groups(self) -> Iterator[CauseViews]:
        """All customers, every group, and every month of all customers, however few churned in it."""
        months, past = self.panel.rows.months, self.panel.is_past
        yield self._full("all", "", members=past, incidence=self._incidence(self._durations_of_episodes()))
        for group in self._groups_with_name():
            members = past & group.rows
            incidence = self._incidence(self._durations_of_months(members)) if self._has_enough(members) else {}
            yield self._views(group, members, incidence=incidence)
        for month in np.unique(months[past]):
            yield self._full("month", str(month), members=months == month)

    def months(self) -> Iterator[CauseViews]:
        """Every month of every group in which it had a customer."""
        months, past = self.panel.rows.months, self.panel.is_past
        for group in self._groups_with_name():
            for month in np.unique(months[past & group.rows]):
                yield self._views(group, group.rows & (months == month), month=str(month))

    def _groups_with_name(self) -> Iterator[Membership]:
        return (group for group in self.panel.groups if group.value)

    def _has_enough(self, members: NDArray[np.bool_]) -> bool:
        return self.panel.rows.churned[members].sum() >= MIN_CHURNED

    def _views(
        self, group: Membership, members: NDArray[np.bool_], *, incidence: Incidence | None = None, month: str = ""
    ) -> CauseViews:
        """The views, or only counts if too few customers churned."""
        if self._has_enough(members):
            return self._full(group.by, group.value, members=members, incidence=incidence, month=month)
        n_customers, n_churned, n_stated = self._counts(members)
        return CauseViews(
            by=group.by,
            value=group.value,
            n_customers=n_customers,
            n_churned=n_churned,
            n_stated=n_stated,
            stated_shares={},
            attributed_shares={},
            hazard={},
            incidence={},
            month=month,
            too_few=True,
        )

    def _counts(self, members: NDArray[np.bool_]) -> tuple[int, int, int]:
        """Number of customers, of churned customers, and of those with a stated cause."""
        churned = members & self.panel.rows.churned
        return (
            len(np.unique(self.panel.rows.customer_ids[members])),
            int(churned.sum()),
            int((self.panel.stated_causes[churned] != NOT_STATED).sum()),
        )

    def _full(
        self,
        by: str,
        value: str,
        *,
        members: NDArray[np.bool_],
        incidence: Incidence | None = None,
        month: str = "",
    ) -> CauseViews:
        """All views of the past rows that a mask picks."""
        rows, causes = self.panel.rows, self.panel.names.causes
        churned, ids = members & rows.churned, rows.customer_ids
        codes = self.panel.stated_causes[churned]
        is_stated = codes != NOT_STATED
        n_customers, n_churned, n_stated = self._counts(members)
        by_cause = np.zeros((int(members.sum()), len(causes) + 1))
        by_cause[rows.churned[members]] = _one_hot(np.where(is_stated, codes, len(causes)), len(causes) + 1)
        return CauseViews(
            by=by,
            value=value,
            n_customers=n_customers,
            n_churned=n_churned,
            n_stated=n_stated,
            stated_shares=mean_shares(
                _one_hot(codes[is_stated], len(causes)), causes, customer_ids=ids[churned][is_stated], seed=self.seed
            ),
            attributed_shares=self._estimate_attributed(churned),
            hazard=mean_shares(by_cause, (*causes, UNSTATED), customer_ids=ids[members], seed=self.seed),
            incidence=incidence or {},
            month=month,
        )

    def _estimate_attributed(self, churned: NDArray[np.bool_]) -> Shares:
        """The mean responsibilities of churned rows, (n,), with intervals that cover the fit of the hazards."""
        causes = self.panel.names.causes
        if not churned.any():
            return {cause: Estimate() for cause in causes}
        values = self.responsibilities[churned].mean(axis=0)
        members = churned[self.panel.is_past & self.panel.rows.churned]
        estimates = percentile_intervals(values, self.resampled.means(members))
        return dict(zip(causes, map(_include_value, estimates), strict=True))

    def _durations_of_episodes(self) -> Durations:
        """Of all customers within the months; episodes that ended before do not count."""
        return Durations.of(
            self.panel.episodes,
            self._with_unstated(self.panel.causes_of_episodes()),
            observed_from=self.panel.first_day,
        )

    def _durations_of_months(self, members: NDArray[np.bool_]) -> Durations:
        """Of a group, only while customers belong to it."""
        rows, episodes = self.panel.rows.take(members), self.panel.episodes
        causes = self._with_unstated(self.panel.stated_causes[members])
        return Durations.of_months(rows, episodes.ended_on[rows.episodes], causes=causes)

    def _with_unstated(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(codes == NOT_STATED, len(self.panel.names.causes), codes)

    def _incidence(self, durations: Durations) -> Incidence:
        """Incidence by stated cause, and by none."""
        causes = (*self.panel.names.causes, UNSTATED)
        at_days = np.round(np.array(INCIDENCE_MONTHS) * DAYS_PER_MONTH)
        estimates = estimate_incidence(durations, at_days, n_causes=len(causes), seed=self.seed)
        return dict(zip(causes, estimates, strict=True))


def mean_shares(
    shares: NDArray[np.float64], causes: Sequence[str], *, customer_ids: NDArray[np.str_], seed: int
) -> Shares:
    """Column means of rows (n, causes) with 90 % intervals over customers; unknown without rows."""
    if not len(shares):
        return {cause: Estimate() for cause in causes}

    def means(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return ratio(weights @ shares, weights.sum(axis=1, keepdims=True))

    return dict(zip(causes, estimate_intervals(means, customer_ids, seed=seed), strict=True))


def _include_value(estimate: Estimate) -> Estimate:
    """The interval, widened to the estimate where all samples lie on one side of it."""
    bounds = (estimate.low, estimate.value, estimate.high)
    return Estimate(estimate.value, float(np.nanmin(bounds)), float(np.nanmax(bounds)))


def _one_hot(places: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """(len(places), n) with a 1 at each row's place."""
    return np.eye(n)[places]
