"""The simulated shop, and whether its truth holds in its tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from core.config.loading import read_config
from core.config.training import ChurnDefinition
from core.errors import BadInput
from core.interactions import Histories
from core.labels import Labels
from features.cohort import select_cohort
from features.interactions import load_interactions
from features.labels.labelling import label_outcomes
from simulation.shop.baskets import CATEGORIES, resolve_repeats
from simulation.shop.campaigns import next_orders
from simulation.shop.records import SINCERITY
from simulation.shop.simulate import ShopTruth, ShopWorld, simulate_shop
from tables.building import tables_from_frames
from tables.contract import CONTRACT
from tables.sources.opening import open_tables
from tables.tables import Tables
from tests.worlds import config

CUTOFF = date(2025, 9, 1)
HORIZON = 60
EVERY_TABLE = ["customers", "items", "purchases", "usage", "contacts", "offers", "consents", "preferences"]


@dataclass(frozen=True)
class ObservedShop:
    """A shop with its truth, its tables, and the labels of its cohort at the cutoff."""

    truth: ShopTruth
    frames: dict[str, pa.Table]
    tables: Tables
    outcomes: Labels

    @property
    def probabilities(self) -> np.ndarray:
        """The true P(no purchase) of each row of the outcomes."""
        return self.truth.p_no_purchase(CUTOFF, HORIZON)[self.truth.rows_of(self.outcomes.customer_ids)]


def observe(world: ShopWorld) -> ObservedShop:
    made = simulate_shop(world)
    settings = config(watermark=world.end, churn=ChurnDefinition(horizon_days=HORIZON))
    tables = tables_from_frames(settings, {name: made.tables[name] for name in ("purchases", "usage")})
    return ObservedShop(made.truth, made.tables, tables, label_outcomes(tables, select_cohort(tables, [CUTOFF])))


@pytest.fixture(scope="module")
def usual() -> ObservedShop:
    return observe(ShopWorld())


@pytest.fixture(scope="module")
def random_churn() -> ObservedShop:
    return observe(ShopWorld(churn_is_random=True))


def visible_signs(shop: ObservedShop) -> np.ndarray:
    """(n, 4) of the cohort: days since the last order, the same in usual gaps, recent visits, number of orders."""
    truth, day = shop.truth, (CUTOFF - shop.truth.world.start).days
    orders, (visitors, visited_on) = truth.history.orders, truth.history.visits
    who, when = orders.customers[orders.days < day], orders.days[orders.days < day]
    last = truth.customers.joins_on.copy()
    np.maximum.at(last, who, when)
    n_orders = np.bincount(who, minlength=len(last))
    usual_gap = (last - truth.customers.joins_on + 30) / n_orders.clip(1)
    recent = np.bincount(visitors[(visited_on < day) & (visited_on >= day - 30)], minlength=len(last))
    recency = (day - last).clip(0)
    signs = np.stack([recency, np.log1p(recency / usual_gap), recent, np.log1p(n_orders)], axis=1)
    return signs[truth.rows_of(shop.outcomes.customer_ids)]


def auc(scores: np.ndarray, positive: np.ndarray) -> float:
    ranks, n = rankdata(scores), positive.sum()
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (~positive).sum()))


def test_the_same_seed_gives_the_same_shop_and_another_seed_another_one():
    first, second, other = (simulate_shop(ShopWorld(n_customers=50, seed=seed)) for seed in (1, 1, 2))

    assert all(first.tables[name].equals(second.tables[name]) for name in first.tables)
    assert not first.tables["purchases"].equals(other.tables["purchases"])


@pytest.mark.parametrize("name", EVERY_TABLE)
def test_every_table_keeps_the_contract(name, usual):
    columns = set(usual.frames[name].column_names) - {"prefecture", "age_band"}

    assert columns <= set(CONTRACT[name].names)
    assert columns >= set(CONTRACT[name].mandatory_columns)


def test_a_written_shop_opens_with_every_row(tmp_path):
    made = simulate_shop(ShopWorld(n_customers=60))

    opened = open_tables(read_config(made.write(tmp_path), {}))

    assert {name: report.n_usable for name, report in opened.load_reports.items()} == {
        name: len(table) for name, table in made.tables.items()
    }
    assert opened.watermark("purchases") == made.truth.world.end


def test_most_stated_preferences_are_true(usual):
    preferences = usual.frames["preferences"].to_pydict()
    strongest = usual.truth.customers.tastes.argmax(axis=1)[usual.truth.rows_of(np.array(preferences["customer_id"]))]
    homes = np.stack([2 * strongest, 2 * strongest + 1]) % len(CATEGORIES)

    is_true = (CATEGORIES[homes] == np.array(preferences["value"])).any(axis=0)

    assert len(is_true) / len(usual.truth.customers) == pytest.approx(0.33, abs=0.04)
    assert SINCERITY <= is_true.mean() < 0.95


def test_a_few_percent_refuse_and_some_change_their_consent(usual):
    consents = usual.frames["consents"].to_pandas()
    by_purpose = consents.groupby("purpose").granted
    by_customer = consents.groupby(["customer_id", "purpose"]).granted

    assert (1 - by_purpose.mean()).between(0.02, 0.09).all()
    assert (by_customer.size() == 2).sum() > 0
    assert (by_customer.nunique() == by_customer.size()).all()


def test_a_shop_without_items_has_no_items_in_its_tables(tmp_path):
    made = simulate_shop(ShopWorld(n_customers=30, no_items=True))

    assert {"items", "preferences"}.isdisjoint(made.tables)
    assert "item_id" not in made.tables["purchases"].column_names
    assert made.tables["offers"]["item_id"].null_count == len(made.tables["offers"])
    assert "[tables.items]" not in made.write(tmp_path).read_text(encoding="utf-8")


@pytest.mark.parametrize("impossible", [{"n_customers": 0}, {"n_items": 3, "n_tastes": 8}])
def test_impossible_settings_are_an_error(impossible):
    with pytest.raises(BadInput):
        ShopWorld(**impossible)


def test_the_true_churn_probability_is_calibrated_in_every_tenth_of_customers(usual):
    probabilities, churned = usual.probabilities, usual.outcomes.churned
    tenths = np.array_split(np.argsort(probabilities), 10)

    for rows in tenths:
        spread = np.sqrt((probabilities[rows] * (1 - probabilities[rows])).sum()) / len(rows)
        assert abs(churned[rows].mean() - probabilities[rows].mean()) < 4 * spread + 1e-9


def test_a_customer_who_has_left_neither_orders_nor_visits(usual):
    history = usual.truth.history

    assert (history.orders.days < history.gone_from[history.orders.customers]).all()
    assert (history.visits[1] < history.gone_from[history.visits[0]]).all()
    assert (history.fading_from <= history.gone_from).all()


def test_visits_decline_before_a_customer_leaves(usual):
    history = usual.truth.history
    who, days = history.visits
    fading = (days >= history.fading_from[who]).sum() / (history.gone_from - history.fading_from).sum()
    before = (days < history.fading_from[who]).sum() / (history.fading_from - usual.truth.customers.joins_on).sum()

    assert fading < before / 2


def test_exactly_the_customers_who_lose_interest_have_a_cause(usual):
    truth = usual.truth

    assert ((truth.history.causes != "") == (truth.history.fading_from <= truth.world.n_days)).all()
    assert set(np.unique(truth.history.causes)) == {"", "own reasons", "defect", "late delivery", "prices"}


def test_churn_is_predicted_far_better_than_by_recency_alone(usual):
    signs, churned = visible_signs(usual), usual.outcomes.churned
    model = LogisticRegression(max_iter=1_000)

    probabilities = np.asarray(cross_val_predict(model, signs, churned, cv=5, method="predict_proba"))
    recency, model_auc, truth = (
        auc(signs[:, 0], churned),
        auc(probabilities[:, 1], churned),
        auc(usual.probabilities, churned),
    )

    assert recency + 0.02 < model_auc < truth


def test_with_random_churn_every_customer_churns_with_probability_one_half(random_churn):
    assert random_churn.probabilities == pytest.approx(0.5, abs=1e-9)


def test_with_random_churn_no_sign_predicts_it(random_churn):
    signs, churned = visible_signs(random_churn), random_churn.outcomes.churned
    spread = np.sqrt(1 / (3 * len(churned)))

    assert all(abs(auc(signs[:, place], churned) - 0.5) < 4 * spread for place in range(signs.shape[1]))


def hits_at_10(scores: np.ndarray, after: Histories) -> float:
    """The share of lines after the cutoff whose item is among the ten best of the customer."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    return float(np.mean([item in best[row] for row, item in zip(after.customers, after.items, strict=True)]))


