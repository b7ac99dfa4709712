"""`kizuna simulate`: a shop to try everything in, with a TOML that describes it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from kizuna.session import say

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna simulate --out var/shop/source --customers 3000 --seed 7")
    def simulate(
        out: Annotated[Path, typer.Option(help="The folder for the tables and shop.toml.")] = Path("var/shop/source"),
        customers: Annotated[int, typer.Option(min=1, help="How many customers the shop has.")] = 3_000,
        seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same shop.")] = 7,
        coin_toss: Annotated[bool, typer.Option("--coin-toss", help="A shop whose churn nothing can tell.")] = False,
        no_items: Annotated[bool, typer.Option("--no-items", help="Purchases carry no items.")] = False,
    ) -> None:
        """Make a shop whose truth is known: two years of purchases, visits, items, offers and campaigns."""
        from features.sources.simulated import simulate_shop
        from features.sources.simulation.world import ShopWorld

        began = time.monotonic()
        with console.status("the shop lives through two years"):
            world = ShopWorld(n_customers=customers, seed=seed, churn_is_a_coin_toss=coin_toss, no_items=no_items)
            shop = simulate_shop(world)
        with console.status("its tables are written"):
            config = shop.write(out)
        for name, table in shop.tables.items():
            say(console, f"{name:<10} {len(table):>9,} rows  {out / name}.parquet")
        say(console, f"made in {time.monotonic() - began:.1f} s; next: kizuna check --config {config}")
