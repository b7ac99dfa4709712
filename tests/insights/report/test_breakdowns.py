"""The MRR movements of the plans reconcile and add up to those of all customers, for any subscriptions."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.config.money import ReportSettings
from insights.finance.money import Money
from insights.finance.mrr import MOVEMENTS, MrrTable, SubscriptionSpans, months_between, movements_of
from insights.report.breakdowns import plan_movements, split_by_plan
from insights.report.building import build_report
from tests.insights.finance.test_mrr import reconciles, sums
from tests.worlds import config, frame, shop

MONTHS = months_between(np.datetime64("2026-01"), np.datetime64("2026-06"))
START = np.datetime64("2025-11-01", "D")
RATES = {"USD": {month: 100 + 9.7 * place for place, month in enumerate(months_between(MONTHS[0] - 1, MONTHS[-1]))}}

drawn_spans = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.sampled_from(["free", "basic", "pro"]), st.integers(0, 240),
        st.none() | st.integers(1, 200), st.floats(-5e4, 1e5, allow_nan=False), st.sampled_from(["", "USD"]),
    ),
    min_size=1,
    max_size=25,
)  # fmt: skip


@settings(deadline=None)
@given(drawn_spans)
def test_the_plans_add_up_to_all_customers_in_every_movement_and_month(drawn):
    customers, plans, began, lasted, mrr, currencies = zip(*drawn, strict=True)
    assume(max(mrr) >= 0)
    started = START + np.array(began)
    ended = [np.datetime64("NaT") if days is None else day + days for day, days in zip(started, lasted, strict=True)]
    spans = SubscriptionSpans(
        customer_ids=np.array(customers),
        plans=np.array(plans),
        started_on=started,
        ended_on=np.array(ended, "datetime64[D]"),
        mrr=np.array(mrr),
        currencies=np.array(currencies),
    )
    money = Money("JPY", RATES)
    book = MrrTable.of(spans, MONTHS, money=money)

    books = list(split_by_plan(spans, book=book, money=money).values())

    for column in range(len(MONTHS) - 1):
        whole = sums(movements_of(book, column))
        plans = [sums(movements) for movements in plan_movements(books, column)]
        assert all(reconciles(plan) for plan in plans)
        assert {line: sum(plan[line] for plan in plans) for line in MOVEMENTS} == whole
        assert sum(plan["moved_in"] for plan in plans) == sum(plan["moved_out"] for plan in plans)


def test_a_customer_who_paid_before_the_months_of_the_report_is_reactivated_and_not_new():
    spans = [("ada", "2024-01-05", "2024-06-10"), ("ada", "2026-02-10", None), ("bo", "2026-02-20", None)]
    rows = [
        {"customer_id": who, "subscription_id": f"{who}-{began}", "plan": "pro", "mrr": 100.0, "started_at": began,
         "ended_at": ended}
        for who, began, ended in spans
    ]  # fmt: skip
    tables = shop(settings=config(report=ReportSettings(months=3)), subscriptions=frame(*rows))

    figures = build_report(tables, date(2026, 4, 1)).figures

    for by, group in (("all", ""), ("plan", "pro")):
        by_month = {
            name: [figure.value for figure in figures.monthly(name, by, group=group)]
            for name in ("mrr_new", "mrr_reactivation")
        }
        assert by_month == {"mrr_new": [0, 100, 0], "mrr_reactivation": [0, 100, 0]}
