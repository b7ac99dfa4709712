"""`kizuna segments`: size, value, risk and health of each segment, customer tier and rank."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.config.data_set import Config
from core.errors import BadInput, ConfigError, NotFound
from core.i18n.formatting import format_amount
from core.i18n.translation import ENGLISH
from core.model_kinds import CHURN
from kizuna.exporting import export_release
from kizuna.options import DEFAULT_CONFIG, ConfigPath, Excel, FormatOption, OutputFormat, open_config
from kizuna.terminal import print_json, print_table, progress_console, say

if TYPE_CHECKING:
    from core.intervals import Estimate
    from core.segmentation import SegmentFigures
    from insights.segments import Risks, SegmentReport

console = Console()
VALUES = {"mrr": "MRR", "revenue_365d": "revenue of 365 days"}


Members = Annotated[
    str | None, typer.Option("--members", metavar="NAME", help="Export the customers of this segment or customer tier.")
]
MembersOut = Annotated[Path | None, typer.Option("--out", help="Output file of --members: .csv (UTF-8) or .parquet.")]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna segments --members loyal --out loyal.csv")
    def segments(
        config: ConfigPath = DEFAULT_CONFIG,
        members: Members = None,
        out: MembersOut = None,
        excel: Excel = False,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Show size, value, churn risk, health and action of each segment, customer tier and rank.

        Churn risk comes from the active release. With --members, export the customers of one segment instead.
        """
        from insights.segments import segment_report
        from kizuna.today import open_todays_tables

        settings = open_config(config)
        if not settings.segments and not settings.customer_tiers and not settings.loyalty.ranks:
            raise ConfigError(
                f"{config} defines no segment; add [segments.<name>], [customer_tiers.<name>] or [loyalty.ranks]"
            )
        if (members is None) != (out is None):
            raise BadInput("--members and --out go together, e.g. --members loyal --out loyal.csv")
        if members is not None and out is not None:
            export_members(settings, members, out=out, excel=excel, output_format=output_format)
            return
        if excel:
            raise BadInput("--excel is for the list that --members writes; remove it")
        with progress_console().status("computing features"):
            tables = open_todays_tables(settings)
            report = segment_report(tables, tables.default_cutoff(), risks=load_risks(settings))
        if output_format is OutputFormat.JSON:
            print_json(report)
        else:
            print_report(report)


def export_members(config: Config, name: str, *, out: Path, excel: bool, output_format: OutputFormat) -> None:
    """Write the customers of one segment or customer tier of the active release."""
    from serving.build.exports.files import ExportOptions
    from serving.release.releases import Releases

    release = Releases(config.places.releases).open_active()
    written = export_release("members", out, release=release, options=ExportOptions(segment=name), excel=excel)
    if output_format is OutputFormat.JSON:
        print_json(written.document)
        return
    say(
        console,
        f"{out}: {written.n_rows:,} customers of {name} in release {written.release_id}; "
        f"excluded because they refused to be contacted: {written.n_excluded:,}",
    )


def load_risks(config: Config) -> Risks:
    """The probabilities of the active release; unknown without one."""
    from insights.segments import Probabilities, Risks
    from serving.release.releases import Releases

    try:
        release = Releases(config.places.releases).open_active()
    except NotFound:
        return Risks(Probabilities.unknown(), "unknown: nothing is released yet; run `kizuna release`")
    description, scored = release.description, {} if release.predict is None else release.predict.events
    events = {event: Probabilities.of_index(one.index.ids, one.probability) for event, one in scored.items()}
    value = release.value
    worth = {} if value is None else {
        "values": Probabilities.of_index(value.index.ids, value.values()), "value_levels": value.level_samples
    }  # fmt: skip
    if release.churn is None:
        reason = description.missing.get(CHURN.name)
        why = f"unknown: release {description.release_id} has no churn scores: {reason}"
        return Risks(Probabilities.unknown(), why, events, **worth)
    source = f"of release {description.release_id}, within {release.churn.horizon_days} days after {description.cutoff}"
    return Risks(Probabilities.of_index(release.churn.index.ids, release.churn.probability), source, events, **worth)


def print_report(report: SegmentReport) -> None:
    """Print one table for segments, one for customer tiers and one for ranks."""
    say(console, f"{report.customers:,} customers before {report.cutoff}, {report.scored:,} of them scored")
    tables = (("segments", report.segments), ("customer tiers", report.customer_tiers), ("ranks", report.ranks))
    for title, groups in tables:
        if groups:
            print_table(console, _rows(groups, currency=report.currency), title=title)
    value = VALUES.get(report.value_kind, "unknown")
    say(console, f"value: {value}{f', {report.currency}' if report.value_kind else ''}; risk: {report.risk_source}")
    for group in (*report.segments, *report.customer_tiers):
        if group.not_found:
            say(console, f"{group.name}: {group.not_found:,} listed ids are not customers at the cutoff")


def _rows(groups: tuple[SegmentFigures, ...], *, currency: str) -> list[tuple[str, ...]]:
    """The heading, then a row per group; columns that no group has are left out."""
    money = partial(format_amount, currency=currency, locale=ENGLISH, n_decimals=0)
    heading = ("", "customers", "value", "risk", "expected loss", "equity", "health", "action")
    rows = [
        (
            group.name,
            f"{group.customers:,} ({group.share:.0%})",
            "-" if group.value is None else money(group.value) + _share(group.value_share),
            _estimate(group.risk, "{:.1%}".format),
            _estimate(group.expected_loss, money),
            _estimate(group.equity, money),
            _estimate(group.health, "{:.0f}".format),
            group.action,
        )
        for group in groups
    ]
    is_shown = [any(cell not in ("", "-") for cell in column) for column in zip(*rows, strict=True)]
    return [tuple(cell for cell, shown in zip(row, is_shown, strict=True) if shown) for row in (heading, *rows)]


def _share(share: float | None) -> str:
    return "" if share is None else f" ({share:.0%})"


def _estimate(estimate: Estimate, write: Callable[[float], str]) -> str:
    """A value with its 90 % interval, if it has one."""
    if estimate.value != estimate.value:
        return "-"
    interval = f" ({write(estimate.low)} to {write(estimate.high)})" if estimate.has_interval else ""
    return f"{write(estimate.value)}{interval}"
