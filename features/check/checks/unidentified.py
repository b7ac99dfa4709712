"""Rows of no known customer: without an id, or with a word that stands for none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import ibis
import ibis.expr.types as ir
from ibis import _

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity, list_texts
from features.check.marks import fetch_one
from tables.cleaning.characters import narrow
from tables.discovery.vocabulary import load_vocabulary, plain_word

CUSTOMER = "customer_id"
OTHER_WORDS = ("test", "dummy", "x", "xxx", ".", "テスト")
"Further ones than those that `kizuna init` reads as missing."
BRACKETS = "^[(<「【]|[)>」】]$"
FILLER = "^(0+|-1|9{4,}|1{6,})$"
"Numbers that systems write where there is no customer, if they have far more rows than others."
FILLER_TIMES = 5
"How many times the mean number of rows a filler has at least."
MAX_SHARE, MIN_IDS, TIMES_SECOND = 0.2, 50, 10
"An id with more than this share of the rows, of at least so many ids, and so many times as many as the next one."
SERIOUS_SHARE = 0.2
"Share of lines without a customer from which figures per customer miss much of the business."
MAX_WORDS = 6
"Words that a finding lists."


@cache
def list_words() -> tuple[str, ...]:
    """What systems write where there is no customer, in lower case and without brackets."""
    lists = (load_vocabulary().words(f"missing.{key}") for key in ("words", "none", "customers"))
    words = {word.lower() for words in lists for word in words if not word.isdigit()}
    return tuple(sorted(words | {plain_word(word) for word in words} | set(OTHER_WORDS)))


def find(data: CheckedData) -> Iterator[Finding]:
    """Rows without a customer, words read as customers, and one id with too many rows."""
    for name in data.checked:
        if data.has_ids(name, CUSTOMER):
            yield from _find_blank(data, name)
            yield from _find_words(data, name)
            yield from _find_dominant(data, name)


def _find_blank(data: CheckedData, name: str) -> Iterator[Finding]:
    """Usable rows without a customer; only purchases may have them."""
    if name != "purchases":
        return
    rows = data[name].rows
    row = fetch_one(rows.aggregate(n=_.count(), n_known=rows[CUSTOMER].count()))
    count = int(row["n"]) - int(row["n_known"])
    if count:
        words = _words_read_as_missing(data, name)
        yield Finding(
            kind="no_customer_words" if words else "no_customer",
            severity=Severity.WARNING if count >= SERIOUS_SHARE * row["n"] else Severity.NOTE,
            table=name,
            column=CUSTOMER,
            count=count,
            of=int(row["n"]),
            values={"words": words} if words else {},
        )


def _words_read_as_missing(data: CheckedData, name: str) -> tuple[str, ...]:
    """The words in place of a customer that are already read as none, the most frequent first."""
    written = data.ids_as_written(name, CUSTOMER)
    if written is None:
        return ()
    words = written.filter(_bare(written.id).isin(list_words()))
    read = data.ids(name, CUSTOMER).select(read_id="id")
    missing = words.anti_join(read, [("id", "read_id")]).order_by(ibis.desc("n"), "id").limit(MAX_WORDS)
    return tuple(missing.to_pyarrow()["id"].to_pylist())


def _find_words(data: CheckedData, name: str) -> Iterator[Finding]:
    ids = data.ids(name, CUSTOMER)
    totals = fetch_one(ids.aggregate(rows=_.n.sum(), ids=_.count()))
    n_rows, n_ids = int(totals["rows"] or 0), int(totals["ids"])
    words = ids.filter(_is_stand_in(ids, n_rows / max(n_ids, 1))).order_by(ibis.desc("n"), "id")
    in_series = _find_in_series(ids, words)
    counts = [row for row in words.select("id", "n").to_pyarrow().to_pylist() if row["id"] not in in_series]
    if counts:
        listed = tuple(row["id"] for row in counts)
        yield Finding(
            kind="null_words",
            severity=Severity.ERROR,
            table=name,
            column=CUSTOMER,
            count=sum(row["n"] for row in counts),
            of=n_rows,
            example=listed[0],
            row=data.row_of(listed[0], table=name, column=CUSTOMER),
            setting=f"null_values = {list_texts(listed)}",
            values={"words": listed[:MAX_WORDS]},
        )


def _is_stand_in(ids: ir.Table, mean_rows: float) -> ir.Value:
    plain = _bare(ids.id)
    return plain.isin(list_words()) | (plain.re_search(FILLER) & (ids.n > FILLER_TIMES * mean_rows))


def _find_in_series(ids: ir.Table, words: ir.Table) -> set[str]:
    """The numbers among the words whose neighbours are customers as well: 9999 between 9998 and 10000 is no filler."""
    numbers = [one for one in words.id.to_pyarrow().to_pylist() if one.isdecimal()]
    neighbours = {one: {str(int(one) - 1), str(int(one) + 1)} for one in numbers}
    others = ids.filter(ids.id.isin(["", *sorted(set().union(*neighbours.values()))]))
    present = set(others.id.to_pyarrow().to_pylist())
    return {one for one, both in neighbours.items() if both <= present}


def _bare(ids: ir.Value) -> ir.Value:
    return narrow(ids).lower().re_replace(BRACKETS, "")


def _find_dominant(data: CheckedData, name: str) -> Iterator[Finding]:
    """One id with a share of the rows that no customer has: a till, a robot, a test account."""
    ids = data.ids(name, CUSTOMER)
    totals = fetch_one(ids.aggregate(rows=_.n.sum(), ids=_.count()))
    top = ids.order_by(ibis.desc("n"), "id").limit(2).to_pyarrow().to_pylist()
    if totals["ids"] < MIN_IDS or top[0]["n"] < max(MAX_SHARE * totals["rows"], TIMES_SECOND * top[1]["n"]):
        return
    if re.sub(BRACKETS, "", top[0]["id"].strip().lower()) in list_words():
        return
    yield Finding(
        kind="dominant_id",
        severity=Severity.WARNING,
        table=name,
        column=CUSTOMER,
        count=int(top[0]["n"]),
        of=int(totals["rows"]),
        example=top[0]["id"],
        setting=f"null_values = {list_texts([top[0]['id']])}",
    )


CHECK = Check(find=find)
