"""Ids that the client makes before the first try, so that a repeated report counts once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid4, uuid5

OUTCOMES = UUID("5c0c1e0e-2d0b-4d0a-9a37-6a1f0f2f7c11")


def with_event_id(event: Mapping[str, object]) -> dict[str, object]:
    """A copy of the event, with a random event_id if it has none."""
    return _with_id(event, "event_id", made=uuid4().hex)


def with_outcome_id(outcome: Mapping[str, object]) -> dict[str, object]:
    """A copy of the outcome, with an outcome_id if it has none.

    It follows from decision, kind and moment, as the service's own does: a job that runs twice reports each
    outcome once.
    """
    content = [str(outcome.get("decision_id")), str(outcome.get("kind")), _moment_of(outcome.get("event_time"))]
    return _with_id(outcome, "outcome_id", made=uuid5(OUTCOMES, json.dumps(content)).hex)


def _with_id(report: Mapping[str, object], name: str, *, made: str) -> dict[str, object]:
    given = report.get(name)
    return {**report, name: made if given is None else given}


def _moment_of(event_time: object) -> str:
    """The time in UTC, so that one moment has one text; as it is where it cannot be read."""
    try:
        moment = event_time if isinstance(event_time, datetime) else datetime.fromisoformat(str(event_time))
        return moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return str(event_time)
