"""The store of decisions on SQLite and PostgreSQL: every row once, nothing lost, and the contract's form at the end."""

from __future__ import annotations

import resource
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import msgspec
import pyarrow.parquet as pq
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from core.decisions import DecisionOutcome, DecisionRow, NoContact, OutcomeKind
from core.errors import DataError, SourceUnavailable
from serving.build.contacts import CONTACT_COLUMNS, write_contacts
from serving.decisions import reading
from serving.decisions.database import DecisionDatabase
from serving.decisions.store import DecisionFilter, DecisionStore, Objection
from tables.contract import CONTRACT
from tests.serving.databases import database_url

NOON = datetime(2026, 4, 1, 12)
LATER = NOON + timedelta(days=2)
ALL = DecisionFilter()


def decision(decision_id: str, **changes) -> DecisionRow:
    usual = {
        "customer_id": f"of {decision_id}", "decided_at": NOON, "offer_id": "tea10", "campaign_id": "spring",
        "channel": "mail", "stage_percent": 5, "propensity": 0.9, "cost": 0.5,
    }  # fmt: skip
    return DecisionRow(decision_id=decision_id, **usual | changes)


def outcome(outcome_id: str, decision_id: str, **changes) -> DecisionOutcome:
    usual = {"kind": OutcomeKind.OPENED, "event_time": NOON + timedelta(hours=1)}
    return DecisionOutcome(outcome_id=outcome_id, decision_id=decision_id, **usual | changes)


CONTROL = {"treated": False, "no_contact": NoContact.CONTROL_GROUP, "cost": 0.0}
DECISIONS = [
    decision("d1", send_at=NOON + timedelta(hours=4), step=0, expected_value=3.5, release_id="r1"),
    decision("d2", **CONTROL),
    decision("d3", no_contact=NoContact.NO_CONSENT),
    decision("d4", offer_id=None, campaign_id=None, no_contact=NoContact.DOES_NOT_PAY),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    """A store with four decisions on either engine."""
    with database_url(request.param, tmp_path) as url:
        store = DecisionStore.at(url, tmp_path / "unused.db", data_set="shop")
        assert store.add(DECISIONS) == 4
        yield store


def test_stored_decisions_are_read_unchanged(store):
    assert store.find(ALL) == DECISIONS


def test_decisions_keep_their_order_and_their_text_over_the_cells_that_postgresql_sends(store, monkeypatch):
    monkeypatch.setattr(reading, "NUMBERS_OF_A_CELL", 2)
    others = [decision("d9", customer_id='c"9\n', release_id="絆"), decision("d8", cost=0.1 + 0.2)]
    assert store.add(others) == 2

    assert store.find(DecisionFilter()) == DECISIONS + others
    assert list(store.load_history(NOON - timedelta(days=1)).decisions) == DECISIONS + others


def test_a_second_run_adds_nothing_and_changes_nothing(store):
    changed = msgspec.structs.replace(DECISIONS[0], offer_id="other")

    assert store.add([changed, *DECISIONS[1:], decision("d5")]) == 1
    assert store.find(ALL) == [*DECISIONS, decision("d5")]


def test_two_processes_store_every_decision_once(store):
    new = [decision(f"n{number}") for number in range(300)]

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(lambda _: DecisionStore(store.database, "shop").add(new), range(4)))

    assert sum(added) == 300
    assert len(store.find(ALL)) == 304


def test_data_sets_that_share_a_database_do_not_see_each_other(store):
    other = DecisionStore(store.database, "club")

    assert other.find(ALL) == []
    assert other.add_outcomes([outcome("o1", "d1")], now=LATER).refused[0].reason == "there is no such decision"
    assert other.add([DECISIONS[0]]) == 1


