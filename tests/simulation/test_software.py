"""The simulated software company, and whether what is said to be true of it is."""

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
from simulation.software.accounts import make_accounts
from simulation.software.hazards import CAUSES
from simulation.software.history import AccountHistory, simulate_history
from simulation.software.simulate import SimulatedSoftware, simulate_software
from simulation.software.truth import SoftwareTruth
from simulation.software.world import SoftwareWorld, number_ids
from tables.contract import CONTRACT
from tables.sources.opening import open_tables

ATTRIBUTES = {"industry", "size", "country"}
LONG_GONE = pd.Timestamp("2100-01-01")


@pytest.fixture(scope="module")
def usual() -> SimulatedSoftware:
    return simulate_software(SoftwareWorld(n_accounts=150))


@pytest.fixture(scope="module")
def many() -> SoftwareTruth:
    """The lives alone of ten thousand accounts."""
    return lives_of(SoftwareWorld(n_accounts=10_000))


def lives_of(world: SoftwareWorld) -> SoftwareTruth:
    random = np.random.default_rng(world.seed)
    accounts = make_accounts(world, random)
    return SoftwareTruth(world, accounts, simulate_history(world, accounts, random=random))


def test_ids_of_a_large_company_are_sorted_as_text_as_they_are_as_numbers():
    assert (np.diff(np.argsort(number_ids("p", 100_001, digits=5))) == 1).all()
    assert number_ids("a", 3, digits=4).tolist() == ["a0001", "a0002", "a0003"]


def left_within(history: AccountHistory, month: int, n_months: int) -> np.ndarray:
    """(n,) bool: who leaves in so many months from one on."""
    churns = history.churns
    left = np.zeros(len(history.paid_from), bool)
    left[churns.accounts[(churns.months >= month) & (churns.months < month + n_months)]] = True
    return left


def spans_of(company: SimulatedSoftware) -> pd.DataFrame:
    spans = company.tables["subscriptions"].to_pandas().sort_values(["customer_id", "started_at"])
    return spans.assign(until=spans.ended_at.fillna(LONG_GONE))


def test_the_same_seed_makes_the_same_company_and_another_another():
    first, second, other = (simulate_software(SoftwareWorld(n_accounts=20, seed=seed)) for seed in (1, 1, 2))

    assert all(first.tables[name].equals(second.tables[name]) for name in first.tables)
    assert first.rates.equals(second.rates)
    assert not first.tables["usage"].equals(other.tables["usage"])


def test_every_table_keeps_the_contract(usual):
    for name, table in usual.tables.items():
        columns = set(table.column_names) - ATTRIBUTES

        assert columns <= set(CONTRACT[name].names), name
        assert columns >= set(CONTRACT[name].mandatory_columns), name


def test_a_company_that_was_written_opens_with_every_row_and_its_ends_are_its_labels(usual, tmp_path: Path):
    tables = open_tables(read_config(usual.write(tmp_path), {}))
    cutoff, history = date(2025, 3, 1), usual.truth.history

    outcomes = label_outcomes(tables, select_cohort(tables, [cutoff]))

    assert {name: report.n_usable for name, report in tables.load_reports.items()} == {
        name: len(table) for name, table in usual.tables.items()
    }
    churned = set(outcomes.customer_ids[outcomes.churned & outcomes.is_mature])
    here, day = usual.truth.customers_on(cutoff), (cutoff - usual.truth.world.start).days
    soon = (history.churns.days >= day) & (history.churns.days < day + 90) & here[history.churns.accounts]
    assert churned == set(usual.truth.accounts.account_ids[history.churns.accounts[soon]])


def test_spans_follow_each_other_and_never_overlap(usual):
    spans = spans_of(usual)
    same = (spans.customer_id == spans.customer_id.shift(-1)).to_numpy()

    assert (spans.until > spans.started_at).all()
    assert (spans.until[same].to_numpy() <= spans.started_at.shift(-1)[same].to_numpy()).all()
    assert ((spans.mrr > 0) & (spans.seats > 0)).all()


def test_a_span_ends_for_a_kind_of_reason_exactly_where_the_account_left(usual):
    spans = spans_of(usual)
    goes_on = (spans.customer_id == spans.customer_id.shift(-1)) & (spans.until == spans.started_at.shift(-1))

    assert (spans.end_kind.isna() == (goes_on | spans.ended_at.isna())).all()
    assert spans.end_kind.notna().sum() == len(usual.truth.history.churns.days)


def test_the_waterfall_of_each_month_reconciles(usual):
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


