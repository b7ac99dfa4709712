"""The letter covers usage, similar customers and next steps, and never a risk."""

from __future__ import annotations

import dataclasses
import re
from datetime import date, datetime
from functools import cache

import msgspec
import pytest

from core.config.money import ReportSettings
from core.config.training import ChurnDefinition
from core.errors import BadInput, DataError, NotFound
from core.i18n.translation import ENGLISH, JAPANESE
from insights.letter.health_check import HealthCheck, LetterData, build_health_check
from insights.render.letter import render_letter
from tables.building import tables_from_frames
from tables.tables import Tables
from tests.software_firm import firm_tables, span, usage_rows
from tests.worlds import config, frame, shop

DAY = date(2026, 7, 1)
SIMILAR = [f"like{number}" for number in range(5)]
RISK = re.compile(r"churn|risk|at stake|probab|cancel|解約|離反|リスク|確率", re.IGNORECASE)


def neighbourhood(n_similar: int = 5, **changes) -> Tables:
    """Acme, on plan pro with 10 seats, and others on it who use reports, and alerts three times out of five."""
    others = SIMILAR[:n_similar]
    spans = [span("acme", "pro", "2025-01-10", None, 130.0, seats=10)]
    spans += [span(who, "pro", "2025-01-10", None, 100.0, seats=12) for who in others]
    spans += [span("huge", "pro", "2025-01-10", None, 100.0, seats=500), span("young", "pro", "2026-05-01", None, 9.0)]
    lines = ["acme 2026-06-01 export", "acme 2026-06-02 export", "acme 2026-06-02 login", "huge 2026-06-01 api"]
    lines += [f"{who} 2026-06-01 report" for who in others] + [f"{who} 2026-06-01 alerts" for who in others[:3]]
    return firm_tables(
        subscriptions=frame(*spans),
        usage=frame(*usage_rows(*lines)),
        tickets=frame(ticket("2026-06-03", None)),
        **changes,
    )


@cache
def near_acme() -> Tables:
    return neighbourhood()


@cache
def check_of_acme() -> HealthCheck:
    return check_of(near_acme())


def ticket(opened: str, closed: str | None) -> dict[str, object]:
    return {"customer_id": "acme", "opened_at": opened, "first_answered_at": f"{opened}T06:00", "closed_at": closed}


def check_of(tables: Tables, customer_id: str = "acme") -> HealthCheck:
    return build_health_check(tables, customer_id, cutoff=DAY)


def test_the_check_lists_what_is_used_and_what_similar_customers_use():
    check = check_of_acme()

    assert [(habit.thing, habit.n_days) for habit in check.used] == [("export", 2)]
    assert [(habit.thing, habit.share_of_similar) for habit in check.unused] == [("report", 1.0), ("alerts", 0.6)]
    assert (check.similar.by, check.similar.customer_ids.tolist()) == ("subscribing", SIMILAR)


def test_fewer_than_five_similar_customers_are_not_shown():
    check = check_of(neighbourhood(n_similar=3))

    assert (check.similar.by, check.unused) == ("none", ())


def test_profile_and_support_come_from_the_tables():
    check = check_of_acme()

    assert (check.profile.since, check.profile.plan, check.profile.seats) == (date(2025, 1, 10), "pro", 10)
    assert (check.profile.n_people, check.profile.renews_on, check.profile.owner) == (1, date(2026, 9, 1), "sato")
    assert check.support is not None
    assert (check.support.opened, check.support.answered, check.support.open) == (1, 1, 1)
    assert check.support.hours_to_answer == 6


@pytest.mark.parametrize("language", [ENGLISH, JAPANESE])
def test_the_letter_is_fit_to_be_sent(language):
    letter = render_letter(check_of_acme(), language)

    assert not RISK.search(letter)
    assert not re.search(r"https?:|<script| src=", letter)
    for text in ("acme", "export", "report", "100%", "sato", "1 / 10"):
        assert text in letter


def test_the_letter_suggests_next_steps():
    letter = render_letter(check_of_acme(), ENGLISH)

    assert "Try report: 100% of similar customers use it" in letter
    assert "9 of your 10 seats were not used" in letter
    assert "Your open support requests: 1." in letter
    assert "renewal on 1 September 2026" in letter


