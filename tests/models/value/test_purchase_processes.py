"""Purchase processes against the published parameters of CDNOW, other formulae and simulated customers."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaln

from benchmarks.value import read_sample_ids
from core.errors import NotEnoughHistory
from models.value.bg_nbd import BgNbdProcess
from models.value.mbg_nbd import MbgNbdProcess
from models.value.pareto_nbd import ParetoNbdProcess
from models.value.purchase_process import OrderRecords, PurchaseProcess, hypergeometric
from tests.models.value.value_worlds import ALPHA, BETA, LAST_WEEK, TODAY, OrderWorld, R, S, records

CDNOW = Path(os.environ.get("KIZUNA_DATA") or Path(__file__).parents[4] / "shared/data") / "cdnow/cdnow_master.parquet"
EVERY_PROCESS = (BgNbdProcess, MbgNbdProcess, ParetoNbdProcess)

every_process = pytest.mark.parametrize("process", EVERY_PROCESS, ids=lambda one: one.__name__)


def one_record(frequency: float, recency: float, age: float) -> OrderRecords:
    return OrderRecords(np.array([frequency]), np.array([recency]), np.array([age]))


@pytest.fixture(scope="module")
def cdnow_sample() -> OrderRecords:
    """Days of orders until 1997-09-30 of Fader and Hardie's one in ten customers."""
    if not CDNOW.exists():
        pytest.skip(f"no {CDNOW}; KIZUNA_DATA names another folder")
    table = pq.read_table(CDNOW, columns=["customer_id", "date"])
    table = table.filter(pc.is_in(table["customer_id"], pa.array([int(one) for one in read_sample_ids()])))
    days = np.asarray(table["date"]).astype("datetime64[D]")
    lines = np.unique(np.column_stack([np.asarray(table["customer_id"]), days.astype(np.int64)]), axis=0)
    end = np.datetime64("1997-09-30").astype(np.int64)
    owners, place, counts = np.unique(lines[lines[:, 1] <= end][:, 0], return_index=True, return_counts=True)
    day = lines[lines[:, 1] <= end][:, 1]
    first, last = day[place], day[place + counts - 1]
    assert len(owners) == 2357
    return OrderRecords(*((one / 7).astype(np.float64) for one in (7 * (counts - 1), last - first, end - first)))


@pytest.mark.parametrize(
    ("process", "published"),
    [(BgNbdProcess, (0.243, 4.414, 0.793, 2.426)), (ParetoNbdProcess, (0.553, 10.578, 0.606, 11.67))],
)
def test_reproduces_the_published_parameters_of_cdnow(process: type[PurchaseProcess], published, cdnow_sample):
    np.testing.assert_allclose(process.fit(cdnow_sample).parameters, published, rtol=0.003)


def test_pareto_nbd_finds_the_parameters_that_simulated_customers_have():
    world = OrderWorld(5000, seed=3)

    fitted = ParetoNbdProcess.fit(records(world, LAST_WEEK)).parameters

    np.testing.assert_allclose(fitted[[0, 1]], [R, ALPHA], rtol=0.12)
    assert fitted[2] / fitted[3] == pytest.approx(S / BETA, rel=0.3)


@pytest.mark.parametrize("record", [(0, 0, 30), (1, 2, 39), (3, 30, 30), (80, 50, 100), (900, 100, 104)])
@pytest.mark.parametrize("parameters", [(0.55, 10.6, 0.61, 11.7), (2.0, 1.0, 3.0, 40.0), (0.2, 50.0, 0.3, 1.0)])
def test_pareto_nbd_integrates_over_the_moment_of_leaving(record, parameters):
    (r, alpha, s, beta), (x, recency, age) = parameters, record
    largest = -(r + x) * np.log(alpha + recency)
    left, _ = quad(
        lambda tau: np.exp(-(r + x) * np.log(alpha + tau) - largest) * s * (beta + tau) ** -(s + 1.0),
        recency,
        age,
        epsabs=0,
        epsrel=1e-10,
        points=[recency + (age - recency) * share for share in (0.001, 0.01, 0.1)] if age > recency else None,
        limit=500,
    )
    alive = np.exp(-(r + x) * np.log(alpha + age) - largest) * (beta + age) ** -s
    constant = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)

    likelihood = ParetoNbdProcess(np.array(parameters)).log_likelihood(one_record(x, recency, age))[0]

    assert likelihood == pytest.approx(constant + largest + np.log(alive + left), abs=1e-5)


