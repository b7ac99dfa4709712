"""`kizuna report`: the figures a company is run by, and the health-check letter of one customer."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.errors import BadInput
from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.session import say

if TYPE_CHECKING:
    from insights.finance.what_if import WhatIf
    from tables.tables import Tables


class Format(StrEnum):
    """What the report is written as."""

    html = "html"
    json = "json"


class Lang(StrEnum):
    """The language of what is written."""

    en = "en"
    ja = "ja"


Out = Annotated[Path, typer.Option("--out", help="The file to write.")]
AsOf = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Tell what was known before this day. Default: where the tables end."),
]
InLanguage = Annotated[Lang, typer.Option(help="English or Japanese.")]
WrittenAs = Annotated[Format, typer.Option("--format", help="A page, or the same figures for machines.")]
Asked = Annotated[
    list[str] | None,
    typer.Option("--what-if", help="What to suppose: churn=0.02, price=+5%, margin=+3pt, cac=-10%; repeatable."),
]
OfCustomer = Annotated[str | None, typer.Option(help="Write this customer's health-check letter instead.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report", epilog="Example: kizuna report --out var/report.html --lang ja")(report)


def report(
    out: Out,
    config: ConfigPath = DEFAULT_CONFIG,
    as_of: AsOf = None,
    lang: InLanguage = Lang.en,
    written_as: WrittenAs = Format.html,
    what_if: Asked = None,
    customer: OfCustomer = None,
) -> None:
    """Write the figures a company is run by: one page that needs nothing else, or JSON; or one customer's letter."""
    from insights.finance.what_if import USUAL, asked
    from tables.sources.opening import open_tables

    if customer is not None and (written_as is Format.json or what_if):
        raise BadInput("a letter is a page without suppositions; leave out --format and --what-if, or --customer")
    supposed = (asked(what_if),) if what_if else USUAL
    console, day = Console(), None if as_of is None else as_of.date()
    with console.status("working it out"):
        tables = open_tables(open_config(config))
        if customer is not None:
            written, told = _letter(tables, customer, day, lang)
        else:
            written, told = _report(tables, day, supposed, lang, written_as)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(written, encoding="utf-8")
    say(console, f"{out}: {told}")


def _report(
    tables: Tables, day: date | None, supposed: tuple[WhatIf, ...], lang: Lang, written_as: Format
) -> tuple[str, str]:
    """The report, and a line about it."""
    from insights.finance.what_if import USUAL
    from insights.render.report_json import json_of
    from insights.render.report_page import page_of
    from insights.report.building import build_report

    built = build_report(tables, day, what_ifs=supposed)
    if supposed != USUAL and supposed[0].label not in built.figures.groups("mrr_a_customer", "what_if"):
        raise BadInput(
            f"--what-if {supposed[0].label}: there is nobody who pays now, or nobody knows what winning them cost; it "
            "needs subscriptions, and cac besides spend or acquisition_cost"
        )
    written = json_of(built) if written_as is Format.json else page_of(built, lang.value)
    return written, f"{len(built.figures.all):,} figures of {built.config.name}, as known on {built.calendar.as_of}"


def _letter(tables: Tables, customer: str, day: date | None, lang: Lang) -> tuple[str, str]:
    """One customer's letter, and a line about it."""
    from insights.letter.health_check import health_check
    from insights.render.letter_page import letter_of

    check = health_check(tables, customer, day)
    return letter_of(check, lang.value), f"the health check of {customer}, as known on {check.as_of}"
