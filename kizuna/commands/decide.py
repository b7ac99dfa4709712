"""`kizuna decide`: decides which contact every customer gets, and writes the contacts for the tools that make them."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import structs
from rich.console import Console

from core import environment
from core.campaigns import CampaignEvent, CampaignState, state_of
from core.i18n.formatting import format_amount, format_number, format_percent
from core.i18n.message import translate_written
from core.i18n.translation import ENGLISH, Language, translate
from kizuna.options import (
    DEFAULT_CONFIG,
    ConfigPath,
    Excel,
    FormatOption,
    LanguageOption,
    OutputFormat,
    TableOut,
    open_config,
)
from kizuna.terminal import print_json, print_table, say, show_step

if TYPE_CHECKING:
    from kizuna.campaigns import CampaignDesk
    from models.policies.campaign_contacts import CampaignContacts
    from serving.build.decisions.campaign_counts import CampaignCount
    from serving.build.decisions.deciding import Decided
    from serving.release.release import Release

console = Console()
MAX_PROBLEMS = 3
"Offers without an eligible customer that are explained on the terminal; JSON has all."
LIMITS = (
    "at most {n} in 30 days, measured; all customers",
    "at most {n} in 30 days, measured; segment: {name}",
)
"How measured limits of contacts are written."

Budget = Annotated[
    float | None,
    typer.Option(min=0, help="What the contacts may cost, in base currency. Default: [decisions] budget."),
]
LayoutName = Annotated[
    str,
    typer.Option(
        "--layout",
        help="Columns of the file: kizuna, mail, salesforce, hubspot or line.",
        autocompletion=lambda: ["kizuna", "mail", "salesforce", "hubspot", "line"],
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Write the file, but do not store the decisions.")]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna decide --budget 1000000 --out var/decisions.parquet")
    def decide(
        out: TableOut,
        config: ConfigPath = DEFAULT_CONFIG,
        budget: Budget = None,
        layout: LayoutName = "kizuna",
        dry_run: DryRun = False,
        excel: Excel = False,
        lang: LanguageOption = ENGLISH,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Decide for every customer of the active release: one contact within the budget, or none with the reason.

        Contacts and control groups are stored, so that outcomes can be reported and effects measured.
        """
        from insights.render.campaign import describe_change
        from kizuna.campaigns import CampaignDesk
        from models.policies.excluded_customers import describe_empty_offers
        from serving.build.decisions.layouts import LAYOUTS
        from serving.build.decisions.writing import write_decisions
        from serving.release.releases import Releases

        _ = LAYOUTS[layout]  # refuses an unknown name before the work
        settings = open_config(config)
        release = Releases(settings.places.releases).open_active()
        desk = CampaignDesk.open(settings)
        with show_step("deciding for every customer"):
            day = run_campaigns(desk, is_dry_run=dry_run)
            decided, counts = decide_now(desk, release, contacts=day.contacts, budget=budget)
        # Stored first: if the file cannot be written, another run of the day writes the same contacts.
        n_stored = 0 if dry_run else desk.store.add(decided.rows_to_store)
        n_rows = write_decisions(out, decided, release=release, layout=layout, excel=excel)
        document = describe_decisions(decided, release) | {"path": str(out), "rows": n_rows, "stored": n_stored}
        document["campaigns"] = [describe_change(one, lang) for one in day.changes]
        document["campaign_contacts"] = [structs.asdict(one) for one in counts]
        document["no_control_group_because"] = explain_control_group(release, lang)
        candidates = decided.candidates
        problems = describe_empty_offers(candidates.options, candidates.codes, facts=candidates.facts)
        document["offers_without_customers"] = list(dict.fromkeys(one.translate(lang) for one in problems))
        if output_format is OutputFormat.JSON:
            print_json(document)
        else:
            print_decisions(document, lang)


@dataclass(frozen=True)
class CampaignDay:
    """What campaigns do today."""

    changes: list[CampaignEvent]
    contacts: dict[str, CampaignContacts]


def run_campaigns(desk: CampaignDesk, *, is_dry_run: bool) -> CampaignDay:
    """Let running campaigns go on, finish or stop, and find what is due; reads the tables only where one runs."""
    from kizuna.commands.segments import load_earlier_risks, load_risks
    from kizuna.today import open_todays_tables

    if not any(state_of(events) == CampaignState.RUNNING for events in desk.log.events().values()):
        return CampaignDay([], {})
    now, tables = datetime.now(UTC), open_todays_tables(desk.config)
    changes = [] if is_dry_run else desk.advance(tables, now=now)
    due = desk.find_due(
        tables,
        risks=load_risks(desk.config),
        load_earlier_risks=lambda day: load_earlier_risks(desk.config, day),
        now=now,
    )
    return CampaignDay(changes, due)