def test_the_contact_is_introduced_as_the_toml_says():
    tables = near_acme()
    report = msgspec.structs.replace(tables.config.report, contacts={"sato": "佐藤(カスタマーサクセス部 電話・メール)"})
    tables = dataclasses.replace(tables, config=msgspec.structs.replace(tables.config, report=report))

    assert "担当:佐藤(カスタマーサクセス部 電話・メール)" in render_letter(check_of(tables), JAPANESE)


def test_a_shop_s_letter_covers_purchases():
    lines = [f"c{n} 2026-0{month}-03 9 item_id={item}" for n in range(5) for month, item in ((5, "tea"), (6, "milk"))]
    lines += [f"c{n} 2026-06-09 9 item_id=tea" for n in range(5)]
    check = check_of(shop(*lines, "ada 2026-06-01 5 item_id=tea"), "ada")

    assert [habit.thing for habit in check.used] == ["tea"]
    assert [(habit.thing, habit.share_of_similar) for habit in check.unused] == [("milk", 1.0)]
    assert "Have a look at milk: 100% of similar customers buy it." in render_letter(check, ENGLISH)
    assert "ada 様" in render_letter(check, JAPANESE)


def test_a_shop_s_visits_are_no_feature_and_its_letter_counts_orders():
    visits = frame(*usage_rows("ada 2026-06-01 visit", "ada 2026-06-02 wishlist"))
    check = check_of(shop("ada 2026-06-01 5 item_id=tea", usage=visits), "ada")

    assert [habit.thing for habit in check.used] == ["tea"]
    assert (check.are_purchases, check.n_days_active) == (True, 1)


def test_without_purchases_in_the_window_a_shop_s_letter_covers_what_was_used():
    visits = frame(*usage_rows("ada 2026-06-01 visit", "ada 2026-06-02 wishlist"))
    check = check_of(shop("ada 2025-01-01 5 item_id=tea", usage=visits), "ada")

    assert ([habit.thing for habit in check.used], check.n_days_active) == (["wishlist"], 2)


def test_customer_names_are_escaped():
    evil = "<script>alert(1)</script>"
    letter = render_letter(check_of(shop(f"{evil} 2026-06-01 5 item_id=<b>"), evil), ENGLISH)

    assert "<script" not in letter
    assert "&lt;script&gt;" in letter
    assert "&lt;b&gt;" in letter


def test_an_unknown_customer_is_an_error_that_names_the_account_of_a_person():
    with pytest.raises(NotFound, match=r"no customer 'unknown' before 2026-07-01"):
        check_of(near_acme(), "unknown")
    with pytest.raises(NotFound, match="'acme-1' is a person of the account 'acme'"):
        check_of(near_acme(), "acme-1")


def test_a_customer_who_opted_out_of_contact_gets_no_letter():
    message = {"customer_id": "acme", "purpose": "contact", "granted": False, "event_time": "2026-01-01"}

    with pytest.raises(BadInput, match="'acme' has refused to be contacted"):
        check_of(neighbourhood(consents=frame(message)))


def test_ignored_events_are_not_named():
    settings = config(active_days=90, report=ReportSettings(ignored_events=("export",)))
    usage = frame(*usage_rows("ada 2026-06-01 export", "ada 2026-06-02 report"))

    assert [habit.thing for habit in check_of(shop(settings=settings, usage=usage), "ada").used] == ["report"]


@cache
def firm_after_churn() -> Tables:
    """Acme's only subscription has ended, in a firm where that is churn; usage goes on for a while."""
    spans = [span("acme", "pro", "2025-01-10", "2026-06-10", 130.0), span("bolt", "pro", "2025-01-10", None, 130.0)]
    usage = usage_rows("acme 2026-06-01 csv_export", "bolt 2026-06-01 csv_export")
    settings = config(churn=ChurnDefinition(definition="subscription_ended"), active_days=90)
    return tables_from_frames(settings, {"subscriptions": frame(*spans), "usage": frame(*usage)})


def test_a_customer_who_has_left_gets_no_letter_unless_for_the_archive():
    with pytest.raises(BadInput, match=r"'acme' has left: the last subscription ended on 2026-06-10; .*--force"):
        check_of(firm_after_churn())

    assert build_health_check(firm_after_churn(), "acme", cutoff=DAY, force=True).customer_id == "acme"
    assert check_of(firm_after_churn(), "bolt").customer_id == "bolt"


