"""Consents for purposes that Kizuna does not know: a refusal for 'marketing' stops nothing."""

from __future__ import annotations

from collections.abc import Iterator

import ibis
from ibis import _

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from tables.consent_columns import CHANNELS
from tables.consents import OF_CHANNEL, PURPOSES
from tables.engines.arrays import texts

MAX_WORDS = 6


def find(data: CheckedData) -> Iterator[Finding]:
    """Rows whose purpose is none of those that are read; worse where they refuse.

    Where no offer has a channel, a refusal of one stops nothing that is done.
    """
    if "consents" not in data:
        return
    rows = data["consents"].rows
    by_purpose = rows.group_by("purpose").aggregate(n=_.count(), refusals=ibis.ifelse(_.granted, 0, 1).sum())
    counts = by_purpose.order_by(ibis.desc("n"), "purpose").to_pyarrow().to_pylist()
    purposes = (*PURPOSES, *(f"{OF_CHANNEL}{channel}" for channel in _list_channels(data) or CHANNELS))
    unknown = [row for row in counts if row["purpose"].strip().lower() not in purposes]
    if not unknown:
        return
    n_refusals = sum(row["refusals"] for row in unknown)
    yield Finding(
        kind="unknown_purposes",
        severity=Severity.ERROR if n_refusals else Severity.WARNING,
        table="consents",
        column="purpose",
        count=sum(row["n"] for row in unknown),
        of=sum(row["n"] for row in counts),
        example=unknown[0]["purpose"],
        values={
            "words": tuple(row["purpose"] for row in unknown[:MAX_WORDS]),
            "purposes": purposes,
            "n_refusals": n_refusals,
        },
    )


def _list_channels(data: CheckedData) -> list[str]:
    """The channels in which offers are made, in lower case: of `[decisions.channels]` and of the table offers."""
    names = set(data.config.decisions.channels)
    if "offers" in data and "channel" in data["offers"].columns:
        names |= set(texts(data["offers"].rows.select("channel").distinct().to_pyarrow()["channel"]).tolist())
    return sorted({name.strip().lower() for name in names if name.strip()})


CHECK = Check(find=find)
