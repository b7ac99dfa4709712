"""Sentiment of what customers write, from -1 (angry) to 1 (delighted): by cause, month and group.

The champion of text models scores tickets and survey comments of the months analysed. Without one, or if it was not
trained on scores, there is no sentiment. Intervals are 90 % and resample customers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.intervals import Estimate, estimate_intervals
from insights.causes.covariates import CauseNames
from insights.causes.person_months import Membership
from insights.causes.stated import TEXT_COLUMNS, Statements, read_statements
from models.metrics.weighted import ratio
from models.texts.text_model import TextModel
from tables.tables import Tables

MIN_TEXTS = 10
"Groups with fewer texts are left out."


@dataclass(frozen=True)
class SentimentTexts:
    """Texts with their sentiment; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    months: NDArray[np.datetime64]
    "datetime64[M] in which each was written."
    causes: NDArray[np.str_]
    "'' for no cause."
    sentiments: NDArray[np.float64]
    "-1 to 1."

    @classmethod
    def none(cls) -> SentimentTexts:
        """No texts."""
        text = np.empty(0, "U64")
        return cls(text, np.empty(0, "datetime64[M]"), text, np.empty(0))


class Sentiment(msgspec.Struct, frozen=True, kw_only=True):
    """Mean sentiment of one group of texts."""

    by: str
    "'all', 'cause', 'month', or the kind of group: segment, customer_tier, main_plan, ..."
    value: str
    n_texts: int
    sentiment: Estimate
    "Mean, -1 to 1."
    cause: str = ""
    "Only a group's texts about this cause; '' for all."


def read_sentiments(
    tables: Tables,
    text_model: TextModel | None,
    *,
    names: CauseNames,
    first_day: np.datetime64,
    until: np.datetime64,
) -> SentimentTexts:
    """Score the texts written from `first_day` to before `until`."""
    if text_model is None:
        return SentimentTexts.none()
    parts = [
        read_statements(tables, table, names=names, text_model=text_model) for table in TEXT_COLUMNS if table in tables
    ]
    scored = [_score_texts(part, text_model, first_day=first_day, until=until) for part in parts]
    columns = (
        [getattr(part, name) for part in (SentimentTexts.none(), *scored)]
        for name in SentimentTexts.__dataclass_fields__
    )
    return SentimentTexts(*map(np.concatenate, columns))


def _score_texts(
    statements: Statements, text_model: TextModel, *, first_day: np.datetime64, until: np.datetime64
) -> SentimentTexts:
    statements = statements.take((statements.days >= first_day) & (statements.days < until) & (statements.texts != ""))
    unique, places = np.unique(statements.texts, return_inverse=True)
    sentiments = text_model.sentiment_of(unique.tolist())[places]
    is_known = ~np.isnan(sentiments)
    months = statements.days.astype("datetime64[M]")
    return SentimentTexts(
        statements.customer_ids[is_known], months[is_known], statements.causes[is_known], sentiments[is_known]
    )


def summarize_sentiment(
    texts: SentimentTexts, causes: tuple[str, ...], *, groups: Sequence[Membership] = (), seed: int = 0
) -> tuple[Sentiment, ...]:
    """Mean sentiment overall, by cause, by month, by group, and by cause within each group; empty without texts."""
    if not len(texts.sentiments):
        return ()
    return (*_overall(texts, causes, seed=seed), *_by_group(texts, causes, groups=groups, seed=seed))


def _overall(texts: SentimentTexts, causes: tuple[str, ...], *, seed: int) -> Iterator[Sentiment]:
    yield _mean(texts, np.ones(len(texts.sentiments), bool), by="all", seed=seed)
    for cause in causes:
        if (texts.causes == cause).any():
            yield _mean(texts, texts.causes == cause, by="cause", value=cause, seed=seed)
    for month in np.unique(texts.months):
        yield _mean(texts, texts.months == month, by="month", value=str(month), seed=seed)


def _by_group(
    texts: SentimentTexts, causes: tuple[str, ...], *, groups: Sequence[Membership], seed: int
) -> Iterator[Sentiment]:
    for group in groups:
        for cause in ("", *causes):
            members = group.rows & (texts.causes == cause) if cause else group.rows
            if group.value and members.sum() >= MIN_TEXTS:
                yield _mean(texts, members, by=group.by, value=group.value, seed=seed, cause=cause)


def _mean(
    texts: SentimentTexts, members: NDArray[np.bool_], *, by: str, value: str = "", seed: int, cause: str = ""
) -> Sentiment:
    sentiments = texts.sentiments[members]

    def mean(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return ratio(weights @ sentiments, weights.sum(axis=1))[:, None]

    (estimate,) = estimate_intervals(mean, texts.customer_ids[members], seed=seed)
    return Sentiment(by=by, value=value, n_texts=len(sentiments), sentiment=estimate, cause=cause)
