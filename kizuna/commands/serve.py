"""`kizuna serve`: the HTTP service, on the releases of one data set."""

from __future__ import annotations

import os
import sys
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Annotated

import typer

from core.errors import BadInput
from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config

PROJECT = Path(__file__).resolve().parents[2]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna serve --port 3000 --workers 2")
    def serve(
        config: ConfigPath = DEFAULT_CONFIG,
        host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 3000,
        workers: Annotated[int, typer.Option(min=1, help="Processes that answer.")] = 1,
        without_keys: Annotated[
            bool,
            typer.Option("--without-keys", help="Listen beyond this machine, to anybody: there are no keys yet."),
        ] = False,
    ) -> None:
        """Serve the newest release; a newer one is picked up without a restart."""
        address = address_of(host)
        if not (address.is_loopback or without_keys):
            raise BadInput(f"--host {host} lets anybody who reaches it ask; add --without-keys if that is meant")
        from serving.tasks.database import TaskDatabase

        places = open_config(config).places
        TaskDatabase.at(os.environ.get("KIZUNA_DATABASE_URL"), places.tasks)  # refuses what is no address of one
        environment = os.environ | {
            "KIZUNA_RELEASES": str(places.releases.resolve()),
            "KIZUNA_LEDGER": str(places.ledger.resolve()),
            "KIZUNA_WORKERS": str(workers),
            "BENTOML_DO_NOT_TRACK": "True",
        }
        command = [sys.executable, "-m", "bentoml", "serve", "serving.service:Kizuna"]
        options = ["--working-dir", str(PROJECT), "--host", str(address), "--port", str(port)]
        sys.stdout.flush()
        os.execve(sys.executable, [*command, *options], environment)


def address_of(host: str) -> IPv4Address | IPv6Address:
    """The address that a --host means; BentoML listens on addresses only."""
    try:
        return ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as fault:
        raise BadInput(f"--host is an address such as 127.0.0.1 or 0.0.0.0, found '{host}'") from fault
