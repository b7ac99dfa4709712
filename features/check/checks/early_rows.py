"""Rows before their customer's start, and rows years before all others: a default such as 1970-01-01.

1970-01-01 x                                            2024-01-01 x x x x x x x x x
           12 rows, then nothing for years: the history seems to be 54 years long
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import ibis
from ibis import _

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one
from tables.contract import CONTRACT

EPOCH, MAX_AFTER_EPOCH = datetime(1970, 1, 1), timedelta(days=60)
"Seconds since 1970, read as milliseconds, are a few weeks."
SERIOUS_SHARE = 0.05
"Share of customers with a row before their start from which joined_at is probably something else."
MAX_SILENCE = timedelta(days=730)
MAX_STRAYS, MAX_STRAY_SHARE, MAX_SHARE_OF_FEW = 3, 0.01, 0.1
"Rows before a silence of this length are strays: at most 3 or one in a hundred, and never more than a tenth."


def find(data: CheckedData) -> Iterator[Finding]:
    """Customers with rows before their start, by table, and strays, by table."""
    if data.tables is None:
        return
    has_start = "customers" in data and "joined_at" in data["customers"].rows.columns
    for name in data.checked:
        time = CONTRACT[name].happens_at
        if time is None or data.tables.is_undated(name) or _is_constant(data, name, time=time):
            continue
        yield from _find_strays(data, name, time=time)
        yield from _find_wrong_unit(data, name, time=time)
        if has_start and data.has_ids(name, "customer_id"):
            yield from _find_before_start(data, name, time=time)


def _is_constant(data: CheckedData, name: str, *, time: str) -> bool:
    """Whether the TOML gives every row one time, as that of consents that nothing dates."""
    return time in data[name].columns and data[name].columns[time].constant is not None


def _find_wrong_unit(data: CheckedData, name: str, *, time: str) -> Iterator[Finding]:
    """Times that all lie in the first weeks of 1970: seconds that are read as milliseconds."""
    assert data.tables is not None
    report = data.tables.load_report(name)
    if report.last is None or not EPOCH <= report.last < EPOCH + MAX_AFTER_EPOCH:
        return
    yield Finding(
        kind="times_near_1970",
        severity=Severity.ERROR,
        table=name,
        column=time,
        count=report.n_usable,
        of=report.n_usable,
        example=report.last.isoformat(" "),
        setting='date_format = "epoch_seconds"',
    )


def _find_before_start(data: CheckedData, name: str, *, time: str) -> Iterator[Finding]:
    """A row of the day on which a customer joined is no row before it: the two clocks may differ by hours."""
    customers, rows = data["customers"].rows, data[name].rows
    starts = customers.group_by("customer_id").aggregate(joined_at=_.joined_at.min())
    starts = starts.filter(_.joined_at.notnull()).select(joined_id="customer_id", joined_on=_.joined_at.truncate("D"))
    firsts = rows.group_by("customer_id").aggregate(first=_[time].min())
    joined = firsts.join(starts, [("customer_id", "joined_id")])
    early = ibis.ifelse(joined["first"] < joined.joined_on, joined.customer_id, ibis.null("string"))
    row = fetch_one(joined.aggregate(n=joined.count(), early=early.count(), example=early.min()))
    if row["early"]:
        yield Finding(
            kind="before_start",
            severity=Severity.WARNING if row["early"] >= SERIOUS_SHARE * row["n"] else Severity.NOTE,
            table=name,
            column=time,
            count=int(row["early"]),
            of=int(row["n"]),
            example=row["example"],
        )


def _find_strays(data: CheckedData, name: str, *, time: str) -> Iterator[Finding]:
    rows = data[name].rows
    months = rows.select(month=rows[time].cast("timestamp").truncate("M")).group_by("month").aggregate(n=_.count())
    counts = [(row["month"], row["n"]) for row in months.order_by("month").to_pyarrow().to_pylist()]
    n_rows, n_early, stray = sum(n for _month, n in counts), 0, (0, datetime.min)
    limit = min(max(MAX_STRAYS, MAX_STRAY_SHARE * n_rows), MAX_SHARE_OF_FEW * n_rows)
    for (month, n), (following, _n) in pairwise(counts):
        n_early += n
        if following - month > MAX_SILENCE and n_early <= limit:
            stray = (n_early, following)
    if stray[0]:
        yield Finding(
            kind="stray_rows",
            severity=Severity.WARNING,
            table=name,
            column=time,
            count=stray[0],
            of=n_rows,
            example=counts[0][0].date().isoformat()[:7],
            values={"month": stray[1].date().isoformat()[:7]},
        )


CHECK = Check(find=find)
