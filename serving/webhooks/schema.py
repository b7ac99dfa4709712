"""The outbox, the same in SQLite and PostgreSQL; times are UTC without an offset. A delivered event has no row."""

from __future__ import annotations

import sqlalchemy as sa

from serving.database import StoreSchema

VERSION = 1
SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"SQLite increments INTEGER keys only."

METADATA = sa.MetaData()

OUTBOX = sa.Table(
    "kizuna_webhooks_outbox",
    METADATA,
    sa.Column("number", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("data_set", sa.String(64), nullable=False),
    sa.Column("webhook_id", sa.String(16), nullable=False, unique=True),
    sa.Column("type", sa.String(32), nullable=False),
    # JSON; NULL for a task, which is read when it is delivered.
    sa.Column("data", sa.Text),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("n_runs", sa.Integer, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("dead_since", sa.DateTime),
    sa.Index("kizuna_webhooks_outbox_of_type", "data_set", "type", "dead_since", "number"),
)

# The release whose risk levels the outbox has compared with those of the one before.
COMPARED = sa.Table(
    "kizuna_webhooks_compared",
    METADATA,
    sa.Column("data_set", sa.String(64), primary_key=True),
    sa.Column("release_id", sa.String(128), nullable=False),
)

VERSIONS = sa.Table(
    "kizuna_webhooks_schema", METADATA, sa.Column("version", sa.Integer, primary_key=True, autoincrement=False)
)
SCHEMA = StoreSchema(METADATA, VERSIONS, VERSION)
