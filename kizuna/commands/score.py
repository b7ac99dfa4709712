"""`kizuna score`: exports churn scores for the CRM, by customer or by account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.errors import BadInput
from core.model_kinds import CHURN
from kizuna.exporting import export_release
from kizuna.options import DEFAULT_CONFIG, ConfigPath, Excel, FormatOption, OutputFormat, TableOut, open_config
from kizuna.session import open_scores
from kizuna.terminal import print_json, progress_console, say

if TYPE_CHECKING:
    from serving.release.release import ReleaseDescription

console = Console()

Accounts = Annotated[
    bool, typer.Option("--accounts", help="One row per account: risk, value and reasons of its customers together.")
]
ChangedSince = Annotated[
    str | None,
    typer.Option(
        "--changed-since",
        metavar="RELEASE",
        help="Only customers who are new since this earlier release, or whose risk level, reasons, segment, owner or "
        "action changed, or whose churn probability moved by a percentage point.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna score --out scores.csv --excel")
    def score(
        out: TableOut,
        config: ConfigPath = DEFAULT_CONFIG,
        accounts: Accounts = False,
        changed_since: ChangedSince = None,
        excel: Excel = False,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Export churn scores with reasons, value, owner and action from the active release, highest risk first.

        Customers who opted out are excluded. Accounts come with the largest expected loss first. Before the first
        release, the champion scores today's customers.
        """
        from serving.build.exports.files import ExportOptions
        from serving.build.exports.scores import count_left
        from serving.release.releases import Releases

        if accounts and changed_since:
            raise BadInput("--changed-since compares customers; remove it or --accounts")
        settings = open_config(config)
        release = open_scores(settings, progress_console())
        earlier = Releases(settings.places.releases).open(changed_since) if changed_since else None
        name, options = "accounts" if accounts else "scores", ExportOptions(changed_since=earlier)
        written = export_release(name, out, release=release, options=options, excel=excel)
        model = release.description.models[CHURN.name]
        n_left = count_left(release, earlier) if earlier else None
        if output_format is OutputFormat.JSON:
            document = written.document | {"model": model.model, "is_baseline": model.is_baseline}
            print_json(document if n_left is None else document | {"no_longer_scored": n_left})
            return
        what = (
            "accounts" if accounts else "customers" if earlier is None else f"customers changed since {changed_since}"
        )
        say(
            console,
            f"{out}: {written.n_rows:,} {what}, {_describe_source(release.description)}; "
            f"excluded because they opted out of scoring: {written.n_excluded:,}"
            + (f"; no longer scored: {n_left:,}" if n_left is not None else ""),
        )


def _describe_source(description: ReleaseDescription) -> str:
    """The release and the model that the scores come from; a baseline is marked as one."""
    from serving.release.release import UNPUBLISHED

    model = description.models[CHURN.name]
    mark = ", a baseline: nothing is shown to be better" if model.is_baseline else ""
    if description.release_id == UNPUBLISHED:
        return f"scores of {model.name} version {model.version} ({model.model}{mark}); no release is published yet"
    return f"scores of release {description.release_id} ({model.model}{mark})"
