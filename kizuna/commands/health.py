"""`kizuna health`: computes health scores and opens a task for each drop."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from core.config.data_set import Config
from core.errors import BadInput
from core.i18n.translation import ENGLISH, Language, translate
from core.model_kinds import CHURN
from kizuna.deliveries import deliver_events, open_tasks
from kizuna.options import (
    DEFAULT_CONFIG,
    ConfigPath,
    Cutoff,
    FormatOption,
    LanguageOption,
    OutputFormat,
    open_config,
)
from kizuna.session import open_registry
from kizuna.terminal import ProgressBars, print_json, print_table, progress_console, say, show_step

if TYPE_CHECKING:
    from core.tasks import Task
    from insights.health.day import HealthDay
    from models.mlflow_store.package import ModelPackage
    from serving.tasks.store import TaskStore
    from tables.tables import Tables

console = Console()
SHOWN = 10
"Number of drops and tasks to print, largest drops first; the files hold all."

Days = Annotated[int, typer.Option("--days", min=1, help="Also backfill the days before, this many days back.")]
StepDays = Annotated[int, typer.Option("--every", min=1, help="With --days: compute only one in this many days.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("health", epilog="Example: kizuna health --days 364 --every 7")(health)


def health(
    config: ConfigPath = DEFAULT_CONFIG,
    cutoff: Cutoff = None,
    days: Days = 1,
    every: StepDays = 7,
    lang: LanguageOption = ENGLISH,
    output_format: FormatOption = OutputFormat.TEXT,
) -> None:
    """Compute health scores and open one task per drop. Safe to re-run."""
    from features.labels.labelling import explain_other_churn
    from kizuna.today import describe_silence, open_todays_tables, refuse_future

    settings = open_config(config)
    refuse_future([cutoff], settings)
    registry, ledger = open_registry(settings, progress_console())
    package = registry.package(registry.find(CHURN.name, "champion"))
    is_forced = (CHURN.name, package.card.version) in ledger.latest().champions_by_force
    if refusal := package.card.explain_refusal(is_forced=is_forced):
        raise BadInput(
            f"the churn champion cannot be used for health: {refusal}; "
            "run `kizuna train churn`, then `kizuna promote churn`"
        )
    store = open_tasks(settings)
    store.database.create()  # A stopped database is noticed here, before minutes of work.
    with show_step("reading the tables"):
        tables = open_todays_tables(settings)
        newest = tables.default_cutoff()
        last = newest if cutoff is None else cutoff
        silence = describe_silence(tables, last)
    if silence:
        say(progress_console(), silence)
    doubt = explain_other_churn(package.card.label, settings)
    # What was to do then is not to do now: only the newest day opens tasks.
    is_past = last < newest
    day = compute_days(tables, package, last=last, n_days=days, step_days=every)
    tasks = [] if is_past else add_tasks(tables, day, store=store)
    if output_format is OutputFormat.JSON:
        print_json(describe_day(settings, day, tasks=tasks) | {"is_past": is_past, "doubt": doubt or None})
        deliver_events(settings, console=progress_console(), lang=lang)
        return
    print_day(settings, day, tasks=None if is_past else tasks, language=lang)
    if doubt:
        say(console, doubt)
    deliver_events(settings, console=console, lang=lang)


def compute_days(tables: Tables, package: ModelPackage, *, last: date, n_days: int, step_days: int) -> HealthDay:
    """Compute each day from the file of the day before. Returns the newest day. Raises NotEnoughHistory.

    The days before the newest open no tasks of their own: who dropped on one of them and is still down is on the list
    of the newest day.
    """
    from features.cohort import select_cohort
    from insights.health.day import HealthRun, days_until
    from insights.health.files import read_previous_bands, write_day
    from kizuna.today import require_customers
    from models.churn.additive import CHURN_MODELS

    require_customers(select_cohort(tables, [last]), [last])
    folder = tables.config.places.health
    run = HealthRun(tables, CHURN_MODELS[package.artifact.model].from_artifact(package.artifact))
    newest: list[HealthDay] = []
    for cutoff in ProgressBars(progress_console()).over(days_until(last, n_days, step_days=step_days), "health"):
        day = run.compute(cutoff, read_previous_bands(folder, cutoff))
        write_day(folder, day, model_version=package.card.version)
        newest = [day]
    return newest[0]


def add_tasks(tables: Tables, day: HealthDay, *, store: TaskStore) -> list[Task]:
    """Store a task for each customer who is down. Returns those that are new, as many as this week has room for."""
    from insights.health.tasks import load_task_facts, open_tasks

    now, settings = datetime.now(UTC), tables.config.health
    tasks = open_tasks(tables.config, day, facts=load_task_facts(tables, day), now=now)
    most = store.count_left_this_week(settings.max_tasks_per_week, now=now)
    return store.add(tasks, cooldown_days=settings.cooldown_days, most=most)


def describe_day(config: Config, day: HealthDay, *, tasks: list[Task]) -> dict[str, Any]:
    """The day as JSON: customers by band, new tasks, and the file that has every customer."""
    from core.health import BANDS

    bands = {band: int((day.states.band == place).sum()) for place, band in enumerate(BANDS)}
    path = str(config.places.health / f"{day.cutoff}.parquet")
    return {"cutoff": day.cutoff, "customers": len(day), "bands": bands, "new_tasks": tasks, "path": path}


def print_day(config: Config, day: HealthDay, *, tasks: list[Task] | None, language: Language) -> None:
    """Print the bands, the largest drops and the new tasks; `tasks` are None for a past day, which opens none."""
    from insights.render import health as render

    print_table(console, render.bands(day, language), title=translate("Health on {day}", language, day=str(day.cutoff)))
    say(console, translate("Largest drops within 28 days:", language))
    for line in list(render.drops(day, language, most=SHOWN)) or [translate("none", language)]:
        say(console, f"  {line}")
    if tasks is None:
        say(
            console,
            translate("no tasks: {day} is past; without --cutoff, today's are opened", language, day=str(day.cutoff)),
        )
    else:
        say(console, translate("new tasks: {n}", language, n=len(tasks)))
    for line, reason in render.tasks(tasks or (), language, most=SHOWN):
        say(console, f"  {line}")
        say(console, f"    {reason}")
    path = str(config.places.health / f"{day.cutoff}.parquet")
    say(console, translate("{n} customers, in {path}", language, n=len(day), path=path))
