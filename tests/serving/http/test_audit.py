"""What is changed through the service is in the ledger: by which key, and each value before and after; no customer."""

from __future__ import annotations

import re
from errno import ENOSPC

import pytest

from core.access import Scope
from core.environment import EVENTS_FILE
from core.errors import TamperedLedger
from core.ledger import Ledger
from serving.journal.live import JournalPlace
from serving.stock import StockFile
from serving.tasks.store import TaskStore
from tests.serving.databases import database_url
from tests.serving.http.company import Company
from tests.serving.sample_release import publish, sample_release
from tests.serving.tasks.test_store import COOLDOWN_DAYS, task

ITEMS, STOCK, TASK = "/v1/items", "/v1/stock", f"/v1/tasks/{task('ada').task_id}"


@pytest.fixture(params=["sqlite", "postgres"])
def shop(request, tmp_path):
    """An application with one open task, Ada's; tasks and events are in the database."""
    publish(tmp_path / "releases", sample_release())
    with database_url(request.param, tmp_path) as url:
        TaskStore.at(url, tmp_path, data_set="shop").add([task("ada", owner="ann")], cooldown_days=COOLDOWN_DAYS)
        opened = Shop(tmp_path, url)
        yield opened
        opened.journal.close()


class Shop:
    """A company, and the ledger of its changes."""

    def __init__(self, home, url):
        self.company = Company(home, database_url=url)
        self.ledger = Ledger(home / "ledger.jsonl")
        self.stock = StockFile(home / "releases")
        self.tasks = TaskStore.at(url, home, data_set="shop")
        self.journal = JournalPlace(url, home / EVENTS_FILE).connect("shop")
        self.key_id, self.key = self.company.add(Scope.INGEST, Scope.TASKS)

    def change(self, method, path, body):
        """Send a change; returns the status."""
        return self.company.ask(method, path, key=self.key, json=body)

    def entries(self):
        """Who did what to what."""
        return [(one.who, one.event, one.details) for one in self.ledger.entries()]


def test_a_changed_item_has_its_old_and_new_values_and_the_key(shop):
    for price, title in ((5.0, "Teapot"), (6.5, "Teapot")):
        body = {"items": [{"item_id": "pot", "price": price, "title": title}]}
        assert shop.change("PATCH", ITEMS, body) == 200

    by = {"key_id": shop.key_id, "key": "crm"}
    part = sample_release().recommender
    assert part is not None
    price = float(part.items.price[part.code_of("pot")])
    who = f"key {shop.key_id} (crm)"
    assert shop.entries() == [
        (who, "items_changed", by | {"items": {"pot": {"title": ["Pot", "Teapot"], "price": [price, 5.0]}}}),
        (who, "items_changed", by | {"items": {"pot": {"price": [5.0, 6.5]}}}),
    ]  # fmt: skip


def test_an_item_that_the_release_does_not_have_was_nothing_before(shop):
    shop.change("PATCH", ITEMS, {"items": [{"item_id": "oolong", "price": 3.0, "attributes": {"brand": "uji"}}]})

    assert shop.entries()[0][2]["items"] == {"oolong": {"price": [None, 3.0], "brand": [None, "uji"]}}


def test_what_stays_as_it_is_has_no_entry(shop):
    for body in ({"items": [{"item_id": "hidden", "available": False}]}, {"items": [{"item_id": "oolong"}]}):
        assert shop.change("PATCH", ITEMS, body) == 200
    assert shop.change("PUT", STOCK, {"available": ["pot"]}) == 200
    assert shop.change("PATCH", TASK, {"state": "open", "owner": "ann"}) == 200

    assert shop.entries() == []


def test_stock_is_listed_by_what_became_of_it(shop):
    shop.change("PUT", STOCK, {"unavailable": ["pot", "cup"]})
    shop.change("PUT", STOCK, {"unavailable": ["cup"], "available": ["pot"]})

    assert [details["items"] for _, _, details in shop.entries()] == [
        {"cup": {"out_of_stock": [False, True]}, "pot": {"out_of_stock": [False, True]}},
        {"pot": {"out_of_stock": [True, False]}},
    ]


def test_a_task_has_its_states_and_outcomes_but_neither_customer_nor_owner_nor_note(shop):
    shop.change("PATCH", TASK, {"state": "done", "outcome": "kept", "note": "Ada Lovelace stays", "owner": "sato"})
    shop.change("PATCH", TASK, {"state": "open"})

    done, opened = (details for _, _, details in shop.entries())
    assert (done["state"], done["outcome"], done["others"]) == (["open", "done"], [None, "kept"], ["owner", "note"])
    assert (opened["state"], opened["outcome"]) == (["done", "open"], ["kept", None])
    written = shop.ledger.path.read_text().lower()
    assert not re.search(r"\b(ada|lovelace|sato|ann)\b", written)


