"""Events of `[predict.<name>]` whose rule cannot be answered, or that hardly any customer ever had."""

from __future__ import annotations

from collections.abc import Iterator

from ibis import _

from core.errors import DataError, RuleError
from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one
from features.labels.events import ask_for_event, event_rows

MIN_CUSTOMERS = 10
"With the event, for a model."


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most for each event."""
    tables = data.tables
    for event, predicted in data.config.predict.items() if tables is not None else ():
        assert tables is not None
        try:
            event_tables = ask_for_event(tables, event)
        except (DataError, RuleError) as error:
            values = {"event": event, "problem": str(error).removeprefix(f"[predict.{event}] ")}
            yield Finding(
                kind="event_rule", severity=Severity.ERROR, table=predicted.table, count=0, of=0, values=values
            )
            continue
        latest = event_tables.latest()
        n_customers = fetch_one(event_rows(latest, predicted).aggregate(n=_.customer_id.nunique()))["n"]
        n_all = fetch_one(latest[predicted.table].aggregate(n=_.customer_id.nunique()))["n"]
        if n_customers < MIN_CUSTOMERS:
            yield Finding(
                kind="rare_event",
                severity=Severity.WARNING,
                table=predicted.table,
                count=int(n_customers),
                of=int(n_all),
                values={"event": event, "needed": MIN_CUSTOMERS},
            )


CHECK = Check(find=find)
