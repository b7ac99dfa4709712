"""The contracts of the company, one row per unchanged span, and its accounts in the CRM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from simulation.software.history import AccountHistory
from simulation.software.state import CAUSES
from simulation.software.world import MARGINS, PLANS, SEAT_PRICE, Accounts, SoftwareWorld

YEN_PER_USD = 148.0
"The exchange rate varies around this."
STATED_SHARE, MISSTATED_SHARE, OTHER_SHARE = 0.85, 0.15, 0.08
"Share of churns with a stated reason; of these, shares with a wrong one and with 'other' instead."
PAYMENT_FAILED = 0.2
"Share of the churns for price that appear as a failed payment."
REFUNDED = 0.3
"Share of the churns for product or support with a partial refund of a month."


@dataclass(frozen=True, kw_only=True)
class ContractSpans:
    """Unchanged spans of contracts, by account and then time; arrays are (spans,)."""

    accounts: NDArray[np.int64]
    "int64 rows of Accounts."
    months: NDArray[np.int64]
    "int64: the month in which it starts."
    starts: NDArray[np.int64]
    "int64 days from the start of the records."
    stops: NDArray[np.int64]
    "int64: the first day after it; n_days + 1 if it is still running."
    churns: NDArray[np.int64]
    "int64 rows of ChurnEvents; -1 if the account does not churn."


def contract_spans(world: SoftwareWorld, accounts: Accounts, *, history: AccountHistory) -> ContractSpans:
    """The spans: one begins with the account, with each change of seats, plan or price, and with each renewal."""
    begins = history.is_customer & (history.tenure_months == 0)
    changed = np.zeros_like(begins)
    for values in (seats_by_month(history), plans_by_month(history), amounts(accounts, history)):
        changed[:, 1:] |= values[:, 1:] != values[:, :-1]
    yearly = accounts.term_months[:, None] > 1
    renewed = yearly & (history.tenure_months > 0) & (history.tenure_months % 12 == 0)
    rows, months = np.nonzero(begins | (history.is_customer & (changed | renewed)))
    return _add_ends(world, history, rows=rows, months=months)


def _add_ends(
    world: SoftwareWorld, history: AccountHistory, *, rows: NDArray[np.int64], months: NDArray[np.int64]
) -> ContractSpans:
    """The spans with their ends: each ends when the account churns or its next span begins."""
    starts = history.paid_from[rows, months]
    follows = np.append(rows[1:] == rows[:-1], False)
    next_start = np.where(follows, np.append(starts[1:], 0), world.n_days + 1)
    key = world.n_days + 2
    order = np.lexsort((history.churns.days, history.churns.accounts))
    moments = (history.churns.accounts * key + history.churns.days)[order]
    place = np.searchsorted(moments, rows * key + starts, side="right")
    churn = np.append(order, -1)[place]
    left_on = np.append(history.churns.days, -1)[churn]
    leaving = (np.append(history.churns.accounts, -1)[churn] == rows) & (left_on <= next_start)
    return ContractSpans(
        accounts=rows,
        months=months,
        starts=starts,
        stops=np.where(leaving, left_on, next_start),
        churns=np.where(leaving, churn, -1),
    )


def seats_by_month(history: AccountHistory) -> NDArray[np.int64]:
    """(n, n_months) the seats of each month."""
    return np.stack([state.seats for state in history.states[1:]], axis=1)


def plans_by_month(history: AccountHistory) -> NDArray[np.int64]:
    """(n, n_months) rows of PLANS."""
    return np.stack([state.plan for state in history.states[1:]], axis=1)


def amounts(accounts: Accounts, history: AccountHistory) -> NDArray[np.float64]:
    """(n, n_months) the price of each month, whole units of the currency of the account."""
    level = np.stack([state.price_level for state in history.states[1:]], axis=1)
    yen = SEAT_PRICE[plans_by_month(history)] * seats_by_month(history) * level * np.exp(accounts.dearness)[:, None]
    return np.where(accounts.foreign[:, None], yen / YEN_PER_USD, yen).round()


def subscriptions_table(
    world: SoftwareWorld,
    accounts: Accounts,
    *,
    history: AccountHistory,
    spans: ContractSpans,
    random: np.random.Generator,
) -> pa.Table:
    """Every span, with the reason that firms state when they churn."""
    rows, months = spans.accounts, spans.months
    plans = plans_by_month(history)[rows, months]
    mrr = amounts(accounts, history)[rows, months]
    ended = world.times(spans.stops).astype("datetime64[s]")
    reasons, kinds, refunds = _draw_stated_reasons(history, random)
    leaving = spans.churns >= 0
    return pa.table(
        {
            "customer_id": accounts.account_ids[rows],
            "subscription_id": np.char.add("s", np.char.lstrip(accounts.account_ids[rows], "a")),
            "plan": PLANS[plans],
            "mrr": mrr,
            "started_at": world.times(spans.starts),
            "ended_at": np.where(spans.stops > world.n_days, np.datetime64("NaT", "s"), ended),
            "end_reason": _texts(np.where(leaving, reasons[spans.churns], "")),
            "end_kind": _texts(np.where(leaving, kinds[spans.churns], "")),
            "renews_at": _renewals(world, accounts, history=history, spans=spans),
            "refunded": np.where(leaving, np.round(refunds[spans.churns] * mrr), 0.0),
            "margin_rate": MARGINS[plans],
            "currency": np.where(accounts.foreign[rows], "USD", "JPY"),
            "seats": seats_by_month(history)[rows, months],
            "term_months": accounts.term_months[rows],
        }
    ).sort_by([("started_at", "ascending"), ("customer_id", "ascending")])


def _draw_stated_reasons(
    history: AccountHistory, random: np.random.Generator
) -> tuple[NDArray[np.str_], NDArray[np.str_], NDArray[np.float64]]:
    """(churns + 1,) each: the stated reason, the kind of end and the refunded share of a month; '' is no reason.

    The last entry is for spans that end without churn, whose row is -1.
    """
    causes, n = history.churns.causes, len(history.churns.causes)
    wrong = (causes + random.integers(1, len(CAUSES), n)) % len(CAUSES)
    stated_cause = np.where(random.random(n) < MISSTATED_SHARE, wrong, causes)
    reasons = np.where(random.random(n) < OTHER_SHARE, "other", CAUSES[stated_cause])
    reasons = np.where(random.random(n) < STATED_SHARE, reasons, "")
    failed = (CAUSES[causes] == "price") & (random.random(n) < PAYMENT_FAILED)
    unhappy = np.isin(CAUSES[causes], ["product", "support"]) & (random.random(n) < REFUNDED)
    refunds = np.where(unhappy, random.uniform(0.1, 0.9, n), 0.0)
    kinds = np.where(failed, "payment failed", "chosen")
    return np.append(reasons, ""), np.append(kinds, ""), np.append(refunds, 0.0)


def _renewals(
    world: SoftwareWorld, accounts: Accounts, *, history: AccountHistory, spans: ContractSpans
) -> NDArray[np.datetime64]:
    """(spans,) the end of the term of each span, datetime64[s]; NaT for monthly terms."""
    rows, months = spans.accounts, spans.months
    left = 12 - history.tenure_months[rows, months] % 12
    ends = (np.datetime64(world.start, "M") + months + left).astype("datetime64[s]")
    return np.where(accounts.term_months[rows] > 1, ends, np.datetime64("NaT", "s"))


def accounts_table(
    world: SoftwareWorld, accounts: Accounts, *, history: AccountHistory, spans: ContractSpans
) -> pa.Table:
    """The accounts in the CRM: a dated row when one begins, and one for each change of its seats."""
    seats = seats_by_month(history)[spans.accounts, spans.months]
    same = np.append(False, (spans.accounts[1:] == spans.accounts[:-1]) & (seats[1:] == seats[:-1]))
    rows = spans.accounts[~same]
    return pa.table(
        {
            "account_id": accounts.account_ids[rows],
            "seats": seats[~same],
            "owner": accounts.owner[rows],
            "industry": accounts.industry[rows],
            "size": accounts.size[rows],
            "country": np.where(accounts.foreign[rows], "US", "JP"),
            "valid_from": world.times(spans.starts[~same]),
        }
    )


def _texts(words: NDArray[np.str_]) -> pa.Array:
    return pa.array(words, pa.string(), mask=words == "")
