"""A software firm small enough to calculate by hand: five accounts, six months, every table of the report."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from core.config.money import MoneySettings, ReportSettings
from insights.report.building import Report, build_report
from tables.tables import Tables
from tests.worlds import config, frame, shop

ACCOUNTS = {"acme": "gold", "bond": "gold", "cobo": "silver", "dart": "silver", "echo": "silver"}


def span(account: str, plan: str, began: str, ended: str | None, mrr: float, **more: Any) -> dict[str, Any]:
    """One row of the subscriptions table: a time in which a subscription did not change."""
    usual = {"customer_id": account, "subscription_id": f"s-{account}", "plan": plan, "mrr": mrr}
    return {**usual, "started_at": began, "ended_at": ended, "seats": 10, "renews_at": "2026-09-01", **more}


SPANS = (
    span("acme", "basic", "2025-01-10", "2026-03-15", 100.0), span("acme", "pro", "2026-03-15", None, 130.0),
    span("bond", "basic", "2025-01-10", None, 100.0), span("cobo", "basic", "2025-01-10", "2026-04-20", 50.0),
    span("dart", "pro", "2026-02-10", None, 200.0), span("echo", "pro", "2025-01-10", "2025-06-01", 70.0),
)  # fmt: skip


def accounts() -> list[dict[str, Any]]:
    """The accounts with their tier."""
    dated = {"owner": "sato", "valid_from": "2025-01-01"}
    return [{"account_id": account, "tier": tier, **dated} for account, tier in ACCOUNTS.items()]


def spend() -> list[dict[str, Any]]:
    """600 a month for acquisition (ads) and 600 for retention (care)."""
    months = [f"2026-{month:02d}-01" for month in range(1, 7)]
    return [{"month": month, "channel": channel, "amount": 600.0} for month in months for channel in ("ads", "care")]


def people() -> list[dict[str, Any]]:
    """Two people per account."""
    return [
        {"customer_id": f"{account}-{number}", "account_id": account, "valid_from": "2025-01-01"}
        for account in ACCOUNTS
        for number in (1, 2)
    ]


def usage_rows(*lines: str) -> list[dict[str, Any]]:
    """Usage from lines such as "acme-1 2026-06-01 report"."""
    cells = (line.split() for line in lines)
    return [{"customer_id": who, "event_time": when, "event": event} for who, when, event in cells]


USAGE = usage_rows(
    "acme-1 2026-06-01 report", "acme-1 2026-06-02 report", "acme-2 2026-06-02 export", "acme-1 2026-06-03 login",
    "bond-1 2026-06-05 report", "dart-1 2026-06-06 alerts", "cobo-1 2025-02-01 report",
)  # fmt: skip


def survey(person: str, day: str, kind: str, score: float | None) -> dict[str, Any]:
    """One survey, answered if it has a score."""
    return {"customer_id": person, "event_time": day, "kind": kind, "score": score}


SURVEYS = (
    survey("acme-1", "2026-05-01", "nps", 10.0), survey("bond-1", "2026-05-01", "nps", 3.0),
    survey("dart-1", "2026-05-01", "nps", 9.0), survey("dart-2", "2026-05-01", "nps", None),
    survey("acme-1", "2026-05-02", "csat", 5.0), survey("acme-2", "2026-05-02", "nps", 11.0),
)  # fmt: skip

TICKETS = (
    {"customer_id": "acme-1", "opened_at": "2026-05-03T10:00", "first_answered_at": "2026-05-03T12:00",
     "closed_at": "2026-05-04T10:00", "satisfaction": 5.0},
    {"customer_id": "acme-2", "opened_at": "2026-05-05T10:00", "first_answered_at": "2026-05-05T14:00",
     "closed_at": None, "satisfaction": None},
    {"customer_id": "bond-1", "opened_at": "2026-05-03T10:00", "first_answered_at": "2026-05-03T09:00",
     "closed_at": None, "satisfaction": None},
)  # fmt: skip


def deal(account: str, opened: str, closed: str | None, won: bool | None, amount: float) -> dict[str, Any]:
    """One opportunity."""
    stage = "open" if won is None else "won" if won else "lost"
    return {
        "account_id": account, "stage": stage, "amount": amount, "opened_at": opened, "closed_at": closed, "won": won,
    }  # fmt: skip


DEALS = (
    deal("acme", "2026-02-01", "2026-03-01", True, 500.0), deal("bond", "2026-02-01", "2026-04-01", False, 300.0),
    deal("cobo", "2026-02-01", "2026-04-01", False, 200.0), deal("dart", "2026-05-01", None, None, 900.0),
)  # fmt: skip


def firm_tables(**changes: Any) -> Tables:
    """The tables of the firm; `changes` replaces tables by name, and None removes one."""
    settings = changes.pop("settings", None) or config(
        customer="account",
        active_days=90,
        attributes={"accounts": ("tier",)},
        money=MoneySettings(margin_rate=0.8, yearly_discount=0.0, fiscal_year_starts=4),
        report=ReportSettings(tier_by="accounts.tier", months=6, acquisition_channels=("ads",)),
    )
    frames = {
        "accounts": frame(*accounts()),
        "customers": frame(*people()),
        "subscriptions": frame(*SPANS),
        "usage": frame(*USAGE),
        "surveys": frame(*SURVEYS),
        "tickets": frame(*TICKETS),
        "opportunities": frame(*DEALS),
        "spend": frame(*spend()),
    }  # fmt: skip
    tables = {name: table for name, table in {**frames, **changes}.items() if table is not None}
    return shop(settings=settings, **tables)


@cache
def firm_report() -> Report:
    """The firm's report at the cutoff 2026-07-01: six months, January to June."""
    return build_report(firm_tables(), date(2026, 7, 1))
