"""Checks whether the history is long enough to train and test the churn definition.

first row      training cutoff        test cutoff          watermark
|--------------|[---- label days ----)|[---- label days ----)|
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from core.config.data_set import Config
from features.labels.labelling import LABELS
from tables.tables import Tables


@dataclass(frozen=True)
class HistoryCheck:
    """Whether the history is long enough for the data set's churn definition."""

    definition: str
    problems: tuple[str, ...]
    "Why it is not; empty where it is."
    notes: tuple[str, ...] = ()
    "The cutoffs it allows, and their limits."

    @property
    def is_sufficient(self) -> bool:
        """Whether churn models can be trained and tested."""
        return not self.problems


def check_history(tables: Tables) -> HistoryCheck:
    """Check that the labels of training and test cutoffs fit between the first row and the watermark."""
    config = tables.config
    name = LABELS[config.churn.definition].table
    if name not in tables:
        return HistoryCheck(config.churn.definition, (f"it needs the table {name}, which [tables] does not name",))
    first, watermark = tables.load_report(name).first, tables.watermark(name)
    begin = first.date() if first else watermark
    test = config.cutoffs.test or watermark - config.label_duration
    train = config.cutoffs.train or (test - config.label_duration,)
    problems = [
        *_problems_of_test(config, test, watermark=watermark),
        *_problems_of_train(config, train, test=test, begin=begin),
    ]
    origin = "from [cutoffs]" if config.cutoffs.test is not None else "the last mature one"
    range_note = f"{name} from {begin} to before {watermark}; test cutoff {test} ({origin})"
    return HistoryCheck(
        config.churn.definition, tuple(problems), (range_note, *_short_lookbacks(config, train, begin=begin))
    )


def _problems_of_test(config: Config, test: date, *, watermark: date) -> list[str]:
    end = test + config.label_duration
    if end <= watermark:
        return []
    return [f"the label of the test cutoff {test} ends {end}, after the watermark {watermark}; set an earlier one"]


def _problems_of_train(config: Config, train: tuple[date, ...], *, test: date, begin: date) -> list[str]:
    crossing = [str(cutoff) for cutoff in train if cutoff + config.label_duration > test]
    early = [str(cutoff) for cutoff in train if cutoff <= begin]
    problems = []
    if crossing:
        problems.append(f"labels of the training cutoffs {', '.join(crossing)} cross the test cutoff {test}")
    if early:
        needed = begin + 2 * config.label_duration + timedelta(days=1)
        problems.append(
            f"nothing was recorded before the training cutoffs {', '.join(early)}; two labels of "
            f"{config.label_duration.days} days after one day of history need records from {begin} to {needed}"
        )
    return problems


def _short_lookbacks(config: Config, train: tuple[date, ...], *, begin: date) -> list[str]:
    short = [str(cutoff) for cutoff in train if cutoff - timedelta(days=config.active_days) < begin]
    if not short:
        return []
    return [f"active_days {config.active_days} reaches back before the first row at {', '.join(short)}"]
