"""The example of an offer that `kizuna demo` shows."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kizuna.commands import demo

TOKYO = ZoneInfo("Asia/Tokyo")


@contextmanager
def service(answers: dict[str, str], *, is_quiet: bool = False) -> Iterator[str]:
    """The address of a service with the reason against each customer's offer; '' is an offer."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            reason = answers.get(body["customer_id"], "no_consent")
            if is_quiet and not reason and "contact_at" not in body:
                reason = "quiet_hours"
            answer = {"choice": "nothing" if reason else "offer", "nothing_because": reason or None}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three customers, highest risk first, and the TOML of a shop in Tokyo."""
    monkeypatch.chdir(tmp_path)
    demo.CONFIG.parent.mkdir(parents=True)
    demo.CONFIG.write_text(
        'name = "shop"\ntime_zone = "Asia/Tokyo"\ncurrency = "JPY"\nactive_days = 180\n'
        '[tables.purchases]\npath = "purchases.csv"\n'
    )
    demo.SCORES.write_text("customer_id\nada\nbo\ncyd\n")


def test_by_day_the_example_is_the_first_customer_at_risk_who_gets_an_offer():
    with service({"ada": "cap", "bo": "", "cyd": ""}) as address:
        call = demo.find_offer(address)

    assert call.body is not None
    assert (call.body["customer_id"], "contact_at" in call.body, call.note) == ("bo", False, "")


def test_in_quiet_hours_the_example_asks_for_a_contact_at_noon_and_says_why():
    with service({"bo": "", "cyd": ""}, is_quiet=True) as address:
        call = demo.find_offer(address)

    assert call.body is not None
    assert call.body["customer_id"] == "bo"
    moment = datetime.fromisoformat(call.body["contact_at"])
    assert (moment.hour, moment.utcoffset(), moment > datetime.now(TOKYO)) == (12, TOKYO.utcoffset(moment), True)
    assert "It is night in the shop (Asia/Tokyo)" in call.note


def test_where_nobody_gets_an_offer_the_example_is_the_customer_at_the_highest_risk():
    with service({}) as address:
        call = demo.find_offer(address)

    assert call.body is not None
    assert call.body["customer_id"] == "ada"


@pytest.mark.parametrize(("hour", "day"), [(3, 1), (11, 1), (12, 2), (23, 2)])
def test_the_next_noon_is_that_of_tomorrow_from_noon_on(hour: int, day: int):
    noon = demo.find_noon(datetime(2026, 5, 1, hour, tzinfo=TOKYO))

    assert noon == datetime(2026, 5, day, 12, tzinfo=TOKYO)
