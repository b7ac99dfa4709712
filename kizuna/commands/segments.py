"""`kizuna segments`: who the segments and tiers are today, what they are worth, and how much of it is at risk."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from core.config.data_set import Config
from core.errors import ConfigError, NotFound
from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.session import say

if TYPE_CHECKING:
    from core.intervals import Estimate
    from core.segmentation import GroupFigures
    from insights.segments import Risks, SegmentReport

console = Console()
VALUES = {"mrr": "MRR", "revenue_365d": "revenue of 365 days"}


class Format(StrEnum):
    """How figures are printed."""

    TABLE = "table"
    JSON = "json"


WrittenAs = Annotated[Format, typer.Option("--format", help="For people, or for machines.")]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna segments --config configs/online_retail.toml --format json")
    def segments(
        config: ConfigPath = DEFAULT_CONFIG,
        written_as: WrittenAs = Format.TABLE,
    ) -> None:
        """Each segment and tier with its size, value, risk, health and action; risk from the release in force."""
        from insights.segments import segment_report
        from tables.default_cutoff import newest_cutoff
        from tables.sources.opening import open_tables

        read = open_config(config)
        if not read.segments and not read.customer_tiers:
            raise ConfigError(f"{config} names no segment; add [segments.<name>] or [customer_tiers.<name>]")
        with Console(stderr=True).status("computing features"):
            tables = open_tables(read)
            report = segment_report(tables, newest_cutoff(tables), risks_of(read))
        if written_as is Format.JSON:
            say(console, msgspec.json.format(msgspec.json.encode(report)).decode())
        else:
            tell(report)


def risks_of(config: Config) -> Risks:
    """The scores of the release in force; nobody's where there is none."""
    from insights.segments import Risks
    from serving.release.releases import Releases

    try:
        release = Releases(config.places.releases).current()
    except NotFound:
        return Risks.unknown("unknown: nothing was released yet; run `kizuna release`")
    described = release.description
    if release.churn is None:
        return Risks.unknown(f"unknown: release {described.release_id} has no churn: {described.missing.get('churn')}")
    source = f"of release {described.release_id}, within {release.churn.horizon_days} days after {described.cutoff}"
    return Risks.of_index(release.churn.index.ids, release.churn.probability, source)


def tell(report: SegmentReport) -> None:
    """Print the tables."""
    say(console, f"{report.customers:,} customers as known before {report.cutoff}, {report.scored:,} of them scored")
    for title, groups in (("segments", report.segments), ("customer_tiers", report.customer_tiers)):
        if groups:
            console.print(_table(title, groups))
    worth = VALUES.get(report.value_of, "unknown")
    say(console, f"value: {worth}{f', {report.currency}' if report.value_of else ''}; risk: {report.risk_source}")
    for group in (*report.segments, *report.customer_tiers):
        if group.not_found:
            say(console, f"{group.name}: {group.not_found:,} of the ids it names are of no customer at the cutoff")


def _table(title: str, groups: tuple[GroupFigures, ...]) -> Table:
    printed = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for heading in ("", "customers", "value", "risk", "expected loss", "health", "action"):
        words = heading in ("", "action")
        printed.add_column(heading, justify="left" if words else "right", no_wrap=heading == "value")
    for group in groups:
        printed.add_row(
            group.name,
            f"{group.customers:,}\n{group.share:.0%}",
            "-" if group.value is None else f"{group.value:,.0f}" + _share(group.value_share),
            _estimate(group.risk, "{:.1%}"),
            _estimate(group.expected_loss, "{:,.0f}"),
            _estimate(group.health, "{:.0f}"),
            group.action,
        )
    return printed


def _share(share: float | None) -> str:
    return "" if share is None else f"\n{share:.0%}"


def _estimate(found: Estimate, form: str) -> str:
    """A value and, below it, its 90 % interval."""
    if found.value != found.value:
        return "-"
    return f"{form.format(found.value)}\n{form.format(found.low)} to {form.format(found.high)}"