def test_a_buyer_who_has_been_away_too_long_has_left():
    tables = shop("ada 2025-01-01 item_id=tea", "bo 2026-06-01 item_id=tea")

    with pytest.raises(BadInput, match="'ada' has left: on 2026-07-01 there was no purchase in the 180 days"):
        check_of(tables, "ada")


def test_codes_of_events_read_as_words_and_the_toml_may_name_them():
    assert [habit.thing for habit in check_of(firm_after_churn(), "bolt").used] == ["Csv export"]

    named = config(report=ReportSettings(thing_names={"tea": "Green tea"}))
    assert [habit.thing for habit in check_of(shop("bo 2026-06-01 item_id=tea", settings=named), "bo").used] == [
        "Green tea"
    ]


def test_the_letter_names_company_and_sender_where_the_account_has_no_owner():
    settings = config(report=ReportSettings(company="Tea House KK", sender="Ken Mori"))
    check = check_of(shop("bo 2026-06-01 item_id=tea", settings=settings), "bo")

    for language in (ENGLISH, JAPANESE):
        letter = render_letter(check, language)
        assert letter.count("Tea House KK") == 2
        assert "Ken Mori" in letter


def test_a_renewal_on_the_day_of_the_letter_is_not_announced():
    def renewal(day: str) -> date | None:
        row = span("acme", "pro", "2025-01-10", None, 130.0) | {"renews_at": datetime.fromisoformat(day)}
        tables = firm_tables(subscriptions=frame(row), usage=frame(*usage_rows("acme 2026-06-01 export")))
        return check_of(tables).profile.renews_on

    assert (renewal("2026-07-01"), renewal("2026-07-02")) == (None, date(2026, 7, 2))


def test_without_a_table_of_customers_the_error_names_what_a_letter_needs():
    contacts = frame({"customer_id": "ada", "event_time": datetime(2026, 6, 1)})

    with pytest.raises(DataError, match="needs one of the tables subscriptions, purchases, usage, tickets, surveys"):
        check_of(tables_from_frames(config(), {"contacts": contacts}), "ada")


def words_of(check: HealthCheck) -> str:
    """The letter without its style sheet and tags, each gap as one blank."""
    body = render_letter(check, ENGLISH).partition("<body>")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_orders_without_items_are_a_letter_of_orders():
    text = words_of(check_of(shop("ada 2026-06-01", "ada 2026-06-03"), "ada"))

    assert "Your purchase review" in text
    assert "Orders 2" in text
    assert "What you buy" not in text


def test_a_subscription_and_its_tickets_are_a_letter_without_usage():
    row = span("acme", "pro", "2025-01-10", None, 130.0) | {"renews_at": datetime(2026, 8, 1)}
    tickets = frame(ticket("2026-06-03", None))
    settings = config(churn=ChurnDefinition("subscription_ended", horizon_days=30))

    text = words_of(check_of(tables_from_frames(settings, {"subscriptions": frame(row), "tickets": tickets})))

    assert "Your customer review" in text
    assert "Plan pro Support requests answered in the past year 1 of 1" in text
    assert "up for renewal" in text
    assert "usage" not in text


@pytest.mark.parametrize("language", [ENGLISH, JAPANESE])
def test_a_letter_that_compares_with_no_customer_does_not_say_who_they_are(language):
    spans = [span(who, "pro", "2025-01-10", None, 100.0) for who in ("acme", *SIMILAR)]
    settings = config(churn=ChurnDefinition("subscription_ended", horizon_days=30))

    page = render_letter(check_of(tables_from_frames(settings, {"subscriptions": frame(*spans)})), language)

    assert "pro" in page
    assert not re.search(r"[Ss]imilar customers|条件の近い", page)


def test_tickets_and_surveys_alone_are_a_letter():
    survey = {"customer_id": "acme", "event_time": datetime(2026, 6, 5), "kind": "nps", "score": 9.0}
    frames = {"tickets": frame(ticket("2026-06-03", "2026-06-04")), "surveys": frame(survey)}

    text = words_of(check_of(tables_from_frames(config(), frames)))

    assert "Surveys answered in the past year 1" in text
    assert "Support requests answered in the past year 1 of 1" in text


def test_letters_are_the_same_one_by_one_and_for_many():
    tables = near_acme()
    data = LetterData.of(tables, DAY)

    assert repr(data.focus_on(["acme"]).build("acme")) == repr(data.build("acme"))
