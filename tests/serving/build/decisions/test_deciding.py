"""Cyd is worth a voucher; a sample costs more than it brings; the rules and the policy exclude the others."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest

from core.config.campaigns import Campaign
from core.config.decisions import ChannelSettings, ContactPolicy, DecisionSettings
from core.control_group import hash_share
from core.decisions import DecisionRow, NoContact, OutcomeKind
from core.errors import BadInput, UnknownName
from core.offers import Offer, OfferBook
from models.policies.acceptance.estimates import AcceptanceEstimates
from models.policies.acceptance.rates import estimate_acceptance
from models.policies.campaign_contacts import CampaignHistory, due_contacts, in_campaign_control
from models.policies.candidates import REASONS
from models.policies.frequency_limits import MonthlyLimit
from serving.build.decisions.campaigns import collect_due
from serving.build.decisions.deciding import DecisionRun, decide_customers
from serving.build.decisions.layouts import FIELDS, LAYOUTS
from serving.build.decisions.pricing import price_offers
from serving.build.decisions.writing import DecisionWriter, write_decisions
from serving.decisions.store import ContactHistory, Objection
from serving.offers.candidates import offers_of
from serving.offers.choosing import OfferRequest, choose_offer
from serving.release.offer_part import OfferPart
from serving.release.refusals import Refusals
from serving.release.send_slots import SendSlots, StoredSendSlots
from tests.serving.sample_release import offer_part, sample_release

EVERYTHING = LAYOUTS["kizuna"]
NOON = datetime(2026, 4, 1, 12)
LONG_AGO = datetime(2026, 3, 1)


def release_with(*offers: Offer, **changes):
    """The sample release with other offers; `changes` are those of `offer_part` and of its terms."""
    made = {name: changes.pop(name) for name in ("settings", "control_share", "declined_contact") if name in changes}
    part = offer_part(**made)
    book = OfferBook(offers) if offers else part.book
    rates = estimate_acceptance(book, part.terms.assumptions)
    part = replace(
        part,
        terms=msgspec.structs.replace(part.terms, book=book, **changes),
        acceptance=AcceptanceEstimates.of_rates(rates, n_customers=3),
    )
    return replace(sample_release(), offers=part, uplift=None)


def with_slots(release, *, hours, weekdays, channel=""):
    """The release with the best hours and weekdays of Ada, Bo and Cyd in one channel, or over all of them."""
    sources = np.full(3, "by hand")
    slots = SendSlots(
        hours=np.array(hours), weekdays=np.array(weekdays), hour_sources=sources, weekday_sources=sources
    )  # fmt: skip
    part = offers_of(release)
    stored = {**part.send_slots, channel: StoredSendSlots.of(slots, np.arange(3))}
    return replace(release, offers=replace(part, send_slots=stored))


def with_offer(release, offer):
    part = offers_of(release)
    book = OfferBook((*part.book.offers, offer))
    rates = estimate_acceptance(book, part.terms.assumptions)
    terms = msgspec.structs.replace(part.terms, book=book)
    return replace(
        release, offers=replace(part, terms=terms, acceptance=AcceptanceEstimates.of_rates(rates, n_customers=3))
    )


def decisions_of(release, **run):
    decided = decide_customers(release, DecisionRun(now=NOON, **run))
    return decided, {row.customer_id: row for row in decided.rows}


GIFT = Offer(offer_id="gift", kind="thank_you", cost=2, margin=100)
CALL = Offer(offer_id="call", kind="renewal", cost=1, margin=100)


def test_each_customer_gets_the_contact_that_pays_or_a_reason():
    decided, rows = decisions_of(release_with())

    assert (rows["cyd"].offer_id, rows["cyd"].treated, rows["cyd"].no_contact) == ("voucher", True, None)
    assert rows["bo"].offer_id is None
    assert rows["bo"].no_contact == NoContact.DOES_NOT_PAY
    assert decided.count_offers() == {"voucher": 1}
    assert decided.cost == 1


def test_a_customer_who_refuses_contact_gets_nothing_whatever_it_is_worth():
    _, rows = decisions_of(release_with(CALL, declined_contact=("cyd",)))

    assert rows["cyd"].no_contact == NoContact.NO_CONSENT
    assert rows["ada"].offer_id == "call"


def test_a_customer_who_refuses_a_channel_is_contacted_through_another_also_after_storing_the_release(tmp_path):
    by_mail, by_phone = (Offer(offer_id=f"{name}_gift", kind="content", cost=1, margin=100, channel=name) for name in
                         ("mail", "phone"))  # fmt: skip
    release = release_with(by_mail, by_phone)
    part = offers_of(release)
    refusals = Refusals.of(np.array([], dtype=str), {"mail": np.array(["cyd", "not a customer yet"])})
    part = OfferPart.from_artifacts(replace(part, refusals=refusals).to_artifacts())
    _, rows = decisions_of(replace(release, offers=part))

    assert (rows["cyd"].channel, rows["ada"].channel) == ("phone", "mail")
    assert part.customer("cyd").contacts.refuses_in("mail").tolist() == [True]
    assert part.customer("not a customer yet").contacts.refuses_in("mail").tolist() == [True]
    assert part.customer("ada").contacts.refuses_in("mail").tolist() == [False]


def test_the_control_group_gets_no_promotion_and_what_it_would_have_got_is_stored():
    decided, rows = decisions_of(release_with(GIFT, control_share=0.6))

    members = {name for name in rows if hash_share("shop", name) < 0.6}
    assert 0 < len(members) < 3
    assert members == {name for name, row in rows.items() if not row.treated}
    assert {row.offer_id for row in rows.values()} == {"gift"}
    assert {row.propensity for row in rows.values()} == {0.4}
    assert decided.chosen.value == pytest.approx(sum(row.expected_value for row in rows.values() if row.treated))
    assert all(rows[name].cost == 0 and rows[name].no_contact == NoContact.CONTROL_GROUP for name in members)


def test_the_control_group_waits_as_long_as_customers_who_were_contacted():
    release = release_with(GIFT, CALL, control_share=0.6)
    morning = datetime(2026, 4, 1, 8)
    names = ("ada", "bo", "cyd")
    members = {name for name in names if hash_share("shop", name) < 0.6}
    gifts = [
        DecisionRow(
            decision_id=f"d{name}", customer_id=name, decided_at=morning, offer_id="gift", treated=name not in members,
            no_contact=NoContact.CONTROL_GROUP if name in members else None,
        )
        for name in names
    ]  # fmt: skip

    _, rows = decisions_of(release, history=ContactHistory(decisions=gifts))

    assert 0 < len(members) < 3
    assert {name: row.offer_id for name, row in rows.items()} == {
        name: "call" if name in members else None for name in names
    }
    assert {rows[name].no_contact for name in set(names) - members} == {NoContact.CAP}


def test_renewal_contacts_have_no_control_group():
    _, rows = decisions_of(release_with(CALL, control_share=0.6))

    assert all(row.treated and row.propensity == 1 for row in rows.values())


def test_a_promotion_has_no_control_group_among_customers_who_would_get_a_renewal_instead():
    better_gift = msgspec.structs.replace(GIFT, margin=1_000)

    _, rows = decisions_of(release_with(better_gift, CALL, control_share=0.6))

    members = {name for name in rows if hash_share("shop", name) < 0.6}
    assert {name: row.offer_id for name, row in rows.items()} == {
        name: "call" if name in members else "gift" for name in rows
    }
    assert all(row.treated and row.propensity == 1 for row in rows.values())


def test_a_budget_goes_to_the_customers_who_are_worth_most_for_it():
    decided, rows = decisions_of(release_with(GIFT), budget=4.0)

    assert sorted(str(row.no_contact) for row in rows.values()) == ["None", "None", "budget"]
    assert decided.cost == 4


def test_capacity_of_a_channel_is_kept():
    settings = DecisionSettings(channels={"mail": ChannelSettings(cost=1, capacity=1)})

    decided, rows = decisions_of(release_with(GIFT, settings=settings))

    assert [row.channel for row in rows.values() if row.offer_id] == ["mail"]
    assert decided.count_reasons() == {NoContact.CAPACITY: 2}
    assert decided.cost == 3


def test_a_capacity_of_zero_leaves_no_contact_and_the_next_best_offer_takes_its_place():
    used_up = msgspec.structs.replace(GIFT, capacity=0)
    no_calls = DecisionSettings(channels={"phone": ChannelSettings(capacity=0)})

    _, rows = decisions_of(release_with(used_up))
    _, with_call = decisions_of(release_with(used_up, CALL))
    _, by_phone = decisions_of(release_with(GIFT, settings=no_calls))

    assert {row.no_contact for row in (*rows.values(), *by_phone.values())} == {NoContact.CAPACITY}
    assert {row.offer_id for row in with_call.values()} == {"call"}


def test_contacts_wait_until_the_quiet_hours_are_over():
    release = release_with(GIFT, policy=ContactPolicy())

    decided = decide_customers(release, DecisionRun(now=datetime(2026, 4, 1, 23)))

    assert {row.send_at for row in decided.rows} == {datetime(2026, 4, 2, 9)}


def test_a_contact_is_made_in_the_best_hour_of_each_customer_within_a_day():
    release = release_with(GIFT)
    release = with_slots(release, hours=[20, 8, -1], weekdays=[-1, -1, -1])

    _, rows = decisions_of(release)

    assert {name: row.send_at for name, row in rows.items()} == {
        "ada": datetime(2026, 4, 1, 20),
        "bo": datetime(2026, 4, 2, 8),
        "cyd": NOON,
    }


def test_the_same_run_gives_the_same_decisions():
    release = release_with(settings=DecisionSettings(exploration="epsilon", epsilon=0.5))

    (_, first), (_, second) = decisions_of(release), decisions_of(release)

    assert first == second
    assert any(row.choice_propensity < 1 for row in first.values())


def test_the_service_and_the_daily_run_say_alike_that_chance_has_left_a_customer_out():
    release = release_with(GIFT, settings=DecisionSettings(exploration="epsilon", epsilon=1.0))
    noons = [NOON + timedelta(days=day) for day in range(12)]

    decided = [row for now in noons for row in decide_customers(release, DecisionRun(now=now, seed=now.day)).rows]
    requested = [
        choose_offer(release, OfferRequest(customer_id="cyd", now=now, history=ContactHistory())) for now in noons
    ]

    for reasons in ({row.no_contact for row in decided}, {one.nothing_because for one in requested}):
        assert reasons == {None, NoContact.EXPLORATION}


def test_a_second_run_of_a_day_keeps_the_contacts_of_the_first_and_what_they_cost():
    release = release_with(GIFT)
    first, rows = decisions_of(release, budget=2.0)
    made = [row for row in rows.values() if row.offer_id]

    again, second = decisions_of(release, budget=2.0, history=ContactHistory(decisions=made))
    richer, third = decisions_of(release, budget=4.0, history=ContactHistory(decisions=made))

    assert len(made) == 1
    assert [row for row in second.values() if row.offer_id] == made
    assert again.cost == first.cost == 2
    assert made[0] in third.values()
    assert richer.cost == 4


def test_a_customer_who_was_contacted_on_this_day_waits():
    release = release_with(GIFT)
    asked_for = DecisionRow(decision_id="a request", customer_id="cyd", decided_at=NOON, offer_id="gift")

    _, later = decisions_of(release, history=ContactHistory(decisions=[asked_for]))

    assert later["cyd"].no_contact == NoContact.CAP
    assert later["ada"].offer_id == "gift"


def test_a_customer_who_unsubscribed_or_complained_since_the_release_gets_nothing():
    release = release_with(GIFT, CALL, policy=ContactPolicy(quiet_from=None, quiet_until=None, complaint_days=3))
    left = Objection("cyd", OutcomeKind.UNSUBSCRIBED, NOON)
    complaints = [Objection("ada", OutcomeKind.COMPLAINED, NOON), Objection("bo", OutcomeKind.COMPLAINED, LONG_AGO)]

    decided, rows = decisions_of(release, history=ContactHistory(objections=[left, *complaints]))

    assert rows["cyd"].no_contact == NoContact.NO_CONSENT
    assert {rows[name].offer_id for name in ("ada", "bo")} == {"call"}
    gifts = [REASONS[code - 1] if code else None for code in decided.candidates.codes[:, 0]]
    assert gifts == [NoContact.COMPLAINT, None, NoContact.NO_CONSENT]


def test_a_customer_whose_segment_gets_tired_gets_no_more_promotions_and_the_answer_says_so():
    limit = MonthlyLimit(source="segment: tired", max_contacts=2)
    release = release_with(GIFT, monthly_limits=(limit,), policy=ContactPolicy(other_campaign_days=0))
    release = replace(release, offers=replace(offers_of(release), limit_places=np.array([0, -1, 0], np.int16)))
    days = [(name, day) for name in ("ada", "bo") for day in (10, 20)] + [("cyd", 10), ("cyd", 2)]
    earlier = [
        DecisionRow(
            decision_id=f"{name} {day}", customer_id=name, offer_id="gift", decided_at=NOON - timedelta(days=day)
        )
        for name, day in days
    ]  # fmt: skip

    decided, rows = decisions_of(release, history=ContactHistory(decisions=earlier))
    with_call, called = decisions_of(with_offer(release, CALL), history=ContactHistory(decisions=earlier))

    assert {name: row.no_contact for name, row in rows.items()} == {
        "ada": NoContact.FREQUENCY, "bo": None, "cyd": NoContact.FREQUENCY,
    }  # fmt: skip
    limits = {row["customer_id"]: row["frequency_limit"] for row in DecisionWriter(release, decided).rows(EVERYTHING)}
    assert limits == {"ada": "at most 2 in 30 days, measured; segment: tired", "bo": "", "cyd": limits["ada"]}
    assert called["ada"].offer_id == "call"
    assert with_call.candidates.valued.values.fatigue.sum() == 0  # what the limit leaves out costs no value


def test_days_to_a_birthday_are_those_of_the_day_of_the_decision():
    birthday = Offer(offer_id="cake", kind="birthday", cost=1, margin=100, rule="days_to_birthday <= 7")
    release = release_with(birthday)
    part = offers_of(release)
    numbers = {**part.numbers, "days_to_birthday": np.array([9.0, 7.0, 1.0])}  # at the cutoff, 2026-04-01
    release = replace(release, offers=replace(part, numbers=numbers))

    def find_contacted(day: int) -> set[str]:
        decided = decide_customers(release, DecisionRun(now=datetime(2026, 4, day, 12)))
        return {row.customer_id for row in decided.rows if row.offer_id}

    assert find_contacted(1) == {"bo", "cyd"}
    assert find_contacted(3) == {"ada", "bo"}


def test_decisions_that_nothing_can_be_learned_from_are_not_stored():
    decided, rows = decisions_of(release_with())

    assert decided.rows_to_store == [row for row in rows.values() if row.offer_id]


def test_prices_let_a_single_request_keep_to_the_budget():
    priced = price_offers(release_with(GIFT, settings=DecisionSettings(budget=2.0)))

    assert offers_of(priced).terms.prices["budget"] > 0
    assert price_offers(release_with(GIFT)) is not None
    assert offers_of(price_offers(release_with(GIFT))).terms.prices == {}


@pytest.mark.parametrize("budget", [0.0, 1.9])
def test_requests_get_nothing_that_a_budget_below_its_cost_does_not_pay_for(budget: float):
    news = Offer(offer_id="news", kind="content", cost=2, margin=100)
    free = Offer(offer_id="free", kind="content", cost=0, margin=50)
    request = OfferRequest(customer_id="ada", now=NOON, history=ContactHistory())

    def find_offer(*offers: Offer, budget: float | None = None) -> str | None:
        release = price_offers(release_with(*offers, settings=DecisionSettings(budget=budget)))
        option = choose_offer(release, request).option
        return option.offer.offer_id if option else None

    assert find_offer(news) == "news"
    assert find_offer(news, budget=budget) is None
    assert find_offer(news, free, budget=budget) == "free"


def test_requests_of_customers_who_are_alike_use_the_share_of_the_budget_that_they_had_in_the_batch():
    """The budget pays for two of three; which ones changes from day to day."""
    news = Offer(offer_id="news", kind="content", cost=2, margin=100)
    priced = price_offers(release_with(news, settings=DecisionSettings(budget=4)))

    def find_reached(day: int) -> list[str]:
        requests = [
            OfferRequest(customer_id=one, now=NOON + timedelta(days=day), history=ContactHistory())
            for one in ("ada", "bo", "cyd")
        ]
        return [one.customer_id for one in requests if choose_offer(priced, one).option is not None]

    assert offers_of(priced).terms.share_at_price == pytest.approx(2 / 3)
    reached = [find_reached(day) for day in range(60)]
    assert 0.55 < sum(map(len, reached)) / 180 < 0.78
    assert {name for names in reached for name in names} == {"ada", "bo", "cyd"}


def test_a_file_for_mailing_tools_holds_contacts_alone_with_a_sentence_in_the_customers_language(tmp_path):
    release = release_with()
    decided, _ = decisions_of(release)

    n_rows = write_decisions(tmp_path / "mail.csv", decided, release=release, layout="mail")

    rows = list(csv.DictReader((tmp_path / "mail.csv").read_text("utf-8").splitlines()))
    assert (n_rows, [row["external_id"] for row in rows]) == (1, ["cyd"])
    assert rows[0]["sentence"] == "次回のご注文にご利用いただける割引をご用意しました。"
    assert rows[0]["send_at"] == "2026-04-01T12:00:00+09:00"


def test_the_full_file_holds_every_customer_with_the_parts_of_the_value_or_the_reason(tmp_path):
    release = release_with(GIFT, CALL, declined_contact=("ada",))
    decided, decisions = decisions_of(release)

    write_decisions(tmp_path / "all.parquet", decided, release=release, layout="kizuna")

    rows = {row["customer_id"]: row for row in pq.read_table(tmp_path / "all.parquet").to_pylist()}
    assert set(rows) == {"ada", "bo", "cyd"}
    assert rows["ada"]["no_contact"] == "no_consent"
    cyd = rows["cyd"]
    assert cyd["acceptance"] * cyd["margin"] + cyd["retained"] - cyd["cost"] - cyd["fatigue"] == pytest.approx(
        decisions["cyd"].expected_value, abs=0.01
    )
    assert "retained: save rate of 0.1" in cyd["sources"]


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_every_layout_names_fields_that_decisions_have(layout, tmp_path):
    release = release_with(GIFT)
    decided, _ = decisions_of(release)

    n_rows = write_decisions(tmp_path / "x.csv", decided, release=release, layout=layout)

    assert set(LAYOUTS[layout].headers) <= set(FIELDS.names)
    assert n_rows == (1 if layout == "line" else 3)


def test_an_unknown_layout_or_a_budget_below_the_cheapest_contact_is_refused(tmp_path):
    release = release_with(GIFT)
    decided, _ = decisions_of(release)

    with pytest.raises(UnknownName, match="no 'mailchimp' in layouts; there are: kizuna, mail"):
        write_decisions(tmp_path / "x.csv", decided, release=release, layout="mailchimp")
    with pytest.raises(BadInput, match="does not pay for the cheapest contact, which costs 2"):
        decisions_of(release, budget=1.0)
    assert not np.any(list(tmp_path.iterdir()))


SPRING = Offer(offer_id="spring", kind="content", cost=1, margin=100)


def campaign_release(**campaign):
    """Ada and Cyd are of the audience of the campaign, which makes the offer `spring`; the gift needs no campaign."""
    release = release_with(GIFT, SPRING, campaign_offers=("spring",))
    settings = {"goal": "win back", "starts_on": NOON.date(), "offers": ("spring",), "rule": "1 == 1", "stages": (100,)}
    return release, {"april": Campaign(**{**settings, "control_share": 0.0, **campaign})}


def due_today(release, campaigns, decisions=()):
    contacts = due_contacts(
        "april",
        campaigns["april"],
        customer_ids=np.array(["ada", "bo", "cyd", "stranger"]),
        in_audience=np.array([True, False, True, True]),
        stage_percent=100,
        today=NOON.date(),
        history=CampaignHistory(decisions=decisions),
    )
    return collect_due(release, campaigns, contacts={"april": contacts})


def test_a_campaign_goes_before_other_offers_and_to_its_audience_alone():
    release, campaigns = campaign_release()

    _, rows = decisions_of(release, campaigns=due_today(release, campaigns))

    assert {name: row.offer_id for name, row in rows.items()} == {"ada": "spring", "bo": "gift", "cyd": "spring"}
    assert {name: row.campaign_id for name, row in rows.items()} == {"ada": "april", "bo": None, "cyd": "april"}
    assert rows["ada"].stage_percent == 100


def test_the_offer_of_a_campaign_is_not_made_without_it():
    release, _ = campaign_release()

    _, rows = decisions_of(release)

    assert {row.offer_id for row in rows.values()} == {"gift"}


def test_the_control_group_of_a_campaign_gets_nothing_and_its_propensity_is_stored():
    release, campaigns = campaign_release(control_share=0.5)
    members = set(np.array(["ada", "cyd"])[in_campaign_control("april", np.array(["ada", "cyd"]), share=0.5)])

    decided, rows = decisions_of(release, campaigns=due_today(release, campaigns))

    assert members == {name for name, row in rows.items() if not row.treated}
    assert {rows[name].offer_id for name in ("ada", "cyd")} == {"spring"}
    assert {rows[name].propensity for name in ("ada", "cyd")} == {0.5}
    assert decided.cost == 1 * (2 - len(members)) + 2


def test_the_control_group_of_a_campaign_goes_before_better_offers_as_its_contacts_do():
    _, campaigns = campaign_release(control_share=0.5)
    worse = msgspec.structs.replace(SPRING, cost=GIFT.cost + 0.5)
    release = release_with(GIFT, worse, campaign_offers=("spring",))
    members = set(np.array(["ada", "cyd"])[in_campaign_control("april", np.array(["ada", "cyd"]), share=0.5)])

    _, rows = decisions_of(release, campaigns=due_today(release, campaigns))

    assert members
    assert {name: row.offer_id for name, row in rows.items()} == {"ada": "spring", "bo": "gift", "cyd": "spring"}
    assert members == {name for name, row in rows.items() if not row.treated}


def test_a_customer_enters_a_campaign_once():
    release, campaigns = campaign_release()
    yesterday = DecisionRow(
        decision_id="d1", customer_id="ada", decided_at=datetime(2026, 3, 31, 12), offer_id="spring",
        campaign_id="april",
    )  # fmt: skip

    _, rows = decisions_of(release, campaigns=due_today(release, campaigns, [yesterday]))

    assert {name: row.offer_id for name, row in rows.items()} == {"ada": "gift", "bo": "gift", "cyd": "spring"}
