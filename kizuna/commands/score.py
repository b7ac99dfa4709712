"""`kizuna score`: exports churn scores for the CRM, by customer or by account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.errors import BadInput
from core.model_kinds import CHURN, PREDICT
from kizuna.exporting import export_release
from kizuna.options import DEFAULT_CONFIG, ConfigPath, Excel, FormatOption, OutputFormat, TableOut, open_config
from kizuna.session import open_registry, open_scores
from kizuna.terminal import print_json, progress_console, say

if TYPE_CHECKING:
    from core.config.data_set import Config
    from serving.release.release import ReleaseDescription

console = Console()

Accounts = Annotated[
    bool, typer.Option("--accounts", help="One row per account: risk, value and reasons of its customers together.")
]
Event = Annotated[
    str | None,
    typer.Option("--event", help="Instead of churn: how likely this event under [predict] is, most likely first."),
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
        event: Event = None,
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

        refuse_combinations(accounts=accounts, changed_since=changed_since, event=event)
        settings = open_config(config)
        releases = Releases(settings.places.releases)
        release = releases.open_active() if event else open_scores(settings, progress_console())
        earlier = releases.open(changed_since) if changed_since else None
        name, kind = ("accounts" if accounts else "scores"), CHURN.name
        if event:
            name, kind = "predictions", f"{PREDICT.name}.{event}"
        options = ExportOptions(changed_since=earlier, event=event or "")
        written = export_release(name, out, release=release, options=options, excel=excel)
        model = release.description.models[kind]
        n_left = count_left(release, earlier) if earlier else None
        doubt = doubt_unpublished(settings, release.description)
        if output_format is OutputFormat.JSON:
            document = written.document | {"model": model.model, "is_baseline": model.is_baseline}
            document |= {"doubt": doubt} if doubt else {}
            print_json(document if n_left is None else document | {"no_longer_scored": n_left})
            return
        what = (
            "accounts" if accounts else "customers" if earlier is None else f"customers changed since {changed_since}"
        )
        say(
            console,
            f"{out}: {written.n_rows:,} {what}, {_describe_source(release.description, kind)}; "
            f"excluded because they opted out of scoring: {written.n_excluded:,}"
            + (f"; no longer scored: {n_left:,}" if n_left is not None else ""),
        )
        if doubt:
            say(console, doubt)


def refuse_combinations(*, accounts: bool, changed_since: str | None, event: str | None) -> None:
    """Raise BadInput for options that exclude one another."""
    if accounts and changed_since:
        raise BadInput("--changed-since compares customers; remove it or --accounts")
    if event and (accounts or changed_since):
        raise BadInput("--event lists customers of one release; remove --accounts and --changed-since")


def doubt_unpublished(config: Config, description: ReleaseDescription) -> str:
    """That the champion whose scores these are predicts another churn than the TOML; '' for a published release."""
    from serving.release.release import UNPUBLISHED

    if description.release_id != UNPUBLISHED:
        return ""
    # Not before: MLflow alone takes longer to import than all that a published release needs.
    from features.labels.labelling import explain_other_churn
    from models.mlflow_store.registry import CHAMPION

    registry, _ = open_registry(config, progress_console())
    return explain_other_churn(registry.find(CHURN.name, CHAMPION).card.label, config)


def _describe_source(description: ReleaseDescription, kind: str) -> str:
    """The release and the model that the scores come from; a baseline is marked as one."""
    from serving.release.release import UNPUBLISHED

    model = description.models[kind]
    mark = ", a baseline: nothing is shown to be better" if model.is_baseline else ""
    if description.release_id == UNPUBLISHED:
        return f"scores of {model.name} version {model.version} ({model.model}{mark}); no release is published yet"
    return f"scores of release {description.release_id} ({model.model}{mark})"
