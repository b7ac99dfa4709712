"""`kizuna mcp` as assistants run it: over standard input and output, and over HTTP."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from kizuna.main import run
from tests.serving.assistants.conftest import text_of
from tests.serving.conftest import PROJECT, free_port, wait_until

COMMAND = [sys.executable, "-m", "kizuna", "mcp"]
SCORE = {"customer_ids": ["cyd"]}


def test_an_assistant_asks_over_standard_input_until_the_service_goes_down(place):
    async def ask(address, key):
        environment = {"KIZUNA_KEY": key}
        server = StdioServerParameters(
            command=COMMAND[0], args=[*COMMAND[1:], "--url", address], env=environment, cwd=PROJECT
        )
        async with Client(server) as client:
            return await client.call_tool("score_churn", SCORE)

    answered = asyncio.run(ask(place.address, place.keys["admin"]))
    assert answered.structured_content["scores"][0]["risk_level"] == "high"

    down = asyncio.run(ask(f"http://127.0.0.1:{free_port()}", ""))
    assert down.is_error
    assert "does not answer (ConnectError); start it with `kizuna serve`" in text_of(down)


@contextmanager
def run_http(url: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    command = [*COMMAND, "--http", str(port), "--url", url]
    environment = os.environ | {"KIZUNA_KEY": "kz_of_the_environment"}
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: is_listening(port) or process.poll() is not None, "kizuna mcp did not start")
        yield process, f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        process.wait()


def is_listening(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/", timeout=1)
    except httpx.HTTPError:
        return False
    return True


def test_over_http_each_assistant_has_the_rights_of_its_own_key(place):
    async def ask(address, headers):
        async with (
            httpx2.AsyncClient(headers=headers) as http,
            Client(streamable_http_client(address, http_client=http)) as client,
        ):
            return await client.call_tool("score_churn", SCORE)

    with run_http(place.address) as (process, address):
        answered = asyncio.run(ask(address, {"authorization": f"Bearer {place.keys['admin']}"}))
        limited = asyncio.run(ask(address, {"authorization": f"Bearer {place.keys['recommend']}"}))
        without = asyncio.run(ask(address, {}))
        foreign = httpx.post(address, json={}, headers={"host": "evil.example"})
        page = httpx.post(address, json={}, headers={"origin": "https://evil.example"})
        process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=60)[1]

    assert answered.structured_content["scores"][0]["risk_level"] == "high"
    assert "needs a key with the scope score" in text_of(limited)
    assert text_of(without).startswith("401 ")
    assert (foreign.status_code, page.status_code) == (421, 403)
    assert output.splitlines()[0].startswith("answers assistants at http://127.0.0.1:")
    assert (output.count("\n"), process.returncode) == (1, 0)


@pytest.mark.parametrize(
    ("options", "key", "line"),
    [
        (["--url", "kizuna"], "", "kizuna: --url takes an address such as http://127.0.0.1:3000, found 'kizuna'"),
        ([], "kz_a b", "kizuna: the key in KIZUNA_KEY contains spaces, line ends or other signs that no key has"),
        (["--http", "0"], "", "kizuna: --http takes a whole number from 1 to 65535, found '0'"),
    ],
)
def test_bad_options_are_refused_in_one_line(options, key, line, monkeypatch, capsys):
    monkeypatch.setenv("KIZUNA_KEY", key)

    assert run(["mcp", *options]) == 2

    output, errors = capsys.readouterr()
    assert (output, errors.count("\n")) == ("", 1)
    assert errors.startswith(line)


def test_the_command_ends_with_its_input():
    done = subprocess.run(COMMAND, cwd=PROJECT, input="", capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_ctrl_c_ends_a_command_that_waits_for_its_assistant():
    process = subprocess.Popen(
        COMMAND, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write('{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
    process.stdin.flush()
    assert '"id":1' in process.stdout.readline()

    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 130  # while its standard input is still open
    assert process.communicate() == ("", "kizuna: interrupted\n")
