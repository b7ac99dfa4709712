"""Delivers events to the webhook of the TOML; commands that make events share it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console

from core import environment
from core.config.data_set import Config
from core.errors import SourceUnavailable
from core.i18n.translation import ENGLISH, Language, translate
from core.webhooks import EventType
from kizuna.terminal import say, show_step

if TYPE_CHECKING:
    from serving.tasks.store import TaskStore
    from serving.webhooks.delivery import DeliveryReport
    from serving.webhooks.outbox import Outbox
    from serving.webhooks.risk_changes import ReleasedRisk

MAX_SECONDS = 60.0
"Of a command whose own work is another one; the next command, or `kizuna tasks deliver`, sends the others."


def open_tasks(settings: Config) -> TaskStore:
    """The tasks of a data set."""
    from serving.tasks.store import TaskStore

    return TaskStore.at(os.environ.get(environment.DATABASE_URL), settings.places.tasks, data_set=settings.name)


def open_outbox(settings: Config) -> Outbox:
    """The events that wait for the webhook, in the database of the tasks."""
    from serving.webhooks.outbox import Outbox

    return Outbox.at(os.environ.get(environment.DATABASE_URL), settings.places.tasks, data_set=settings.name)


def deliver_events(
    settings: Config, *, console: Console, lang: Language = ENGLISH, max_seconds: float | None = MAX_SECONDS
) -> DeliveryReport | None:
    """Send what was not delivered yet, and print the result; None if the TOML names no webhook."""
    from serving.webhooks.delivery import Delivery
    from serving.webhooks.sending import Webhook

    address, webhooks = settings.health.webhook, settings.webhooks
    if address is None:
        return None
    webhook = Webhook(address=address, secret=settings.health.webhook_secret or "", allowed=webhooks.networks)
    delivery = Delivery(
        outbox=open_outbox(settings),
        tasks=open_tasks(settings),
        webhook=webhook,
        events=webhooks.event_types,
        max_runs=webhooks.max_runs,
        max_seconds=max_seconds,
    )
    with show_step(translate("delivering to the webhook", lang)):
        report = delivery.run()
    print_report(report, console=console, lang=lang)
    return report


def read_risk_before(settings: Config) -> ReleasedRisk | None:
    """The risk levels of the active release, before another one is; None if no event is about their changes."""
    if EventType.RISK_CHANGED not in settings.webhooks.event_types:
        return None
    from serving.release.releases import Releases
    from serving.webhooks.risk_changes import ReleasedRisk

    return ReleasedRisk.read_active(Releases(settings.places.releases))


def announce_release(settings: Config, before: ReleasedRisk | None, *, console: Console) -> None:
    """Store and deliver the changes of risk levels with the active release; a database that is down is a note.

    The release is active by then, so nothing here makes the command fail.
    """
    if EventType.RISK_CHANGED not in settings.webhooks.event_types:
        return
    try:
        say(console, f"  risk levels changed: {record_changes(settings, before, console=console):,} customers")
        deliver_events(settings, console=console)
    except SourceUnavailable as error:
        say(console, f"  webhook: {error}; `kizuna tasks deliver` goes on")


def record_changes(settings: Config, before: ReleasedRisk | None = None, *, console: Console) -> int:
    """Store the changes of risk levels with the active release that are not stored yet; returns their number."""
    from serving.release.releases import Releases
    from serving.webhooks.risk_changes import record_risk_changes

    if EventType.RISK_CHANGED not in settings.webhooks.event_types:
        return 0
    releases = Releases(settings.places.releases)
    with show_step("comparing risk levels"):
        return record_risk_changes(open_outbox(settings), releases, before=before, now=datetime.now(UTC))


def print_report(report: DeliveryReport, *, console: Console, lang: Language) -> None:
    """Print what was delivered, what waits, and why."""
    text = translate(
        "events delivered: {n}; kept for the next run: {waiting}; new dead letters: {dead}",
        lang, n=report.delivered, waiting=report.waiting, dead=report.dead,
    )  # fmt: skip
    say(console, text)
    if report.withdrawn:
        say(console, "  " + translate("tasks that are no longer open: {n}", lang, n=report.withdrawn))
    for problem, count in report.problems.items():
        say(console, "  " + translate("not delivered: {n} ({problem})", lang, n=count, problem=problem))
    if report.dead:
        say(console, "  " + translate("`kizuna tasks dead` lists dead letters, `kizuna tasks resend` sends them", lang))
