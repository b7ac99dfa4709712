"""Export of churn scores: one row per customer, highest risk first, with value, owner and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from core.i18n.translation import ENGLISH, JAPANESE
from core.model_kinds import CHURN
from core.scores import Outcome, Reason
from serving.build.exports.files import (
    BLOCK_ROWS,
    REASON_COLUMNS,
    SOURCE_COLUMNS,
    Export,
    ExportOptions,
    Rows,
    source_columns,
)
from serving.release.churn_part import RISK_LEVELS, ChurnPart
from serving.release.customer_scores import CustomerScores
from serving.release.recommended_action import recommend_action
from serving.release.release import Release
from serving.release.retention_part import RecommendedAction

COLUMNS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("churn_probability", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("risk_level", pa.string()),
        ("short_history", pa.bool_()),
        *REASON_COLUMNS,
        ("top_reason_en", pa.string()),
        ("top_reason_ja", pa.string()),
        ("value", pa.float64()),
        ("value_kind", pa.string()),
        ("expected_loss", pa.float64()),
        ("currency", pa.string()),
        ("segment", pa.string()),
        ("owner", pa.string()),
        ("action", pa.string()),
        ("action_kind", pa.string()),
        ("no_action_because", pa.string()),
        ("expected_net_value", pa.float64()),
        ("segment_action", pa.string()),
        ("contact_allowed", pa.bool_()),
        ("account_id", pa.string()),
        ("horizon_days", pa.int32()),
        *SOURCE_COLUMNS,
        ("expected_months", pa.float64()),
    ]
)
SEPARATOR = "; "
"Between the reasons of a customer, and between the segments."
MIN_CHANGE = 0.01
"A churn probability that has moved by less has not changed: it moves a little every night."
COMPARED = (
    *("risk_level", "reason_codes", "reason_directions", "segment", "owner", "segment_action"),
    *("action", "no_action_because", "contact_allowed"),
)
"A customer has changed where one of these has."
_REASONS = msgspec.json.Decoder(list[Reason])


def score_rows(release: Release, options: ExportOptions) -> Rows:
    """Yield every customer's churn score, highest risk first."""
    source, churn = source_columns(release, CHURN.name), release.churn
    if churn is None:
        return
    order = np.argsort(-churn.probability, kind="stable")
    for start in range(0, len(order), BLOCK_ROWS):
        rows = (describe_score(release, row) | source for row in order[start : start + BLOCK_ROWS].tolist())
        yield list(_select_changed(rows, options.changed_since))


def describe_score(release: Release, row: int) -> dict[str, Any]:
    """The columns of the customer in a row of the release's churn scores, without those of the source."""
    churn, hazard = release.churn, release.hazard
    assert churn is not None
    customer_id, probability = churn.index.name(row), float(churn.probability[row])
    return {
        "churn_probability": probability,
        **describe_scored(churn, row, outcome="churn"),
        "risk_level": str(RISK_LEVELS[churn.risk_level[row]]),
        "short_history": bool(churn.short_history[row]),
        "expected_months": None if hazard is None else hazard.remaining_months_of(customer_id),
        **describe_top_reason(churn, row),
        **describe_relations(release, customer_id, probability=probability),
        **describe_action(recommend_action(release, row, probability=probability)),
    }


def describe_top_reason(churn: ChurnPart, row: int) -> dict[str, str]:
    """The strongest reason that raises the risk of the customer in a row of the scores; '' where none does."""
    raising = (reason for reason in _REASONS.decode(churn.reasons[row]) if reason.direction == "up")
    reason = next(raising, None)
    return {"top_reason_en": "" if reason is None else reason.en, "top_reason_ja": "" if reason is None else reason.ja}


def describe_action(action: RecommendedAction) -> dict[str, Any]:
    """What to do: the offer, what the segment says, or `contact`; '' for no action, with the reason."""
    return {
        "action": {"offer": action.offer_id, "segment_action": action.text, "contact": "contact", "none": ""}[
            action.kind
        ],
        "action_kind": action.kind,
        "no_action_because": action.none_because or "",
        "expected_net_value": action.expected_net_value,
    }


def describe_scored(scores: CustomerScores, row: int, *, outcome: Outcome) -> dict[str, Any]:
    """Id, interval, reasons and horizon of the customer in a row of the scores."""
    reasons, (low, high) = _REASONS.decode(scores.reasons[row]), scores.interval_of(row)
    return {
        "customer_id": scores.index.name(row),
        "low": low,
        "high": high,
        "reasons_en": SEPARATOR.join(reason.mark(ENGLISH, outcome=outcome) for reason in reasons),
        "reasons_ja": "、".join(reason.mark(JAPANESE, outcome=outcome) for reason in reasons),
        "reason_codes": SEPARATOR.join(reason.code for reason in reasons),
        "reason_directions": SEPARATOR.join(reason.direction for reason in reasons),
        "horizon_days": scores.horizon_days,
    }


def describe_relations(release: Release, customer_id: str, *, probability: float | None) -> dict[str, Any]:
    """Value, expected loss, segments, owner and account of a customer, and the action of their segment.

    The value is what the value model predicts or, without one, the margin or revenue of the last 365 days.

    The action of a customer who has refused to be contacted is left out.
    """
    segments = release.segments
    if segments is None:
        return {}
    row = segments.index.find(customer_id)
    is_allowed = "contact" not in segments.opt_outs_of(customer_id)
    worth, description = release.value_of(customer_id), release.description
    return {
        "value": None if worth.amount is None else round(worth.amount, description.n_decimals),
        "value_kind": worth.kind,
        "expected_loss": release.estimate_loss(customer_id, probability),
        "currency": description.currency,
        "segment": SEPARATOR.join(segments.segments_of(row)),
        "owner": segments.owners[row] if row >= 0 else "",
        "segment_action": segments.action_of(row) if is_allowed else "",
        "contact_allowed": is_allowed,
        "account_id": segments.account_ids[row] if row >= 0 else "",
    }


def count_left(release: Release, earlier: Release) -> int:
    """Number of customers with a score in an earlier release, and none in this one."""
    if earlier.churn is None:
        return 0
    now = np.empty(0, "S1") if release.churn is None else release.churn.index.ids
    return int((~np.isin(earlier.churn.index.ids, now)).sum())


def _select_changed(rows: Iterator[dict[str, Any]], earlier: Release | None) -> Iterator[dict[str, Any]]:
    """The customers whose score, segments or contact person have changed, and new ones."""
    if earlier is None or earlier.churn is None:
        yield from rows
        return
    for row in rows:
        place = earlier.churn.index.find(row["customer_id"])
        before = describe_score(earlier, place) if place >= 0 else {}
        is_same = all(row.get(name) == before.get(name) for name in COMPARED)
        if not is_same or abs(row["churn_probability"] - before["churn_probability"]) >= MIN_CHANGE:
            yield row


def _count_excluded(release: Release, options: ExportOptions) -> int:
    del options
    return 0 if release.churn is None else release.churn.n_excluded


EXPORT = Export(
    columns=COLUMNS,
    rows=score_rows,
    n_excluded=_count_excluded,
    percentages=frozenset({"churn_probability", "low", "high"}),
)