def test_people_use_and_ask_only_while_their_account_pays(usual):
    owner = usual.tables["customers"].to_pandas().set_index("customer_id").account_id
    spans = spans_of(usual)[["customer_id", "started_at", "until"]]

    for name, column in (("usage", "event_time"), ("tickets", "opened_at")):
        events = usual.tables[name].to_pandas().sort_values(column)
        events["account"] = events.customer_id.map(owner)
        found = pd.merge_asof(
            events[["account", column]], spans.sort_values("started_at"),
            left_on=column, right_on="started_at", left_by="account", right_by="customer_id",
        )  # fmt: skip
        assert (found[column] < found.until.dt.ceil("D")).all()


def test_the_true_probability_of_leaving_comes_true_in_every_fifth_of_accounts(many):
    for month, n_months in ((12, 3), (20, 6), (22, 12)):
        cutoff = (np.datetime64(many.world.start, "M") + month).astype("M8[D]").astype(date)
        here = many.customers_on(cutoff)
        told = many.p_churn(cutoff, n_months, n_futures=20)[here]
        left = left_within(many.history, month, n_months)[here]
        for rows in np.array_split(np.argsort(told), 5):
            spread = np.sqrt((told[rows] * (1 - told[rows])).sum()) / len(rows)
            assert abs(left[rows].mean() - told[rows].mean()) < 4 * spread + 0.01


def test_causes_add_up_and_no_one_comes_back_to_life_in_the_incidence(many):
    told = many.incidence(date(2025, 1, 1), 6, n_futures=3)

    assert (np.diff(told, axis=2) >= 0).all()
    assert (told.sum(axis=0) <= 1).all()


def test_the_causes_drawn_come_to_the_shares_of_the_hazards(many):
    churns = many.history.churns
    drawn = np.bincount(churns.causes, minlength=len(CAUSES)) / len(churns.causes)

    assert many.cause_shares() == pytest.approx(dict(zip(CAUSES, drawn, strict=True)), abs=0.02)
    assert (drawn > 0.05).all()


def test_between_one_and_three_percent_leave_in_a_month(many):
    rate = len(many.history.churns.days) / many.history.at_risk.sum()

    assert 0.015 < rate < 0.03


def test_what_drives_a_cause_stands_out_in_those_who_left_for_it(many):
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


def test_most_firms_say_why_they_left_and_most_of_them_say_what_was_so():
    company = simulate_software(SoftwareWorld(n_accounts=400, n_months=30))
    spans = company.tables["subscriptions"].to_pandas()
    left = spans[spans.end_kind.notna()]
    truth = dict(zip(company.truth.accounts.account_ids, company.truth.causes(), strict=True))
    last = left.sort_values("started_at").groupby("customer_id").tail(1)
    said = last[last.end_reason.notna()]

    assert 0.75 < left.end_reason.notna().mean() < 0.95
    assert 0.65 < (said.end_reason == said.customer_id.map(truth)).mean() < 0.92


def test_in_a_coin_toss_company_everybody_leaves_with_the_same_probability():
    truth = lives_of(SoftwareWorld(n_accounts=300, churn_is_random=True))
    told = truth.p_churn(date(2025, 1, 1), 3, n_futures=2)

    assert told == pytest.approx(told[0])
    assert truth.cause_shares() == pytest.approx(dict.fromkeys(CAUSES, 0.25))


def test_rates_reach_over_every_month_that_is_paid_for(usual):
    months = set(usual.rates["month"].to_pylist())

    assert {str(month) for month in usual.truth.world.months} <= months
    assert set(usual.tables["subscriptions"]["currency"].to_pylist()) == {"JPY", "USD"}


@pytest.mark.parametrize("impossible", [{"n_accounts": 0}, {"n_months": 0}, {"start": date(2023, 4, 2)}])
def test_an_impossible_world_is_refused(impossible):
    with pytest.raises(BadInput):
        SoftwareWorld(**impossible)


def test_its_toml_says_how_hazards_and_causes_are_told(usual: SimulatedSoftware, tmp_path: Path):
    stated = read_config(usual.write(tmp_path), {})
    offers, topics = (
        set(usual.tables[table][name].to_pylist()) for table, name in (("offers", "offer_id"), ("tickets", "topic"))
    )

    assert stated.hazard is not None
    assert set(stated.causes.words["support"]) <= topics
    assert {measure.offer for measure in stated.causes.interventions} <= offers
    assert {measure.cause for measure in stated.causes.interventions} == {"product", "price", "support"}
