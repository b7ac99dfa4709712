"""The challenger against the champion: a known effect is found, no effect is not, and doubts are named."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from core.config.recommender_experiment import RecommenderExperiment
from core.errors import ConfigError, DataError
from core.recommender_experiment import Arm, are_challenged, ending_of
from insights.recommender_experiment import MIN_CUSTOMERS, ExperimentReading, read_experiment
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.worlds import config, frame, tables_from_frames

NAME, SHARE = "home_page", 0.3
START, END = date(2024, 3, 1), date(2024, 4, 1)
SETTINGS = config(
    recommender_experiment=RecommenderExperiment(name=NAME, challenger=2, share=SHARE), watermark=date(2024, 5, 1)
)
N = 1_500
IDS = np.array([f"c{n}" for n in range(N)])
CHALLENGED = are_challenged(IDS, experiment=NAME, share=SHARE)


def credit(customer: str, *, arm: Arm | None = None, nth: int = 1) -> str:
    """A recommendation_id of the arm that answers a customer."""
    challenged = bool(are_challenged([customer], experiment=NAME, share=SHARE)[0])
    return f"{customer}-{nth}{ending_of(NAME, arm or (Arm.CHALLENGER if challenged else Arm.CHAMPION))}"


def show(customer: str, *, day: int = 4, **columns: Any) -> dict[str, Any]:
    """One item that was shown to a customer by the arm of the customer."""
    row = {"customer_id": customer, "event_time": f"2024-03-{day:02}T12:00", "item_id": "tea"}
    return row | {"recommendation_id": credit(customer), "position": 1, "clicked_at": None} | columns


def buy(customer: str, amount: float, *, day: str = "2024-03-05", **columns: Any) -> dict[str, Any]:
    row = {"customer_id": customer, "event_time": f"{day}T10:00", "amount": amount, "item_id": "tea"}
    return row | {"recommendation_id": None} | columns


def read(
    shown: list[dict[str, Any]], bought: list[dict[str, Any]], *, backend: Any = None, end: date = END
) -> ExperimentReading:
    return read_experiment(tables_of(shown, bought, backend=backend), end)


def tables_of(shown: list[dict[str, Any]], bought: list[dict[str, Any]], *, backend: Any = None) -> Tables:
    frames: dict[str, pa.Table] = {"purchases": frame(*bought), "exposures": frame(*shown)}
    return tables_from_frames(SETTINGS, frames, backend=backend)


def world(*, effect: float, seed: int = 3) -> ExperimentReading:
    """1,500 customers with an order in February; in March half of them buy, for 100 on average, and some click.

    The challenger's customers buy for `effect` times as much, and click `effect` times as often.
    """
    random = np.random.default_rng(seed)
    usual = random.gamma(4.0, 25.0, N)
    shown = list[dict[str, Any]]()
    bought = [buy(name, amount, day="2024-02-10") for name, amount in zip(IDS.tolist(), usual.tolist(), strict=True)]
    for place, name in enumerate(IDS.tolist()):
        factor = effect if CHALLENGED[place] else 1.0
        day = int(random.integers(1, 20))
        is_clicked = random.random() < 0.3 * factor
        shown.append(show(name, day=day, clicked_at=f"2024-03-{day:02}T12:01" if is_clicked else None))
        if random.random() < 0.5:
            credited = credit(name) if is_clicked else None
            amount = factor * usual[place] * random.uniform(0.5, 1.5)
            bought.append(buy(name, amount, day=f"2024-03-{day + 2:02}", recommendation_id=credited))
    return read(shown, bought)


def verdicts(reading: ExperimentReading) -> dict[str, str]:
    return {one.figure: one.verdict for one in reading.differences}


def test_a_challenger_that_sells_more_is_better_and_its_interval_holds_the_known_effect():
    reading = world(effect=1.3)
    revenue = next(one for one in reading.differences if one.figure == "revenue")

    assert verdicts(reading) == {
        "revenue": "better", "buyers": "not_shown", "credited_revenue": "better", "clicks": "better",
    }  # fmt: skip
    assert revenue.difference.low < 0.3 * 50 < revenue.difference.high
    assert (reading.start, reading.end) == (START, END)
    assert [arm.customers for arm in reading.arms] == [int((~CHALLENGED).sum()), int(CHALLENGED.sum())]
    assert reading.is_share_plausible


def test_a_challenger_that_sells_less_is_worse():
    assert verdicts(world(effect=0.7))["revenue"] == "worse"


def test_two_equal_recommenders_are_not_shown_to_differ():
    reading = world(effect=1.0)

    assert set(verdicts(reading).values()) == {"not_shown"}
    assert reading.daily_test is not None
    assert not reading.daily_test.is_shown


def test_with_equal_recommenders_most_intervals_cover_0():
    readings = [world(effect=1.0, seed=seed) for seed in range(12)]
    covering = [one.figure for reading in readings for one in reading.differences if not one.difference.excludes(0)]

    # Of 12 intervals that hold the truth in 90 %, fewer than 8 do once in 250 times.
    for figure in ("revenue", "buyers", "clicks"):
        assert covering.count(figure) >= 8


@every_engine
def test_what_is_counted_of_each_arm(engine_name):
    one, other = IDS[CHALLENGED][0], IDS[~CHALLENGED][0]
    shown = [
        show(one, clicked_at="2024-03-04T13:00"),
        show(one, position=4),
        show(one, item_id="jam"),
        show(other, item_id="cup"),
        show("of-before", recommendation_id="r1"),
        show("of-another", recommendation_id="r2.basket.challenger"),
    ]
    bought = [
        buy(one, 7.0, recommendation_id=credit(one)),
        buy(one, 5.0, day="2024-03-03"),
        buy(one, 2.0, day="2024-03-04"),
        buy(other, 3.0, item_id="pot", recommendation_id=credit(other)),
        buy(other, 90.0, day="2024-04-01"),
        buy("of-before", 50.0, recommendation_id="r1"),
    ]

    reading = read(shown, bought, backend=engine(engine_name))

    champion, challenger = reading.arms
    assert (champion.customers, champion.shown, champion.bought, champion.credited_revenue) == (1, 1, 0, 0.0)
    assert (challenger.customers, challenger.shown, challenger.clicked, challenger.bought) == (1, 2, 1, 1)
    assert challenger.credited_revenue == 7.0
    # From the day of the first item shown until the end: 7 + 2, and 3.
    revenue = next(one for one in reading.differences if one.figure == "revenue")
    assert (revenue.champion, revenue.challenger, revenue.verdict) == (3.0, 9.0, "too_few")


@pytest.mark.parametrize("is_challenged", [False, True])
def test_a_customer_counts_for_the_arm_of_the_hash_whatever_was_shown_before_the_login(is_challenged):
    one = str(IDS[CHALLENGED if is_challenged else ~CHALLENGED][0])
    other_arm = Arm.CHAMPION if is_challenged else Arm.CHALLENGER
    shown = [show(one, recommendation_id=credit(one, arm=other_arm, nth=2), day=3), show(one)]

    reading = read(shown, [buy(one, 7.0)])

    counts = reading.arms[is_challenged]
    assert (counts.customers, counts.shown, reading.shown_other_arm) == (1, 2, 1)


@pytest.mark.parametrize("is_challenged", [False, True])
def test_a_customer_who_saw_the_other_arm_alone_is_counted_as_one_who_blurs_the_difference(is_challenged):
    one = str(IDS[CHALLENGED if is_challenged else ~CHALLENGED][0])
    other_arm = Arm.CHAMPION if is_challenged else Arm.CHALLENGER

    assert read([show(one, recommendation_id=credit(one, arm=other_arm))], [buy(one, 7.0)]).shown_other_arm == 1
    assert read([show(one)], [buy(one, 7.0)]).shown_other_arm == 0


def test_an_item_that_was_reported_for_two_customers_is_shown_once_to_two_customers():
    shown = [show("c1"), show("c2", recommendation_id=credit("c1"))]

    arms = read(shown, [buy("c1", 7.0)]).arms

    assert sum(arm.customers for arm in arms) == 2
    assert sum(arm.shown for arm in arms) == 1


def test_arms_of_other_sizes_than_the_hash_gives_are_doubted():
    challenged = IDS[CHALLENGED].tolist()[:200]
    champions = IDS[~CHALLENGED].tolist()[:200]

    reading = read([show(name) for name in (*challenged, *champions)], [buy("c1", 1.0)])

    assert not reading.is_share_plausible
    assert reading.p_value_of_share < 1e-6


@pytest.mark.parametrize("n", [1, MIN_CUSTOMERS - 1])
def test_few_customers_of_an_arm_give_no_verdict(n):
    names = [*IDS[CHALLENGED].tolist()[:n], *IDS[~CHALLENGED].tolist()[:300]]
    bought = [buy(name, 9_000.0 if are_challenged([name], experiment=NAME, share=SHARE)[0] else 1.0) for name in names]

    reading = read([show(name) for name in names], bought)

    assert set(verdicts(reading).values()) == {"too_few"}
    assert reading.differences[0].difference.has_interval == (n > 1)


def test_without_amounts_there_is_no_revenue_and_without_purchases_there_are_clicks_alone():
    names = IDS[:40].tolist()
    shown = frame(*(show(name) for name in names))
    orders = frame(*({"customer_id": name, "event_time": "2024-03-06T10:00", "item_id": "tea"} for name in names))
    views = frame(*({"customer_id": name, "event_time": "2024-03-06T10:00", "event": "view"} for name in names))

    without_amounts = read_experiment(tables_from_frames(SETTINGS, {"purchases": orders, "exposures": shown}), END)
    without_purchases = read_experiment(tables_from_frames(SETTINGS, {"usage": views, "exposures": shown}), END)

    assert list(verdicts(without_amounts)) == ["buyers", "clicks"]
    assert list(verdicts(without_purchases)) == ["clicks"]
    assert without_purchases.daily_test is None


def test_a_reading_is_json_with_null_for_what_is_unknown():
    reading = read([show(IDS[CHALLENGED][0])], [buy("c1", 1.0)])

    document = msgspec.json.decode(msgspec.json.encode(reading))

    assert [arm["arm"] for arm in document["arms"]] == ["champion", "challenger"]
    assert document["differences"][0]["champion"] is None
    assert document["differences"][0]["difference"] == {}
    assert msgspec.json.decode(msgspec.json.encode(reading), type=dict[str, Any])["start"] == "2024-03-04"


@pytest.mark.parametrize(
    "shown",
    [
        [show("c1", recommendation_id="r1")],
        [show("c1", recommendation_id="r1.home.challenger")],
        [{"customer_id": "c1", "event_time": "2024-03-04T10:00", "item_id": "tea"}],
    ],
)
def test_without_exposures_of_the_experiment_the_error_says_how_to_report_them(shown):
    with pytest.raises(DataError, match=r"experiment 'home_page'.*POST /v1/events"):
        read(shown, [buy("c1", 1.0)])


def test_exposures_after_the_end_are_not_known_yet():
    with pytest.raises(DataError, match="before 2024-03-04"):
        read([show("c1")], [buy("c1", 1.0)], end=date(2024, 3, 4))


def test_without_the_section_the_error_names_it():
    tables = tables_from_frames(config(), {"purchases": frame(buy("c1", 1.0))})

    with pytest.raises(ConfigError, match=r"no \[recommender_experiment\]"):
        read_experiment(tables, END)
