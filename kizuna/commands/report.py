"""`kizuna report`: writes the business report, or one customer's health-check letter."""

from __future__ import annotations

import os
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer
from rich.console import Console

from core.config.data_set import Config
from core.errors import BadInput
from core.files import replace_file, require_place
from core.i18n.translation import ENGLISH, Language
from kizuna.commands.segments import load_risks
from kizuna.options import DEFAULT_CONFIG, ConfigPath, Cutoff, LanguageOption, open_config
from kizuna.terminal import progress_console, say, show_step

if TYPE_CHECKING:
    from insights.finance.economics import WhatIf
    from insights.report.calendar import Span
    from tables.tables import Tables


class ReportFormat(StrEnum):
    """File format of the report."""

    html = "html"
    json = "json"


Out = Annotated[str, typer.Option("--out", metavar="PATH", help="Output file.")]
"Text, because a path has no slash at its end, by which a folder is named."
FormatOption = Annotated[ReportFormat, typer.Option("--format", help="An HTML page, or JSON for machines.")]
WhatIfs = Annotated[
    list[str] | None,
    typer.Option("--what-if", help="Scenario: churn=0.02, price=+5%, margin=+3pt or cac=-10%. Repeatable."),
]
Compare = Annotated[
    str | None,
    typer.Option(
        "--compare", help="Months to compare with the last ones of the report, as many as they are: 2025-04..2025-09."
    ),
]
CustomerId = Annotated[
    str | None, typer.Option("--customer", help="Write this customer's health-check letter instead.")
]


