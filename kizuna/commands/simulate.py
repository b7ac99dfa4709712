"""`kizuna simulate`: generates a synthetic company and the TOML that describes it."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.errors import BadInput
from core.files import require_place
from kizuna.options import FormatOption, OutputFormat
from kizuna.terminal import print_json, say, show_step

if TYPE_CHECKING:
    from simulation.shop.simulate import SimulatedShop
    from simulation.software.simulate import SimulatedSoftware

console = Console()


class World(StrEnum):
    """Kind of company."""

    shop = "shop"
    software = "software"


DEFAULT_CUSTOMERS = {World.shop: 3_000, World.software: 800}


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna simulate --world software --out var/software/source --customers 800 --seed 7")
    def simulate(
        world: Annotated[World, typer.Option(help="A shop, or a company that sells software to firms.")] = World.shop,
        out: Annotated[
            Path | None, typer.Option(help="Folder for the tables and the TOML. Default: var/<world>/source.")
        ] = None,
        customers: Annotated[
            int | None, typer.Option(min=1, help="Number of customers. Default: 3000 (shop), 800 accounts (software).")
        ] = None,
        seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same company.")] = 7,
        random_churn: Annotated[
            bool, typer.Option("--random-churn", help="Make churn random, so that nothing predicts it (sanity check).")
        ] = False,
        no_items: Annotated[bool, typer.Option("--no-items", help="Shop only: purchases carry no item ids.")] = False,
        no_effects: Annotated[
            bool,
            typer.Option("--no-effects", help="Make contacts change nothing, so that no offer pays (sanity check)."),
        ] = False,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Generate a synthetic company with known ground truth: years of tables as its systems would record them."""
        folder = out or Path("var") / world / "source"
        require_place(folder, is_folder=True)
        started = time.monotonic()
        with show_step("simulating"):
            company = _simulate(
                world,
                customers or DEFAULT_CUSTOMERS[world],
                seed=seed,
                random_churn=random_churn,
                no_items=no_items,
                no_effects=no_effects,
            )
        with show_step("writing tables"):
            config = company.write(folder)
        if output_format is OutputFormat.JSON:
            print_json({"config": str(config), "rows": {name: len(table) for name, table in company.tables.items()}})
            return
        for name, table in company.tables.items():
            say(console, f"{name:<13} {len(table):>9,} rows  {folder / name}.parquet")
        say(console, f"took {time.monotonic() - started:.1f} s; next: kizuna check --config {config}")


def _simulate(
    world: World, n_customers: int, *, seed: int, random_churn: bool, no_items: bool, no_effects: bool
) -> SimulatedShop | SimulatedSoftware:
    if world is World.shop:
        from simulation.shop.simulate import ShopWorld, simulate_shop

        return simulate_shop(
            ShopWorld(
                n_customers=n_customers,
                seed=seed,
                churn_is_random=random_churn,
                no_items=no_items,
                offer_effects=not (no_effects or random_churn),
            )
        )
    if no_items:
        raise BadInput("--no-items applies to --world shop only; a software company has no purchases")
    from simulation.software.simulate import SoftwareWorld, simulate_software

    return simulate_software(
        SoftwareWorld(
            n_accounts=n_customers,
            seed=seed,
            churn_is_random=random_churn,
            offer_effects=not (no_effects or random_churn),
        )
    )
