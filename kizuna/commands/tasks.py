"""`kizuna tasks`: lists tasks, and delivers events to the webhook, those again that it did not accept."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.config.data_set import Config
from core.errors import BadInput
from core.tasks import TaskState
from kizuna.command_group import LightGroup
from kizuna.deliveries import deliver_events, open_outbox, open_tasks, record_changes
from kizuna.options import DEFAULT_CONFIG, ConfigPath, FormatOption, OutputFormat, open_config
from kizuna.terminal import print_json, print_table, progress_console, say

if TYPE_CHECKING:
    from core.tasks import Task
    from core.webhooks import DeadLetter

ALL = "all"
MAX_LISTED = 1000
TASK_HEADER = ("task", "customer", "owner", "due", "delivered (UTC)", "action")
LETTER_HEADER = ("id", "event", "created (UTC)", "dead since (UTC)", "runs", "last problem")
NO_WEBHOOK = "no webhook; set webhook and webhook_secret under [health] in the TOML"

Most = Annotated[int, typer.Option("--most", min=1, max=MAX_LISTED, help="Number of lines, the newest first.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    tasks = typer.Typer(
        cls=LightGroup, no_args_is_help=True, help="Tasks, and what the webhook of [health] has not accepted."
    )
    app.add_typer(tasks, name="tasks")

    @tasks.command("list", epilog="Example: kizuna tasks list --state done --format json")
    def list_tasks(
        state: Annotated[TaskState, typer.Option(help="Only tasks of this state.")] = TaskState.OPEN,
        most: Most = 50,
        config: ConfigPath = DEFAULT_CONFIG,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """List tasks. The service changes them: PATCH /v1/tasks/{task_id}."""
        from serving.tasks.store import TaskFilter

        rows = open_tasks(open_config(config)).find(TaskFilter(state=state), most).tasks
        if output_format is OutputFormat.JSON:
            print_json(rows)
        else:
            _print_rows([_task_row(row) for row in rows], header=TASK_HEADER, if_none=f"no {state} tasks")

    @tasks.command(epilog="Example: kizuna tasks dead")
    def dead(
        most: Most = 50, config: ConfigPath = DEFAULT_CONFIG, output_format: FormatOption = OutputFormat.TEXT
    ) -> None:
        """List dead letters: events that the webhook rejected, or that failed in `[webhooks] max_runs` runs."""
        outbox = open_outbox(open_config(config))
        letters, n_dead = outbox.find_dead(most), outbox.count_dead()
        if output_format is OutputFormat.JSON:
            print_json({"dead_letters": letters, "count": n_dead})
            return
        _print_rows([_letter_row(one) for one in letters], header=LETTER_HEADER, if_none="no dead letters")
        if letters:
            say(Console(), f"dead letters: {n_dead:,}; `kizuna tasks resend all` sends all again")

    @tasks.command(epilog="Example: kizuna tasks resend 5f3a9c01d2b4e6f8, or kizuna tasks resend all")
    def resend(
        ids: Annotated[list[str], typer.Argument(help="Ids as `kizuna tasks dead` shows them, or all.")],
        config: ConfigPath = DEFAULT_CONFIG,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Send dead letters again, with the same webhook-id, and all else that waits."""
        settings = open_config(config)
        _require_webhook(settings)
        if ALL in ids and len(ids) > 1:
            raise BadInput("give either ids or all, not both")
        n_revived = open_outbox(settings).revive(None if ids == [ALL] else ids)
        if output_format is OutputFormat.TEXT:
            say(Console(), f"dead letters to send again: {n_revived:,}")
        _deliver(settings, output_format)

    @tasks.command(epilog="Example: kizuna tasks deliver")
    def deliver(config: ConfigPath = DEFAULT_CONFIG, output_format: FormatOption = OutputFormat.TEXT) -> None:
        """Send to the webhook what was not delivered yet, however long it takes."""
        settings = open_config(config)
        _require_webhook(settings)
        _deliver(settings, output_format)


def _print_rows(rows: list[tuple[str, ...]], *, header: tuple[str, ...], if_none: str) -> None:
    if rows:
        print_table(Console(), [header, *rows], numeric=False)
    else:
        say(Console(), if_none)


def _task_row(task: Task) -> tuple[str, ...]:
    delivered = "-" if task.delivered_at is None else _minute(task.delivered_at)
    return (task.task_id, task.customer_id, task.owner or "-", f"{task.due_on}", delivered, task.action)


def _letter_row(letter: DeadLetter) -> tuple[str, ...]:
    times = (_minute(letter.created_at), _minute(letter.dead_since))
    return (letter.webhook_id, letter.type, *times, f"{letter.n_runs}", letter.problem)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _require_webhook(settings: Config) -> None:
    if settings.health.webhook is None:
        raise BadInput(NO_WEBHOOK)


def _deliver(settings: Config, output_format: OutputFormat) -> None:
    is_json = output_format is OutputFormat.JSON
    console = progress_console() if is_json else Console()
    record_changes(settings, console=console)  # of a release that was interrupted
    report = deliver_events(settings, console=console, max_seconds=None)
    if is_json:
        print_json(report)