def test_a_refused_change_has_no_entry(shop):
    assert shop.change("PATCH", ITEMS, {"items": [{"item_id": "pot", "price": -1}]}) == 422
    assert shop.change("PATCH", f"{TASK[:-1]}z", {"state": "done"}) == 422
    assert shop.company.ask("PATCH", ITEMS, key="wrong", json={"items": [{"item_id": "pot", "price": 1}]}) == 401

    assert shop.entries() == []


def test_changes_without_keys_say_so(tmp_path):
    publish(tmp_path / "releases", sample_release())
    company = Company(tmp_path)

    assert company.ask("PUT", STOCK, json={"unavailable": ["pot"]}) == 200

    (entry,) = Ledger(tmp_path / "ledger.jsonl").entries()
    assert (entry.who, entry.details["key_id"]) == ("no key", None)


def test_a_ledger_that_cannot_be_written_does_not_undo_the_change_and_is_logged(shop, caplog):
    shop.ledger.path.mkdir()

    assert shop.change("PUT", STOCK, {"unavailable": ["pot"]}) == 200

    assert shop.company.response.json()["unavailable"] == ["pot"]
    assert f"a change by key {shop.key_id} (crm) (stock_changed) is not in the ledger" in caplog.text


CHANGES = (
    ("PATCH", ITEMS, {"items": [{"item_id": "pot", "price": 5.0}]}),
    ("PUT", STOCK, {"unavailable": ["pot"]}),
    ("PATCH", TASK, {"state": "done", "outcome": "kept"}),
)


def test_a_change_is_made_only_after_its_entry_is_written(shop, monkeypatch):
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Ledger, "append", crash)

    assert [shop.change(*change) for change in CHANGES] == [500] * 3
    assert shop.journal.last_number() == 0
    assert shop.stock.read().unavailable == set()
    assert shop.tasks.get(task("ada").task_id).state == "open"


def test_a_change_that_fails_after_its_entry_has_another_that_says_so(shop, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise OSError(ENOSPC, "no space left")

    monkeypatch.setattr(StockFile, "_replace", fail)
    monkeypatch.setattr(type(shop.journal), "append", fail)

    assert [shop.change(*change) for change in CHANGES] == [503, 503, 200]
    by = {"key_id": shop.key_id, "key": "crm"}
    assert [(event, details) for _, event, details in shop.entries() if event == "change_failed"] == [
        ("change_failed", by | {"sequence": 1, "change": "items_changed"}),
        ("change_failed", by | {"sequence": 3, "change": "stock_changed"}),
    ]


def test_two_services_and_a_command_extend_one_chain(tmp_path):
    path = tmp_path / "ledger.jsonl"
    first, second = (Ledger(path, verifies_all=False) for _ in range(2))
    for number in range(3):
        for ledger in (first, second, Ledger(path)):
            ledger.append("stock_changed", {"number": number}, who="x", why="")
    path.write_bytes(path.read_bytes() + b'{"torn')
    first.append("stock_changed", {}, who="x", why="")

    assert [entry.event for entry in second.entries()[9:]] == ["ledger_repaired", "stock_changed"]


def test_a_service_notices_what_others_have_added_wrongly(tmp_path):
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path, verifies_all=False)
    ledger.append("stock_changed", {}, who="x", why="")
    path.write_bytes(2 * path.read_bytes())

    with pytest.raises(TamperedLedger, match="line 2"):
        ledger.append("stock_changed", {}, who="x", why="")


@pytest.mark.parametrize("n_entries", [0, 1, 5])
def test_a_service_goes_on_with_another_ledger_of_the_same_name(tmp_path, n_entries):
    path, other = tmp_path / "ledger.jsonl", Ledger(tmp_path / "other.jsonl")
    ledger = Ledger(path, verifies_all=False)
    ledger.append("stock_changed", {}, who="x", why="")
    ledger.append("stock_changed", {}, who="x", why="")
    for _ in range(n_entries):
        other.append("key_added", {}, who="y", why="")

    path.write_bytes(other.path.read_bytes() if n_entries else b"")  # the inode stays

    assert ledger.append("stock_changed", {}, who="x", why="").sequence == n_entries + 1
    assert len(ledger.entries()) == n_entries + 1
