"""`kizuna report`: the figures a company is run by, as a page or as JSON."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.session import say


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
Asked = Annotated[
    list[str],
    typer.Option("--what-if", help="What to suppose: churn=0.02, price=+5%, margin=+3pt, cac=-10%; repeatable."),
]
Customer = Annotated[str | None, typer.Option(help="Write the health-check letter of one customer instead.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report", epilog="Example: kizuna report --out var/report.html --lang ja")(report)


def report(
    out: Out,
    config: ConfigPath = DEFAULT_CONFIG,
    as_of: AsOf = None,
    lang: Annotated[Lang, typer.Option(help="English or Japanese.")] = Lang.en,
    format: Annotated[Format, typer.Option(help="A page, or the same figures for machines.")] = Format.html,  # noqa: A002
    what_if: Asked = [],  # noqa: B006 - typer's
) -> None:
    """Write the figures a company is run by: one page that needs nothing else, or JSON."""
    from features.sources.opening import open_tables
    from insights.pages.report_json import json_of
    from insights.pages.report_page import page_of
    from insights.report.building import build_report
    from insights.what_if import USUAL, asked

    console = Console()
    supposed = (asked(what_if),) if what_if else USUAL
    with console.status("working the figures out"):
        built = build_report(
            open_tables(open_config(config)), None if as_of is None else as_of.date(), what_ifs=supposed
        )
        written = json_of(built) if format is Format.json else page_of(built, lang.value)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(written, encoding="utf-8")
    say(
        console, f"{out}: {len(built.figures.all):,} figures of {built.config.name}, as known on {built.calendar.as_of}"
    )
