"""The label of a cross-section: who churned and why, and rows that do not say so."""

from __future__ import annotations

import re

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from core.config.data_set import Config
from core.config.sources import CrossSectionLabel, CrossSectionSource
from tables.cleaning.undeclared import compute, select_cells
from tables.cleaning.workbench import Clock, Workbench
from tables.cross_section_files import CUSTOMER, file_column, read_ids

CHURNED, CAUSE, UNKNOWN = "kizuna_churned", "kizuna_churn_cause", "kizuna_is_unknown"
UNKNOWN_LABELS = ("", "na", "n/a", "nan", "null", "?")
"In lower case: what says nothing about whether a customer churned, beside the labels of those who did and did not."
WHOLE_NUMBER = r"^[+-]?[0-9]+[.]0+$"
"Written with a fraction, as pandas does where a column has empty cells."
MAX_SHOWN = 6
"Values of the label that a message shows."


def select_label(raw: ir.Table, source: CrossSectionSource, *, config: Config) -> tuple[pa.Table, dict[str, int]]:
    """The customers of the label's file with their label and cause, and how many rows are not used, by cause."""
    label, table = source.label, source.tables[source.label.table]
    names = (table.customer_id, label.column, *([label.cause] if label.cause is not None else []))
    cells = select_cells(raw, [file_column(raw, name, table=label.table) for name in names])
    bench = Workbench(cells, Clock(config.time_zone, config.time_zone))
    customer = read_ids(bench, "c0", place=f"{label.table}] {table.customer_id}", table=table)
    cell = bench.source["c1"]
    cause = ibis.literal("") if label.cause is None else bench.source["c2"].cast("string").fill_null("")
    churned = equals_text(cell, label.equals).fill_null(False)
    is_unknown = ibis.coalesce(label_text(cell).lower().isin(UNKNOWN_LABELS), True) & ~churned
    rows = compute(bench, {CUSTOMER: customer, CHURNED: churned, CAUSE: cause, UNKNOWN: is_unknown})
    has_id = rows[CUSTOMER].is_valid()
    n_without_id, rows = pc.sum(pc.invert(has_id)).as_py(), rows.filter(has_id)
    # Where nothing else is written than who churned, an empty cell means that the customer stayed.
    has_stayers = pc.any(pc.invert(pc.or_(rows[CHURNED], rows[UNKNOWN]))).as_py()
    n_unknown = pc.sum(rows[UNKNOWN]).as_py() if has_stayers else 0
    rows = rows.filter(pc.invert(rows[UNKNOWN])) if n_unknown else rows
    causes = {f"{label.column}: missing": n_unknown, f"{table.customer_id}: missing": n_without_id}
    return rows.drop_columns([UNKNOWN]), {cause: int(n) for cause, n in causes.items() if n}


def label_text(cell: ir.Value) -> ir.Value:
    """A label as text without blanks around it; whole numbers without a fraction, so 1.0 is '1', in text files too."""
    text = cell.cast("string").strip()
    return ibis.ifelse(text.re_search(WHOLE_NUMBER), text.re_replace("[.]0+$", ""), text)


def equals_text(cell: ir.Value, text: str) -> ir.Value:
    """Whether a label is this text; case counts in words, and 'True' is true."""
    text = text.strip()
    if re.search(WHOLE_NUMBER, text):
        text = text.split(".")[0]
    if cell.type().is_boolean():
        return label_text(cell).lower() == text.lower()
    return label_text(cell) == text


def describe_labels(raw: ir.Table, label: CrossSectionLabel) -> str:
    """The most frequent values of the label with their rows, as text."""
    values = label_text(file_column(raw, label.column, table=label.table)).name("value").as_table()
    counts = values.group_by("value").aggregate(n=ibis._.count()).order_by(ibis.desc("n"), "value").limit(MAX_SHOWN)
    return ", ".join(f"'{row['value'] or ''}' ({row['n']:,} rows)" for row in counts.to_pyarrow().to_pylist()) or "none"
