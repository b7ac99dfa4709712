"""Features of the community and of referrals, on tables with known answers."""

from __future__ import annotations

import math
from typing import Any

from core.config.money import ReportSettings
from tests.engines import engine, every_engine
from tests.featured import features_at
from tests.worlds import config, frame, shop

EVENTS = ("post", "answer")


def event(kind: str, when: str, who: str = "ada") -> dict[str, Any]:
    return {"customer_id": who, "event_time": when, "event": kind}


USAGE = frame(
    event("visit", "2020-01-01", "old"), event("post", "2020-01-01", "old"),
    event("post", "2024-03-01T09:00"), event("post", "2024-03-01T10:00"), event("answer", "2023-06-01"),
    event("visit", "2024-03-07"), event("post", "2024-03-08"),
)  # fmt: skip


def features_of(
    who: str, *, events: tuple[str, ...] = EVENTS, engine_name: str = "duckdb", **frames: Any
) -> dict[str, float]:
    settings = config(report=ReportSettings(community_events=events))
    row = features_at(shop("ada 2024-01-01", settings=settings, backend=engine(engine_name), **frames), who)
    return dict(zip(row.names, row.values[0].tolist(), strict=True))


@every_engine
def test_actions_in_the_community_are_counted_of_all_kinds_and_of_each(engine_name):
    ada = features_of("ada", usage=USAGE, engine_name=engine_name)

    assert (ada["community_actions_30d"], ada["community_actions_365d"], ada["community_days_90d"]) == (2, 3, 1)
    assert (ada["community_post_90d"], ada["community_answer_90d"], ada["community_answer_365d"]) == (2, 0, 1)
    assert ada["days_since_community_action"] == 7
    assert math.isnan(features_of("bo", usage=USAGE)["days_since_community_action"])


def test_without_named_events_there_is_no_community():
    assert not any("community" in name for name in features_of("ada", events=(), usage=USAGE))


def person(who: str, joined: str | None, by: str | None = None, **more: Any) -> dict[str, Any]:
    return {"customer_id": who, "joined_at": joined, "referred_by": by, **more}


PEOPLE = (
    person("ada", "2021-01-01"), person("bo", "2022-01-10", "ada"), person("cy", "2024-02-01", "ada"),
    person("dee", "2024-03-08", "ada"), person("eve", None, "ada"), person("fay", "2024-02-01", "fay"),
)  # fmt: skip


@every_engine
def test_a_referral_counts_from_the_day_on_which_the_new_customer_joins(engine_name):
    ada, bo, fay = (features_of(who, customers=frame(*PEOPLE), engine_name=engine_name) for who in ("ada", "bo", "fay"))

    assert (ada["referrals_total"], ada["referrals_365d"], ada["days_since_last_referral"]) == (2, 1, 36)
    assert (ada["was_referred"], bo["was_referred"], bo["referrals_total"]) == (0, 1, 0)
    assert (fay["was_referred"], fay["referrals_total"]) == (0, 0)


def test_a_referral_by_an_alias_is_one_of_its_customer():
    links = frame({"alias_id": "card7", "customer_id": "ada"})
    people = frame(person("ada", "2021-01-01"), person("bo", "2024-02-01", "card7"))

    assert features_of("ada", customers=people, identities=links)["referrals_total"] == 1


def test_dated_customers_need_no_day_of_joining_for_what_the_report_counts():
    rows = [{"customer_id": "bo", "referred_by": "ada", "valid_from": "2024-01-01"}]
    tables = shop("ada 2024-01-01", customers=frame(*rows))

    assert "referred_by" in tables.at(tables.default_cutoff())["customers"].columns


def test_undated_customers_without_a_day_of_joining_have_no_referrals():
    rows = [{"customer_id": "bo", "referred_by": "ada"}]

    assert not any("refer" in name for name in features_of("ada", customers=frame(*rows)))


def test_where_accounts_are_the_customers_no_person_is_a_referral():
    people = [person("bo", "2024-01-01", "ada", account_id="acme", valid_from="2024-01-01")]
    tables = shop("ada 2024-01-01", settings=config(customer="account"), customers=frame(*people))

    assert not any("refer" in name for name in features_at(tables, "acme").names)