@every_process
def test_expected_orders_of_later_weeks_match_what_simulated_customers_order(process):
    world = OrderWorld(4000, seed=5)
    model, actual = process.fit(records(world, TODAY)), world.outcomes(TODAY, 39).orders

    expected = model.predict_orders(records(world, TODAY), 39)

    tolerance = 0.08 if process is ParetoNbdProcess else 0.25  # customers leave as in Pareto/NBD
    assert expected.sum() == pytest.approx(actual.sum(), rel=tolerance)
    assert np.corrcoef(expected, actual)[0, 1] > 0.75


def test_nine_of_ten_next_orders_lie_in_their_interval():
    world = OrderWorld(4000, seed=6)
    # Of customers who order again within the record, which is long beside their usual gap.
    model, history = ParetoNbdProcess.fit(records(world, TODAY)), records(world, TODAY)
    following = np.full(len(history), np.inf)
    later = world.times >= TODAY
    np.minimum.at(following, np.searchsorted(world.customers(TODAY), world.owners[later]), world.times[later] - TODAY)
    rows = np.isfinite(following) & (history.frequency >= 8)

    low, high = (model.weeks_to_next(history, share)[rows] for share in (0.05, 0.95))

    assert 0.86 <= ((following[rows] >= low) & (following[rows] <= high)).mean() <= 0.96


def test_the_hypergeometric_function_is_exact_where_that_of_scipy_is_infinite():
    a, b, c = np.array([1.72, 34.6]), np.array([1.72, 33.2]), np.array([101.4, 183.3])

    values = hypergeometric(a=a, b=b, c=c, z=np.array([0.93, 0.81]))

    # Computed with 60 digits.
    np.testing.assert_allclose(values, [1.028084642324, 399.227398398007], rtol=1e-10)


def test_expected_orders_grow_with_time_where_the_hypergeometric_function_of_scipy_is_infinite():
    model = BgNbdProcess(np.exp([1.0, 0.0, 1.0, 1.0]))
    record = one_record(97, 97 / 7, 97 / 7)

    orders = [model.predict_orders(record, weeks)[0] for weeks in (67, 134, 200, 2_000)]

    assert orders == sorted(orders)


@every_process
@settings(max_examples=25)
@given(
    logs=st.lists(st.floats(-2, 4), min_size=4, max_size=4),
    frequency=st.integers(0, 800),
    age=st.floats(0, 500),
    share=st.floats(0, 1),
    weeks=st.floats(0.1, 200),
)
def test_probabilities_and_expectations_stay_in_bounds(process, logs, frequency, age, share, weeks):
    model = process(np.exp(logs))
    recency = frequency / 7 + age * share if frequency else 0.0  # at most one day with an order a day
    record = one_record(frequency, recency, recency + age)

    alive, expected = model.p_alive(record)[0], model.predict_orders(record, weeks)[0]

    assert 0 <= alive <= 1
    assert np.isfinite(model.log_likelihood(record)[0])
    assert 0 <= expected <= model.predict_orders(record, 2 * weeks)[0] * (1 + 1e-6) + 1e-9
    r, alpha = model.parameters[:2]
    assert expected <= (r + frequency) / (alpha + record.age_weeks[0]) * weeks * (1 + 1e-6) + 1e-9


@every_process
def test_the_longer_a_customer_is_silent_the_less_likely_they_are_alive(process):
    model = process(np.array([0.5, 8.0, 0.7, 5.0]))
    ages = np.linspace(20, 200, 10)
    silent = OrderRecords(np.full(10, 4.0), np.full(10, 20.0), ages)

    assert (np.diff(model.p_alive(silent)) < 0).all()


@every_process
def test_a_few_customers_without_a_repeat_order_are_too_little_to_fit(process):
    with pytest.raises(NotEnoughHistory, match="1 of 40 customers have ordered on a second day"):
        process.fit(OrderRecords(np.append(np.zeros(39), 1.0), np.append(np.zeros(39), 5.0), np.full(40, 30.0)))
