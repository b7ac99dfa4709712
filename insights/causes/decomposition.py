"""Why customers leave, three views side by side: what they stated, what is laid on each cause, the risk of each.

stated       of those who left and stated a cause, the share of each
attributed   of all who left, the share laid on each by what they lived through and what they stated (attributed.py)
hazard       of those there when a month began, the share that left in it for each stated cause, and for none
incidence    of those who come, the share that has left for each stated cause after so many months (Aalen-Johansen)
risks        of today's customers, the risk of each cause by the promoted hazard model; without one, the incidence

What is at stake is told by the hazard model's risks too, where it reaches as far as the churn model; otherwise by that
one's risk and the shares that are laid on each cause.

Intervals are 90 % and resample customers; they do not cover that the churn model and the risks of the
causes were learnt from the same customers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
import numpy as np

from core.config import Config
from core.intervals import Estimate, estimates
from insights.causes.attributed import CompetingCauses
from insights.causes.evidence import NOT_STATED, Evidence
from insights.causes.incidence import DAYS_A_MONTH, Durations, incidence_estimates
from insights.causes.risk_view import RiskView, TodaysRisks, view_of_incidence
from insights.causes.stakes import AtStake, RankedMeasure, ranked_measures
from insights.causes.tones import Tone, told_tones
from models.metrics.weighted import ratio

UNSTATED = "not stated"
INCIDENCE_MONTHS = (1, 3, 6, 12)
LEAST_LEFT = 10
"Of groups in which fewer left, shares would say nothing."
N_RESAMPLES = 200

Shares = dict[str, Estimate]
"By cause."


class Group(msgspec.Struct, frozen=True):
    """The three views of one group of customers over the months."""

    by: str
    "'all', 'month', or what customers are told apart by: main_plan, account_industry, ..."
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
    incidence: dict[str, list[Estimate]]
    "By cause, after INCIDENCE_MONTHS; empty of single months."


class Stake(msgspec.Struct, frozen=True):
    """What one cause puts at stake among today's customers."""

    cause: str
    customers: float
    "Expected to leave for it within the horizon."
    mrr: Estimate
    "Expected to be lost to it, base currency a month."


class Decomposition(msgspec.Struct, frozen=True):
    """Why customers leave, what it costs and what to do first."""

    data_set: str
    currency: str
    months: tuple[str, str]
    "First and last of which it is known who left."
    today: str
    horizon_days: int
    causes: tuple[str, ...]
    n_sources: dict[str, int]
    "Departures by where their stated cause was found: end, tickets, surveys, '' nowhere."
    carelessness: float
    "Estimated share of stated causes that do not depend on the true one."
    groups: tuple[Group, ...]
    "All first, then by segment and by month."
    risks: RiskView
    "The third view of everybody."
    tones: tuple[Tone, ...]
    "How texts sound: of everybody, by cause and by month; empty without a text model that knows tones."
    n_customers: int
    "Today's."
    stakes_by: Literal["hazard model", "attributed"]
    "Whose risks of each cause the stakes and the measures rest on."
    mrr: float
    "What they pay a month."
    mrr_at_stake: Estimate
    stakes: tuple[Stake, ...]
    "The largest first; they sum to the whole."
    measures: tuple[RankedMeasure, ...]
    "The most expected money first."
    left_out: dict[str, int]
    "Rows that stayed out of the figures, by cause."
    caution: str = ""
    "Why what the champion says of risks and causes is not to be relied on; '' where it may be."


def decompose(
    evidence: Evidence,
    config: Config,
    offer_costs: dict[str, float],
    left_out: dict[str, int],
    risks: TodaysRisks | None = None,
    caution: str = "",
) -> Decomposition:
    """Put the views, the stakes and the measures together; `risks` are the hazard model's, where one is promoted."""
    rows, past = evidence.rows, evidence.is_past
    found = CompetingCauses.fitted(evidence.lived.take(past), rows.left[past], evidence.witnessed[past])
    seed, causes = config.seed, evidence.names.causes
    now, groups = ~past, tuple(groups_of(evidence, found, seed))
    by_model = risks is not None and risks.reaches(evidence.horizon_days)
    stake = at_stake(evidence, found, risks if by_model else None)
    *by_cause, whole = stake.totals(N_RESAMPLES, seed)
    leaving = stake.risk_by_cause.sum(axis=0)
    stakes = [Stake(*one) for one in zip(causes, leaving.tolist(), by_cause, strict=True)]
    values = stake.mrr * config.money.margin_rate * config.causes.value_months
    return Decomposition(
        data_set=config.name,
        currency=config.currency,
        months=(str(rows.months[past].min()), str(rows.months[past].max())),
        today=str(evidence.today.astype("datetime64[D]")),
        horizon_days=evidence.horizon_days,
        causes=causes,
        n_sources=evidence.sources(),
        carelessness=found.witness.carelessness,
        groups=groups,
        risks=risks.view(causes, seed) if risks else view_of_incidence(groups[0].incidence, INCIDENCE_MONTHS),
        tones=told_tones(evidence.tones, causes, seed),
        n_customers=int(now.sum()),
        stakes_by="hazard model" if by_model else "attributed",
        mrr=float(stake.mrr.sum()),
        mrr_at_stake=whole,
        stakes=tuple(sorted(stakes, key=lambda one: -one.mrr.value)),
        measures=ranked_measures(stake, values, config.causes.measures, causes, offer_costs, seed),
        left_out=left_out,
        caution=caution,
    )


