"""What customers bought before a cutoff, as value models see it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from features.customer_value import summarise_history
from tests.worlds import config, frame, tables_from_frames


def orders(*lines: str):
    """'who day amount cost' for each."""
    rows = (line.split() for line in lines)
    return frame(
        *(
            {"customer_id": who, "event_time": day, "amount": float(amount), "cost": float(cost)}
            for who, day, amount, cost in rows
        )
    )


def margin_shares(*lines: str) -> dict[str, float]:
    customers = np.array(["ada", "bo"])
    history = summarise_history(
        tables_from_frames(config(), {"purchases": orders(*lines)}), customers, cutoff=date(2024, 3, 1)
    )
    return dict(zip(customers.tolist(), history.margin_share.tolist(), strict=True))


def test_margins_are_those_of_the_last_year_after_prices_have_risen():
    shares = margin_shares(
        "ada 2022-01-10 100 80", "bo 2022-01-10 100 80", "ada 2023-10-01 100 50", "bo 2023-10-01 100 50"
    )

    assert shares == pytest.approx({"ada": 0.5, "bo": 0.5})


def test_customers_who_buy_what_earns_more_keep_their_distance():
    shares = margin_shares("ada 2023-10-01 100 40", "bo 2023-10-01 100 60")

    assert shares["ada"] > 0.5 > shares["bo"]
    assert sum(shares.values()) == pytest.approx(1.0)


def test_without_orders_in_the_last_year_the_share_of_all_years_remains():
    assert margin_shares("ada 2022-01-10 100 80", "bo 2022-01-10 100 80") == pytest.approx({"ada": 0.2, "bo": 0.2})
