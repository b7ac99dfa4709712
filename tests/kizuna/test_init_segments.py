"""`kizuna segments` right after `kizuna init`: every data set has standard segments."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kizuna.main import run
from tests.kizuna.exports import discover, write

pytestmark = pytest.mark.usefixtures("folder")

DAYS = [f"2025-{1 + n % 12:02d}-{1 + n % 28:02d}" for n in range(336)]


def segments(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capfd.readouterr()
    assert run(["segments", "--format", "json"]) == 0
    report = json.loads(capfd.readouterr().out)
    return {group["name"]: group["customers"] for group in report["segments"]}


def test_a_shop_has_new_loyal_and_lapsed_customers(capfd):
    lines = ["order_id,customer_id,date,amount", *(f"{n},often{n % 5},{day},10.50" for n, day in enumerate(DAYS))]
    lines += ["n1,first,2025-12-20,10.50", "w1,waned,2025-10-20,10.50", "w2,waned,2025-10-25,10.50"]
    lines += ["l1,gone,2025-09-10,10.50", "l2,gone,2025-09-15,10.50"]

    discover(write("orders.csv", lines))

    assert segments(capfd) == {"new": 1, "loyal": 5, "at_risk": 1, "lapsed": 1}


def test_the_segments_of_a_japanese_shop_are_japanese(capfd):
    lines = ["注文番号,会員番号,注文日,金額", *(f"{n},M{n % 5},{day},1050" for n, day in enumerate(DAYS))]

    toml = discover(write("受注.csv", lines))

    assert segments(capfd) == {"新規": 0, "優良": 5, "離反予備": 0, "休眠": 0}
    assert toml["segments"]["休眠"]["action"] == "呼び戻す。反応がなければ連絡を控える"


@pytest.mark.parametrize("has_usage", [False, True])
def test_subscribers_are_paying_at_risk_or_cancelled(capfd, has_usage: bool):
    lines = ["subscription_id,customer_id,plan,mrr,start_date,end_date,cancel_requested_at"]
    for n in range(60):
        ended = f"2025-{10 if n == 0 else 3:02d}-0{2 + n % 7}" if n % 3 == 0 else ""
        request_day = "2025-09-01" if n in (1, 11, 31, 41) else ""
        lines.append(f"s{n},c{n},basic,20.50,2024-{1 + n % 12:02d}-01,{ended},{request_day}")
    files = [write("subscriptions.csv", lines)]
    if has_usage:
        lines = [
            "customer_id,timestamp,event",
            *(f"c{n},2025-{m:02d}-20,login" for n in range(60) for m in range(1, 13)),
        ]
        files.append(write("usage.csv", lines))

    discover(*files)

    counts = segments(capfd)
    # Without usage, the last end is the cutoff: c0 still pays on that day.
    assert (counts["paying"], counts["at_risk"]) == (40 if has_usage else 41, 0)
    # Of those who have left, only customers with usage are still customers.
    assert counts["cancelled"] == 4 + (20 if has_usage else 0)


def test_a_business_with_nothing_but_usage_has_segments(capfd):
    lines = ["user_id,timestamp,event", *(f"c{n % 5},{day},login" for n, day in enumerate(DAYS))]

    discover(write("events.csv", lines))

    assert segments(capfd) == {"new": 0, "loyal": 5, "at_risk": 0, "lapsed": 0}
