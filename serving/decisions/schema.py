"""The tables of decisions, outcomes and campaigns, the same in SQLite and PostgreSQL.

Decisions and outcomes have local times, as their rows have; events of campaigns have UTC without an offset.
"""

from __future__ import annotations

from datetime import UTC
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa

from core.campaigns import CampaignEvent
from core.decisions import CONTACT_KINDS, DecisionOutcome, DecisionRow, NoContact, OutcomeKind
from core.ids import MAX_ID_LENGTH
from serving.database import StoreSchema
from serving.decisions.contact_rows import CONTACT_TIMES

VERSION = 1
SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"SQLite increments INTEGER keys only."
ID = sa.String(MAX_ID_LENGTH)
NAME = sa.String(64)
"Of a data set."

UNSUBSCRIBED, COMPLAINED = str(OutcomeKind.UNSUBSCRIBED), str(OutcomeKind.COMPLAINED)


METADATA = sa.MetaData()

DECISIONS = sa.Table(
    "kizuna_decisions",
    METADATA,
    sa.Column("number", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("data_set", NAME, nullable=False),
    sa.Column("decision_id", ID, nullable=False),
    sa.Column("customer_id", ID, nullable=False),
    sa.Column("decided_at", sa.DateTime, nullable=False),
    sa.Column("offer_id", ID),
    sa.Column("channel", sa.Text),
    sa.Column("campaign_id", ID),
    sa.Column("stage_percent", sa.Integer),
    sa.Column("step", sa.Integer),
    sa.Column("treated", sa.Boolean, nullable=False),
    sa.Column("propensity", sa.Float, nullable=False),
    sa.Column("choice_propensity", sa.Float, nullable=False),
    sa.Column("no_contact", sa.String(32)),
    sa.Column("expected_value", sa.Float, nullable=False),
    sa.Column("cost", sa.Float, nullable=False),
    sa.Column("send_at", sa.DateTime),
    sa.Column("policy", sa.String(64), nullable=False),
    sa.Column("release_id", sa.Text),
    sa.UniqueConstraint("data_set", "decision_id", name="kizuna_one_decision_an_id"),
    sa.Index("kizuna_decisions_of_campaign", "data_set", "campaign_id", "decided_at"),
    sa.Index("kizuna_decisions_of_customer", "data_set", "customer_id", "decided_at"),
    sa.Index("kizuna_decisions_of_time", "data_set", "decided_at"),
)

OUTCOMES = sa.Table(
    "kizuna_outcomes",
    METADATA,
    sa.Column("number", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("data_set", NAME, nullable=False),
    sa.Column("outcome_id", ID, nullable=False),
    sa.Column("decision_id", ID, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("event_time", sa.DateTime, nullable=False),
    sa.Column("amount", sa.Float),
    sa.UniqueConstraint("data_set", "outcome_id", name="kizuna_one_outcome_an_id"),
    sa.Index("kizuna_outcomes_of_decision", "data_set", "decision_id"),
)

CAMPAIGN_EVENTS = sa.Table(
    "kizuna_campaign_events",
    METADATA,
    sa.Column("data_set", NAME, primary_key=True),
    sa.Column("campaign_id", ID, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("stage_percent", sa.Integer, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
)

VERSIONS = sa.Table(
    "kizuna_decisions_schema", METADATA, sa.Column("version", sa.Integer, primary_key=True, autoincrement=False)
)
SCHEMA = StoreSchema(METADATA, VERSIONS, VERSION)


def row_of(value: DecisionRow | DecisionOutcome, data_set: str) -> dict[str, Any]:
    """A decision or an outcome as a row."""
    fields = {
        name: str(field) if isinstance(field, str) else field for name, field in msgspec.structs.asdict(value).items()
    }
    return {"data_set": data_set, **fields}


def row_of_event(event: CampaignEvent, data_set: str, *, position: int) -> dict[str, Any]:
    """An event of a campaign as a row."""
    fields = msgspec.structs.asdict(event) | {"state": str(event.state)}
    return {
        **fields,
        "at": event.at.astimezone(UTC).replace(tzinfo=None),
        "data_set": data_set,
        "position": position,
    }


def event_of(row: sa.RowMapping) -> CampaignEvent:
    """The event of a campaign in a row."""
    fields = {name: row[name] for name in CampaignEvent.__struct_fields__}
    return msgspec.convert(fields | {"at": row["at"].replace(tzinfo=UTC)}, CampaignEvent)


def select_contacts(data_set: str) -> sa.Select[Any]:
    """Rows in the form of the table `contacts`, with the number of the decision, in its order.

    Only decisions for an offer, and those against it by a control group: what would not have been sent anyway, e.g.
    without consent, is no evidence.
    """
    d, o = DECISIONS.c, OUTCOMES.c
    kinds = {column: (kind,) for column, kind in CONTACT_TIMES.items()} | {"contacted_at": CONTACT_KINDS}
    first_times = [
        sa.select(sa.func.min(o.event_time))
        .where(o.data_set == d.data_set, o.decision_id == d.decision_id, o.kind.in_(map(str, of_column)))
        .scalar_subquery()
        .label(column)
        for column, of_column in kinds.items()
    ]
    is_contact = d.no_contact.is_(None) | (d.no_contact == str(NoContact.CONTROL_GROUP))
    names = ("campaign_id", "offer_id", "channel", "decision_id", "stage_percent", "treated", "propensity", "cost")
    columns: list[sa.ColumnElement[Any]] = [
        d.number,
        d.customer_id,
        sa.func.coalesce(d.send_at, d.decided_at).label("event_time"),
        *(d[name] for name in names),
        *first_times,
    ]
    is_of_offer = (d.data_set == data_set) & d.offer_id.is_not(None)
    return sa.select(*columns).where(is_of_offer, is_contact).order_by(d.number)


@cache
def select_history(*, of_one_customer: bool) -> tuple[sa.Select[*tuple[Any, ...]], sa.Select[*tuple[Any, ...]]]:
    """Decisions with contacts since a time, unsubscriptions since then, and all complaints.

    Releases know of earlier contacts and unsubscriptions from the table `contacts`, which has no complaints.

    Parameters: data_set, since, decided_since and, for one customer, customer_id. Requests run these often, and
    building a statement takes longer than running it.
    """
    d, o = DECISIONS.c, OUTCOMES.c
    is_asked = [d.data_set == sa.bindparam("data_set")]
    is_asked += [d.customer_id == sa.bindparam("customer_id")] if of_one_customer else []
    since = sa.bindparam("since", type_=sa.DateTime)
    decisions = sa.select(DECISIONS).where(
        *is_asked, d.decided_at >= sa.bindparam("decided_since"), sa.func.coalesce(d.send_at, d.decided_at) >= since
    )
    is_of_decision = (o.data_set == d.data_set) & (o.decision_id == d.decision_id)
    objections = (
        sa.select(d.customer_id, o.kind, o.event_time)
        .join(DECISIONS, is_of_decision)
        .where(*is_asked, ((o.kind == UNSUBSCRIBED) & (o.event_time >= since)) | (o.kind == COMPLAINED))
    )
    return decisions, objections.order_by(o.number)
