"""POST /v1/next-best-offer knows what was decided, and what customers did, since the release."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from core.config.decisions import ContactPolicy, DecisionSettings
from core.decisions import DecisionOutcome, DecisionRow, OutcomeKind
from core.environment import DECISIONS_FILE
from serving.decisions.database import DecisionDatabase
from serving.decisions.store import ContactHistory, DecisionFilter, DecisionStore
from serving.endpoints import next_best_offer
from tests.serving.conftest import client_for, open_api
from tests.serving.databases import database_url
from tests.serving.sample_release import offer_part, publish, sample_release

OFFER = "/v1/next-best-offer"
ZONE = ZoneInfo(sample_release().description.time_zone)
HOUR = timedelta(hours=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """A database on either engine; the release of the data set is worth an offer to Cyd."""
    publish(tmp_path / "releases", replace(sample_release(), offers=offer_part()))
    with database_url(request.param, tmp_path) as url:
        yield DecisionDatabase.at(url, tmp_path / "unused.db")


@pytest.fixture
def ask(database, tmp_path):
    send = client_for(open_api(tmp_path / "releases", decisions=database))

    def ask_for(customer_id: str, **body):
        return send("POST", OFFER, json={"customer_id": customer_id, **body}).json()

    return ask_for


def local_now() -> datetime:
    """The hour and minute in the zone of the release, asked for by each test: caps count days that end at midnight."""
    return datetime.now(ZONE).replace(tzinfo=None, microsecond=0)


def store_decision(database, **changes) -> DecisionStore:
    usual = {"customer_id": "cyd", "decided_at": local_now(), "offer_id": "voucher"}
    store = DecisionStore(database, "shop")
    store.add([DecisionRow(**{"decision_id": "d1", **usual, **changes})])
    return store


def test_a_customer_gets_one_offer_a_day_however_the_id_is_written(ask):
    first, second, third = ask("cyd"), ask("cyd"), ask(" cyd ", record=False)

    assert (first["offer_id"], first["recorded"]) == ("voucher", True)
    assert [(one["choice"], one["nothing_because"]) for one in (second, third)] == [("nothing", "cap")] * 2
    assert second["recorded"] is False


def test_of_many_requests_at_once_one_gets_the_offer_of_the_day(ask):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask("cyd"), range(16)))

    assert sorted(one["choice"] for one in answers) == ["nothing"] * 15 + ["offer"]
    assert {one["nothing_because"] for one in answers} == {"cap", None}


def test_a_decision_of_another_request_that_is_stored_meanwhile_counts(ask, database, monkeypatch):
    load, loaded = next_best_offer.load_history_since, []

    def load_before_the_other_request(*arguments, **options):
        loaded.append(load(*arguments, **options))
        if len(loaded) == 1:
            store_decision(database)
        return loaded[-1]

    monkeypatch.setattr(next_best_offer, "load_history_since", load_before_the_other_request)
    answer = ask("cyd")

    assert (answer["choice"], answer["nothing_because"], answer["recorded"]) == ("nothing", "cap", False)
    assert len(loaded) == 2


def test_a_request_that_others_always_overtake_ends_and_says_so(ask, database, monkeypatch):
    store_decision(database, treated=False)
    monkeypatch.setattr(next_best_offer, "load_history_since", lambda *_, **__: ContactHistory())

    problem = ask("cyd")

    assert (problem["status"], problem["type"].rsplit(":")[-1]) == (503, "decisions-unavailable")
    assert problem["detail"] == (
        "20 other requests of this customer were decided in the meantime; send the request again"
    )


def test_an_id_that_no_database_can_store_is_answered_and_not_stored(ask, database, monkeypatch):
    by_chance = property(lambda choice: True)
    monkeypatch.setattr(next_best_offer.OfferChoice, "is_evidence", by_chance)
    for _ in range(2):
        answer = ask("cyd\0")
        assert (answer["known_customer"], answer["recorded"]) == (False, False)
    assert DecisionStore(database, "shop").find(DecisionFilter()) == []


def test_an_offer_that_was_only_looked_at_limits_nothing(ask):
    assert [ask("cyd", record=False)["offer_id"] for _ in range(2)] == ["voucher"] * 2


def test_a_contact_that_is_planned_for_the_week_counts_and_the_control_group_does_not(ask, database):
    store_decision(database, treated=False)
    assert ask("cyd", record=False)["offer_id"] == "voucher"

    for day in (1, 2):
        store_decision(database, decision_id=f"planned {day}", send_at=local_now() + timedelta(days=day))
    assert ask("cyd")["nothing_because"] == "cap"


def test_a_customer_who_unsubscribed_from_an_offer_gets_no_other(ask, database):
    store = store_decision(database, decided_at=local_now() - timedelta(days=20))
    assert ask("cyd", record=False)["offer_id"] == "voucher"

    now = local_now()
    left = DecisionOutcome(outcome_id="o1", decision_id="d1", kind=OutcomeKind.UNSUBSCRIBED, event_time=now)
    store.add_outcomes([left], now=now)
    assert ask("cyd")["nothing_because"] == "no_consent"
    assert ask("ada")["nothing_because"] != "no_consent"


def test_without_the_database_no_customer_is_contacted_and_the_answer_says_why(tmp_path):
    publish(tmp_path / "releases", replace(sample_release(), offers=offer_part()))
    stopped = DecisionDatabase.at("postgresql://ann@127.0.0.1:9/x", tmp_path / "unused.db")
    send = client_for(open_api(tmp_path / "releases", decisions=stopped))

    response = send("POST", OFFER, json={"customer_id": "cyd"}).json()

    assert (response["choice"], response["nothing_because"]) == ("nothing", "contacts_unknown")
    assert (response["offers"], response["recorded"]) == ([], False)


@pytest.mark.parametrize("name", ["  ", "1.78E+15", "\N{MUSICAL SYMBOL EIGHTH NOTE}" * 128])
def test_a_text_that_is_no_id_leaves_no_decision(tmp_path, name):
    # Every choice is by chance, and stored therefore.
    part = offer_part(settings=DecisionSettings(exploration="epsilon", epsilon=0.5))
    publish(tmp_path / "releases", replace(sample_release(), offers=part))
    send, database = client_for(open_api(tmp_path / "releases")), DecisionDatabase.at(None, tmp_path / DECISIONS_FILE)

    answers = [send("POST", OFFER, json={"customer_id": one}).json() for one in (name, name, "a stranger")]

    assert [one["recorded"] for one in answers] == [False, False, True]
    assert [one.customer_id for one in DecisionStore(database, "shop").find(DecisionFilter())] == ["a stranger"]


def test_in_quiet_hours_an_offer_can_be_asked_for_a_contact_after_them(tmp_path):
    now = local_now()
    later = now + 3 * HOUR
    quiet = ContactPolicy(quiet_from=(now - HOUR).time(), quiet_until=(now + 2 * HOUR).time())
    part = offer_part()
    part = replace(part, terms=structs.replace(part.terms, policy=quiet))
    publish(tmp_path / "releases", replace(sample_release(), offers=part))
    database = DecisionDatabase.at(None, tmp_path / "decisions.db")
    send = client_for(open_api(tmp_path / "releases", decisions=database))

    def ask(moment: datetime | None = None) -> dict[str, Any]:
        body = {} if moment is None else {"contact_at": moment.replace(tzinfo=ZONE).isoformat()}
        return send("POST", OFFER, json={"customer_id": "cyd", **body}).json()

    assert ask()["nothing_because"] == "quiet_hours"
    assert (ask(later)["offer_id"], ask(later)["nothing_because"]) == ("voucher", "cap")
    (decision,) = DecisionStore(database, "shop").find(DecisionFilter())
    assert (decision.send_at, decision.decided_at < later) == (later, True)


@pytest.mark.parametrize(
    ("find_moment", "detail"),
    [
        (lambda: datetime.now(ZONE) - HOUR, "contact_at is over, or more than 7 days from now"),
        (lambda: datetime.now(ZONE) + timedelta(days=8), "contact_at is over, or more than 7 days from now"),
        (lambda: datetime.max.replace(tzinfo=UTC), "contact_at is over, or more than 7 days from now"),
        (lambda: local_now() + HOUR, "expected a time with an offset"),
    ],
    ids=["an hour ago", "in 8 days", "year 9999", "no offset"],
)
def test_a_contact_is_made_from_now_on_within_a_week_at_a_time_with_an_offset(ask, find_moment, detail):
    problem = ask("cyd", contact_at=find_moment().isoformat())

    is_out_of_range = detail.startswith("contact_at")
    assert (problem["status"], problem["field"]) == (409 if is_out_of_range else 422, "$.contact_at")
    assert problem["detail"].startswith(detail)
