"""`kizuna simulate`: a company to try everything in, with a TOML that describes it."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.errors import BadInput
from kizuna.session import say

if TYPE_CHECKING:
    from simulation.shop.shop import SimulatedShop
    from simulation.software.company import SimulatedSoftware

console = Console()


class World(StrEnum):
    """What is simulated."""

    shop = "shop"
    software = "software"


USUAL_CUSTOMERS = {World.shop: 3_000, World.software: 800}


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna simulate --world software --out var/software/source --customers 800 --seed 7")
    def simulate(
        world: Annotated[World, typer.Option(help="A shop, or a company that sells software to firms.")] = World.shop,
        out: Annotated[
            Path | None, typer.Option(help="The folder for the tables and the TOML; var/<world>/source by default.")
        ] = None,
        customers: Annotated[
            int | None, typer.Option(min=1, help="How many customers it has: 3000 of a shop, 800 accounts.")
        ] = None,
        seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same company.")] = 7,
        coin_toss: Annotated[bool, typer.Option("--coin-toss", help="Nothing can tell who leaves.")] = False,
        no_items: Annotated[bool, typer.Option("--no-items", help="Of a shop: purchases carry no items.")] = False,
    ) -> None:
        """Make a company whose truth is known: years of all that its systems would have recorded."""
        folder = out or Path("var") / world / "source"
        began = time.monotonic()
        with console.status("the company lives through its years"):
            made = _made(world, customers or USUAL_CUSTOMERS[world], seed, coin_toss, no_items)
        with console.status("its tables are written"):
            config = made.write(folder)
        for name, table in made.tables.items():
            say(console, f"{name:<13} {len(table):>9,} rows  {folder / name}.parquet")
        say(console, f"made in {time.monotonic() - began:.1f} s; next: kizuna check --config {config}")


def _made(
    world: World, customers: int, seed: int, coin_toss: bool, no_items: bool
) -> SimulatedShop | SimulatedSoftware:
    if world is World.shop:
        from simulation.shop.shop import simulate_shop
        from simulation.shop.world import ShopWorld

        return simulate_shop(
            ShopWorld(n_customers=customers, seed=seed, churn_is_a_coin_toss=coin_toss, no_items=no_items)
        )
    if no_items:
        raise BadInput("--no-items is about a shop's purchases; a software company has none: leave it out")
    from simulation.software.company import simulate_software
    from simulation.software.world import SoftwareWorld

    return simulate_software(SoftwareWorld(n_accounts=customers, seed=seed, churn_is_a_coin_toss=coin_toss))
