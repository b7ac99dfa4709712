"""`kizuna mcp`: lets an assistant ask the running service, by the Model Context Protocol."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from core import environment
from core.errors import BadInput
from kizuna.options import refuse_taken_port


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna mcp --url https://kizuna.example.com")
    def mcp(
        url: Annotated[str, typer.Option(help="Address of the service.")] = "http://127.0.0.1:3000",
        http: Annotated[
            int | None,
            typer.Option(
                metavar="PORT",
                min=1,
                max=65535,
                help="Answer assistants of this host at http://127.0.0.1:PORT/mcp, each with its own key.",
            ),
        ] = None,
        write: Annotated[bool, typer.Option("--write", help="Also offer the tool that closes tasks.")] = False,
    ) -> None:
        """Answer an assistant on standard input and output, from the service and with the key in KIZUNA_KEY.

        Assistants start this command themselves. What they may ask for is what the key permits.
        """
        from serving.assistants.asking import open_http

        key = read_key(os.environ.get(environment.KEY, ""))
        open_http(url)  # raises where it is no address
        from serving.assistants.server import HOST, PATH, build_server, forward_authorization, run_http, serve_stdio

        if http is None:
            authorization = f"Bearer {key}" if key else None
            serve_stdio(
                build_server(lambda: open_http(url), find_authorization=lambda _: authorization, may_write=write)
            )
            return
        refuse_taken_port(HOST, http)
        typer.echo(f"answers assistants at http://{HOST}:{http}{PATH}, from {url}", err=True)
        run_http(
            build_server(lambda: open_http(url), find_authorization=forward_authorization, may_write=write), port=http
        )


def read_key(text: str) -> str:
    """The key, which a header can contain. Raises BadInput without repeating it."""
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise BadInput(f"the key in {environment.KEY} contains spaces, line ends or other signs that no key has")
    return text