def test_decisions_are_found_by_campaign_customer_and_time(store):
    store.add([decision("late", decided_at=LATER, campaign_id="may")])

    def ids(**filters) -> list[str]:
        return [one.decision_id for one in store.find(DecisionFilter(**filters))]

    assert ids(campaign_id="spring") == ["d1", "d2", "d3"]
    assert ids(customer_ids=["of d1", "of late"]) == ["d1", "late"]
    assert ids(since=LATER) == ["late"]
    assert ids(until=LATER) == ["d1", "d2", "d3", "d4"]


def test_the_history_of_a_customer_has_contacts_that_are_sent_later_and_objections(store):
    store.add([decision("planned", customer_id="of d1", decided_at=NOON, send_at=LATER)])
    kinds = {"o1": OutcomeKind.UNSUBSCRIBED, "o2": OutcomeKind.COMPLAINED, "o3": OutcomeKind.OPENED}
    store.add_outcomes([outcome(name, "d1", kind=kind) for name, kind in kinds.items()], now=LATER)

    def ids(since, **of):
        return [one.decision_id for one in store.load_history(since, **of).decisions]

    assert ids(NOON) == ["d1", "d2", "d3", "d4", "planned"]
    assert ids(NOON, customer_id="of d1") == ["d1", "planned"]
    assert ids(LATER, customer_id="of d1") == ["planned"]
    assert ids(NOON, customer_id="a\0") == []
    hour = NOON + timedelta(hours=1)
    objections = [Objection("of d1", kinds[name], hour) for name in ("o1", "o2")]
    assert store.load_history(NOON, customer_id="of d1").objections == objections
    assert store.load_history(NOON).objections == objections
    assert store.load_history(NOON, customer_id="of d2").objections == []
    # A release knows of earlier unsubscriptions from the table contacts, and complaints are in no other table.
    assert store.load_history(LATER).objections == objections[1:]


def test_an_outcome_counts_once_however_often_it_arrives(store):
    outcomes = [outcome("o1", "d1"), outcome("o2", "d1", kind=OutcomeKind.CONVERTED, amount=42.5)]
    first = store.add_outcomes([*outcomes, outcomes[0]], now=LATER)
    again = store.add_outcomes(outcomes, now=LATER)

    assert (first.n_stored, first.n_known, first.refused) == (2, 1, ())
    assert (again.n_stored, again.n_known) == (0, 2)
    assert store.find_outcomes(DecisionFilter(campaign_id="spring")) == outcomes
    assert store.find_outcomes(DecisionFilter(campaign_id="may")) == []


def test_an_outcome_that_cannot_be_is_refused_and_the_others_are_stored(store):
    added = store.add_outcomes(
        [
            outcome("o1", "unknown"),
            outcome("o2", "d1", event_time=NOON - timedelta(days=2)),
            outcome("o3", "d1", event_time=LATER + timedelta(days=2)),
            outcome("o\0", "d1"),
            outcome("o4", "\0"),
            outcome("o5", "d1"),
        ],
        now=LATER,
    )

    assert added.n_stored == 1
    assert [(one.position, one.reason) for one in added.refused] == [
        (0, "there is no such decision"),
        (1, "it is more than a day before the decision"),
        (2, "it is more than a day in the future"),
        (3, "its id contains a NUL character"),
        (4, "there is no such decision"),
    ]


@pytest.mark.parametrize("propensity", [0.0, 1.2, float("nan")])
def test_a_propensity_that_is_no_probability_stores_nothing(store, propensity):
    with pytest.raises(DataError, match="propensity of decision 'd9'"):
        store.add([decision("d8"), decision("d9", propensity=propensity)])
    with pytest.raises(DataError, match="value or the cost of decision 'd9'"):
        store.add([decision("d9", cost=float("inf"))])
    assert len(store.find(ALL)) == 4


