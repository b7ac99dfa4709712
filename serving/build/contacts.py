"""Reads the stored decisions in the form of the table `contacts`, or writes them as a file.

Models of acceptance and uplift learn from it, and reports compare campaigns with their control groups.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from serving.build.exports.files import write_rows
from serving.decisions.store import DecisionStore

CONTACT_COLUMNS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("event_time", pa.timestamp("us")),
        ("campaign_id", pa.string()),
        ("offer_id", pa.string()),
        ("channel", pa.string()),
        ("decision_id", pa.string()),
        ("stage_percent", pa.int32()),
        ("treated", pa.bool_()),
        ("propensity", pa.float64()),
        ("cost", pa.float64()),
        ("opened_at", pa.timestamp("us")),
        ("clicked_at", pa.timestamp("us")),
        ("converted_at", pa.timestamp("us")),
        ("unsubscribed_at", pa.timestamp("us")),
    ]
)


def read_contacts(store: DecisionStore) -> pa.Table:
    """All contacts and control groups, times local."""
    rows = [row for block in store.iterate_contacts() for row in block]
    return pa.Table.from_pylist(rows, CONTACT_COLUMNS)


def write_contacts(store: DecisionStore, path: Path) -> int:
    """Write all contacts and control groups to a .csv or .parquet file; returns the number of rows."""
    return write_rows(path, CONTACT_COLUMNS, blocks=store.iterate_contacts())
