"""The offers of the simulated shop: what its tables say came of contacts, and whether the true effects hold in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core.config.loading import read_config
from core.errors import BadInput
from simulation.contact_values import ContactValues, ReactionType
from simulation.shop import contacting
from simulation.shop import effects as effects_module
from simulation.shop.baskets import fill_baskets, make_items
from simulation.shop.consents import CONTACT, Consents
from simulation.shop.contacting import FIRST_CAMPAIGN_DAY, ContactProcess
from simulation.shop.effects import DISCOUNTS, REDEEMABLE_DAYS, OfferEffects
from simulation.shop.history import simulate_history
from simulation.shop.redemptions import find_redemptions, redeem
from simulation.shop.simulate import SimulatedShop, simulate_shop
from simulation.shop.truth import ShopTruth
from simulation.shop.world import ShopWorld, make_customers
from tables.contract import CONTRACT
from tables.sources.opening import open_tables

CAMPAIGN_DAY = date(2025, 9, 22)
"A day of a campaign of the usual shop: offers of the one before have ended."
HORIZON = 40
N_COPIES = 30_000


@pytest.fixture(scope="module")
def usual() -> SimulatedShop:
    return simulate_shop(ShopWorld(n_customers=1_000, offer_effects=True))


@pytest.fixture(scope="module")
def contacts(usual: SimulatedShop) -> pd.DataFrame:
    return usual.tables["contacts"].to_pandas()


@pytest.fixture(scope="module")
def values(usual: SimulatedShop) -> ContactValues:
    return usual.truth.contact_values(CAMPAIGN_DAY)


def test_what_came_of_contacts_keeps_the_contract_and_opens_with_every_row(usual: SimulatedShop, tmp_path):
    opened = open_tables(read_config(usual.write(tmp_path), {}))

    assert set(usual.tables["contacts"].column_names) <= set(CONTRACT["contacts"].names)
    assert {name: report.n_usable for name, report in opened.load_reports.items()} == {
        name: len(table) for name, table in usual.tables.items()
    }


def test_a_conversion_is_the_first_order_of_the_customer_after_the_contact_and_in_time(usual, contacts):
    orders = (
        usual.tables["purchases"].to_pandas().query("amount > 0").dropna(subset="customer_id").sort_values("event_time")
    )
    first = pd.merge_asof(
        contacts.sort_values("event_time"),
        orders[["customer_id", "event_time"]].rename(columns={"event_time": "next"}).drop_duplicates(),
        left_on="event_time", right_on="next", by="customer_id", direction="forward",
    )  # fmt: skip
    converted = first[first.converted_at.notna()]

    assert len(converted) > 100
    assert (converted.converted_at == converted.next).all()
    assert (converted.converted_at < converted.event_time + pd.Timedelta(days=REDEEMABLE_DAYS)).all()


def test_the_control_group_neither_converts_nor_unsubscribes_nor_costs(contacts):
    control = contacts[~contacts.treated]

    assert 0.18 < len(control) / len(contacts) < 0.22
    assert (contacts.propensity == 0.8).all()
    assert control.converted_at.isna().all()
    assert control.unsubscribed_at.isna().all()
    assert not control.cost.any()


def test_who_has_unsubscribed_is_not_contacted_again_and_has_withdrawn_consent(usual, contacts):
    consents = usual.tables["consents"].to_pandas()
    left = contacts.dropna(subset="unsubscribed_at").set_index("customer_id").unsubscribed_at
    last = contacts.groupby("customer_id").event_time.max()
    of_contact = consents[consents.purpose == "contact"].sort_values("event_time", kind="stable")
    final = of_contact.groupby("customer_id").last()

    assert left.index.is_unique
    assert len(left) > 30
    assert (last[left.index] < left).all()
    assert not final.granted[left.index].any()
    assert (final.event_time[left.index] == left).all()


def test_who_refuses_contact_is_not_contacted(usual, contacts):
    truth = usual.truth
    refusing = ~truth.consents.granted[:, CONTACT] & (truth.consents.changes_on[:, CONTACT] > truth.world.n_days)

    assert refusing.sum() > 50
    assert not set(truth.customers.customer_ids[refusing]) & set(contacts.customer_id)


def test_redeeming_a_discount_makes_an_order_cheaper(usual, contacts):
    lines = usual.tables["purchases"].to_pandas().query("amount > 0")
    items = usual.tables["items"].to_pandas().drop_duplicates("item_id").set_index("item_id")
    lines = lines[lines.event_time < pd.Timestamp(usual.truth.world.start) + pd.Timedelta(days=400)]
    paid = lines.amount / (lines.quantity * lines.item_id.map(items.price))
    redeemed = contacts.dropna(subset="converted_at")
    offers = {(row.customer_id, row.converted_at): row.offer_id for row in redeemed.itertuples()}
    offer = np.array([offers.get(key, "") for key in zip(lines.customer_id, lines.event_time, strict=True)])

    assert paid[offer == ""].to_numpy() == pytest.approx(1)
    assert paid[offer == "discount-save"].to_numpy() == pytest.approx(0.85, abs=0.005)
    assert paid[np.char.startswith(offer, "coupon-")].to_numpy() == pytest.approx(0.9, abs=0.005)


def test_capacities_leave_some_contacts_of_limited_offers(usual, contacts):
    made = contacts[contacts.treated].groupby("offer_id").size()
    capacities = usual.tables["offers"].to_pandas().set_index("offer_id").capacity.dropna()

    assert set(capacities.index) == {"discount-save", "thank-you"}
    assert (capacities - made[capacities.index] == 100).all()


def test_all_four_types_of_customers_occur_and_only_bothered_ones_are_harmed(usual, values):
    there = usual.truth.present_on(CAMPAIGN_DAY)
    types = values.types[there]

    assert set(np.unique(types)) == set(ReactionType)
    assert usual.truth.effects.bothered[there][(types == ReactionType.SLEEPING_DOG).all(axis=1)].all()
    assert values.value[there][types == ReactionType.SLEEPING_DOG].mean() < -values.cost.max()


def test_a_customer_who_has_left_is_worth_no_contact(usual, values):
    gone = usual.truth.history.gone_from <= (CAMPAIGN_DAY - usual.truth.world.start).days

    assert gone.sum() > 100
    assert values.value[gone] == pytest.approx(np.tile(-values.cost, (gone.sum(), 1)))


def test_each_recent_contact_makes_unsubscribing_likelier(usual):
    effects = usual.truth.effects
    chance = [effects.p_unsubscribe(np.full(len(effects.bothered), tired)) for tired in (0.0, 1.0, 2.0)]

    assert (chance[0] < chance[1]).all()
    assert (chance[1] < chance[2]).all()
    assert (chance[0][effects.bothered] > chance[0][~effects.bothered].max()).all()


def test_without_effects_no_contact_is_worth_more_than_it_costs():
    truth = simulate_shop(ShopWorld(n_customers=60)).truth
    values = truth.contact_values(CAMPAIGN_DAY)

    assert not values.margin.any()
    assert not values.fatigue.any()
    assert (values.value == -values.cost).all()
    assert set(np.unique(values.types)) == {ReactionType.SURE_THING, ReactionType.LOST_CAUSE}


def test_effects_and_random_churn_exclude_each_other():
    with pytest.raises(BadInput, match="offer_effects"):
        ShopWorld(offer_effects=True, churn_is_random=True)


def test_a_horizon_in_which_offers_cannot_end_is_an_error(usual):
    with pytest.raises(BadInput, match="horizon_days"):
        usual.truth.contact_values(CAMPAIGN_DAY, horizon_days=REDEEMABLE_DAYS - 1)


@dataclass(frozen=True)
class OneCampaign:
    """Many customers alike; a random half of them got the only offer on the day of the only campaign."""

    truth: ShopTruth
    margins: np.ndarray
    "(n,) of what each customer bought from the campaign on, less what they returned."

    @property
    def is_treated(self) -> np.ndarray:
        return self.truth.history.contacts.treated

    @property
    def day(self) -> date:
        return self.truth.world.start + timedelta(days=FIRST_CAMPAIGN_DAY)


@pytest.fixture(scope="module")
def campaign() -> Iterator[OneCampaign]:
    world = ShopWorld(
        n_customers=N_COPIES, n_items=4, n_tastes=2, n_days=FIRST_CAMPAIGN_DAY + HORIZON, offer_effects=True, seed=5
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contacting, "REACHED", 1.0)
        patch.setattr(effects_module, "CONTACT_HAZARD", 0.006)
        patch.setattr(contacting, "TREATED", 0.5)
        patch.setattr(contacting, "DAYS_BETWEEN_CAMPAIGNS", 1_000)
        yield run_campaign(world, np.random.default_rng(5))


def run_campaign(world: ShopWorld, random: np.random.Generator) -> OneCampaign:
    """Half of the customers are bothered and the others are persuaded; many unsubscribe."""
    n = world.n_customers
    customers = replace(
        make_customers(world, random),
        joins_on=np.zeros(n, np.int64),
        orders_per_day=np.full(n, 0.08),
        leaves_per_day=np.full(n, 0.005),
        bad_luck=np.full(n, 0.4),
    )
    items = replace(make_items(world, random), price=np.full(4, 1_000.0), cost=np.full(4, 400.0))
    bothered = np.arange(n) % 2 == 0
    effects = OfferEffects(
        offer_ids=np.array(["coupon"]),
        persuasion=np.where(bothered, 0.0, 2.0)[:, None],
        take_up=np.full((n, 1), 0.5),
        soothing=np.where(bothered, 0.0, 0.5)[:, None],
        bothered=bothered,
        unsubscribing=np.full(n, 0.6),
        discounts=np.array([DISCOUNTS["category_coupon"]]),
        added_prices=np.full((n, 1), 1_000.0),
        added_costs=np.full((n, 1), 400.0),
        contact_costs=np.array([80.0]),
    )
    consents = Consents(granted=np.ones((n, 3), bool), changes_on=np.full((n, 3), world.n_days + 1))
    process = ContactProcess(world, customers, effects=effects, consents=consents)
    history = simulate_history(world, customers, contacting=process, random=random)
    truth = ShopTruth(world, customers, items, history, consents, effects)
    return OneCampaign(truth, margins_after(truth, random))


def margins_after(truth: ShopTruth, random: np.random.Generator) -> np.ndarray:
    world, customers, items, history = truth.world, truth.customers, truth.items, truth.history
    offers = pa.Table.from_pylist(
        [{"offer_id": "coupon", "kind": "category_coupon", "item_id": None, "category": items.category[0]}]
    )
    lines = redeem(
        world,
        customers,
        items=items,
        history=history,
        lines=fill_baskets(world, customers, items=items, orders=history.orders, random=random),
        redemptions=find_redemptions(history.contacts, history.orders),
        offers=offers,
    )
    first = np.unique(lines.orders, return_index=True)[1]
    kept = np.ones(len(lines.orders), bool)
    kept[first] = ~history.orders.defect[lines.orders[first]]
    counted = kept & (history.orders.days[lines.orders] >= FIRST_CAMPAIGN_DAY)
    margins = (lines.amounts - items.cost[lines.items] * lines.quantities) * counted
    return np.bincount(history.orders.customers[lines.orders], margins, len(customers))


def test_the_true_change_of_margin_is_what_a_randomised_campaign_shows(campaign: OneCampaign):
    values = campaign.truth.contact_values(campaign.day, horizon_days=HORIZON)
    bothered = campaign.truth.effects.bothered
    expected = (values.margin - values.fatigue)[:, 0]

    for group in (bothered, ~bothered):
        gap, error = group_gap(campaign, campaign.margins, group)
        assert abs(gap - expected[group].mean()) < 3 * error
        assert abs(gap) > 3 * error


def group_gap(campaign: OneCampaign, outcomes: np.ndarray, group: np.ndarray) -> tuple[float, float]:
    arms = (outcomes[group & campaign.is_treated], outcomes[group & ~campaign.is_treated])
    return float(arms[0].mean() - arms[1].mean()), float(np.sqrt(sum(arm.var() / len(arm) for arm in arms)))


def test_the_true_change_of_ordering_and_staying_is_what_a_randomised_campaign_shows(campaign: OneCampaign):
    truth, history = campaign.truth, campaign.truth.history
    values = truth.contact_values(campaign.day, horizon_days=HORIZON)
    soon = (history.orders.days >= FIRST_CAMPAIGN_DAY) & (history.orders.days < FIRST_CAMPAIGN_DAY + REDEEMABLE_DAYS)
    ordered = np.bincount(history.orders.customers[soon], minlength=len(truth.customers)) > 0
    stays = history.gone_from > truth.world.n_days
    bothered = truth.effects.bothered

    for outcomes, expected in ((ordered, values.response), (stays, values.staying)):
        for group in (bothered, ~bothered):
            gap, error = group_gap(campaign, outcomes, group)
            assert abs(gap - expected[group, 0].mean()) < 3 * error
    assert group_gap(campaign, ordered, ~bothered)[0] > 0.1
    assert group_gap(campaign, stays, bothered)[0] < -0.01
