"""`kizuna campaign`: plans campaigns, and writes whom they contacted with what came of it."""

from __future__ import annotations

import math
import os
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from core import environment
from kizuna.command_group import LightGroup
from kizuna.options import DEFAULT_CONFIG, ConfigPath, FormatOption, OutputFormat, TableOut, open_config
from kizuna.terminal import print_json, say

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


def register(app: typer.Typer) -> None:
    """Add the group."""
    campaign = typer.Typer(cls=LightGroup, no_args_is_help=True, help="Plan campaigns, and see what came of them.")
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
            print_plan(document, base_rate=base_rate)

    campaign.command("contacts", epilog="Example: kizuna campaign contacts --out contacts.parquet")(contacts)


def contacts(
    out: TableOut, config: ConfigPath = DEFAULT_CONFIG, output_format: FormatOption = OutputFormat.TEXT
) -> None:
    """Write all stored decisions and outcomes in the form of the table contacts, control groups included.

    Map the file under [tables.contacts]: acceptance and uplift models learn from it.
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
        say(Console(), f"{out}: {n_rows:,} contacts, control groups included")


def print_plan(document: dict[str, Any], *, base_rate: float) -> None:
    """Print the plan in sentences."""
    console, effect = Console(), document["effect"]
    say(
        console,
        f"{document['n_customers']:,} customers show an effect of {effect:+.2%} on {base_rate:.2%} with a power of "
        f"{document['power']:.0%}: {document['n_customers'] - document['n_control']:,} contacted and "
        f"{document['n_control']:,} in the control group, over {document['n_weeks']} weeks with the time to respond",
    )
    if "available_customers" not in document:
        return
    n, shown = document["available_customers"], document["detectable_effect"]
    if shown is None:
        say(console, f"{n:,} customers cannot show any increase of {base_rate:.2%}")
    else:
        say(console, f"{n:,} customers show an increase of {shown:.2%} or more on {base_rate:.2%}")
