"""`kizuna segments`: size, value, risk and health of each segment, customer tier and rank."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.config.data_set import Config
from core.errors import BadInput, BrokenArtifact, ConfigError, NotFound
from core.i18n.formatting import format_amount, format_number, format_percent
from core.i18n.translation import ENGLISH, Language, translate
from core.model_kinds import CHURN
from kizuna.exporting import export_release
from kizuna.missing_scores import describe_missing_scores, describe_unscored
from kizuna.options import (
    DEFAULT_CONFIG,
    ConfigPath,
    Excel,
    FormatOption,
    LanguageOption,
    OutputFormat,
    check_table_file,
    open_config,
)
from kizuna.terminal import print_json, print_table, say, show_step

if TYPE_CHECKING:
    from core.intervals import Estimate
    from core.segmentation import SegmentFigures
    from insights.segments import Risks, SegmentReport
    from serving.release.release import Release

console = Console()
VALUES = {
    "mrr": "value: MRR, {currency}; risk: {source}",
    "revenue_365d": "value: revenue of 365 days, {currency}; risk: {source}",
}


Members = Annotated[
    str | None, typer.Option("--members", metavar="NAME", help="Export the customers of this segment or customer tier.")
]
MembersOut = Annotated[
    Path | None,
    typer.Option("--out", callback=check_table_file, help="Output file of --members: .csv (UTF-8) or .parquet."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna segments --members loyal --out loyal.csv")
    def segments(
        config: ConfigPath = DEFAULT_CONFIG,
        members: Members = None,
        out: MembersOut = None,
        excel: Excel = False,
        lang: LanguageOption = ENGLISH,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Show size, value, churn risk, health and action of each segment, customer tier and rank.

        Churn risk comes from the active release. With --members, export the customers of one segment instead: those of
        the active release; before the first one, of today's tables.
        """
        from insights.segments import segment_report
        from kizuna.today import open_todays_tables

        settings, is_json = open_config(config), output_format is OutputFormat.JSON
        if not settings.segments and not settings.customer_tiers and not settings.loyalty.ranks:
            raise ConfigError(
                f"{config} defines no segment; add [segments.<name>], [customer_tiers.<name>] or [loyalty.ranks]"
            )
        if (members is None) != (out is None):
            raise BadInput("--members and --out go together, e.g. --members loyal --out loyal.csv")
        if members is not None and out is not None:
            export_members(settings, members, out=out, excel=excel, language=None if is_json else lang)
            return
        if excel:
            raise BadInput("--excel is for the list that --members writes; remove it")
        with show_step("computing features"):
            tables = open_todays_tables(settings)
            report = segment_report(tables, tables.default_cutoff(), risks=load_risks(settings, lang))
        if is_json:
            print_json(report)
        else:
            print_report(report, config=settings, language=lang)


def export_members(config: Config, name: str, *, out: Path, excel: bool, language: Language | None) -> None:
    """Write the customers of one segment or customer tier; without a language, print JSON.

    They are those of the active release; before the first one, those of today's tables, without churn risk.
    """
    from serving.build.exports.files import ExportOptions
    from serving.release.releases import Releases

    releases, without_scores = Releases(config.places.releases), find_scoreless(config, name)
    release = releases.open_active() if releases.active_path.exists() else segment_today(config)
    written = export_release("members", out, release=release, options=ExportOptions(segment=name), excel=excel)
    if language is None:
        print_json(written.document | ({"without_scores": without_scores} if without_scores else {}))
        return
    message = (
        "{path}: {n} customers of {segment} in release {release}; excluded because they refused contact: {excluded}"
    )
    values = {"path": str(out), "segment": name}
    if releases.active_path.exists():
        values["release"] = written.release_id
    else:
        message = (
            "{path}: {n} customers of {segment} before {cutoff}; nothing is released yet, so their churn risk is "
            "unknown; excluded because they refused contact: {excluded}"
        )
        values["cutoff"] = str(release.description.cutoff)
    say(console, translate(message, language, n=written.n_rows, excluded=written.n_excluded, **values))
    for line in describe_missing_scores(without_scores, config=config, language=language):
        say(console, line)


def segment_today(config: Config) -> Release:
    """The segments of today's tables, which no release contains."""
    from kizuna.today import open_todays_tables
    from serving.build.unpublished import build_unpublished_segments

    with show_step("computing features"):
        return build_unpublished_segments(open_todays_tables(config), created_at=datetime.now(UTC))


def find_scoreless(config: Config, name: str) -> dict[str, tuple[str, ...]]:
    """By its place in the TOML, the predictions that a segment or customer tier needs and no customer has."""
    from features.segments.predicted_variables import find_dependents

    needed = find_dependents(config, load_risks(config).missing_variables(config))
    return {place: names for place, names in needed.items() if place in (f"segments.{name}", f"customer_tiers.{name}")}


