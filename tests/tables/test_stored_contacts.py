"""Contacts that Kizuna has decided are rows of the table contacts, each once."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa

from serving.build.contacts import CONTACT_COLUMNS
from tables.stored_contacts import add_contacts
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.worlds import config, frame, purchase_log, shop, tables_from_frames


def contacts_of(*customers: str) -> pa.Table:
    row = {"event_time": datetime(2024, 3, 1, 9), "campaign_id": "spring", "offer_id": "tea", "treated": True}
    rows = [{**row, "customer_id": who, "decision_id": f"d-{who}", "propensity": 0.9, "cost": 1.0} for who in customers]
    return pa.Table.from_pylist(rows, CONTACT_COLUMNS)


def ids(tables: Tables, cutoff: date = date(2024, 4, 1)) -> list[str]:
    return sorted(tables.at(cutoff)["contacts"].to_pyarrow()["customer_id"].to_pylist())


@every_engine
def test_a_contact_of_the_source_that_is_stored_too_counts_once_on_every_engine(engine_name: str):
    own = [
        {"customer_id": "ada", "event_time": "2024-03-01T09:00", "decision_id": "d-ada", "channel": "mail"},
        {"customer_id": "eve", "event_time": "2024-03-02T09:00", "decision_id": None, "channel": "mail"},
    ]
    frames = {"purchases": purchase_log("ada 2024-02-01"), "contacts": frame(*own)}
    tables = add_contacts(tables_from_frames(config(), frames, backend=engine(engine_name)), contacts_of("ada", "bo"))

    assert ids(tables) == ["ada", "bo", "eve"]
    assert sorted(tables.latest()["contacts"].to_pyarrow()["campaign_id"].to_pylist(), key=str) == [
        None, "spring", "spring",
    ]  # fmt: skip


def test_a_response_that_no_stored_contact_has_is_not_recorded_rather_than_never_given():
    clicked = contacts_of("ada", "bo").to_pylist()
    clicked[0]["clicked_at"] = datetime(2024, 3, 2)
    columns = add_contacts(shop("ada 2024-02-01"), pa.Table.from_pylist(clicked, CONTACT_COLUMNS))["contacts"].columns

    assert {"opened_at", "clicked_at", "converted_at", "unsubscribed_at"} & set(columns) == {"clicked_at"}


def test_contacts_of_a_source_without_decision_ids_are_known_by_customer_and_moment():
    own = [{"customer_id": "ada", "event_time": "2024-03-01T09:00"}, {"customer_id": "ada", "event_time": "2024-03-05"}]
    tables = add_contacts(shop("ada 2024-02-01", contacts=frame(*own)), contacts_of("ada", "bo"))

    assert ids(tables) == ["ada", "ada", "bo"]


def test_stored_contacts_are_a_table_where_the_company_maps_none_and_known_from_their_time_on():
    tables = add_contacts(shop("ada 2024-02-01"), contacts_of("ada"))

    assert ids(tables) == ["ada"]
    assert ids(tables, date(2024, 3, 1)) == []
    assert tables.default_cutoff() == date(2024, 2, 1)
    assert tables.load_report("contacts").n_usable == 1
    assert "contacts" not in add_contacts(shop("ada 2024-02-01"), contacts_of())