def at_stake(evidence: Evidence, found: CompetingCauses, risks: TodaysRisks | None) -> AtStake:
    """Today's customers with the risk of each cause: the hazard model's, or the churn model's by its shares."""
    rows, now = evidence.rows, ~evidence.is_past
    ids, mrr = rows.customer_ids[now], evidence.mrr[now]
    if risks is not None:
        return AtStake(ids, mrr, risks.within(evidence.horizon_days, evidence.names.causes))
    return AtStake.of(ids, mrr, evidence.risk[now], found.shares(evidence.lived.take(now)))


def groups_of(evidence: Evidence, found: CompetingCauses, seed: int) -> Iterator[Group]:
    """Everybody, every segment in which enough left, and every month."""
    blamed = found.laid_on(evidence.lived, evidence.witnessed)
    past, left = evidence.is_past, evidence.rows.left
    yield group_of(evidence, blamed, "all", "", past, seed)
    for by, words in evidence.segments.items():
        for word in np.unique(words[words != ""]):
            members = past & (words == word)
            if left[members].sum() >= LEAST_LEFT:
                yield group_of(evidence, blamed, by, str(word), members, seed)
    for month in np.unique(evidence.rows.months[past]):
        yield group_of(evidence, blamed, "month", str(month), evidence.rows.months == month, seed)


def group_of(evidence: Evidence, blamed: np.ndarray, by: str, value: str, members: np.ndarray, seed: int) -> Group:
    """The views of the past rows that a mask picks; `blamed` (n, causes) is what departures are laid on."""
    rows, causes = evidence.rows, evidence.names.causes
    left = members & rows.left
    said = evidence.stated[left]
    stated = one_hot(said[said != NOT_STATED], len(causes))
    departures = np.zeros((int(members.sum()), len(causes) + 1))
    departures[rows.left[members]] = one_hot(np.where(said == NOT_STATED, len(causes), said), len(causes) + 1)
    ids = rows.customer_ids
    return Group(
        by=by,
        value=value,
        n_customers=len(np.unique(ids[members])),
        n_left=int(left.sum()),
        n_stated=len(stated),
        stated=mean_shares(stated, causes, ids[left][said != NOT_STATED], seed),
        attributed=mean_shares(blamed[left], causes, ids[left], seed),
        hazard=mean_shares(departures, (*causes, UNSTATED), ids[members], seed),
        incidence={} if by == "month" else incidence_of(evidence, None if by == "all" else ids[members], seed),
    )


def mean_shares(shares: np.ndarray, causes: Sequence[str], customer_ids: np.ndarray, seed: int) -> Shares:
    """The mean of rows (n, causes) with 90 % intervals over customers; without rows nothing is known."""
    if not len(shares):
        return {cause: Estimate() for cause in causes}

    def means(weights: np.ndarray) -> np.ndarray:
        return ratio(weights @ shares, weights.sum(axis=1, keepdims=True))

    return dict(zip(causes, estimates(means, customer_ids, N_RESAMPLES, seed), strict=True))


def incidence_of(evidence: Evidence, customer_ids: np.ndarray | None, seed: int) -> dict[str, list[Estimate]]:
    """The share of stays that is over for each stated cause by its length, of these customers or of all.

    As in the months that are told of: older departures do not count, so that those who left before do not either.
    """
    causes, stated = evidence.names.causes, evidence.codes_of_stays()
    stated = np.where(stated == NOT_STATED, len(causes), stated)
    durations = Durations.of(evidence.stays, stated, evidence.first_day)
    if customer_ids is not None:
        durations = durations.take(np.isin(durations.customer_ids, customer_ids))
    at_days = np.round(np.array(INCIDENCE_MONTHS) * DAYS_A_MONTH)
    found = incidence_estimates(durations, len(causes) + 1, at_days, N_RESAMPLES, seed)
    return dict(zip((*causes, UNSTATED), found, strict=True))


def one_hot(places: np.ndarray, n: int) -> np.ndarray:
    """(len(places), n) with a 1 in each row's place."""
    return np.eye(n)[places]
