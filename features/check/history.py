"""Whether the history is long enough for the churn definition, and how many customers churned at each cutoff.

first row      training cutoff        test cutoff          watermark
|--------------|[---- label days ----)|[---- label days ----)|
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from core.config.data_set import Config
from core.i18n.message import Message
from core.labels import Labels
from features.check.data import CheckedData
from features.cohort import select_cohort
from features.labels.cutoffs import count_cutoffs, space_cutoffs
from features.labels.labelling import (
    LABELS,
    describe_short_history,
    label_outcomes,
    label_watermark,
)
from tables.cross_section import CrossSection
from tables.tables import Tables


@dataclass(frozen=True, kw_only=True)
class HistoryCheck:
    """Whether the history is long enough for the data set's churn definition, and the cutoffs that it allows."""

    definition: str
    "The name of the definition of churn."
    problems: tuple[Message, ...] = ()
    "Why the history is too short; empty where it is not."
    first: date | None = None
    "Day of the first row of the table that decides who churned."
    certain_until: date | None = None
    "The first day for which it is not certain who churned."
    train: tuple[date, ...] = ()
    test: date | None = None
    is_stated: bool = False
    "Whether the TOML states the test cutoff."
    short_lookbacks: tuple[date, ...] = ()
    "Training cutoffs with fewer than `active_days` of history before them."
    is_undated: bool = False
    "Whether the rows that decide who churned have no time: only recommendations are possible."

    @property
    def is_sufficient(self) -> bool:
        """Whether churn models can be trained and tested."""
        return not self.problems


def find_history(data: CheckedData) -> HistoryCheck | None:
    """Whether the history is long enough; None for a cross-section, which has none."""
    return None if data.tables is None else check_history(data.tables)


def check_history(tables: Tables) -> HistoryCheck:
    """Check that the labels of training and test cutoffs fit between the first row and the watermark."""
    config = tables.config
    definition, table = config.churn.definition, LABELS[config.churn.definition].table
    if table not in tables:
        return HistoryCheck(
            definition=definition,
            problems=(Message("it needs the table {table}, which [tables] does not name", {"table": table}),),
        )
    if tables.is_undated(table):
        problem = Message("{table} has no event_time; churn needs it", {"table": table})
        return HistoryCheck(definition=definition, problems=(problem,), is_undated=True)
    first, watermark = tables.load_report(table).first, tables.watermark(table)
    begin = first.date() if first else watermark
    mature_until = label_watermark(tables)
    test = config.cutoffs.test or mature_until - config.label_duration
    train = config.cutoffs.train or (test - config.label_duration,)
    problems = [
        *_problems_of_test(config, test, mature_until=mature_until),
        *_problems_of_train(config, train, test=test, begin=begin),
    ]
    return HistoryCheck(
        definition=definition,
        problems=tuple(problems),
        first=begin,
        certain_until=mature_until,
        train=_training_cutoffs(tables, first=begin, test=test),
        test=test,
        is_stated=config.cutoffs.test is not None,
        short_lookbacks=tuple(day for day in train if day - timedelta(days=config.active_days) < begin),
    )


def _training_cutoffs(tables: Tables, *, first: date, test: date) -> tuple[date, ...]:
    """Those whose labels end by the test cutoff."""
    config = tables.config
    candidates = sorted(set(config.cutoffs.train)) or space_cutoffs(
        config, first=first, test=test, max_cutoffs=count_cutoffs(tables, test)
    )
    return tuple(day for day in candidates if day + config.label_duration <= test)


def _problems_of_test(config: Config, test: date, *, mature_until: date) -> list[Message]:
    end = test + config.label_duration
    if end <= mature_until:
        return []
    days = {"test": test, "end": end, "certain_until": mature_until, "latest": mature_until - config.label_duration}
    return [
        Message(
            "the label of the test cutoff {test} ends {end}, but labels are certain only until {certain_until}; "
            "set a test cutoff of {latest} or earlier",
            {name: day.isoformat() for name, day in days.items()},
        )
    ]


def _problems_of_train(config: Config, train: tuple[date, ...], *, test: date, begin: date) -> list[Message]:
    if not config.cutoffs.train:
        is_short = train[0] - timedelta(days=config.active_days) < begin
        return [describe_short_history(config, first=begin, test=test)] if is_short else []
    crossing = [str(cutoff) for cutoff in train if cutoff + config.label_duration > test]
    early = [str(cutoff) for cutoff in train if cutoff <= begin]
    problems = list[Message]()
    if crossing:
        values = {"cutoffs": ", ".join(crossing), "test": test.isoformat()}
        problems.append(Message("labels of the training cutoffs {cutoffs} cross the test cutoff {test}", values))
    if early:
        needed = begin + 2 * config.label_duration + timedelta(days=1)
        values = {"cutoffs": ", ".join(early), "begin": begin.isoformat(), "needed": needed.isoformat()}
        problems.append(
            Message(
                "nothing was recorded before the training cutoffs {cutoffs}; two labels of {days} days after one day "
                "of history need records from {begin} to {needed}",
                {**values, "days": config.label_duration.days},
            )
        )
    return problems


@dataclass(frozen=True, kw_only=True)
class CutoffCounts:
    """The customers at one cutoff, and how many of them churned."""

    cutoff: date
    is_test: bool
    n_customers: int
    "Customers whose label is certain."
    n_churned: int


@dataclass(frozen=True, kw_only=True)
class ChurnCheck:
    """What churn means here, and how often it happened."""

    definition: str
    "The name in the TOML; of a cross-section, the column of the label."
    horizon_days: int
    gap_days: int
    cutoffs: tuple[CutoffCounts, ...]
    "Oldest first; the last one is the test."


def find_churn(data: CheckedData) -> ChurnCheck:
    """What churn means, and how many customers churned at each cutoff."""
    history = data.once(find_history)
    if data.tables is not None and history is not None:
        return _count_at_cutoffs(data.tables, history)
    assert data.cross_section is not None
    return _count_labelled(data.cross_section)


def _count_at_cutoffs(tables: Tables, history: HistoryCheck) -> ChurnCheck:
    """No cutoffs where the history is too short."""
    churn, counts = tables.config.churn, tuple[CutoffCounts, ...]()
    if history.is_sufficient and history.test is not None:
        days = (*history.train, history.test)
        labels = label_outcomes(tables, select_cohort(tables, days))
        counts = tuple(_count_at(labels, day, is_test=day == history.test) for day in days)
    return ChurnCheck(
        definition=churn.definition,
        horizon_days=churn.horizon_days,
        gap_days=churn.gap_days,
        cutoffs=counts,
    )


def _count_at(labels: Labels, day: date, *, is_test: bool) -> CutoffCounts:
    rows = (labels.cutoffs == np.datetime64(day, "D")) & labels.is_mature
    return CutoffCounts(
        cutoff=day, is_test=is_test, n_customers=int(rows.sum()), n_churned=int(labels.churned[rows].sum())
    )


def _count_labelled(data: CrossSection) -> ChurnCheck:
    """The customers of a cross-section and how many of them its label calls churned."""
    churned = data.outcomes.churned
    source = data.config.cross_section
    assert source is not None
    counts = CutoffCounts(cutoff=source.cutoff, is_test=True, n_customers=len(churned), n_churned=int(churned.sum()))
    return ChurnCheck(
        definition=source.label.column,
        horizon_days=data.config.churn.horizon_days,
        gap_days=0,
        cutoffs=(counts,),
    )
