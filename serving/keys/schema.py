"""The tables of API keys and of requests a day, the same in SQLite and PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa

from serving.database import StoreSchema

VERSION = 1
METADATA = sa.MetaData()
NAME = sa.String(64)
"Of a data set."
KEY_ID = sa.String(8)

KEYS = sa.Table(
    "kizuna_keys",
    METADATA,
    sa.Column("data_set", NAME, primary_key=True),
    sa.Column("key_id", KEY_ID, primary_key=True),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("content", sa.Text, nullable=False, comment="The key as JSON, as in keys.json."),
)
USAGE = sa.Table(
    "kizuna_key_usage",
    METADATA,
    sa.Column("data_set", NAME, primary_key=True),
    sa.Column("key_id", KEY_ID, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True, comment="UTC"),
    sa.Column("n_requests", sa.BigInteger, nullable=False),
)
VERSIONS = sa.Table(
    "kizuna_keys_schema", METADATA, sa.Column("version", sa.Integer, primary_key=True, autoincrement=False)
)
SCHEMA = StoreSchema(METADATA, VERSIONS, VERSION)
