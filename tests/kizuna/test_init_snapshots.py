"""Monthly snapshots of subscriptions: `kizuna init` recognises them, and the report counts what pandas counts."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import BadInput
from kizuna.main import run
from tests.kizuna.exports import discover, write

pytestmark = pytest.mark.usefixtures("folder")

MONTHS = [str(month) for month in pd.period_range("2024-01", "2025-06", freq="M")]


def snapshots(seed: int = 1) -> pd.DataFrame:
    """Accounts that pause, come back and change their plan from month to month."""
    draw, rows = random.Random(seed), list[tuple[str, str, float, str]]()
    for account in range(25):
        price, is_running = draw.choice([50.0, 100.0, 200.0]), account % 5 != 0
        for month in MONTHS:
            is_running = not is_running if draw.random() < 0.1 else is_running
            price = draw.choice([50.0, 100.0, 200.0]) if draw.random() < 0.1 else price
            if is_running:
                rows.append((f"acc{account:02d}", month, price, "basic" if price < 100 else "pro"))
    return pd.DataFrame(rows, columns=["account", "month", "mrr", "plan"])


def movements_of(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """MRR and its movements by month, and the share of the accounts that churned."""
    prices = rows.pivot_table(index="account", columns="month", values="mrr", aggfunc="sum").fillna(0.0)
    result: dict[str, dict[str, float]] = {}
    for place in range(1, len(MONTHS)):
        before, now = prices[MONTHS[place - 1]], prices[MONTHS[place]]
        was_customer = prices[MONTHS[:place]].gt(0).any(axis=1)
        is_lost, is_back = (before > 0) & (now == 0), (before == 0) & (now > 0)
        result[MONTHS[place]] = {
            "mrr_closing": now.sum(),
            "mrr_churn": before[is_lost].sum(),
            "mrr_new": now[is_back & ~was_customer].sum(),
            "mrr_reactivation": now[is_back & was_customer].sum(),
            "mrr_expansion": (now - before)[(before > 0) & (now > before)].sum(),
            "mrr_contraction": (before - now)[(now > 0) & (now < before)].sum(),
            "logo_churn": is_lost.sum() / (before > 0).sum(),
        }
    return result


def movements_of_report() -> dict[str, dict[str, float]]:
    assert run(["report", "--out", "report.json", "--format", "json"]) == 0
    figures = json.loads(Path("report.json").read_text(encoding="utf-8"))["figures"]
    result: dict[str, dict[str, float]] = {month: {} for month in MONTHS[1:]}
    names = [*movements_of(snapshots())[MONTHS[1]]]
    for figure in figures:
        if figure["name"] in names and figure["by"] == "all" and figure["period"] in result:
            result[figure["period"]][figure["name"]] = figure["value"]
    return result


def test_mrr_churn_and_reactivations_of_the_report_are_those_of_the_snapshots():
    rows = snapshots()
    write("mrr.csv", ["account,month,mrr,plan", *(",".join(map(str, row)) for row in rows.itertuples(index=False))])

    toml = discover("mrr.csv")

    assert toml["tables"]["subscriptions"]["monthly_snapshots"] is True
    assert toml["tables"]["subscriptions"]["columns"] == {
        "customer_id": "account", "subscription_id": "account", "plan": "plan", "mrr": "mrr", "started_at": "month"
    }  # fmt: skip
    assert (toml["churn"]["definition"], toml["churn"]["grace_days"]) == ("subscription_ended", 0)
    text = " ".join(Path("kizuna.toml").read_text(encoding="utf-8").split())
    assert "# a month, with one row for each account" in text
    expected = movements_of(rows)
    assert expected["2025-06"]["mrr_closing"]
    assert any(one["mrr_reactivation"] for one in expected.values())
    shown = movements_of_report()
    assert {month: pytest.approx(values) for month, values in expected.items()} == shown


@pytest.mark.parametrize("written", ["number", "day", "end of the month", "Japanese"])
def test_months_are_recognised_however_they_are_written(written: str):
    rows = snapshots()
    period = pd.PeriodIndex(rows.month, freq="M")
    months = {
        "number": [int(month.replace("-", "")) for month in rows.month],
        "day": [one.start_time.date() for one in period],
        "end of the month": [one.end_time.date() for one in period],
        "Japanese": [f"{one.year}年{one.month}月" for one in period],
    }[written]
    names = {"end of the month": "snapshot_date", "Japanese": "対象月"}
    columns = {"account_id": [*rows.account], names.get(written, "month"): months, "mrr": [*rows.mrr]}
    pq.write_table(pa.table(columns), "accounts_by_month.parquet")

    toml = discover("accounts_by_month.parquet")

    assert toml["tables"]["subscriptions"]["monthly_snapshots"] is True
    assert toml["tables"]["subscriptions"]["columns"]["started_at"] == names.get(written, "month")


NO_SNAPSHOTS = {
    # One row for each subscription: its month is that of its start.
    "account,month,mrr,plan": [f"a{n},2024-{1 + n % 12:02d},50,pro" for n in range(120)],
    # Starts and ends are written.
    "account,start date,end date,billing month,mrr": [
        f"a{n % 12},2024-{1 + n // 12:02d}-01,2024-{2 + n // 12:02d}-01,2024-{1 + n // 12:02d},50" for n in range(120)
    ],
    # Several rows of an account in a month.
    "customer,subscription id,start date,month,mrr": [
        f"a{n % 6},s{n % 6},2024-{1 + n % 12:02d}-{1 + n % 28:02d},2024-{1 + n % 3:02d},50" for n in range(120)
    ],
}


@pytest.mark.parametrize("header", NO_SNAPSHOTS)
def test_other_tables_with_months_are_no_snapshots(header: str):
    write("subscriptions.csv", [header, *NO_SNAPSHOTS[header]])

    with suppress(BadInput):  # Some of them are no table of the contract at all.
        discover("subscriptions.csv")

    assert not Path("kizuna.toml").exists() or "monthly_snapshots" not in Path("kizuna.toml").read_text()
