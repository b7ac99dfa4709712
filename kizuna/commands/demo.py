"""`kizuna demo`: simulates a shop, trains, releases and serves, by the commands that a user would type."""

from __future__ import annotations

import csv
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from core.decisions import NoContact
from core.errors import KizunaError, SourceUnavailable
from kizuna.options import open_config
from kizuna.terminal import show_step

SHOP = Path("var/shop")
CONFIG = SHOP / "source" / "shop.toml"
SCORES = SHOP / "scores.csv"
LOG = SHOP / "service.log"

STEPS = (
    f"simulate --out {SHOP / 'source'} --customers 1500",
    f"check --config {CONFIG}",
    f"train churn --promote --config {CONFIG}",
    f"train recommender --promote --config {CONFIG}",
    f"models --config {CONFIG}",
    f"release --config {CONFIG}",
    f"score --config {CONFIG} --out {SCORES}",
)
OFFER = "/v1/next-best-offer"
CUSTOMERS_ASKED = 200
"The customers at the highest risk; the example is the first who gets an offer."
STOP_SECONDS = 15
LOG_LINES = 5
"Of the service's log, where it stops too early."

console = Console()


@dataclass(frozen=True)
class Call:
    """One request to the service."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    note: str = ""
    "What is special about it; '' where nothing is."

    def curl(self, address: str) -> str:
        """The same request as a curl command."""
        if self.body is None:
            return f"curl -s '{address}{self.path}'"
        return (
            f"curl -s '{address}{self.path}' -H 'content-type: application/json' "
            f"-d {shlex.quote(json.dumps(self.body, ensure_ascii=False))}"
        )


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna demo --once")
    def demo(
        once: Annotated[bool, typer.Option("--once", help="Stop after printing the answers.")] = False,
        port: Annotated[int, typer.Option(help="Port of the service, on 127.0.0.1.")] = 3000,
    ) -> None:
        """Simulate a shop, train, release, serve, and send the service a few requests."""
        from kizuna.main import command_line

        kizuna = command_line()
        for step in STEPS:
            console.rule(f"[bold]$ kizuna {step}", align="left")
            kizuna(shlex.split(step), prog_name="kizuna", standalone_mode=False)
        address = f"http://localhost:{port}"
        with service(port, address):
            print_answers(address)
            if not once:
                console.print(f"\nServing on {address} (API docs: {address}/docs). Ctrl-C stops.")
                wait_for_interrupt()


@contextmanager
def service(port: int, address: str) -> Iterator[None]:
    """Run the service as a child process: ready inside the block, stopped after it."""
    if is_ready(address):
        raise SourceUnavailable(f"something already listens on {address}; stop it or choose another --port")
    command = f"serve --config {CONFIG} --port {port}"
    console.rule(f"[bold]$ kizuna {command}", align="left")
    with LOG.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "kizuna", *shlex.split(command)], stdout=log, stderr=subprocess.STDOUT
        )
        try:
            wait_until_ready(process, address, command=command)
            yield
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Terminate the service; kill it if it does not stop in time."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def is_ready(address: str) -> bool:
    """Whether a service at this address is ready."""
    import httpx

    try:
        return httpx.get(f"{address}/readyz", timeout=1).is_success
    except httpx.HTTPError:
        return False


def wait_until_ready(process: subprocess.Popen[bytes], address: str, *, command: str) -> None:
    """Return once the service is ready, however long a busy machine takes. Raises KizunaError where it stops."""
    with show_step(f"starting the service; its log is {LOG}"):
        while not is_ready(address):
            if process.poll() is not None:
                raise KizunaError(describe_stop(process.returncode, command))
            time.sleep(0.2)


def describe_stop(exit_code: int, command: str) -> str:
    """Why the service stopped, as far as its log says, and how to go on without training again."""
    lines = [line for line in LOG.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    log = f"the end of {LOG}: {' | '.join(lines[-LOG_LINES:])}" if lines else f"{LOG} is empty"
    return (
        f"the service stopped with exit code {exit_code}; {log}; the models and the release are finished, so go on "
        f"with: kizuna {command}"
    )


def print_answers(address: str) -> None:
    """Send the requests and print them as curl commands with their responses."""
    import httpx

    for call in example_calls(address):
        console.rule(align="left")
        if call.note:
            console.print(call.note)
        console.print(call.curl(address), style="bold", soft_wrap=True, markup=False, highlight=False)
        response = httpx.request(call.method, f"{address}{call.path}", json=call.body, timeout=10)
        console.print_json(response.text, ensure_ascii=False)


def example_calls(address: str) -> list[Call]:
    """Requests of a CRM and a shop: for a customer at risk, for an unknown customer, for an item."""
    import httpx

    offer = find_offer(address)
    at_risk = offer.body["customer_id"] if offer.body else ""
    recommend = Call("POST", "/v1/recommendations", {"customer_id": at_risk, "k": 3})
    first = httpx.post(f"{address}{recommend.path}", json=recommend.body, timeout=10).json()
    item = first["items"][0]["item_id"]
    return [
        Call("POST", "/v1/churn/score", {"customer_ids": [at_risk, "unknown"]}),
        recommend,
        Call("POST", "/v1/recommendations", {"history": [item], "k": 3}),
        Call("GET", f"/v1/items/{item}/similar?k=3"),
        offer,
    ]


def find_offer(address: str) -> Call:
    """The request of the customer at the highest risk who gets an offer now or, in quiet hours, at noon after them.

    That of the customer at the highest risk if none of them does.
    """
    import httpx

    with SCORES.open(encoding="utf-8", newline="") as file:
        at_risk = [row["customer_id"] for row in islice(csv.DictReader(file), CUSTOMERS_ASKED)]  # Highest risk first.

    def choose(call: Call) -> dict[str, Any]:
        return httpx.post(f"{address}{call.path}", json=call.body, timeout=10).json()

    calls = [offer_request(customer_id) for customer_id in at_risk]
    for place, call in enumerate(calls):
        answer = choose(call)
        if answer["nothing_because"] == NoContact.QUIET_HOURS:
            noon = find_noon(datetime.now(open_config(CONFIG).zone))
            calls[place:] = [offer_request(customer_id, noon) for customer_id in at_risk[place:]]
            break
        if answer["choice"] == "offer":
            return call
    return next((call for call in calls if choose(call)["choice"] == "offer"), calls[0])


def find_noon(now: datetime) -> datetime:
    """The next noon, which no quiet hours of the demo contain."""
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    return noon if noon > now else noon + timedelta(days=1)


def offer_request(customer_id: str, contact_at: datetime | None = None) -> Call:
    """The request for the next best offer of a customer; nothing is stored."""
    body = {"customer_id": customer_id, "channel": "mail", "k": 2, "record": False}
    if contact_at is None:
        return Call("POST", OFFER, body)
    note = f"It is night in the shop ({contact_at.tzinfo}), so no contact is made now: this asks for a contact at noon."
    return Call("POST", OFFER, body | {"contact_at": contact_at.isoformat()}, note)


def wait_for_interrupt() -> None:
    """Sleep until Ctrl-C."""
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("stopped")