def load_risks(config: Config, language: Language = ENGLISH) -> Risks:
    """The probabilities of the active release; unknown without one."""
    from insights.segments import Probabilities, Risks
    from serving.release.releases import Releases

    try:
        release = Releases(config.places.releases).open_active()
    except NotFound:
        source = translate("unknown: nothing is released yet; run `kizuna release`", language)
        return Risks(Probabilities.unknown(), source)
    return _risks_of(release, language)


def load_earlier_risks(config: Config, day: date) -> Risks:
    """The probabilities of the newest release with a cutoff up to a day; of the oldest one where all are newer.

    Releases that this version does not read, such as those of an earlier format, are passed over.
    """
    from insights.segments import Risks
    from serving.release.release import read_description
    from serving.release.releases import Releases

    releases, cutoffs = Releases(config.places.releases), dict[str, date]()
    for name in releases.release_ids():
        with suppress(BrokenArtifact):
            cutoffs[name] = read_description(releases.folder / name).cutoff
    if not cutoffs:
        return Risks.unknown()
    by_age = sorted(cutoffs, key=lambda name: (cutoffs[name], name))
    early = [name for name in by_age if cutoffs[name] <= day]
    return _risks_of(releases.open(early[-1] if early else by_age[0]), ENGLISH)


def _risks_of(release: Release, language: Language) -> Risks:
    from insights.segments import Probabilities, Risks

    description, scored = release.description, {} if release.predict is None else release.predict.events
    events = {event: Probabilities.of_index(one.index.ids, one.probability) for event, one in scored.items()}
    value = release.value
    worth = {} if value is None else {
        "values": Probabilities.of_index(value.index.ids, value.values()), "value_levels": value.level_samples
    }  # fmt: skip
    others = {**worth, "cutoff": description.cutoff}
    if release.churn is None:
        source = translate(
            "unknown: release {release} has no churn scores: {why}",
            language,
            release=description.release_id,
            why=str(description.missing.get(CHURN.name)),
        )
        return Risks(Probabilities.unknown(), source, events, **others)
    source = translate(
        "of release {release}, within {days} days after {cutoff}",
        language,
        release=description.release_id,
        days=release.churn.horizon_days,
        cutoff=str(description.cutoff),
    )
    return Risks(Probabilities.of_index(release.churn.index.ids, release.churn.probability), source, events, **others)


def print_report(report: SegmentReport, *, config: Config, language: Language) -> None:
    """Print one table for segments, one for customer tiers and one for ranks."""
    counts = {"n": report.customers, "scored": report.scored}
    message = "{n} customers before {cutoff}, {scored} of them scored"
    say(console, translate(message, language, cutoff=str(report.cutoff), **counts))
    tables = (("segments", report.segments), ("customer tiers", report.customer_tiers), ("ranks", report.ranks))
    for title, groups in tables:
        if groups:
            rows = _rows(groups, currency=report.currency, language=language)
            print_table(console, rows, title=translate(title, language))
    source = {"currency": report.currency, "source": report.risk_source}
    say(console, translate(VALUES.get(report.value_kind, "value: unknown; risk: {source}"), language, **source))
    lines = describe_missing_scores(report.without_scores, config=config, language=language)
    for line in (*lines, *describe_unscored(report, language)):
        say(console, line)
    for group in (*report.segments, *report.customer_tiers):
        if group.not_found:
            message = "{segment}: {n} listed ids are not customers at the cutoff"
            say(console, translate(message, language, segment=group.name, n=group.not_found))


def _rows(groups: tuple[SegmentFigures, ...], *, currency: str, language: Language) -> list[tuple[str, ...]]:
    """The heading, then a row per group; columns that no group has are left out."""
    money = partial(format_amount, currency=currency, locale=language, n_decimals=0)
    percent = partial(format_percent, locale=language, n_decimals=1)
    number = partial(format_number, locale=language)
    words = ("customers", "value", "risk", "expected loss", "equity", "health", "action")
    heading = ("", *(translate(word, language) for word in words))
    rows = [
        (
            group.name,
            number(group.customers) + _share(group.share, language),
            "-" if group.value is None else money(group.value) + _share(group.value_share, language),
            _estimate(group.risk, percent, language=language),
            _estimate(group.expected_loss, money, language=language),
            _estimate(group.equity, money, language=language),
            _estimate(group.health, number, language=language),
            group.action,
        )
        for group in groups
    ]
    is_shown = [any(cell not in ("", "-") for cell in column) for column in zip(*rows, strict=True)]
    return [tuple(cell for cell, shown in zip(row, is_shown, strict=True) if shown) for row in (heading, *rows)]


def _share(share: float | None, language: Language) -> str:
    return "" if share is None else translate(" ({share})", language, share=format_percent(share, language))


def _estimate(estimate: Estimate, write: Callable[[float], str], *, language: Language) -> str:
    """A value with its 90 % interval, if it has one."""
    if estimate.value != estimate.value:
        return "-"
    if not estimate.has_interval:
        return write(estimate.value)
    bounds = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    texts = {name: write(bound) for name, bound in bounds.items()}
    return translate("{value} ({low} to {high})", language, **texts)
