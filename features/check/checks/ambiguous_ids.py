"""Ids of persons that are ids of accounts as well, where rows may name either and count for the account."""

from __future__ import annotations

from collections.abc import Iterator

from ibis import _

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one

TABLE, PERSON, ACCOUNT = "customers", "customer_id", "account_id"


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most: a row of account 5 would count for the account of person 5."""
    if data.config.customer != "account" or not data.has_ids(TABLE, ACCOUNT):
        return
    accounts = data.ids(TABLE, ACCOUNT).select(account="id")
    members = data[TABLE].rows.select(person=PERSON, account=ACCOUNT).distinct()
    elsewhere = members.filter(_.person != _.account).select("person").distinct()
    both = fetch_one(
        elsewhere.semi_join(accounts, [("person", "account")]).aggregate(n=_.count(), first=_.person.min())
    )
    if both["n"]:
        yield Finding(
            kind="ambiguous_ids",
            severity=Severity.WARNING,
            table=TABLE,
            column=PERSON,
            count=int(both["n"]),
            of=int(fetch_one(data.ids(TABLE, PERSON).aggregate(n=_.count()))["n"]),
            example=both["first"],
        )


CHECK = Check(find=find)
