"""Stated causes: what the end of a subscription itself states, or else what the customer wrote shortly before it.

    end_reason, end_kind   ->  tickets before the end  ->  survey comments before the end  ->  nothing stated
    by word lists              by topic, then text         by text

A source is used only if those before it state nothing. Of several tickets or comments, the most frequent cause counts,
and on a tie the newest. The text model reads texts if there is one, otherwise word lists do. The noise model says how
often customers state something other than the true cause. Comments beside one of the best scores state no cause:
"quick support" of a promoter is praise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from insights.causes.covariates import CauseNames
from insights.finance.feedback import PROMOTER, SATISFIED_SHARE
from models.texts.text_model import UNKNOWN, TextModel
from tables.engines.arrays import days, numbers, texts
from tables.episodes import SubscriptionEpisodes
from tables.tables import Tables

SOURCES = ("end", "tickets", "surveys")
TEXT_COLUMNS = {"tickets": ("opened_at", "topic", "text"), "surveys": ("event_time", "", "comment")}
"By table: time, code (if any) and text of a row."
PRIOR_NOISE_RATE, PRIOR_COUNT = 0.2, 20.0
"The prior noise rate, and how many statements or churned customers each prior of the attribution weighs."
PRIOR_OTHER = 0.5
"""Of noisy statements, the share that the prior expects to be `other`, the last cause: who does not want to say why, or
is not asked twice, picks it."""
NOT_STATED = -1


@dataclass(frozen=True)
class StatedCauses:
    """The stated cause of each episode; arrays are (n,), aligned with the episodes."""

    causes: NDArray[np.str_]
    "'' if nothing was stated, or the episode has not ended."
    sources: NDArray[np.str_]
    "One of SOURCES, or ''."


@dataclass(frozen=True)
class Statements:
    """Tickets or comments with their cause; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    days: NDArray[np.datetime64]
    "datetime64[D]"
    causes: NDArray[np.str_]
    "'' for no cause."
    texts: NDArray[np.str_]
    "'' for no text."
    is_content: NDArray[np.bool_]
    "Comments beside one of the best scores, which praise what they name."

    def take(self, rows: NDArray[np.bool_]) -> Statements:
        """The statements that a boolean mask picks."""
        return Statements(
            self.customer_ids[rows], self.days[rows], self.causes[rows], self.texts[rows], self.is_content[rows]
        )


def find_stated_causes(
    tables: Tables, episodes: SubscriptionEpisodes, *, names: CauseNames, text_model: TextModel | None
) -> StatedCauses:
    """Find the stated cause of each ended episode."""
    has_ended = ~np.isnat(episodes.ended_on)
    causes = np.where(has_ended, names.causes_of(episodes.reasons), "").astype("U64")
    sources = np.where(causes != "", SOURCES[0], "").astype("U16")
    for table in TEXT_COLUMNS:
        unstated = np.flatnonzero(has_ended & (causes == ""))
        if table not in tables or not len(unstated):
            continue
        statements = read_statements(tables, table, names=names, text_model=text_model)
        statements = statements.take((statements.causes != "") & ~statements.is_content)
        frequent = _most_frequent_cause(statements, episodes.take(unstated), names=names)
        causes[unstated] = frequent
        sources[unstated[frequent != ""]] = table
    return StatedCauses(causes, sources)


def read_statements(tables: Tables, table: str, *, names: CauseNames, text_model: TextModel | None) -> Statements:
    """Read `tickets` or `surveys` with the cause of each row: by its code, or else by its text."""
    time, code, text = TEXT_COLUMNS[table]
    source = tables.latest()[table]
    present = [name for name in (code, text, "kind", "score") if name in source.columns]
    rows = source.filter(source["customer_id"].notnull()).select("customer_id", time, *present).to_pyarrow()
    causes = np.full(len(rows), "", dtype="U64")
    if code in present:
        causes[:] = names.causes_of(texts(rows[code]))
    written = texts(rows[text]) if text in present else np.full(len(rows), "")
    without_cause = np.flatnonzero(causes == "")
    if text in present and len(without_cause):
        causes[without_cause] = _classify(written[without_cause], names=names, text_model=text_model)
    is_content = np.zeros(len(rows), dtype=bool)
    if {"kind", "score"} <= set(present):
        least_of_csat = SATISFIED_SHARE * tables.config.csat_scale[1]
        is_content = numbers(rows["score"]) >= np.where(texts(rows["kind"]) == "nps", PROMOTER, least_of_csat)
    return Statements(texts(rows["customer_id"]), days(rows[time]), causes, written, is_content)