def decide_now(
    desk: CampaignDesk, release: Release, *, contacts: dict[str, CampaignContacts], budget: float | None
) -> tuple[Decided, list[CampaignCount]]:
    """Decide for the customers of a release at this moment, after what was decided before."""
    from serving.build.decisions.campaign_counts import count_campaigns
    from serving.build.decisions.campaigns import collect_due
    from serving.build.decisions.deciding import DecisionRun, decide_customers
    from serving.journal.live import JournalPlace, read_overlay
    from serving.live_items import LiveItems
    from serving.offers.candidates import unavailable_items
    from serving.offers.recent import load_history_since
    from serving.stock import StockFile

    config = desk.config
    now = datetime.now(config.zone).replace(tzinfo=None, microsecond=0)
    out_of_stock = StockFile(config.places.releases).read().unavailable
    place = JournalPlace(os.environ.get(environment.DATABASE_URL), config.places.events)
    overlay = read_overlay(place, release)
    run = DecisionRun(
        now=now,
        budget=budget,
        seed=config.seed,
        history=load_history_since(desk.store, release),
        consents=overlay.find_consents(),
        unavailable=unavailable_items(
            release, out_of_stock, part=LiveItems().change(release.recommender, overlay.items)
        ),
        campaigns=collect_due(release, config.campaigns, contacts=contacts),
    )
    decided = decide_customers(release, run)
    return decided, count_campaigns(decided, run.campaigns)


def describe_decisions(decided: Decided, release: Release) -> dict[str, Any]:
    """What was decided, in figures."""
    from serving.offers.candidates import offers_of

    description = release.description
    return {
        "release": description.release_id,
        "customers": len(decided.rows),
        "contacted": int(decided.is_contacted.sum()),
        "control_group": int(decided.in_control.sum()),
        "offers": decided.count_offers(),
        "not_contacted": {str(reason): n for reason, n in decided.count_reasons().items()},
        "expected_value": round(decided.total_value, description.n_decimals),
        "cost": round(decided.cost, description.n_decimals),
        "currency": description.currency,
        "frequency_limits": [str(one) for one in offers_of(release).terms.monthly_limits],
        "gap": decided.chosen.gap,
        "prices": dict(decided.chosen.prices),
    }


def explain_control_group(release: Release, language: Language) -> str:
    """Why there is no permanent control group, and what it could have shown; '' if there is one or none is asked for.

    The base rate is the acceptance that the configuration assumes.
    """
    from insights.campaigns.planning import detectable_effect
    from serving.offers.candidates import offers_of

    terms = offers_of(release).terms
    control = terms.control
    if not control.is_too_small:
        return ""
    base_rate = terms.assumptions.acceptance_probability
    shown = (
        detectable_effect(control.n_contactable, base_rate=base_rate, control_share=control.share)
        if control.n_contactable > 1
        else math.nan
    )
    without_effect = (
        "no control group: {n} customers may be contacted, and a group of {share} could not show any effect"
    )
    with_effect = (
        "no control group: {n} customers may be contacted, and a group of {share} could show an effect of {effect} on "
        "{rate}"
    )
    return translate(
        without_effect if math.isnan(shown) else with_effect,
        language,
        n=control.n_contactable,
        share=format_percent(control.share, language),
        effect="" if math.isnan(shown) else format_percent(shown, language, n_decimals=1),
        rate=format_percent(base_rate, language, n_decimals=1),
    )


def print_decisions(document: dict[str, Any], language: Language) -> None:
    """Print the figures in sentences, and tables of offers and reasons."""

    def money(value: float) -> str:
        n_decimals = 0 if float(value).is_integer() else 2
        return format_amount(value, document["currency"], locale=language, n_decimals=n_decimals)

    say(
        console,
        translate(
            "{path}: {contacted} of {customers} customers are contacted, expected to be worth {value} after a cost of "
            "{cost}; {control} more are left out as the control group",
            language,
            path=document["path"],
            contacted=document["contacted"],
            customers=document["customers"],
            value=money(document["expected_value"]),
            cost=money(document["cost"]),
            control=document["control_group"],
        ),
    )
    if document["no_control_group_because"]:
        say(console, document["no_control_group_because"])
    problems = document["offers_without_customers"]
    for problem in problems[:MAX_PROBLEMS]:
        say(console, problem)
    if len(problems) > MAX_PROBLEMS:
        say(console, translate("{n} more offers have no eligible customer", language, n=len(problems) - MAX_PROBLEMS))
    for change in document["campaigns"]:
        say(console, change)
    for count in document["campaign_contacts"]:
        say(console, _describe_count(count, language))
    say(console, translate("{n} decisions are stored that were not before", language, n=document["stored"]))
    gap = format_percent(document["gap"], language, n_decimals=2)
    say(console, translate("no choice within the limits is worth more by {share}", language, share=gap))
    for limit in document["frequency_limits"]:
        limit = translate_written(limit, language, templates=LIMITS)
        say(console, translate("promotional contacts: {limit}", language, limit=limit))
    customers = translate("customers", language)
    if document["offers"]:
        rows = [(name, format_number(n, language)) for name, n in document["offers"].items()]
        print_table(console, [(translate("offer", language), customers), *rows])
    reasons = [
        (translate(f"uncontacted.{name}", language), format_number(n, language))
        for name, n in document["not_contacted"].items()
    ]
    if reasons:
        print_table(console, [(translate("not contacted because", language), customers), *reasons])


def _describe_count(count: dict[str, Any], language: Language) -> str:
    counted = "{campaign}: {due} customers are due, {contacted} of them are contacted, {control} are its control group"
    line = translate(
        counted,
        language,
        campaign=count["campaign_id"],
        due=count["due"],
        contacted=count["contacted"],
        control=count["control_group"],
    )
    others = (
        f"{translate(f'uncontacted.{reason}', language)} {format_number(n, language)}"
        for reason, n in count["not_contacted"].items()
    )
    return "; ".join([line, *others])
