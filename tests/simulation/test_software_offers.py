"""The offers of the simulated software company: what its tables say of contacts, and whether the true effects hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest

from core.config.loading import read_config
from core.errors import BadInput
from simulation.contact_values import ReactionType
from simulation.software import contacting
from simulation.software.contracts import amounts
from simulation.software.effects import EFFECT_MONTHS, OFFERS, UPGRADE, draw_effects
from simulation.software.history import simulate_history
from simulation.software.simulate import SimulatedSoftware, SoftwareTruth, simulate_software
from simulation.software.world import MARGINS, SoftwareWorld, make_accounts
from tables.contract import CONTRACT
from tables.sources.opening import open_tables

CUTOFF = date(2025, 9, 1)
CAMPAIGN_MONTH = 5
N_ACCOUNTS = 40_000


@pytest.fixture(scope="module")
def usual() -> SimulatedSoftware:
    return simulate_software(SoftwareWorld(n_accounts=100, offer_effects=True))


def test_contacts_and_offers_keep_the_contract_and_open_with_every_row(usual: SimulatedSoftware, tmp_path):
    opened = open_tables(read_config(usual.write(tmp_path), {}))

    for name in ("contacts", "offers"):
        assert set(usual.tables[name].column_names) <= set(CONTRACT[name].names)
        assert opened.load_reports[name].n_usable == len(usual.tables[name])


def test_the_toml_names_kinds_of_offers_that_exist_and_waits_for_upgrades(usual: SimulatedSoftware, tmp_path):
    terms = read_config(usual.write(tmp_path), {}).offers
    contacts = usual.tables["contacts"].to_pandas()

    assert set(terms.saving_kinds) <= set(usual.tables["offers"]["kind"].to_pylist())
    days = (contacts.converted_at - contacts.event_time).dropna().dt.total_seconds() / 86_400
    assert len(days)
    assert days.max() < terms.answer_days


def test_only_paying_accounts_are_contacted_and_the_control_group_costs_nothing(usual: SimulatedSoftware):
    contacts, truth = usual.tables["contacts"].to_pandas(), usual.truth
    sent = truth.history.contacts
    treated = contacts.treated.to_numpy()

    assert truth.history.at_risk[sent.accounts, sent.months].all()
    assert 0.11 < (~treated).mean() < 0.19
    assert not contacts.cost[~treated].any()
    assert contacts[~treated][["opened_at", "converted_at"]].isna().all(axis=None)


def test_an_account_that_takes_an_upgrade_has_the_next_plan_a_month_later(usual: SimulatedSoftware):
    history = usual.truth.history
    log = history.contacts
    taken = np.flatnonzero(log.upgrades & (log.months + 1 < usual.truth.world.n_months))
    rows, months = log.accounts[taken], log.months[taken]
    plans = np.stack([state.plan for state in history.states], axis=1)
    there = history.at_risk[rows, np.minimum(months + 1, usual.truth.world.n_months - 1)]

    assert there.sum() > 5
    assert (plans[rows, months + 2] >= plans[rows, months + 1])[there].mean() > 0.9
    assert (plans[rows, months + 2] > plans[rows, months + 1])[there].mean() > 0.8


def test_calls_have_capacities_that_leave_some_for_a_week(usual: SimulatedSoftware):
    offers = {row["offer_id"]: row for row in usual.tables["offers"].to_pylist()}
    made = usual.tables["contacts"].to_pandas().query("treated").groupby("offer_id").size()

    for name, offer in OFFERS.items():
        left = None if offer.weekly_capacity is None else offer.weekly_capacity + made[name]
        assert offers[name]["capacity"] == left


def test_each_offer_helps_those_who_leave_for_its_cause_and_bothered_accounts_are_sleeping_dogs(usual):
    values, effects = usual.truth.contact_values(CUTOFF), draw_effects(usual.truth.world, usual.truth.accounts)
    there, bothered = values.may_contact, effects.bothered
    support = list(OFFERS).index("success-call")

    assert (values.types[there & bothered] == ReactionType.SLEEPING_DOG).mean() > 0.5
    assert (values.margin[there & ~bothered, support] > 0).all()
    assert not values.value[~there].any() or (values.value[~there] == -values.cost).all()
    assert {ReactionType.PERSUADABLE, ReactionType.SLEEPING_DOG} <= set(np.unique(values.types[there]))


def test_without_effects_no_contact_is_worth_more_than_it_costs():
    values = simulate_software(SoftwareWorld(n_accounts=20)).truth.contact_values(CUTOFF, n_futures=2)

    assert (values.value == -values.cost).all()


def test_effects_and_random_churn_exclude_each_other():
    with pytest.raises(BadInput, match="offer_effects"):
        SoftwareWorld(offer_effects=True, churn_is_random=True)


@dataclass(frozen=True)
class OneCampaign:
    """Many accounts, half of which got an offer by chance in the month of the only campaign."""

    truth: SoftwareTruth
    margins: np.ndarray
    "(n,) of the months from the campaign on."

    @property
    def cutoff(self) -> date:
        month = np.datetime64(self.truth.world.start, "M") + CAMPAIGN_MONTH
        return month.astype("M8[D]").astype(date)

    def gap(self, outcomes: np.ndarray, chosen: np.ndarray) -> tuple[float, float]:
        """The mean of the treated less that of the control group among chosen contacts, and its standard error."""
        log = self.truth.history.contacts
        arms = [outcomes[log.accounts[chosen & (log.treated == treated)]] for treated in (True, False)]
        return float(arms[0].mean() - arms[1].mean()), float(np.sqrt(sum(arm.var() / len(arm) for arm in arms)))


@pytest.fixture(scope="module")
def campaign() -> Iterator[OneCampaign]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contacting, "FIRST_CAMPAIGN_MONTH", CAMPAIGN_MONTH)
        patch.setattr(contacting, "MONTHS_BETWEEN_CAMPAIGNS", 1_000)
        patch.setattr(contacting, "REACHED", 1.0)
        patch.setattr(contacting, "TREATED", 0.5)
        world = SoftwareWorld(
            n_accounts=N_ACCOUNTS, n_months=CAMPAIGN_MONTH + EFFECT_MONTHS, offer_effects=True, seed=3
        )
        random = np.random.default_rng(world.seed)
        accounts = make_accounts(world, random)
        history = simulate_history(world, accounts, random=random)
        firsts = world.firsts
        share = (history.paid_until - history.paid_from) / (firsts[1:] - firsts[:-1])
        rates = MARGINS[np.stack([state.plan for state in history.states[1:]], axis=1)]
        margins = amounts(accounts, history) * np.where(accounts.foreign, 148.0, 1.0)[:, None] * rates * share
        yield OneCampaign(SoftwareTruth(world, accounts, history), margins[:, CAMPAIGN_MONTH:].sum(axis=1))


def test_the_true_changes_are_what_a_randomised_campaign_shows(campaign: OneCampaign):
    truth, log = campaign.truth, campaign.truth.history.contacts
    values = truth.contact_values(campaign.cutoff, n_months=EFFECT_MONTHS, n_futures=10)
    bothered = draw_effects(truth.world, truth.accounts).bothered[log.accounts]
    churned = np.zeros(N_ACCOUNTS, bool)
    recent = truth.history.churns.months >= CAMPAIGN_MONTH
    churned[truth.history.churns.accounts[recent]] = True

    for group in (bothered, *(~bothered & (log.offers == offer) for offer in range(len(OFFERS)))):
        for outcomes, true in ((~churned, values.staying), (campaign.margins, values.margin)):
            gap, error = campaign.gap(outcomes, group)
            assert abs(gap - true[log.accounts[group], log.offers[group]].mean()) < 3.3 * error
    assert campaign.gap(~churned, bothered)[0] < -0.01


def test_as_many_accounts_upgrade_as_are_expected_to(campaign: OneCampaign):
    truth, log = campaign.truth, campaign.truth.history.contacts
    expected = draw_effects(truth.world, truth.accounts).p_upgrade(truth.history.states[CAMPAIGN_MONTH])
    offered = log.offers == UPGRADE

    gap, error = campaign.gap(truth.history.states[-1].plan.astype(float), offered)

    assert expected[log.accounts[offered]].mean() > 0.05
    assert abs(gap - expected[log.accounts[offered]].mean()) < 3 * error
