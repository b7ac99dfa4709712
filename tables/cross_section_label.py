"""The label of a cross-section: who churned and why, and rows that do not say so."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from core.config.data_set import Config
from core.config.sources import CrossSectionLabel, CrossSectionSource
from tables.cleaning.workbench import Clock, Workbench
from tables.cross_section_files import CUSTOMER, file_column, read_ids

CHURNED, CAUSE = "kizuna_churned", "kizuna_churn_cause"
UNKNOWN_LABELS = ("", "na", "n/a", "nan", "null", "?")
"In lower case: what says nothing about whether a customer churned, beside the labels of those who did and did not."
MAX_SHOWN = 6
"Values of the label that a message shows."


def select_label(raw: ir.Table, source: CrossSectionSource, *, config: Config) -> tuple[ir.Table, dict[str, int]]:
    """The customers of the label's file with their label and cause, and how many rows are not used, by cause."""
    label, table = source.label, source.tables[source.label.table]
    bench = Workbench(raw, Clock(config.time_zone, config.time_zone))
    customer = read_ids(bench, label.table, table=table)
    raw = bench.table
    cell = file_column(raw, label.column, table=label.table)
    cause = ibis.literal("") if label.cause is None else file_column(raw, label.cause, table=label.table).cast("string")
    churned = equals_text(cell, label.equals).fill_null(False)
    is_unknown = ibis.coalesce(label_text(cell).lower().isin(UNKNOWN_LABELS), True) & ~churned
    # Where nothing else is written than who churned, an empty cell means that the customer stayed.
    has_stayers = (~churned & ~is_unknown).any()
    counts = raw.aggregate(
        unlabelled=ibis.ifelse(has_stayers, (customer.notnull() & is_unknown).sum(), 0),
        without_id=customer.isnull().sum(),
    )
    row = counts.to_pyarrow().to_pylist()[0]
    rows = raw.select(**{CUSTOMER: customer, CHURNED: churned, CAUSE: cause.fill_null("")}, is_unknown=is_unknown)
    rows = rows.filter(rows[CUSTOMER].notnull())
    rows = rows.filter(~rows.is_unknown) if row["unlabelled"] else rows
    causes = {f"{label.column}: missing": row["unlabelled"], f"{table.customer_id}: missing": row["without_id"]}
    return rows.drop("is_unknown"), {cause: int(n) for cause, n in causes.items() if n}


def label_text(cell: ir.Value) -> ir.Value:
    """A label as text without blanks around it; whole numbers without a fraction, so 1.0 is '1'."""
    if cell.type().is_floating() or cell.type().is_decimal():
        return cell.cast("string").re_replace("[.]0+$", "")
    return cell.cast("string").strip()


def equals_text(cell: ir.Value, text: str) -> ir.Value:
    """Whether a label is this text; case counts in words, and 'True' is true."""
    if cell.type().is_boolean():
        return label_text(cell).lower() == text.strip().lower()
    return label_text(cell) == text.strip()


def describe_labels(raw: ir.Table, label: CrossSectionLabel) -> str:
    """The most frequent values of the label with their rows, as text."""
    values = label_text(file_column(raw, label.column, table=label.table)).name("value").as_table()
    counts = values.group_by("value").aggregate(n=ibis._.count()).order_by(ibis.desc("n"), "value").limit(MAX_SHOWN)
    return ", ".join(f"'{row['value'] or ''}' ({row['n']:,} rows)" for row in counts.to_pyarrow().to_pylist()) or "none"
