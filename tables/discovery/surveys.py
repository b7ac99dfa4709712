"""What surveys ask, by the scale of their scores, where no column says it.

0 to 10                          nps; csat where the name says satisfaction
1 to 5, 0 to 5, 1 to 7           csat
0 to 100                         csat; nps times ten where the name says so
-100 to 100                      csat: the NPS of a company has this scale, but no answer of a customer
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tables.cleaning.workbench import Clock, Workbench
from tables.discovery.debit_credit import read_numbers
from tables.discovery.guesses import ColumnGuess, TableGuess
from tables.discovery.proposal import Setting
from tables.discovery.vocabulary import normalise

USUAL = (1, 5)
"The csat_scale where nothing is stated."
SCALES_OF_CSAT = (USUAL, (0, 5), (1, 7), (1, 10), (0, 10), (0, 100), (-100, 100))
"The most usual first."
NPS = re.compile(r"\bnps\b|net promoter|recommend|推奨|おすすめ|お勧め|weiterempfehl")
CSAT = re.compile(r"csat|satisf|rating|stars?\b|zufrieden|満足|bewertung")
UTC = Clock("UTC", "UTC")


@dataclass(frozen=True)
class Range:
    """The lowest and the highest score."""

    low: float
    high: float

    def is_within(self, scale: tuple[int, int]) -> bool:
        """Whether every score is on a scale."""
        return scale[0] <= self.low and self.high <= scale[1]

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"


def choose_survey(guesses: Sequence[TableGuess]) -> tuple[list[TableGuess], list[Setting]]:
    """The tables, with what their survey asks, and the `csat_scale` where it is not the usual one."""
    surveys = next((guess for guess in guesses if guess.table == "surveys" and not guess.profile), None)
    if surveys is None or not {"kind", "score"} <= set(surveys.columns):
        return list(guesses), []
    kind = surveys.columns["kind"]
    scores = _range_of(surveys, kind.column)
    columns = dict(surveys.columns)
    if scores is None:
        return list(guesses), []
    if kind.constant is not None:
        columns |= _kind_and_score(surveys, scores)
    is_csat = kind.constant is None or columns["kind"].constant == "csat"
    scale = next((scale for scale in SCALES_OF_CSAT if scores.is_within(scale)), USUAL) if is_csat else USUAL
    settings = [Setting("csat_scale", scale, f"scores from {scores}")] if scale != USUAL else []
    return [replace(guess, columns=columns) if guess is surveys else guess for guess in guesses], settings


def _kind_and_score(surveys: TableGuess, scores: Range) -> dict[str, ColumnGuess]:
    """What the survey asks, and its scores in the unit of the contract."""
    score = surveys.columns["score"]
    names = normalise(f"{score.column} {surveys.examined.source.label.rsplit('.', 1)[0]}")
    is_nps, is_csat = NPS.search(names) is not None, CSAT.search(names) is not None
    evidence = f"no column says it; scores from {scores}"
    if scores.is_within((0, 10)) and (is_nps or not (scores.high <= 7 or is_csat)):
        return {"kind": ColumnGuess(constant="nps", evidence=f'{evidence} ("csat" if they say how satisfied)')}
    if is_nps and scores.is_within((0, 100)):
        tenth = replace(score, scale=0.1, evidence=f"{score.evidence}; scores from {scores}, ten times those of an NPS")
        return {"kind": ColumnGuess(constant="nps", evidence=evidence), "score": tenth}
    if scores.is_within(SCALES_OF_CSAT[-1]):
        return {
            "kind": ColumnGuess(constant="csat", evidence=f'{evidence} ("nps" if they say how likely to recommend)')
        }
    return {}


def _range_of(surveys: TableGuess, kind: str | None) -> Range | None:
    """The scores of all rows, or of those that a column says to be csat; None without any."""
    rows, name = surveys.examined.rows, str(surveys.columns["score"].column)
    if kind is not None:
        rows = rows.filter(rows[kind].cast("string").strip().lower() == "csat")
    bench = Workbench(rows, UTC)
    scores = bench.select(score=read_numbers(bench, surveys.examined.columns[name]))
    (row,) = scores.aggregate(low=scores.score.min(), high=scores.score.max()).to_pyarrow().to_pylist()
    return None if row["low"] is None else Range(row["low"], row["high"])