SegmentName = Annotated[
    str | None,
    typer.Option(
        "--segment", help="Write the letters of this segment's customers, one file each, into the folder --out."
    ),
]
SAYS_LITTLE = "; a letter says more with the table usage, or purchases with item_id"
"Where it is not known what customers use or buy."
Force = Annotated[bool, typer.Option("--force", help="With --customer: also for a former customer, for an archive.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report", epilog="Example: kizuna report --out var/report.html --lang ja")(report)


def report(
    name: Out,
    config: ConfigPath = DEFAULT_CONFIG,
    cutoff: Cutoff = None,
    lang: LanguageOption = ENGLISH,
    output_format: FormatOption = ReportFormat.html,
    what_if: WhatIfs = None,
    compare: Compare = None,
    customer: CustomerId = None,
    segment: SegmentName = None,
    force: Force = False,
) -> None:
    """Write the business report as one self-contained HTML page or as JSON, or letters to customers."""
    from insights.finance.economics import DEFAULT_WHAT_IFS, parse_what_if
    from insights.report.comparisons import parse_period
    from kizuna.today import describe_silence, open_todays_tables, refuse_future

    out = Path(name)
    if (customer or segment) and (output_format is ReportFormat.json or what_if or compare):
        raise BadInput("--customer and --segment write HTML letters; remove --format, --what-if and --compare")
    if customer and segment:
        raise BadInput("give either --customer or --segment")
    if customer and out.suffix.lower() == ".json":
        raise BadInput(f"--out {out.name}: a letter is a .html file, not .json")
    if force and not customer:
        raise BadInput("--force is for the letter of one customer; add --customer")
    _check_place(name, output_format, is_for_segment=segment is not None)
    settings = open_config(config)
    refuse_future([cutoff], settings)
    if segment:
        _write_letters(settings, out, name=segment, cutoff=cutoff, language=lang)
        return
    compared_with = parse_period(compare) if compare else None
    scenarios = (parse_what_if(what_if),) if what_if else DEFAULT_WHAT_IFS
    console = Console()
    with show_step("computing the report"):
        tables = open_todays_tables(settings, needs_activity=False)
        if customer is not None:
            content, summary = _render_letter(tables, customer, cutoff=cutoff, language=lang, force=force)
        else:
            content, summary = _render_report(
                tables,
                scenarios,
                cutoff=cutoff,
                compared_with=compared_with,
                language=lang,
                output_format=output_format,
            )
        with replace_file(out) as temporary:
            temporary.write_text(content, encoding="utf-8")
        silence = describe_silence(tables, cutoff) if cutoff else ""
    say(console, f"{out}: {summary}")
    if silence:
        say(progress_console(), silence)


def _check_place(name: str, output_format: ReportFormat, *, is_for_segment: bool) -> None:
    """Refuse a folder for one file, a file for the letters of a segment, and a place that cannot be written."""
    out = Path(name)
    if is_for_segment:
        if out.suffix or out.is_file():
            raise BadInput(f"--out {out}: --segment writes one file per customer; name a folder")
    elif name.endswith(("/", os.sep)):
        raise BadInput(f"--out {name}: this is a folder; name a file in it, e.g. {out / f'report.{output_format}'}")
    else:
        _check_file_name(out, output_format)
    require_place(out, is_folder=is_for_segment)


def _check_file_name(out: Path, output_format: ReportFormat) -> None:
    """Refuse a file name that promises another format than is written."""
    endings = {ReportFormat.html: (".html", ".htm"), ReportFormat.json: (".json",)}
    ending, written = out.suffix.lower(), endings[output_format]
    if ending in written or not ending:
        return
    other = next((one for one, names in endings.items() if ending in names), None)
    if other is not None:
        raise BadInput(f"--out {out.name} is written with --format {other}; add it, or name a {written[0]} file")
    hint = "; to get a PDF, print the page from a browser" if ending == ".pdf" else ""
    raise BadInput(f"--out {out.name}: a report is a .html or .json file, not {ending}{hint}")


def _render_report(
    tables: Tables,
    scenarios: tuple[WhatIf, ...],
    *,
    cutoff: date | None,
    compared_with: Span | None,
    language: Language,
    output_format: ReportFormat,
) -> tuple[str, str]:
    """The report and a one-line summary."""
    from insights.finance.economics import DEFAULT_WHAT_IFS
    from insights.render.report import render_json, render_report
    from insights.report.building import build_report

    risks = load_risks(tables.config, language)
    built = build_report(tables, cutoff, risks=risks, what_ifs=scenarios, compared_with=compared_with)
    if scenarios != DEFAULT_WHAT_IFS and scenarios[0].label not in built.figures.groups("mrr_a_customer", "what_if"):
        raise BadInput(
            f"--what-if {scenarios[0].label} needs paying subscribers; cac also needs the spend table or "
            "customers.acquisition_cost"
        )
    content = render_json(built) if output_format is ReportFormat.json else render_report(built, language)
    return content, f"{len(built.figures.all):,} figures of {built.config.name}, data before {built.calendar.cutoff}"


def _render_letter(
    tables: Tables, customer_id: str, *, cutoff: date | None, language: Language, force: bool
) -> tuple[str, str]:
    """One customer's letter and a one-line summary."""
    from insights.letter.health_check import build_health_check
    from insights.render.letter import render_letter

    check = build_health_check(tables, customer_id, cutoff=cutoff, force=force)
    hint = "" if check.has_habits else SAYS_LITTLE
    return render_letter(check, language), f"health check of {customer_id}, data before {check.cutoff}{hint}"


def _write_letters(config: Config, folder: Path, *, name: str, cutoff: date | None, language: Language) -> None:
    """Write the letters to the customers of a segment, except those who have left or refuse contact."""
    from insights.letter.health_check import LetterData
    from insights.render.letter import render_letter
    from insights.segments import find_members
    from kizuna.today import open_todays_tables

    console = Console()
    with show_step("writing letters"):
        tables = open_todays_tables(config)
        data = LetterData.of(tables, cutoff)
        members = find_members(tables, data.window.end, name=name, risks=load_risks(config)).tolist()
        refusing = {one for one in members if data.recipients.explain_refusal(one)}
        left = {one for one in members if one not in refusing and data.recipients.explain_departure(one)}
        recipients = [one for one in members if one not in refusing | left]
        data = data.focus_on(recipients) if recipients else data
        for customer_id in recipients:
            # An id may contain slashes.
            with replace_file(folder / f"{quote(customer_id, safe='')}.html") as temporary:
                temporary.write_text(render_letter(data.build(customer_id), language), encoding="utf-8")
    say(
        console,
        f"{folder}: {len(recipients):,} letters to {name}, data before {data.window.end}; without a letter: "
        f"{len(refusing):,} refuse contact, {len(left):,} have left{'' if len(data.habits) else SAYS_LITTLE}",
    )
