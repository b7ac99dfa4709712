"""`kizuna serve`: runs the HTTP service on the active release of a data set."""

from __future__ import annotations

import os
import sys
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Annotated

import typer

from core import environment
from core.errors import BadInput
from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config, refuse_taken_port
from kizuna.session import open_remote_releases

PROJECT = Path(__file__).resolve().parents[2]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna serve --port 3000 --workers 2")
    def serve(
        config: ConfigPath = DEFAULT_CONFIG,
        host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 3000,
        workers: Annotated[int, typer.Option(min=1, help="Number of worker processes.")] = 1,
        without_keys: Annotated[
            bool, typer.Option("--without-keys", help="Answer every caller while there are no keys.")
        ] = False,
    ) -> None:
        """Serve the active release over HTTP; a new release is picked up without a restart."""
        address = parse_address(host)
        refuse_taken_port(str(address), port)
        from serving.keys.opening import open_key_store
        from serving.tasks.database import TaskDatabase

        settings = open_config(config)
        places, database_url = settings.places, os.environ.get(environment.DATABASE_URL)
        TaskDatabase.at(database_url, places.tasks)  # raises where the URL is not valid
        open_remote_releases()  # raises where it is no address
        has_keys = bool(open_key_store(database_url, places.keys, data_set=settings.name).read())
        if not (address.is_loopback or without_keys or has_keys):
            raise BadInput(
                f"--host {host} accepts connections of other hosts; make a key for each of them with `kizuna keys "
                "add`, or add --without-keys to answer every caller"
            )
        if without_keys and not has_keys:
            typer.echo(
                "warning: every caller who reaches this port is answered; `kizuna keys add` makes keys", err=True
            )
        variables = os.environ | {
            environment.RELEASES: str(places.releases.resolve()),
            environment.LEDGER: str(places.ledger.resolve()),
            environment.WORKERS: str(workers),
            "BENTOML_DO_NOT_TRACK": "True",
        }
        if without_keys:
            variables[environment.WITHOUT_KEYS] = "1"
        command = [sys.executable, "-m", "bentoml", "serve", "serving.service:Kizuna"]
        options = ["--working-dir", str(PROJECT), "--host", str(address), "--port", str(port)]
        sys.stdout.flush()
        os.execve(sys.executable, [*command, *options], variables)


def parse_address(host: str) -> IPv4Address | IPv6Address:
    """Read --host; BentoML accepts IP addresses only. Raises BadInput."""
    try:
        return ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as fault:
        raise BadInput(f"--host takes an IP address such as 127.0.0.1 or 0.0.0.0, found '{host}'") from fault
