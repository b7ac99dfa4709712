"""Stores decisions and what came of them: each is added once, and nothing is ever changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.config.decisions import MAX_PLANNING_DAYS
from core.decisions import DecisionOutcome, DecisionRow, OutcomeKind
from core.errors import DataError
from core.ids import is_id
from serving.decisions.contact_rows import ContactRow, contacts_of
from serving.decisions.database import DecisionDatabase
from serving.decisions.reading import read_rows
from serving.decisions.writing import ROWS_AT_ONCE, insert_new, lock_customer

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

PLANNING_SPAN = timedelta(days=MAX_PLANNING_DAYS + 1)
"A contact is made so long after its decision at the latest; quiet hours may move it to the next day."
CLOCK_TOLERANCE = timedelta(days=1)
"By how much the clocks of others may be off before an outcome cannot be: before its decision, or in the future."


def is_storable(text: str) -> bool:
    """Whether every database can store a text: PostgreSQL stores none with a NUL character."""
    return "\0" not in text


def is_storable_id(canonical: str) -> bool:
    """Whether decisions about a customer with this id can be stored, and read again."""
    return is_storable(canonical) and is_id(canonical)


@dataclass(frozen=True, kw_only=True)
class DecisionFilter:
    """Selects decisions; None matches all."""

    campaign_id: str | None = None
    customer_ids: Sequence[str] | None = None
    "At most ROWS_AT_ONCE."
    since: datetime | None = None
    "Local time of the decision."
    until: datetime | None = None
    "Local time of the decision, exclusive."


@dataclass(frozen=True)
class Objection:
    """A customer has unsubscribed, or complained."""

    customer_id: str
    kind: OutcomeKind
    event_time: datetime
    "Local time."


@dataclass(frozen=True, kw_only=True)
class ContactHistory:
    """What limits contacts beside the tables: decisions, and customers who objected to contacts; in stored order."""

    decisions: Sequence[DecisionRow] = ()
    objections: Sequence[Objection] = ()

    def between(self, since: datetime, until: datetime) -> ContactHistory:
        """What happened from a local time on and was known before another one; complaints of any time before."""
        return ContactHistory(
            decisions=[
                one for one in self.decisions if one.decided_at < until and (one.send_at or one.decided_at) >= since
            ],
            objections=[
                one
                for one in self.objections
                if one.event_time < until and (one.event_time >= since or one.kind == OutcomeKind.COMPLAINED)
            ],
        )


@dataclass(frozen=True)
class RefusedOutcome:
    """An outcome that was not stored, and why."""

    position: int
    "In the batch, from 0."
    reason: str


@dataclass(frozen=True)
class OutcomesAdded:
    """What became of a batch of outcomes."""

    n_stored: int
    n_known: int
    "Stored before, or twice in the batch."
    refused: tuple[RefusedOutcome, ...]


@dataclass(frozen=True)
class DecisionStore:
    """The decisions of one data set; data sets may share a database."""

    database: DecisionDatabase
    data_set: str

    @classmethod
    def at(cls, database_url: str | None, file: Path, *, data_set: str) -> DecisionStore:
        """The store in the database at this URL, or in the SQLite file if there is none."""
        return cls(DecisionDatabase.at(database_url, file), data_set)

    def add(self, decisions: Sequence[DecisionRow]) -> int:
        """Store the decisions that are new, all in one transaction; returns how many. The first of an id stays.

        Raises DataError for a propensity or an amount that cannot be; nothing is stored then.
        """
        from serving.decisions.schema import DECISIONS, row_of

        for one in decisions:
            _refuse_impossible(one)
        self.database.create()
        with self.database.begin() as connection:
            return insert_new(connection, DECISIONS, rows=[row_of(one, self.data_set) for one in decisions])

    def add_if_unchanged(self, decision: DecisionRow, *, history: ContactHistory, since: datetime) -> bool:
        """Store a decision unless the customer has got others after `history` was loaded with the same `since`.

        Otherwise two requests at once would both make an offer where the contact limits allow one. Raises DataError as
        `add` does.
        """
        from serving.decisions.schema import DECISIONS, row_of, select_history

        _refuse_impossible(decision)
        self.database.create()
        decisions, _ = select_history(of_one_customer=True)
        values = self._history_values(since, decision.customer_id)
        with self.database.begin() as connection:
            lock_customer(connection, f"{self.data_set} {decision.customer_id}")
            if len(connection.execute(decisions, values).all()) != len(history.decisions):
                return False
            insert_new(connection, DECISIONS, rows=[row_of(decision, self.data_set)])
            return True

    def add_outcomes(self, outcomes: Sequence[DecisionOutcome], *, now: datetime) -> OutcomesAdded:
        """Store the outcomes that are new, in one transaction; those that cannot be are refused, one by one.

        `now` is local time.
        """
        from serving.decisions.schema import OUTCOMES, row_of

        decided_at = self._find_decision_times({one.decision_id for one in outcomes if is_storable(one.decision_id)})
        reasons = [_refusal(one, decided_at.get(one.decision_id), now=now) for one in outcomes]
        accepted = [one for one, reason in zip(outcomes, reasons, strict=True) if not reason]
        n_stored = 0
        if accepted:
            with self.database.begin() as connection:
                n_stored = insert_new(connection, OUTCOMES, rows=[row_of(one, self.data_set) for one in accepted])
        return OutcomesAdded(
            n_stored,
            len(accepted) - n_stored,
            tuple(RefusedOutcome(position, reason) for position, reason in enumerate(reasons) if reason),
        )

    def find(self, decision_filter: DecisionFilter) -> list[DecisionRow]:
        """The decisions that a filter selects, in the order in which they were stored."""
        from serving.decisions.schema import DECISIONS

        if not self.database.exists:
            return []
        query = DECISIONS.select().where(*self._conditions(decision_filter))
        with self.database.begin() as connection:
            return read_rows(connection, query, row_type=DecisionRow)

    def find_outcomes(self, decision_filter: DecisionFilter) -> list[DecisionOutcome]:
        """The outcomes of the decisions that a filter selects, in the order in which they were stored."""
        from serving.decisions.schema import DECISIONS, OUTCOMES

        if not self.database.exists:
            return []
        is_of_decision = (OUTCOMES.c.data_set == DECISIONS.c.data_set) & (
            OUTCOMES.c.decision_id == DECISIONS.c.decision_id
        )
        query = OUTCOMES.select().join(DECISIONS, is_of_decision).where(*self._conditions(decision_filter))
        with self.database.begin() as connection:
            return read_rows(connection, query, row_type=DecisionOutcome)

    def load_history(self, since: datetime, *, customer_id: str | None = None) -> ContactHistory:
        """What happened since this local time, to one customer or to all: decisions with later contacts, too.

        Complaints are those of any time.
        """
        from serving.decisions.schema import select_history

        if not self.database.exists or not is_storable(customer_id or ""):
            return ContactHistory()
        decisions, objections = select_history(of_one_customer=customer_id is not None)
        values = self._history_values(since, customer_id)
        with self.database.begin() as connection:
            return ContactHistory(
                decisions=read_rows(connection, decisions, row_type=DecisionRow, values=values),
                objections=[
                    Objection(row.customer_id, OutcomeKind(row.kind), row.event_time)
                    for row in connection.execute(objections, values)
                ],
            )

    def _history_values(self, since: datetime, customer_id: str | None) -> dict[str, Any]:
        values = {"data_set": self.data_set, "since": since, "decided_since": since - PLANNING_SPAN}
        return values if customer_id is None else values | {"customer_id": customer_id}

    def iterate_contacts(self) -> Iterator[list[dict[str, Any]]]:
        """Blocks of rows in the form of the table `contacts`: the customers who got an offer, and control groups.

        A customer of a control group who was contacted anyway has a second row, which says so.
        """
        from serving.decisions.schema import DECISIONS, select_contacts

        if not self.database.exists:
            return
        last = 0
        while True:
            query = select_contacts(self.data_set).where(DECISIONS.c.number > last).limit(ROWS_AT_ONCE)
            with self.database.begin() as connection:
                rows = read_rows(connection, query, row_type=ContactRow)
            if not rows:
                return
            last = rows[-1].number
            yield [contact for row in rows for contact in contacts_of(row)]

    def _find_decision_times(self, decision_ids: set[str]) -> dict[str, datetime]:
        """When these decisions were made; those that do not exist are left out."""
        from sqlalchemy import select

        from serving.decisions.schema import DECISIONS

        if not decision_ids or not self.database.exists:
            return {}
        ids, c, times = sorted(decision_ids), DECISIONS.c, dict[str, datetime]()
        with self.database.begin() as connection:
            for start in range(0, len(ids), ROWS_AT_ONCE):
                is_asked = (c.data_set == self.data_set) & c.decision_id.in_(ids[start : start + ROWS_AT_ONCE])
                for row in connection.execute(select(c.decision_id, c.decided_at).where(is_asked)):
                    times[row[0]] = row[1]
        return times

    def _conditions(self, decision_filter: DecisionFilter) -> list[ColumnElement[bool]]:
        from serving.decisions.schema import DECISIONS

        c = DECISIONS.c
        conditions: list[ColumnElement[bool]] = [c.data_set == self.data_set]
        if decision_filter.campaign_id is not None:
            conditions.append(c.campaign_id == decision_filter.campaign_id)
        if decision_filter.customer_ids is not None:
            conditions.append(c.customer_id.in_(decision_filter.customer_ids))
        if decision_filter.since is not None:
            conditions.append(c.decided_at >= decision_filter.since)
        if decision_filter.until is not None:
            conditions.append(c.decided_at < decision_filter.until)
        return conditions


def _refuse_impossible(decision: DecisionRow) -> None:
    for propensity in (decision.propensity, decision.choice_propensity):
        if not 0 < propensity <= 1:
            raise DataError(
                f"the propensity of decision '{decision.decision_id}' is {propensity:g}; a probability with which it "
                "was made is above 0 and at most 1"
            )
    if not (math.isfinite(decision.expected_value) and math.isfinite(decision.cost)):
        raise DataError(f"the value or the cost of decision '{decision.decision_id}' is no number; give both")


def _refusal(outcome: DecisionOutcome, decided_at: datetime | None, *, now: datetime) -> str:
    """Why an outcome cannot be; '' if it can."""
    if decided_at is None:
        return "there is no such decision"
    if not is_storable(outcome.outcome_id):
        return "its id contains a NUL character"
    if outcome.event_time < decided_at - CLOCK_TOLERANCE:
        return "it is more than a day before the decision"
    if outcome.event_time > now + CLOCK_TOLERANCE:
        return "it is more than a day in the future"
    return ""