def _classify(written: NDArray[np.str_], *, names: CauseNames, text_model: TextModel | None) -> NDArray[np.str_]:
    """The cause of each text, '' if unknown. Equal texts are read once."""
    if text_model is None:
        return names.causes_of(written)
    unique, places = np.unique(written, return_inverse=True)
    causes = text_model.causes_of(unique.tolist(), names.settings.text_threshold)
    return np.where(np.isin(causes, names.causes) & (causes != UNKNOWN), causes, "")[places]


def _most_frequent_cause(statements: Statements, ended: SubscriptionEpisodes, *, names: CauseNames) -> NDArray[np.str_]:
    """The most frequent cause of a customer's statements before each end, (n,); '' without any."""
    counts = np.zeros((len(ended), len(names.causes)))
    for episode, statement in _pairs_before(statements, ended, within_days=names.settings.text_lookback_days):
        age = (ended.ended_on[episode] - statements.days[statement]).astype(np.int64)
        place = np.array([names.causes.index(cause) for cause in statements.causes[statement]], dtype=np.int64)
        # The bonuses of all statements together stay below one, so that the newest only decides ties.
        np.add.at(counts, (episode, place), 1 + 1e-6 / (1 + age))
    best = np.array(names.causes)[counts.argmax(axis=1)]
    return np.where(counts.max(axis=1, initial=0) > 0, best, "")


def _pairs_before(
    statements: Statements, ended: SubscriptionEpisodes, *, within_days: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs (episode, statement) of one customer, the statement at most `within_days` before the end."""
    order = np.argsort(ended.customer_ids, kind="stable")
    sorted_ids = ended.customer_ids[order]
    first, last = (np.searchsorted(sorted_ids, statements.customer_ids, side) for side in ("left", "right"))
    for step in range(int((last - first).max(initial=0))):
        statement = np.flatnonzero(first + step < last)
        episode = order[first[statement] + step]
        age = (ended.ended_on[episode] - statements.days[statement]).astype(np.int64)
        is_near = (age >= 0) & (age <= within_days)
        yield episode[is_near], statement[is_near]


def prior_noise_counts(n_causes: int) -> NDArray[np.float64]:
    """The prior of the distribution of noisy statements as counts of statements, (causes,)."""
    others = np.full(n_causes - 1, (1 - PRIOR_OTHER) / max(n_causes - 1, 1))
    return PRIOR_COUNT * np.append(others, PRIOR_OTHER if n_causes > 1 else 1.0)


@dataclass(frozen=True)
class StatedCauseModel:
    """A stated cause is the true one, or noise drawn from one distribution for all customers."""

    noise_rate: float
    "Share of statements that do not depend on the true cause, 0 to 1."
    noise_distribution: NDArray[np.float64]
    "(causes,) distribution of noisy statements; sums to 1."

    @classmethod
    def prior(cls, n_causes: int) -> Self:
        """The starting point: the prior noise rate and distribution."""
        counts = prior_noise_counts(n_causes)
        return cls(PRIOR_NOISE_RATE, counts / counts.sum())

    @property
    def confusion_matrix(self) -> NDArray[np.float64]:
        """P(stated | true cause), (causes, causes); rows are true causes."""
        truthful = (1 - self.noise_rate) * np.eye(len(self.noise_distribution))
        return truthful + self.noise_rate * self.noise_distribution

    def weigh(self, shares: NDArray[np.float64], stated_causes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Update shares (n, causes) by the stated causes (n,), by Bayes' rule; rows sum to 1."""
        posterior, is_stated = shares.copy(), stated_causes != NOT_STATED
        posterior[is_stated] *= self.confusion_matrix[:, stated_causes[is_stated]].T
        return posterior / posterior.sum(axis=1, keepdims=True)

    def update(self, responsibilities: NDArray[np.float64], stated_causes: NDArray[np.int64]) -> Self:
        """The maximum a posteriori model, given the responsibilities (n, causes) of the stated causes (n,)."""
        rows = np.flatnonzero(stated_causes != NOT_STATED)
        agreement = responsibilities[rows, stated_causes[rows]]
        by_chance = self.noise_rate * self.noise_distribution[stated_causes[rows]]
        noise = 1 - agreement * (1 - self.noise_rate) / (1 - self.noise_rate + by_chance)
        n_causes = len(self.noise_distribution)
        counts = np.bincount(stated_causes[rows], noise, n_causes) + prior_noise_counts(n_causes)
        rate = (noise.sum() + PRIOR_COUNT * PRIOR_NOISE_RATE) / (len(rows) + PRIOR_COUNT)
        return type(self)(float(rate), counts / counts.sum())
