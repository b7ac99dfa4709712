"""`kizuna campaign`: plans, starts and stops campaigns, and shows what they changed."""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from core import environment
from core.errors import BadInput
from core.i18n.formatting import format_percent
from core.i18n.translation import ENGLISH, Language, translate
from kizuna.command_group import LightGroup
from kizuna.options import DEFAULT_CONFIG, ConfigPath, FormatOption, LanguageOption, OutputFormat, TableOut, open_config
from kizuna.terminal import print_json, print_table, say, show_step

BaseRate = Annotated[float, typer.Option(help="Share of customers who convert without the campaign, e.g. 0.03.")]
Effect = Annotated[
    float, typer.Option(help="By how much the campaign changes this share, e.g. 0.01 for 4 % instead of 3 %.")
]
ControlShare = Annotated[float, typer.Option(help="Share of the customers who are left out by chance, e.g. 0.1.")]
PerWeek = Annotated[int, typer.Option(help="How many customers can be contacted in a week.")]
ResponseDays = Annotated[int, typer.Option(min=1, help="Days that a customer has to respond.")]
Power = Annotated[float, typer.Option(help="Chance that the 90 % interval excludes 0 if the effect is real.")]
Customers = Annotated[
    int | None,
    typer.Option(min=2, help="Customers that there are: also says which effect they, controls included, can show."),
]
Name = Annotated[str, typer.Argument(help="The campaign: <name> of [campaigns.<name>].")]
Why = Annotated[str, typer.Option("--why", help="The reason; it is stored with your name and the time.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    campaign = typer.Typer(
        cls=LightGroup, no_args_is_help=True, help="Plan, start and stop campaigns, and see what they changed."
    )
    app.add_typer(campaign, name="campaign")

    @campaign.command(epilog="Example: kizuna campaign plan --base-rate 0.03 --effect 0.01 --customers 20000")
    def plan(
        base_rate: BaseRate,
        effect: Effect,
        control_share: ControlShare = 0.1,
        contacts_per_week: PerWeek = 5_000,
        response_days: ResponseDays = 14,
        power: Power = 0.8,
        customers: Customers = None,
        lang: LanguageOption = ENGLISH,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Say how many customers, controls and weeks a campaign needs to show an effect."""
        from insights.campaigns.planning import detectable_effect, plan_campaign

        planned = plan_campaign(
            base_rate=base_rate,
            effect=effect,
            control_share=control_share,
            contacts_per_week=contacts_per_week,
            response_days=response_days,
            power=power,
        )
        document: dict[str, Any] = {**msgspec.to_builtins(planned), "power": power}
        if customers is not None:
            shown = detectable_effect(customers, base_rate=base_rate, control_share=control_share, power=power)
            document |= {"available_customers": customers, "detectable_effect": None if math.isnan(shown) else shown}
        if output_format is OutputFormat.JSON:
            print_json(document)
        else:
            print_plan(document, lang, base_rate=base_rate)

    campaign.command("contacts", epilog="Example: kizuna campaign contacts --out contacts.parquet")(contacts)
    campaign.command("list", epilog="Example: kizuna campaign list")(list_campaigns)
    campaign.command("show", epilog="Example: kizuna campaign show win_back")(show)
    campaign.command("start", epilog='Example: kizuna campaign start win_back --why "agreed on 3 April"')(start)
    campaign.command("stop", epilog='Example: kizuna campaign stop win_back --why "complaints"')(stop)


def contacts(
    out: TableOut,
    config: ConfigPath = DEFAULT_CONFIG,
    lang: LanguageOption = ENGLISH,
    output_format: FormatOption = OutputFormat.TEXT,
) -> None:
    """Write all stored decisions and outcomes in the form of the table contacts, control groups included.

    For other tools: reports, releases and training use the stored decisions as they are.
    """
    from serving.build.contacts import write_contacts
    from serving.decisions.store import DecisionStore

    settings = open_config(config)
    url = os.environ.get(environment.DATABASE_URL)
    store = DecisionStore.at(url, settings.places.decisions, data_set=settings.name)
    n_rows = write_contacts(store, out)
    if output_format is OutputFormat.JSON:
        print_json({"path": str(out), "rows": n_rows})
    else:
        say(Console(), translate("{path}: {n} contacts, control groups included", lang, path=str(out), n=n_rows))


def list_campaigns(
    config: ConfigPath = DEFAULT_CONFIG,
    lang: LanguageOption = ENGLISH,
    output_format: FormatOption = OutputFormat.TEXT,
) -> None:
    """List the campaigns of the TOML with their state, and those that the database still knows."""
    from core.campaigns import state_of
    from kizuna.campaigns import CampaignDesk

    settings = open_config(config)
    desk = CampaignDesk.open(settings)
    events, rows = desk.log.events(), list[dict[str, Any]]()
    for name in dict.fromkeys([*settings.campaigns, *events]):
        campaign, own = settings.campaigns.get(name), events.get(name, [])
        rows.append(
            {
                "campaign": name,
                "state": state_of(own),
                "stage_percent": own[-1].stage_percent if own else None,
                "starts_on": campaign and campaign.starts_on,
                "ends_on": campaign and campaign.ends_on,
                "kpi": campaign and campaign.kpi,
                "owner": campaign.owner if campaign else "",
                "goal": campaign.goal if campaign else translate("no longer in the TOML", lang),
            }
        )
    if output_format is OutputFormat.JSON:
        print_json({"campaigns": rows})
    elif not rows:
        say(Console(), translate("{path} defines no campaign; add [campaigns.<name>]", lang, path=str(config)))
    else:
        names = ("Campaign", "State", "Per cent", "From", "To", "KPI", "Owner", "Goal")
        words = {"state": "state", "kpi": "kpi"}
        cells = [
            tuple(
                "" if value is None else translate(f"{words[key]}.{value}", lang) if key in words else str(value)
                for key, value in row.items()
            )
            for row in rows
        ]
        print_table(Console(), [tuple(translate(name, lang) for name in names), *cells], numeric=False)


def show(
    name: Name,
    config: ConfigPath = DEFAULT_CONFIG,
    lang: LanguageOption = ENGLISH,
    output_format: FormatOption = OutputFormat.TEXT,
) -> None:
    """Show the plan of a campaign, its state, what it has changed with 90 % intervals, and what happens next.

    Effects compare customers by chance: those who were contacted and the control group, from the same days on.
    """
    from core.campaigns import CampaignState, state_of
    from insights.campaigns.rollout import choose_next
    from insights.render.campaign import describe_campaign
    from kizuna.campaigns import CampaignDesk
    from kizuna.today import open_todays_tables

    settings, now = open_config(config), datetime.now(UTC)
    desk = CampaignDesk.open(settings)
    desk.find(name)
    with show_step("reading the tables"):
        running = desk.measure(name, tables=open_todays_tables(settings), now=now)
    is_running = state_of(running.events) == CampaignState.RUNNING
    following = choose_next(running, now=now, zone=settings.zone)[1] if is_running else None
    if output_format is OutputFormat.JSON:
        plan = {"plan": running.campaign, "state": state_of(running.events), "events": running.events}
        print_json({"campaign": name, **plan, "measures": running.measures, "next": following})
        return
    for line in describe_campaign(name, running, following=following, currency=settings.currency, language=lang):
        say(Console(), line)


def start(
    name: Name,
    config: ConfigPath = DEFAULT_CONFIG,
    why: Why = "",
    lang: LanguageOption = ENGLISH,
    output_format: FormatOption = OutputFormat.TEXT,
) -> None:
    """Start a campaign, or go on with a stopped one: `kizuna decide` then contacts its audience, stage by stage."""
    from features.segments.predicted_variables import find_dependents
    from insights.campaigns.audience import count_audience
    from kizuna.campaigns import CampaignDesk
    from kizuna.commands.segments import load_risks
    from kizuna.missing_scores import describe_missing_scores
    from kizuna.today import open_todays_tables
    from models.policies.campaign_audience import explain_empty_audience

    settings = open_config(config)
    desk = CampaignDesk.open(settings)
    campaign = desk.find(name)
    desk.refuse_start(name, now=datetime.now(UTC))
    with show_step("counting the audience"):
        tables = open_todays_tables(settings)
        risks = load_risks(settings)
        n_fitting, n_customers = count_audience(tables, campaign, risks=risks)
    if not n_fitting:
        needs = find_dependents(settings, risks.missing_variables(settings))
        places = (f"campaigns.{name}", f"segments.{campaign.segment}")
        unscored = {place: needs[place] for place in places if place in needs}
        lines = describe_missing_scores(unscored, config=settings, language=ENGLISH)
        reason = explain_empty_audience(name, campaign, n_customers=n_customers)
        raise BadInput("; ".join([reason, *lines, "nothing was changed"]))
    event = desk.start(name, tables=tables, why=why, now=datetime.now(UTC))
    if output_format is OutputFormat.JSON:
        print_json({"event": event, "audience": n_fitting, "customers": n_customers})
        return
    started = (
        "{name} is running at {stage} %: {n} of {customers} customers are its audience; `kizuna decide` contacts them"
    )
    by_trigger = (
        "{name} is running at {stage} %: {n} of {customers} customers fit its rule, and its trigger chooses the days; "
        "`kizuna decide` contacts them"
    )
    counts = {"name": name, "stage": event.stage_percent, "n": n_fitting, "customers": n_customers}
    say(Console(), translate(by_trigger if campaign.trigger else started, lang, **counts))


def stop(
    name: Name,
    config: ConfigPath = DEFAULT_CONFIG,
    why: Why = "",
    lang: LanguageOption = ENGLISH,
    output_format: FormatOption = OutputFormat.TEXT,
) -> None:
    """Stop a campaign: no further contacts are made; `kizuna campaign start` goes on with it."""
    from kizuna.campaigns import CampaignDesk

    event = CampaignDesk.open(open_config(config)).stop(name, why=why, now=datetime.now(UTC))
    if output_format is OutputFormat.JSON:
        print_json({"event": event})
    else:
        say(Console(), translate("{name} is stopped: no further contacts are made", lang, name=name))


def print_plan(document: dict[str, Any], language: Language, *, base_rate: float) -> None:
    """Print the plan in sentences."""
    console = Console()

    def share(value: float) -> str:
        return format_percent(value, language, n_decimals=2)

    say(
        console,
        translate(
            "{n} customers show an effect of {effect} on {rate} with a power of {power}: {contacted} contacted and "
            "{control} in the control group, over {weeks} weeks with the time to respond",
            language,
            n=document["n_customers"],
            effect=format_percent(document["effect"], language, n_decimals=2, is_signed=True),
            rate=share(base_rate),
            power=format_percent(document["power"], language),
            contacted=document["n_customers"] - document["n_control"],
            control=document["n_control"],
            weeks=document["n_weeks"],
        ),
    )
    if "available_customers" not in document:
        return
    n, shown = document["available_customers"], document["detectable_effect"]
    if shown is None:
        say(
            console, translate("{n} customers cannot show any increase of {rate}", language, n=n, rate=share(base_rate))
        )
    else:
        sentence = "{n} customers show an increase of {effect} or more on {rate}"
        say(console, translate(sentence, language, n=n, effect=share(shown), rate=share(base_rate)))
