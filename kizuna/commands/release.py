"""`kizuna release`: publishes a release from the champions and today's tables."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.errors import BadInput, BrokenArtifact
from kizuna.deliveries import announce_release, read_risk_before
from kizuna.options import DEFAULT_CONFIG, ConfigPath, Cutoff, FormatOption, OutputFormat, open_config
from kizuna.session import open_registry, open_remote_releases
from kizuna.terminal import print_json, progress_console, say, show_step

if TYPE_CHECKING:
    from core.config.data_set import Config
    from serving.release.release import ReleaseDescription, ReleasedModel
    from serving.release.releases import Releases
    from serving.release.remote import RemoteReleases

console = Console()
UPDATE = "newer data or models"
REPORT = "report"
"Left out by `--skip report`, where it takes too long."
NO_OFFER_ID = (
    "contacts have no offer_id, so acceptance is assumed and no capacity is used up; map it under "
    "[tables.contacts.columns]"
)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna release --config configs/online_retail.toml")
    def release(
        config: ConfigPath = DEFAULT_CONFIG,
        cutoff: Cutoff = None,
        skip: Annotated[list[str] | None, typer.Option(help="What to leave out: churn, recommender, report.")] = None,
        reason: Annotated[str, typer.Option(help="Recorded in the ledger; by default, newer data or models.")] = "",
        accept_change: Annotated[
            bool, typer.Option("--accept-change", help="Publish even if the mean score is unlike the last release's.")
        ] = False,
        rollback: Annotated[
            bool, typer.Option("--rollback", help="Build nothing: activate the release before the active one.")
        ] = False,
        keep: Annotated[int, typer.Option(min=1, help="Number of releases to keep on disk.")] = 5,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Publish a release from the champions and activate it; a running service picks it up."""
        from kizuna.business_summary import summarise_business
        from kizuna.today import describe_silence, open_todays_tables, refuse_future
        from serving.build.inputs import Champions
        from serving.build.release import build_release
        from serving.http.app import all_endpoints
        from serving.http.trial import verify_answers
        from serving.release.releases import Activation, Releases
        from serving.release.stored_answers import store_answers
        from tables.assortment import contacts_lack_offers

        settings, progress = open_config(config), progress_console()
        remote, releases = open_remote_releases(), Releases(settings.places.releases)
        if rollback:
            if cutoff or skip or accept_change:
                raise BadInput("--rollback builds nothing; give it without --cutoff, --skip and --accept-change")
            _roll_back(settings, remote, reason=reason, output_format=output_format)
            return
        refuse_future([cutoff], settings)
        with show_step("copying the active release from storage"):
            _copy_active(remote, releases, data_set=settings.name)
        risk_before = read_risk_before(settings)
        registry, ledger = open_registry(settings, progress)
        with show_step("reading the tables and the champions"):
            tables = open_todays_tables(settings)
            champions = Champions.of(
                registry, skip or (), events=settings.predict, forced=ledger.latest().champions_by_force,
                experiment=settings.recommender_experiment,
            )  # fmt: skip
        now, day = datetime.now(UTC), cutoff or tables.default_cutoff()
        if silence := describe_silence(tables, day):
            say(progress, silence)
        with show_step("computing the report"):
            is_skipped = REPORT in (skip or ())
            summary = None if is_skipped else summarise_business(settings, tables, cutoff=day, now=now)
        with show_step("scoring every customer"):
            built = build_release(settings, tables, champions=champions, cutoff=day, created_at=now, summary=summary)
            release = store_answers(built)
        release_id = release.description.release_id
        activation = Activation(
            release_id=release_id, who=getpass.getuser(), why=reason or UPDATE, at=now, accepts_change=accept_change
        )
        with show_step("writing and trying the release"):
            folder = releases.publish(
                release, activation, keep=keep,
                verify=lambda written: verify_answers(written, all_endpoints(), folder=releases.folder),
                share=None if remote is None else lambda written: remote.publish(written, activation),
            )  # fmt: skip
            if remote is not None:
                remote.delete_oldest(keep)
        address = None if remote is None else remote.address
        if output_format is OutputFormat.JSON:
            document = {"folder": str(folder), "storage": address, "activated": activation}
            print_json(document | {"release": release.description})
        else:
            _print_release(folder, release.description)
            if address:
                say(console, f"  in {address}, for every host")
            if doubt := champions.explain_other_churn(settings):
                say(console, f"  churn: {doubt}")
            if "offers" in tables and contacts_lack_offers(tables):
                say(console, f"  offers: {NO_OFFER_ID}")
        announce_release(settings, risk_before, console=_console_of_notes(output_format))


def _copy_active(remote: RemoteReleases | None, releases: Releases, *, data_set: str) -> None:
    """Copy the active release of the storage, if there is one, to this host: the next one is compared with it."""
    from serving.release.pull import pull_active

    if remote is None:
        return
    remote.refuse_other(data_set)
    try:
        pull_active(remote, releases)
    except BrokenArtifact:  # the next one replaces it
        return


def _roll_back(settings: Config, remote: RemoteReleases | None, *, reason: str, output_format: OutputFormat) -> None:
    """Activate the release before the active one: on every host that reads the storage, or on this one."""
    from serving.release.pull import pull_active
    from serving.release.releases import Activation, Releases

    releases, risk_before = Releases(settings.places.releases), read_risk_before(settings)
    if remote is not None:
        remote.refuse_other(settings.name)
    before = releases.active() if remote is None else remote.active()
    activation = Activation(
        release_id=(remote or releases).previous_id(),
        who=getpass.getuser(),
        why=reason or (f"rolled back from {before.release_id}" if before else ""),
        at=datetime.now(UTC),
        accepts_change=True,
    )
    if remote is None:
        description = releases.open(activation.release_id).description
        releases.activate(activation)
    else:
        description = remote.describe(activation.release_id)
        remote.activate(activation)
        pull_active(remote, releases)
    if output_format is OutputFormat.JSON:
        print_json({"activated": activation, "release": description})
    else:
        say(console, f"activated {description.release_id} again, cutoff {description.cutoff}: {activation.why}")
    announce_release(settings, risk_before, console=_console_of_notes(output_format))


def _console_of_notes(output_format: OutputFormat) -> Console:
    return progress_console() if output_format is OutputFormat.JSON else console


def _print_release(folder: Path, description: ReleaseDescription) -> None:
    say(console, f"published and activated {description.release_id}, cutoff {description.cutoff}, in {folder}")
    for kind, model in description.models.items():
        say(console, f"  {kind}: {describe_model(model)}")
    if description.similar_items:
        say(console, f"  similar items: {description.similar_items.model}; the champion has no item similarity")
    for kind, reason in description.missing.items():
        say(console, f"  without {kind}: {reason}")


def describe_model(model: ReleasedModel) -> str:
    """The version and the model behind it; a baseline is marked as one."""
    return f"{model.name} version {model.version} ({model.model}{', a baseline' if model.is_baseline else ''})"
