"""Scores of surveys that do not fit their scale, are empty, or belong to a kind that no figure counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
from ibis import _

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity, list_texts
from tables.cleaning.conform import EXCLUDED_BECAUSE, NPS_SCALE
from tables.tables import Tables

SCALES = ("nps", "csat")
MIN_SCORES = 30
"Scores from which it is no chance that the upper half of a scale is never used."
SERIOUS_SHARE = 0.05
COMMON_SCALES = (
    (0, 1),
    (1, 3),
    (0, 3),
    (1, 4),
    (0, 4),
    (1, 5),
    (0, 5),
    (1, 7),
    (1, 10),
    (0, 10),
    (1, 100),
    (0, 100),
    (-100, 100),
)
"Scales that surveys use, the narrowest first."


def find(data: CheckedData) -> Iterator[Finding]:
    """Findings for each kind of survey."""
    if data.tables is None or "surveys" not in data:
        return
    for row in _scores_by_kind(data.tables):
        kind, n_rows, n_scores = row["kind"], row["n_rows"], row["n_scores"]
        values = {"survey": kind}
        if kind not in SCALES:
            yield _describe("unknown_surveys", Severity.WARNING, count=n_rows, of=n_rows, example=kind, values=values)
            continue
        if n_scores < n_rows:
            yield _describe("empty_scores", Severity.NOTE, count=n_rows - n_scores, of=n_rows, values=values)
        if n_scores:
            yield from _judge_scale(data, row)


def _scores_by_kind(tables: Tables) -> list[dict[str, Any]]:
    """Counts of the usable rows of each kind, and of those excluded because of their score."""
    rows = tables.conformed["surveys"].rows
    if "score" not in rows.columns:
        return []
    reason = rows[EXCLUDED_BECAUSE]
    rows = rows.filter(reason.isnull() | reason.startswith("score: no"), rows.kind.notnull())
    (lowest, highest), (nps_lowest, nps_highest) = tables.config.csat_scale, NPS_SCALE
    is_nps = rows.kind.lower().strip() == "nps"
    is_off = (rows.score < ibis.ifelse(is_nps, nps_lowest, lowest)) | (
        rows.score > ibis.ifelse(is_nps, nps_highest, highest)
    )
    kinds = rows.mutate(kind=rows.kind.lower().strip(), is_off=is_off.fill_null(False)).group_by("kind")
    counts = kinds.aggregate(
        n_rows=_.count(),
        n_scores=_.score.count(),
        n_off=ibis.ifelse(_.is_off, 1, 0).sum(),
        lowest=_.score.min(),
        highest=_.score.max(),
        off_lowest=ibis.ifelse(_.is_off, _.score, ibis.null("float64")).min(),
        off_highest=ibis.ifelse(_.is_off, _.score, ibis.null("float64")).max(),
    )
    return counts.order_by("kind").to_pyarrow().to_pylist()


def _judge_scale(data: CheckedData, row: dict[str, Any]) -> Iterator[Finding]:
    scale = NPS_SCALE if row["kind"] == "nps" else data.config.csat_scale
    values: dict[str, Any] = {
        "survey": row["kind"],
        "scale": _format_scale(*scale),
        "scores": _format_scale(row["lowest"], row["highest"]),
    }
    setting = _suggest_scale(data, row)
    if row["n_off"]:
        severity = Severity.ERROR if row["n_off"] >= SERIOUS_SHARE * row["n_scores"] else Severity.WARNING
        yield _describe(
            "scores_off_scale",
            severity,
            count=row["n_off"],
            of=row["n_scores"],
            example=f"{row['off_highest']:g}",
            setting=setting,
            values=values,
        )
    elif row["n_scores"] >= MIN_SCORES and row["highest"] <= (scale[0] + scale[1]) / 2:
        yield _describe(
            "scores_below_scale",
            Severity.WARNING,
            count=row["n_scores"],
            of=row["n_scores"],
            example=f"{row['highest']:g}",
            setting=setting,
            values=values,
        )


def _suggest_scale(data: CheckedData, row: dict[str, Any]) -> str | None:
    """The setting for scores of another scale; for a single odd value, such as -1, that it means missing."""
    column = next(iter(data["surveys"].source_names("score")), "score")
    if row["n_off"] and row["n_off"] * 2 < row["n_scores"] and row["off_lowest"] == row["off_highest"]:
        return f'score = {{ column = "{column}", null_values = {list_texts([format(row["off_lowest"], "g")])} }}'
    lowest, highest = row["lowest"], row["highest"]
    if row["kind"] == "nps" and lowest >= 0 and NPS_SCALE[1] < highest <= 100:
        return f'score = {{ column = "{column}", scale = 0.1 }}'
    scales = [scale for scale in COMMON_SCALES if scale[0] <= lowest and highest <= scale[1]]
    csat_scale = f"csat_scale = [{scales[0][0]}, {scales[0][1]}]" if scales else None
    if row["kind"] != "nps":
        return csat_scale
    kind = data["surveys"].columns.get("kind")
    if csat_scale is None or kind is None or kind.constant is None:
        return None  # No answer has an NPS of -100 to 100, and other rows of the column may be right.
    (low, high), current = scales[0], data.config.csat_scale
    is_read = current[0] <= lowest and highest <= current[1] and highest > (current[0] + current[1]) / 2
    return 'kind = { constant = "csat" }' + ("" if is_read else f" and csat_scale = [{low}, {high}]")


def _format_scale(lowest: float, highest: float) -> str:
    return f"{lowest:g}-{highest:g}"


def _describe(
    kind: str,
    severity: Severity,
    *,
    count: int,
    of: int,
    example: str | None = None,
    setting: str | None = None,
    values: dict[str, Any],
) -> Finding:
    column = "kind" if kind == "unknown_surveys" else "score"
    return Finding(
        kind=kind,
        severity=severity,
        table="surveys",
        column=column,
        count=count,
        of=of,
        example=example,
        setting=setting,
        values=values,
    )


CHECK = Check(find=find)
