"""The simulated software company, and whether its truth holds in its tables."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.config.loading import read_config
from core.errors import BadInput
from features.cohort import select_cohort
from features.labels.labelling import label_outcomes
from simulation.software.history import AccountHistory, simulate_history
from simulation.software.simulate import SimulatedSoftware, SoftwareTruth, simulate_software
from simulation.software.state import CAUSES
from simulation.software.world import SoftwareWorld, make_accounts, number_ids
from tables.contract import CONTRACT
from tables.sources.opening import open_tables

ATTRIBUTES = {"industry", "size", "country"}
LONG_GONE = pd.Timestamp("2100-01-01")


@pytest.fixture(scope="module")
def usual() -> SimulatedSoftware:
    return simulate_software(SoftwareWorld(n_accounts=150))


@pytest.fixture(scope="module")
def many() -> SoftwareTruth:
    """The truth of ten thousand accounts, without tables."""
    return truth_of(SoftwareWorld(n_accounts=10_000))


def truth_of(world: SoftwareWorld) -> SoftwareTruth:
    random = np.random.default_rng(world.seed)
    accounts = make_accounts(world, random)
    return SoftwareTruth(world, accounts, simulate_history(world, accounts, random=random))


def test_ids_of_a_large_company_sort_the_same_as_text_and_as_numbers():
    assert (np.diff(np.argsort(number_ids("p", 100_001, digits=5))) == 1).all()
    assert number_ids("a", 3, digits=4).tolist() == ["a0001", "a0002", "a0003"]


def test_an_account_that_returns_has_no_old_grievances(many: SoftwareTruth):
    history = many.history
    returning = (history.tenure_months == 0) & (
        np.arange(history.tenure_months.shape[1]) != many.accounts.begins_in[:, None]
    )

    assert returning.sum() > 100
    for grievance in ("pressure", "pain", "downgrade"):
        values = np.stack([getattr(state, grievance) for state in history.states[1:]], axis=1)
        assert not values[returning].any(), grievance


def churns_within(history: AccountHistory, month: int, n_months: int) -> np.ndarray:
    """(n,) whether each account churns within `n_months` from a month on."""
    churns = history.churns
    left = np.zeros(len(history.paid_from), bool)
    left[churns.accounts[(churns.months >= month) & (churns.months < month + n_months)]] = True
    return left


def spans_of(company: SimulatedSoftware) -> pd.DataFrame:
    spans = company.tables["subscriptions"].to_pandas().sort_values(["customer_id", "started_at"])
    return spans.assign(until=spans.ended_at.fillna(LONG_GONE))


def test_the_same_seed_gives_the_same_company_and_another_seed_another_one():
    first, second, other = (simulate_software(SoftwareWorld(n_accounts=20, seed=seed)) for seed in (1, 1, 2))

    assert all(first.tables[name].equals(second.tables[name]) for name in first.tables)
    assert first.rates.equals(second.rates)
    assert not first.tables["usage"].equals(other.tables["usage"])


def test_every_table_keeps_the_contract(usual):
    for name, table in usual.tables.items():
        columns = set(table.column_names) - ATTRIBUTES

        assert columns <= set(CONTRACT[name].names), name
        assert columns >= set(CONTRACT[name].mandatory_columns), name


def test_a_written_company_opens_with_every_row_and_its_churns_are_its_labels(usual, tmp_path: Path):
    tables = open_tables(read_config(usual.write(tmp_path), {}))
    cutoff, history = date(2025, 3, 1), usual.truth.history

    outcomes = label_outcomes(tables, select_cohort(tables, [cutoff]))

    assert {name: report.n_usable for name, report in tables.load_reports.items()} == {
        name: len(table) for name, table in usual.tables.items()
    }
    churned = set(outcomes.customer_ids[outcomes.churned & outcomes.is_mature])
    is_customer, day = usual.truth.customers_on(cutoff), (cutoff - usual.truth.world.start).days
    soon = (history.churns.days >= day) & (history.churns.days < day + 90) & is_customer[history.churns.accounts]
    assert churned == set(usual.truth.accounts.account_ids[history.churns.accounts[soon]])


def test_spans_follow_each_other_and_never_overlap(usual):
    spans = spans_of(usual)
    same = (spans.customer_id == spans.customer_id.shift(-1)).to_numpy()

    assert (spans.until > spans.started_at).all()
    assert (spans.until[same].to_numpy() <= spans.started_at.shift(-1)[same].to_numpy()).all()
    assert ((spans.mrr > 0) & (spans.seats > 0)).all()


def test_exactly_the_spans_that_end_with_churn_have_a_kind_of_end(usual):
    spans = spans_of(usual)
    goes_on = (spans.customer_id == spans.customer_id.shift(-1)) & (spans.until == spans.started_at.shift(-1))

    assert (spans.end_kind.isna() == (goes_on | spans.ended_at.isna())).all()
    assert spans.end_kind.notna().sum() == len(usual.truth.history.churns.days)


def test_the_mrr_movements_of_each_month_reconcile(usual):
    months = pd.date_range("2023-05-01", "2026-03-01", freq="MS")
    book = {month: running_mrr(usual, month) for month in months}

    for before, after in pairwise(months):
        opening, closing = book[before].align(book[after], fill_value=0.0)
        step = closing - opening
        new, lost = step[(opening == 0) & (closing > 0)].sum(), step[(opening > 0) & (closing == 0)].sum()
        up, down = (step[(opening > 0) & (closing > 0) & side].sum() for side in (step > 0, step < 0))
        assert opening.sum() + new + lost + up + down == closing.sum()


def running_mrr(company: SimulatedSoftware, midnight: pd.Timestamp) -> pd.Series:
    spans = spans_of(company)
    running = spans[(spans.started_at <= midnight) & (spans.until > midnight)]
    assert running.customer_id.is_unique
    return running.set_index("customer_id").mrr


def test_usage_and_tickets_only_occur_while_the_account_pays(usual):
    owner = usual.tables["customers"].to_pandas().set_index("customer_id").account_id
    spans = spans_of(usual)[["customer_id", "started_at", "until"]]

    for name, column in (("usage", "event_time"), ("tickets", "opened_at")):
        events = usual.tables[name].to_pandas().sort_values(column)
        events["account"] = events.customer_id.map(owner)
        matches = pd.merge_asof(
            events[["account", column]], spans.sort_values("started_at"),
            left_on=column, right_on="started_at", left_by="account", right_by="customer_id",
        )  # fmt: skip
        assert (matches[column] < matches.until.dt.ceil("D")).all()


def test_the_true_churn_probability_is_calibrated_in_every_fifth_of_accounts(many):
    for month, n_months in ((12, 3), (20, 6), (22, 12)):
        cutoff = (np.datetime64(many.world.start, "M") + month).astype("M8[D]").astype(date)
        is_customer = many.customers_on(cutoff)
        probabilities = many.p_churn(cutoff, n_months, n_futures=20)[is_customer]
        left = churns_within(many.history, month, n_months)[is_customer]
        for rows in np.array_split(np.argsort(probabilities), 5):
            spread = np.sqrt((probabilities[rows] * (1 - probabilities[rows])).sum()) / len(rows)
            assert abs(left[rows].mean() - probabilities[rows].mean()) < 4 * spread + 0.01


def test_incidences_never_decrease_and_sum_to_at_most_one(many):
    incidence = many.incidence(date(2025, 1, 1), 6, n_futures=3)

    assert (np.diff(incidence, axis=2) >= 0).all()
    assert (incidence.sum(axis=0) <= 1).all()


def test_the_drawn_causes_have_the_shares_of_the_hazards(many):
    churns = many.history.churns
    drawn = np.bincount(churns.causes, minlength=len(CAUSES)) / len(churns.causes)

    assert many.cause_shares() == pytest.approx(dict(zip(CAUSES, drawn, strict=True)), abs=0.02)
    assert (drawn > 0.05).all()


def test_between_one_and_three_percent_churn_per_month(many):
    rate = len(many.history.churns.days) / many.history.at_risk.sum()

    assert 0.015 < rate < 0.03


def test_the_driver_of_a_cause_is_stronger_in_accounts_that_churned_for_it(many):
    churns, states = many.history.churns, many.history.states
    usefulness, pressure, pain = (
        np.stack([getattr(state, name) for state in states[:-1]], axis=1)[churns.accounts, churns.months]
        for name in ("usefulness", "pressure", "pain")
    )
    product, price, support, other = (churns.causes == cause for cause in range(len(CAUSES)))

    assert usefulness[product].mean() < usefulness[~product].mean() - 0.1
    assert pressure[price].mean() > 1.5 * pressure[~price].mean()
    assert pain[support].mean() > 2 * pain[~support].mean()
    assert (many.accounts.industry[churns.accounts[other]] == "startup").mean() > 0.3


def test_most_firms_state_a_reason_and_most_stated_reasons_are_true():
    company = simulate_software(SoftwareWorld(n_accounts=400, n_months=30))
    spans = company.tables["subscriptions"].to_pandas()
    left = spans[spans.end_kind.notna()]
    truth = dict(zip(company.truth.accounts.account_ids, company.truth.causes(), strict=True))
    last = left.sort_values("started_at").groupby("customer_id").tail(1)
    with_reason = last[last.end_reason.notna()]

    assert 0.75 < left.end_reason.notna().mean() < 0.95
    assert 0.65 < (with_reason.end_reason == with_reason.customer_id.map(truth)).mean() < 0.92


def test_with_random_churn_every_account_churns_with_the_same_probability():
    truth = truth_of(SoftwareWorld(n_accounts=300, churn_is_random=True))
    probabilities = truth.p_churn(date(2025, 1, 1), 3, n_futures=2)

    assert probabilities == pytest.approx(probabilities[0])
    assert truth.cause_shares() == pytest.approx(dict.fromkeys(CAUSES, 0.25))


def test_there_is_an_exchange_rate_for_every_month(usual):
    months = set(usual.rates["month"].to_pylist())

    assert {str(month) for month in usual.truth.world.months} <= months
    assert set(usual.tables["subscriptions"]["currency"].to_pylist()) == {"JPY", "USD"}


@pytest.mark.parametrize("impossible", [{"n_accounts": 0}, {"n_months": 0}, {"start": date(2023, 4, 2)}])
def test_impossible_settings_are_an_error(impossible):
    with pytest.raises(BadInput):
        SoftwareWorld(**impossible)


def test_its_toml_configures_hazards_and_causes(usual: SimulatedSoftware, tmp_path: Path):
    settings = read_config(usual.write(tmp_path), {})
    offers, topics = (
        set(usual.tables[table][name].to_pylist()) for table, name in (("offers", "offer_id"), ("tickets", "topic"))
    )

    assert settings.hazard is not None
    assert set(settings.causes.words["support"]) <= topics
    assert {intervention.offer for intervention in settings.causes.interventions} <= offers
    assert {intervention.cause for intervention in settings.causes.interventions} == {"product", "price", "support"}
