"""`kizuna init` on a software company's JSON Lines with nested objects."""

from __future__ import annotations

import json
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kizuna.main import run

START = datetime(2025, 1, 1)


def event(number: int) -> dict[str, Any]:
    account = number % 30
    return {
        "id": f"evt_{number}", "account": {"id": f"acc_{account}"}, "user": {"id": f"usr_{account}_{number % 2}"},
        "name": ("login", "export", "invite")[number % 3],
        "occurred_at": f"{(START + timedelta(hours=9 * number)).isoformat()}Z",
    }  # fmt: skip


def subscription(number: int) -> dict[str, Any]:
    start = START + timedelta(days=number)
    return {
        "id": f"sub_{number}", "account": {"id": f"acc_{number}"},
        "plan": {"name": "team", "price": {"amount": 49, "currency": "USD"}}, "started_at": f"{start.isoformat()}Z",
        "trial_end": f"{(start + timedelta(days=14)).isoformat()}Z",
        "ended_at": f"{(start + timedelta(days=90)).isoformat()}Z" if number % 3 else None,
    }  # fmt: skip


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, Any]:
    """The tables of the TOML that `kizuna init` writes."""
    for name, rows in (("events", map(event, range(900))), ("subscriptions", map(subscription, range(30)))):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run(["init", str(tmp_path), "--yes", "--out", str(tmp_path / "k.toml")])
    return tomllib.loads((tmp_path / "k.toml").read_text())["tables"]


def test_a_log_with_ids_and_few_names_is_usage_and_no_list_of_items(tables: dict[str, Any]):
    assert set(tables) == {"usage", "subscriptions"}
    assert tables["usage"]["columns"]["event"] == "name"
    assert tables["usage"]["columns"]["event_time"] == "occurred_at"


def test_the_customer_of_a_log_is_the_one_that_meets_the_subscriptions(tables: dict[str, Any]):
    assert tables["usage"]["columns"]["customer_id"] == "account.id"
    assert tables["subscriptions"]["columns"]["customer_id"] == "account.id"


def test_the_end_of_a_trial_is_recognised(tables: dict[str, Any]):
    assert tables["subscriptions"]["columns"]["trial_ends_at"] == "trial_end"
