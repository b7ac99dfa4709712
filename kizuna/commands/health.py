"""`kizuna health`: everybody's health today, who fell, and a task for each of them."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from core.config.data_set import Config
from core.errors import BadInput
from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.progress import Bars
from kizuna.session import open_registry, say

if TYPE_CHECKING:
    from core.tasks import Task
    from insights.health.day import HealthDay
    from models.mlflow_store.package import ModelPackage
    from serving.tasks.store import TaskStore
    from tables.tables import Tables

console = Console()
DATABASE_VARIABLE = "KIZUNA_DATABASE_URL"
SHOWN = 10
"Falls and tasks that are printed, the newest day's furthest falls first; the files hold all."

Days = Annotated[int, typer.Option("--days", min=1, help="Also judge the days before, this far back: a first run.")]
EveryDays = Annotated[int, typer.Option("--every", min=1, help="With --days: one day in so many is judged.")]
CutoffDay = Annotated[
    datetime | None,
    typer.Option("--cutoff", formats=["%Y-%m-%d"], help="The day to judge; else the newest complete one."),
]

Language = Annotated[Literal["en", "ja"], typer.Option("--lang", help="In which language it is told.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("health", epilog="Example: kizuna health --days 364 --every 7")(health)


def health(
    config: ConfigPath = DEFAULT_CONFIG,
    cutoff: CutoffDay = None,
    days: Days = 1,
    every: EveryDays = 7,
    lang: Language = "en",
) -> None:
    """Score everybody's health, write it down, and make a task of each fall; the same day twice makes nothing twice."""
    from serving.tasks.store import TaskStore
    from tables.default_cutoff import newest_cutoff
    from tables.sources.opening import open_tables

    read = open_config(config)
    registry, _ = open_registry(read, console)
    package = registry.package(registry.find("churn", "champion"))
    if package.card.unfit:
        raise BadInput(f"there is no health to tell: {package.card.unfit}; `kizuna train churn`, then promote")
    store = TaskStore.at(os.environ.get(DATABASE_VARIABLE), read.places.tasks, read.name)
    with console.status("reading the tables"):
        tables = open_tables(read)
        last = newest_cutoff(tables) if cutoff is None else cutoff.date()
    day, added = judge_days(tables, package, store, last, (days, every))
    tell(read, day, added, lang)
    deliver_tasks(read, store)


def judge_days(
    tables: Tables, package: ModelPackage, store: TaskStore, last: date, reach: tuple[int, int]
) -> tuple[HealthDay, list[Task]]:
    """The newest day, and the tasks that all days made; each day goes on from the file of the one before."""
    from insights.health.files import standings_before, write_day
    from insights.health.owners import owners_of
    from insights.health.run import HealthRun, days_until
    from insights.health.tasks import tasks_of
    from models.churn.catalogue import CHURN_MODELS

    config, folder = tables.config, tables.config.places.health
    run = HealthRun(tables, CHURN_MODELS[package.artifact.model].from_artifact(package.artifact))
    judged: list[HealthDay] = []
    added: list[Task] = []
    for cutoff in Bars(console).over(days_until(last, *reach), "health"):
        day = run.judge(cutoff, standings_before(folder, cutoff))
        owners = owners_of(tables, day.customer_ids[day.fell], config.health.owner)
        added += store.add(tasks_of(config, day, owners, datetime.now(UTC)), config.health.cooldown_days)
        write_day(folder, day, package.card.version)
        judged = [day]
    return judged[0], added


def tell(config: Config, day: HealthDay, added: list[Task], language: Literal["en", "ja"]) -> None:
    """The bands, who fell furthest, and the new tasks."""
    from insights.render import health as told

    words = told.WORDS[language]
    heading, *rows = told.bands(day, language)
    table = Table(*heading, title=words["title"].format(day=day.cutoff), box=None, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*row)
    console.print(table)
    say(console, words["fell"])
    for line in told.falls(day, SHOWN, language):
        say(console, f"  {line}")
    say(console, words["tasks"].format(n=len(added)))
    for line, reason in told.tasks(added, SHOWN, language):
        say(console, f"  {line}")
        say(console, f"    {reason}")
    say(console, words["written"].format(n=len(day), path=config.places.health / f"{day.cutoff}.parquet"))


def deliver_tasks(config: Config, store: TaskStore) -> None:
    """Send what is open and was not delivered yet, where the TOML names a webhook."""
    from serving.tasks.delivery import Webhook, deliver

    if config.health.webhook is None:
        return
    with console.status("delivering the tasks"):
        found = deliver(store, Webhook(config.health.webhook, config.health.webhook_secret or ""))
    say(console, f"delivered: {found.taken:,}; wait for the next run: {found.waiting:,}")
    for problem, count in found.problems.items():
        say(console, f"  {count:,} not taken: {problem}")
