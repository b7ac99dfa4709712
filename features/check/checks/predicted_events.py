"""Events of `[predict.<name>]` that cannot be predicted, and rules on events that no customer of today can have."""

from __future__ import annotations

from collections.abc import Iterator

from ibis import _

from core.errors import DataError, RuleError
from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one
from features.labels.events import ask_for_event, event_rows
from features.segments.predicted_variables import find_dependents, of_former_customers

MIN_CUSTOMERS = 10
"With the event, for a model."


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most for each event, then one for each rule that no customer can fit."""
    yield from _check_events(data)
    events = of_former_customers(data.config)
    for place, names in find_dependents(data.config, events).items():
        for name in names:
            values = {"place": place, "name": name, "event": events[name]}
            yield Finding(
                kind="rule_on_former_customers",
                severity=Severity.WARNING,
                table=data.config.predict[events[name]].table,
                count=0,
                of=0,
                values=values,
            )


def _check_events(data: CheckedData) -> Iterator[Finding]:
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