def test_contacts_are_those_who_got_an_offer_and_the_control_group(store, tmp_path):
    hour = timedelta(hours=1)
    times = [NOON + 3 * hour, NOON + hour]
    store.add_outcomes([outcome(f"o{number}", "d1", event_time=time) for number, time in enumerate(times)], now=LATER)
    store.add_outcomes([outcome("o9", "d2", kind=OutcomeKind.CONVERTED, event_time=LATER)], now=LATER)

    assert write_contacts(store, tmp_path / "contacts.parquet") == 2

    treated, control = pq.read_table(tmp_path / "contacts.parquet").to_pylist()
    assert treated == {
        "customer_id": "of d1", "event_time": NOON + 4 * hour, "campaign_id": "spring", "offer_id": "tea10",
        "channel": "mail", "decision_id": "d1", "stage_percent": 5, "treated": True, "propensity": 0.9, "cost": 0.5,
        "opened_at": NOON + hour, "clicked_at": None, "converted_at": None, "unsubscribed_at": None,
    }  # fmt: skip
    assert (control["treated"], control["propensity"], control["converted_at"]) == (False, 0.9, LATER)


def test_contacts_arrive_from_postgresql_as_documents_and_not_cell_by_cell(store, monkeypatch):
    if not store.database.url.startswith("postgresql"):
        pytest.skip("SQLite has no driver that takes as long for each cell")
    queries: list[str] = []
    with store.database.begin() as connection:
        event.listen(connection.engine, "before_cursor_execute", lambda *call: queries.append(call[2]))

    monkeypatch.setattr("serving.decisions.store.ROWS_AT_ONCE", 1)
    blocks = list(store.iterate_contacts())

    assert [[row["decision_id"] for row in block] for block in blocks] == [["d1"], ["d2"]]
    assert len([query for query in queries if "json_agg" in query]) == len(blocks) + 1


def test_the_columns_of_the_file_are_those_of_the_contract():
    assert set(CONTACT_COLUMNS.names) <= {column.name for column in CONTRACT["contacts"].columns}


def test_contacts_of_a_new_data_set_are_an_empty_file(tmp_path):
    store = DecisionStore.at(None, tmp_path / "var/shop/decisions.db", data_set="shop")

    assert write_contacts(store, tmp_path / "contacts.csv") == 0
    assert not (tmp_path / "var").exists()


def test_a_stopped_database_is_one_line_without_its_password(tmp_path):
    store = DecisionStore.at("postgresql://ann:hunter2@127.0.0.1:9/x", tmp_path / "unused.db", data_set="shop")

    with pytest.raises(SourceUnavailable, match=r"the decision database .* is unavailable") as error:
        store.add(DECISIONS)
    assert "hunter2" not in str(error.value)


def test_a_full_disk_is_one_line_with_the_file_and_what_to_do(tmp_path):
    full = sqlite3.OperationalError("database or disk is full")
    database = DecisionDatabase.at(None, tmp_path / "decisions.db")

    with pytest.raises(SourceUnavailable) as error, database.begin():
        raise OperationalError("INSERT", {}, full)

    assert str(error.value).startswith(f"the decision database {tmp_path / 'decisions.db'}: no space is left on the")


def test_a_full_disk_stores_all_or_nothing(tmp_path):
    """The limit on the size of files stands for the full disk."""
    file = tmp_path / "decisions.db"
    store = DecisionStore.at(None, file, data_set="shop")
    store.add(DECISIONS)
    limits, new = resource.getrlimit(resource.RLIMIT_FSIZE), [decision(f"n{number}") for number in range(2_000)]

    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 50_000, limits[1]))
    try:
        with pytest.raises(SourceUnavailable, match="the decision database"):
            store.add(new)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert store.find(ALL) == DECISIONS
    assert store.add(new) == 2_000


def test_tables_of_another_format_are_refused(store):
    with store.database.begin() as connection:
        connection.exec_driver_sql("update kizuna_decisions_schema set version = 99")

    opened_later = DecisionStore(DecisionDatabase(store.database.url), "shop")
    with pytest.raises(SourceUnavailable, match="the decision tables have format 99"):
        opened_later.find(ALL)
