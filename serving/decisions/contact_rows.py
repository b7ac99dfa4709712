"""Stored decisions in the form of the table `contacts`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec import structs

from core.decisions import OutcomeKind

CONTACT_TIMES = {
    "opened_at": OutcomeKind.OPENED,
    "clicked_at": OutcomeKind.CLICKED,
    "converted_at": OutcomeKind.CONVERTED,
    "unsubscribed_at": OutcomeKind.UNSUBSCRIBED,
}
"By column of `contacts`: the outcome whose first time it holds."


class ContactRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `select_contacts`."""

    number: int
    customer_id: str
    event_time: datetime
    campaign_id: str | None
    offer_id: str
    channel: str | None
    decision_id: str
    stage_percent: int | None
    treated: bool
    propensity: float
    cost: float
    opened_at: datetime | None
    clicked_at: datetime | None
    converted_at: datetime | None
    unsubscribed_at: datetime | None
    contacted_at: datetime | None
    "The first sign that the customer was contacted, of a control group or not."


def contacts_of(row: ContactRow) -> Iterator[dict[str, Any]]:
    """The row of a contact or a control customer, and that of a contact that a control customer got anyway."""
    cells = {name: value for name, value in structs.asdict(row).items() if name not in ("number", "contacted_at")}
    yield cells
    if not row.treated and row.contacted_at is not None:
        # Chance did not decide it, so that no effect is learned from it; who was left out first stays control.
        nothing = dict.fromkeys(CONTACT_TIMES)
        moment = max(row.contacted_at, row.event_time)
        yield {**cells, **nothing, "event_time": moment, "treated": True, "propensity": 1.0, "cost": 0.0}
