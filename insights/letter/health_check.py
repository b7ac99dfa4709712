"""The health check (健康診断) of one customer: what they use, what they do not use yet, and what similar customers use.

It is written to be sent to the customer: it covers usage, seats, support and next steps, and never a churn risk.

    window           |<------- active_days ------->| cutoff
    used             dashboards, exports
    similar          same plan, similar seats, subscribed for at least a year
    not used yet     reports: 72 % of the similar customers use it
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from core.errors import BadInput, DataError, NotFound
from core.i18n.translation import capitalize
from core.window import Window
from insights.letter.habits import (
    Habit,
    Habits,
    SimilarCustomers,
    find_similar,
    load_habits,
    purchases_without_returns,
)
from insights.letter.recipients import Recipients
from insights.letter.support import Support, count_answers, load_support
from tables.accounts import owners_of
from tables.engines.arrays import within
from tables.episodes import running_at
from tables.tables import Tables

FIRST_SEEN_IN = {"subscriptions": "started_at", "purchases": "event_time", "usage": "event_time"}
"Tables in which a customer appears, with the column of the time."
IN_TOUCH = {"tickets": "opened_at", "surveys": "event_time"}
"Where a customer appears if the data set has none of these tables."


@dataclass(frozen=True, kw_only=True)
class CustomerProfile:
    """One customer."""

    since: date | None
    "The first recorded day."
    plan: str
    "Of the most expensive running subscription; '' without one."
    seats: int | None
    n_people: int | None
    "Distinct people with usage in the window; None where usage does not name people."
    renews_on: date | None
    "The next renewal after the day of the letter; one on that day is too late to talk about."
    owner: str
    "Of the account; '' where the accounts table names no owner."


def load_profile(tables: Tables, customer_id: str, *, tables_then: Tables, window: Window) -> CustomerProfile:
    """Look up a customer; `tables_then` are the tables as known at the window's end.

    Raises NotFound where no table has the customer.
    """
    since = _first_day(tables_then, customer_id)
    if since is None:
        raise NotFound(_explain_not_found(tables, customer_id, day=window.end))
    running = _running_subscriptions(tables_then, customer_id, day=window.end)
    most_expensive = running[0] if running else {}
    seats = [row["seats"] for row in running if row.get("seats") is not None]
    renewals = [row["renews_at"].date() for row in running if row.get("renews_at") is not None]
    return CustomerProfile(
        since=since,
        plan=most_expensive.get("plan", ""),
        seats=int(sum(seats)) if seats else None,
        n_people=_count_people(tables_then, customer_id, window=window),
        renews_on=min((day for day in renewals if day > window.end), default=None),
        owner=owners_of(tables, np.array([customer_id]), cutoff=window.end, default="")[0],
    )


def _tables_of_customers(tables: Tables) -> dict[str, str]:
    """The tables that say who is a customer, with the column of the time."""
    present = {name: time for name, time in FIRST_SEEN_IN.items() if name in tables}
    return present or {name: time for name, time in IN_TOUCH.items() if name in tables}


def _first_day(tables: Tables, customer_id: str) -> date | None:
    first_days = []
    for name, time in _tables_of_customers(tables).items():
        if name in tables:
            rows: ir.Table = tables[name]
            first = rows.filter(rows.customer_id == customer_id)[time].min().to_pyarrow().as_py()
            first_days += [first.date()] if first is not None else []
    return min(first_days, default=None)


def _running_subscriptions(tables: Tables, customer_id: str, *, day: date) -> list[dict[str, Any]]:
    """Running subscriptions, the most expensive first."""
    if "subscriptions" not in tables:
        return []
    spans: ir.Table = tables["subscriptions"]
    running = spans.filter((spans.customer_id == customer_id) & running_at(spans, day))
    return running.order_by([ibis.desc("mrr"), "subscription_id"]).to_pyarrow().to_pylist()


def _count_people(tables: Tables, customer_id: str, *, window: Window) -> int | None:
    if "usage" not in tables or "person_id" not in tables["usage"].columns:
        return None
    usage: ir.Table = tables["usage"]
    of_customer = usage.filter((usage.customer_id == customer_id) & within(usage.event_time, window))
    return int(of_customer.person_id.nunique().to_pyarrow().as_py())


def _explain_not_found(tables: Tables, customer_id: str, *, day: date) -> str:
    """The message for an unknown id; for a person of an account it names the account."""
    if tables.config.customer == "account":
        people: ir.Table = tables.latest()["customers"]
        rows = people.filter(people.customer_id == customer_id).to_pyarrow().to_pylist()
        if rows and rows[0].get("account_id"):
            account = rows[0]["account_id"]
            return (
                f"'{customer_id}' is a person of the account '{account}'; letters go to accounts: --customer {account}"
            )
    names = ", ".join(_tables_of_customers(tables))
    return f"no customer '{customer_id}' before {day}; ids are those of customer_id in {names}"


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """The contents of the letter."""

    customer_id: str
    is_account: bool
    "Whether the customer is a company, not a person."
    cutoff: date
    days: int
    "Length of the window."
    profile: CustomerProfile
    company: str
    "The business that sends the letter; '' if the TOML names none."
    sender: str
    "Who signs the letter: the owner of the account, otherwise the sender of the TOML; '' without either."
    n_used: int
    "Number of different things used or bought."
    used: tuple[Habit, ...]
    "The most frequent ones."
    unused: tuple[Habit, ...]
    "What similar customers use and the customer does not, most common first."
    similar: SimilarCustomers
    are_purchases: bool
    "Whether habits are items bought instead of features used."
    n_days_active: int | None
    "Days with usage, or with an order; None where neither is recorded."
    support: Support | None
    "None without a tickets table."
    n_answers: int
    "Surveys that the customer answered in the past year."
    has_habits: bool
    "Whether the data set says what customers use or buy."


@dataclass(frozen=True)
class LetterData:
    """What the letters of one day have in common, read once for all customers."""

    tables: Tables
    tables_then: Tables
    "As known before midnight of the day."
    window: Window
    habits: Habits
    recipients: Recipients

    @classmethod
    def of(cls, tables: Tables, cutoff: date | None = None) -> LetterData:
        """Read the data of a day. Raises DataError where the data set has nothing that a letter could say."""
        day = cutoff or tables.default_cutoff()
        tables_then, window = tables.at(day), Window.lookback(day, tables.config.active_days)
        habits = load_habits(tables_then, window)
        if not _tables_of_customers(tables):
            raise DataError(
                "there is nothing to say in a letter; it needs one of the tables "
                f"{', '.join((*FIRST_SEEN_IN, *IN_TOUCH))}, best usage or purchases with item_id"
            )
        return cls(tables, tables_then, window, habits, Recipients.of(tables, day))

    def focus_on(self, customer_ids: Sequence[str]) -> LetterData:
        """The same, with the rows of these customers at hand: each letter would read the whole tables otherwise."""
        recipients = ibis.memtable({"customer_id": list(customer_ids)}, schema={"customer_id": "string"})
        views = dict(self.tables_then.usable)
        for name in {"usage", "purchases", "tickets", "surveys"} & views.keys():
            views[name] = views[name].semi_join(recipients, "customer_id").cache()
        # Similar customers are looked for among all subscribers.
        for name in {"subscriptions", "accounts"} & views.keys():
            views[name] = views[name].cache()
        return replace(self, tables_then=replace(self.tables_then, usable=views))

    def build(self, customer_id: str, *, force: bool = False) -> HealthCheck:
        """Look up one customer.

        Raises NotFound for an unknown one, BadInput without consent to contact or, without `force`, for a former one.
        """
        config, day = self.tables.config, self.window.end
        profile = load_profile(self.tables, customer_id, tables_then=self.tables_then, window=self.window)
        refusal = self.recipients.explain_refusal(customer_id)
        if refusal:
            raise BadInput(f"{refusal}; no letter was written")
        departure = self.recipients.explain_departure(customer_id)
        if departure and not force:
            raise BadInput(f"{departure}; no letter was written. --force writes one for the archive")
        similar = find_similar(
            self.tables_then, customer_id, plan=profile.plan, seats=profile.seats, habits=self.habits, day=day
        )
        return HealthCheck(
            customer_id=customer_id,
            is_account=config.customer == "account",
            cutoff=day,
            days=self.window.days,
            profile=profile,
            company=config.report.company,
            sender=config.report.contacts.get(profile.owner, profile.owner) or config.report.sender,
            n_used=self.habits.count(customer_id),
            used=_in_words(self.habits.of(customer_id, similar.customer_ids), config.report.thing_names),
            unused=_in_words(self.habits.suggest(customer_id, similar.customer_ids), config.report.thing_names),
            similar=similar,
            are_purchases=self.habits.are_purchases,
            n_days_active=_count_active_days(self.tables_then, customer_id, window=self.window, habits=self.habits),
            support=load_support(self.tables_then, customer_id, day=day),
            n_answers=count_answers(self.tables_then, customer_id, day=day),
            has_habits=len(self.habits) > 0,
        )


def build_health_check(
    tables: Tables, customer_id: str, *, cutoff: date | None = None, force: bool = False
) -> HealthCheck:
    """Look up one customer, see `LetterData`."""
    return LetterData.of(tables, cutoff).build(customer_id, force=force)


def _in_words(habits: tuple[Habit, ...], names: Mapping[str, str]) -> tuple[Habit, ...]:
    """The habits with names that a customer can read."""
    return tuple(replace(habit, thing=names.get(habit.thing) or _read_code(habit.thing)) for habit in habits)


def _read_code(thing: str) -> str:
    """A code such as csv_export as words; other names stay as they are."""
    is_code = re.fullmatch(r"[a-z0-9]+([_.\-:][a-z0-9]+)+", thing)
    return capitalize(re.sub(r"[_.\-:]", " ", thing)) if is_code else thing


def _count_active_days(tables: Tables, customer_id: str, *, window: Window, habits: Habits) -> int | None:
    if ("purchases" if habits.are_purchases else "usage") not in tables:
        return None
    rows: ir.Table = purchases_without_returns(tables) if habits.are_purchases else tables["usage"]
    of_customer = rows.filter((rows.customer_id == customer_id) & within(rows.event_time, window))
    return int(of_customer.event_time.truncate("D").nunique().to_pyarrow().as_py())
