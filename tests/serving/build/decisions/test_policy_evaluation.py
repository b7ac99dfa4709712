"""A shop left its offers to chance: tea earned 55 a customer, a cup 14 and nothing 5. What would other terms earn?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import msgspec
import numpy as np
import pytest

from core.config.data_set import Config
from core.config.decisions import ContactPolicy, DecisionSettings
from core.config.money import OfferAssumptions
from core.config.sources import TableSource
from core.decisions import DecisionRow
from core.errors import DataError, NotEnoughHistory
from serving.build.decisions.deciding import DecisionRun, decide_customers
from serving.build.decisions.policy_evaluation import PolicyReport, ReplaySources, evaluate_changed_policy
from serving.build.inputs import Champions
from serving.build.release import build_release
from serving.decisions.store import ContactHistory
from serving.release.release import Release
from tables.building import tables_from_frames
from tables.tables import Tables
from tests.worlds import config, frame

N, DAY = 1_500, date(2026, 4, 1)
NOON = datetime(2026, 4, 1, 12)
TEA, CUP = {"offer_id": "tea", "cost": 10.0, "margin": 100.0}, {"offer_id": "cup", "cost": 1.0, "margin": 30.0}
BOUGHT = {"tea": (0.6, 100.0), "cup": (0.5, 20.0)}
"By offer: how many accept, and for how much they buy; one in ten buys for 50 by themselves."


def settings(
    exploration: Literal["none", "epsilon"] = "none", *, epsilon: float = 0.9, control_share: float = 0.0
) -> Config:
    return config(
        tables={"purchases": TableSource(path="nowhere.parquet")},
        decisions=DecisionSettings(exploration=exploration, epsilon=epsilon),
        contact_policy=ContactPolicy(control_share=control_share),
        offers=OfferAssumptions(acceptance_probability=0.5),
    )


def build_tables(terms: Config, *, later: list[dict[str, Any]], offers: tuple[dict[str, Any], ...]) -> Tables:
    before = [
        {"customer_id": f"c{one}", "event_time": f"2026-0{month}-01", "amount": 10.0}
        for one in range(N)
        for month in (range(1, 4) if one % 2 else (2,))
    ]
    last = {"customer_id": "c0", "event_time": "2026-04-20", "amount": 0.0}
    return tables_from_frames(
        terms,
        {
            "purchases": frame(*before, *later, last),
            "offers": frame(*({"kind": "discount", "rule": None} | offer for offer in offers)),
        },
    )


@dataclass(frozen=True)
class LoggedShop:
    """What the shop decided on a day, and what its customers bought afterwards."""

    release: Release
    decisions: list[DecisionRow]
    later: list[dict[str, Any]]

    def evaluate(
        self,
        terms: Config,
        *,
        offers: tuple[dict[str, Any], ...] = (TEA, CUP),
        decisions: list[DecisionRow] | None = None,
        is_deleted: bool = False,
        kpi: Any = "margin",
    ) -> PolicyReport:
        tables = build_tables(terms, later=self.later, offers=offers)
        sources = ReplaySources(
            config=terms,
            tables=tables,
            history=ContactHistory(decisions=self.decisions),
            open_release=lambda name: (
                self.release if name == self.release.description.release_id and not is_deleted else None
            ),
            build_release=lambda day: build(terms, tables, day=day),
        )
        return evaluate_changed_policy(self.decisions if decisions is None else decisions, sources, kpi=kpi)


def build(terms: Config, tables: Tables, *, day: date = DAY) -> Release:
    return build_release(
        terms, tables, champions=Champions({}, {}), cutoff=day, created_at=datetime(2026, 4, 1, tzinfo=UTC)
    )


def log_shop(terms: Config) -> LoggedShop:
    random = np.random.default_rng(5)
    release = build(terms, build_tables(terms, later=[], offers=(TEA, CUP)))
    decided = decide_customers(release, DecisionRun(now=NOON, seed=3))
    later = list[dict[str, Any]]()
    for row in decided.rows:
        moment = NOON + timedelta(days=1)
        accepts, amount = BOUGHT[row.offer_id] if row.offer_id and row.treated else (0.0, 0.0)
        bought = amount * (random.random() < accepts) + 50.0 * (random.random() < 0.1)
        if bought:
            later.append({"customer_id": row.customer_id, "event_time": moment.isoformat(), "amount": bought})
    return LoggedShop(release, decided.rows_to_store, later)


@pytest.fixture(scope="module")
def past() -> LoggedShop:
    return log_shop(settings("epsilon", control_share=0.2))


def test_terms_that_send_tea_to_all_would_have_earned_what_tea_earns(past):
    report = past.evaluate(settings())

    for estimate in (report.ips, report.self_normalised_ips, report.doubly_robust):
        assert estimate.low < 55 < estimate.high
        assert estimate.value == pytest.approx(55, abs=6)
    # Of ten decisions, four and a bit were for tea and three each for the others.
    assert report.logged.value == pytest.approx(0.4 * 55 + 0.3 * 14 + 0.3 * 5, abs=5)
    assert report.gain.value == pytest.approx(report.doubly_robust.value - report.logged.value)
    assert report.gain.low > 10
    assert report.choices[0].choice == "tea"
    assert report.choices[0].new == 1.0


def test_control_groups_are_left_out_and_counted(past):
    report = past.evaluate(settings(control_share=0.2))

    assert 0.15 * N < report.in_control_group < 0.25 * N
    assert report.decisions == N - report.in_control_group == report.customers


def test_a_changed_rule_is_replayed_for_each_customer(past):
    report = past.evaluate(settings(), offers=(TEA | {"rule": "orders_total >= 3"}, CUP))

    assert {one.choice: round(one.new, 1) for one in report.choices} == {"tea": 0.5, "cup": 0.5, "nothing": 0.0}
    assert report.doubly_robust.value == pytest.approx((55 + 14) / 2, abs=5)


def test_the_terms_that_made_the_decisions_earn_what_was_earned(past):
    report = past.evaluate(settings("epsilon"))

    assert report.effective_size == pytest.approx(report.decisions)
    assert report.gain.low < 0 < report.gain.high
    assert report.gain.value == pytest.approx(0, abs=1.0)
    assert {one.choice: round(one.new, 2) for one in report.choices} == {"tea": 0.4, "cup": 0.3, "nothing": 0.3}


def test_a_deleted_release_is_built_again_and_counted(past):
    report = past.evaluate(settings(), is_deleted=True)

    assert report.runs_without_release == 1
    assert report.doubly_robust.value == pytest.approx(past.evaluate(settings()).doubly_robust.value, abs=2)


def test_an_order_may_be_the_reward(past):
    report = past.evaluate(settings(), kpi="purchased")

    assert report.doubly_robust.low < 0.6 + 0.4 * 0.1 < report.doubly_robust.high


def test_an_offer_that_was_never_made_is_refused(past):
    with pytest.raises(NotEnoughHistory, match="would choose coffee for 100% of the customers, and the log never did"):
        past.evaluate(settings(), offers=(TEA | {"offer_id": "coffee"}, CUP))


def test_decisions_that_left_nothing_to_chance_are_refused():
    certain = log_shop(settings())

    with pytest.raises(NotEnoughHistory, match="would choose cup for 100% of the customers, and the log never did"):
        certain.evaluate(settings(), offers=(CUP,))


def test_decisions_of_websites_are_no_runs(past):
    # Their ids are of another day.
    later = [msgspec.structs.replace(one, decided_at=one.decided_at + timedelta(days=9)) for one in past.decisions]

    with pytest.raises(NotEnoughHistory, match="no decision is stored"):
        past.evaluate(settings(), decisions=later)


def test_customers_who_can_still_respond_are_waited_for(past):
    terms = msgspec.structs.replace(settings(), watermark=date(2026, 4, 15))

    with pytest.raises(NotEnoughHistory, match="14 days after the first stored decision, of 2026-04-01, are not over"):
        past.evaluate(terms)


def test_a_reward_that_is_not_recorded_is_refused(past):
    tables = build_tables(settings(), later=[], offers=(TEA,)).without("purchases")
    sources = ReplaySources(
        config=settings(),
        tables=tables,
        history=ContactHistory(),
        open_release=lambda _: None,
        build_release=lambda _: past.release,
    )

    with pytest.raises(DataError, match="--kpi margin needs the table purchases"):
        evaluate_changed_policy(past.decisions, sources, kpi="margin")