def test_taste_and_repetition_predict_the_next_item_far_better_than_popularity(usual):
    truth, everything = usual.truth, load_interactions(usual.tables)
    past = everything.before(CUTOFF).histories
    soon = everything.before(CUTOFF + timedelta(days=28)).histories
    after = soon.keep((soon.times >= np.datetime64(CUTOFF)) & (np.diff(past.indptr) > 0)[soon.customers])
    counts = past.matrix().toarray()
    popularity = np.tile(counts.sum(axis=0), (len(past), 1))

    best, own, popular = (
        hits_at_10(scores, after)
        for scores in (truth.next_item_probabilities(past), counts + popularity / 1e6, popularity)
    )

    assert best > 1.03 * own
    assert own > 2 * popular


def test_the_probabilities_of_the_next_item_sum_to_one(usual):
    histories = load_interactions(usual.tables).before(CUTOFF).histories.take(np.arange(50))

    assert usual.truth.next_item_probabilities(histories).sum(axis=1) == pytest.approx(1)


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=30), st.integers(0, 99))
def test_a_repeat_has_an_earlier_item_of_the_same_customer(lines, seed):
    buyers = np.array(sorted(buyer for buyer, _ in lines), np.int64)
    repeats = np.array([repeating for _, repeating in lines], bool)

    origin = resolve_repeats(buyers, repeats, random=np.random.default_rng(seed))

    assert (buyers[origin] == buyers).all()
    assert (origin <= np.arange(len(lines))).all()
    assert (origin[~repeats] == np.flatnonzero(~repeats)).all()


def test_an_offer_is_redeemed_with_the_next_order_of_the_same_customer():
    days = np.array(["2024-01-05", "2024-01-01", "2024-01-09"], "M8[s]")

    orders = next_orders(
        np.array([1, 1, 2]), days, who=np.array([1, 1, 2, 0]), after=np.full(4, np.datetime64("2024-01-02", "s"))
    )

    assert orders.astype("M8[D]").tolist() == [date(2024, 1, 5), date(2024, 1, 5), date(2024, 1, 9), None]
