"""`kizuna init` on a software company's JSON Lines with nested objects."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.kizuna.exports import discover, write

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


def test_a_log_with_nested_ids_is_usage_of_the_customers_that_meet_the_subscriptions(folder: Path):
    write("events.jsonl", [json.dumps(event(number)) for number in range(900)])
    write("subscriptions.jsonl", [json.dumps(subscription(number)) for number in range(30)])

    tables = discover(".")["tables"]

    assert set(tables) == {"usage", "subscriptions"}
    assert tables["usage"]["columns"]["event"] == "name"
    assert tables["usage"]["columns"]["event_time"] == "occurred_at"
    assert tables["usage"]["columns"]["customer_id"] == "account.id"
    assert tables["subscriptions"]["columns"]["customer_id"] == "account.id"
    assert tables["subscriptions"]["columns"]["trial_ends_at"] == "trial_end"
    assert "kizuna_row_number" not in Path("kizuna.toml").read_text(encoding="utf-8")
