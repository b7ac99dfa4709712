"""What became of customers, three views side by side: stated, attributed, hazard; of each group, and of its months."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from core.intervals import Estimate, estimate_intervals
from core.window import DAYS_PER_MONTH
from insights.causes.attribute_groups import Membership
from insights.causes.incidence import Durations, incidence_estimates
from insights.causes.panel import NOT_STATED, Evidence
from models.metrics.weighted import ratio

UNSTATED = "not stated"
INCIDENCE_MONTHS = (1, 3, 6, 12)
LEAST_LEFT = 10
"Where fewer left, shares would say nothing."

Shares = dict[str, Estimate]
"By cause."
Incidence = dict[str, list[Estimate]]
"By cause, after INCIDENCE_MONTHS."


class Group(msgspec.Struct, frozen=True):
    """The three views of one group of customers over the months, or in one of them."""

    by: str
    "'all', 'month', or what customers are told apart by: segment, tier, main_plan, account_industry, ..."
    value: str
    n_customers: int
    n_left: int
    n_stated: int
    stated: Shares
    "They sum to 1."
    attributed: Shares
    "They sum to 1."
    hazard: Shares
    "A month; with those who stated nothing they sum to the share that left."
    incidence: Incidence
    "Also of those who stated nothing; empty of single months."
    month: str = ""
    "Of a group's single month; '' of all months together."
    too_few: bool = False
    "Fewer than LEAST_LEFT left, so that only counts are told."


@dataclass(frozen=True)
class Past:
    """The person-months of which it is known who left."""

    evidence: Evidence
    blamed: np.ndarray
    "(n, causes) what departures are laid on."
    seed: int

    def groups(self) -> Iterator[Group]:
        """Everybody, every group, and every month of everybody, however few left in it."""
        months, past = self.evidence.rows.months, self.evidence.is_past
        yield self._views("all", "", past, incidence=self._incidence(self._stays()))
        for group in self._told_apart():
            members = past & group.rows
            incidence = self._incidence(self._person_months(members)) if self._enough(members) else {}
            yield self._told(group, members, incidence)
        for month in np.unique(months[past]):
            yield self._views("month", str(month), months == month)

    def months(self) -> Iterator[Group]:
        """Every month of every group in which it had a customer."""
        months, past = self.evidence.rows.months, self.evidence.is_past
        for group in self._told_apart():
            for month in np.unique(months[past & group.rows]):
                yield self._told(group, group.rows & (months == month), {}, str(month))

    def _told_apart(self) -> Iterator[Membership]:
        return (group for group in self.evidence.groups if group.value)

    def _enough(self, members: np.ndarray) -> bool:
        return self.evidence.rows.left[members].sum() >= LEAST_LEFT

    def _told(self, group: Membership, members: np.ndarray, incidence: Incidence, month: str = "") -> Group:
        """The views, or only the counts where too few left."""
        if self._enough(members):
            return self._views(group.by, group.value, members, incidence, month)
        return Group(group.by, group.value, *self._counts(members), {}, {}, {}, {}, month, too_few=True)

    def _counts(self, members: np.ndarray) -> tuple[int, int, int]:
        """How many customers, who left and who stated why."""
        left = members & self.evidence.rows.left
        n_stated = (self.evidence.stated[left] != NOT_STATED).sum()
        return len(np.unique(self.evidence.rows.customer_ids[members])), int(left.sum()), int(n_stated)

    def _views(
        self, by: str, value: str, members: np.ndarray, incidence: Incidence | None = None, month: str = ""
    ) -> Group:
        """The views of the past rows that a mask picks."""
        rows, causes = self.evidence.rows, self.evidence.names.causes
        left, ids = members & rows.left, rows.customer_ids
        said = self.evidence.stated[left]
        stated = one_hot(said[said != NOT_STATED], len(causes))
        departures = np.zeros((int(members.sum()), len(causes) + 1))
        departures[rows.left[members]] = one_hot(np.where(said == NOT_STATED, len(causes), said), len(causes) + 1)
        return Group(
            by,
            value,
            *self._counts(members),
            stated=mean_shares(stated, causes, ids[left][said != NOT_STATED], self.seed),
            attributed=mean_shares(self.blamed[left], causes, ids[left], self.seed),
            hazard=mean_shares(departures, (*causes, UNSTATED), ids[members], self.seed),
            incidence=incidence or {},
            month=month,
        )

    def _stays(self) -> Durations:
        """Of everybody, as in the months that are told of: who left before does not count."""
        return Durations.of(
            self.evidence.stays, self._with_unstated(self.evidence.codes_of_stays()), self.evidence.first_day
        )

    def _person_months(self, members: np.ndarray) -> Durations:
        """Of a group, only while somebody belonged to it."""
        rows, stays = self.evidence.rows.take(members), self.evidence.stays
        return Durations.of_months(rows, stays.ended_on[rows.stays], self._with_unstated(self.evidence.stated[members]))

    def _with_unstated(self, codes: np.ndarray) -> np.ndarray:
        return np.where(codes == NOT_STATED, len(self.evidence.names.causes), codes)

    def _incidence(self, durations: Durations) -> Incidence:
        """The share of stays that is over for each stated cause, and for none, by its length."""
        causes = (*self.evidence.names.causes, UNSTATED)
        at_days = np.round(np.array(INCIDENCE_MONTHS) * DAYS_PER_MONTH)
        found = incidence_estimates(durations, len(causes), at_days, seed=self.seed)
        return dict(zip(causes, found, strict=True))


def mean_shares(shares: np.ndarray, causes: Sequence[str], customer_ids: np.ndarray, seed: int) -> Shares:
    """The mean of rows (n, causes) with 90 % intervals over customers; without rows nothing is known."""
    if not len(shares):
        return {cause: Estimate() for cause in causes}

    def means(weights: np.ndarray) -> np.ndarray:
        return ratio(weights @ shares, weights.sum(axis=1, keepdims=True))

    return dict(zip(causes, estimate_intervals(means, customer_ids, seed=seed), strict=True))


def one_hot(places: np.ndarray, n: int) -> np.ndarray:
    """(len(places), n) with a 1 in each row's place."""
    return np.eye(n)[places]
