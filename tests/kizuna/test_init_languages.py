"""`kizuna init` where several countries have the language of the column names: offsets of times may decide."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tables.discovery.languages import language_of
from tests.kizuna.exports import discover, write

pytestmark = pytest.mark.usefixtures("folder")

SPANISH = "cliente,fecha,importe,cantidad"
PORTUGUESE = "cliente,data do pedido,valor,quantidade"
SECONDS_BETWEEN_KEYS = 30


def orders(header: str, offset: str) -> list[str]:
    return [header, *(f"c{n % 9},2026-{1 + n % 6:02d}-{1 + n % 28:02d}T12:30:00{offset},{20 + n},1" for n in range(60))]


@pytest.mark.parametrize(
    ("header", "offset", "currency", "zone"),
    [
        (SPANISH, "-03:00", "ARS", "America/Argentina/Buenos_Aires"),
        (SPANISH, "-06:00", "MXN", "America/Mexico_City"),
        (SPANISH, "", "EUR", "Europe/Madrid"),
        (PORTUGUESE, "-03:00", "BRL", "America/Sao_Paulo"),
        (PORTUGUESE, "", "BRL", "America/Sao_Paulo"),
    ],
)
def test_the_offsets_of_times_name_the_country(header: str, offset: str, currency: str, zone: str):
    toml = discover(write("ventas.csv", orders(header, offset)))

    assert (toml["currency"], toml["time_zone"]) == (currency, zone)


def test_what_is_assumed_names_the_other_currencies_of_the_language():
    discover(write("ventas.csv", orders(SPANISH, "")))

    written = Path("kizuna.toml").read_text(encoding="utf-8")
    assert "the language of the column names fits EUR, MXN, ARS, COP, CLP, PEN" in written

    discover(write("ventas.csv", orders(SPANISH, "-05:00")))

    written = Path("kizuna.toml").read_text(encoding="utf-8")
    assert 'currency = "COP"' in written
    assert "the offsets of the times fit COP, PEN" in written


def test_portuguese_is_recognised_by_words_that_spanish_does_not_have():
    assert language_of(["Cliente", "Pedido", "Quantidade", "Preço"]) == "pt"
    assert language_of(["Cliente", "Pedido", "Cantidad", "Precio"]) == "es"


@pytest.mark.parametrize(
    ("typed", "code", "last_line"),
    [
        (
            b"\x04",
            2,
            "[USD]: \nkizuna: Which currency are the amounts in (ISO 4217)? Answer at a terminal, or take the default "
            "(USD) with --yes",
        ),
        (b"\x03", 130, "kizuna: interrupted"),
        (b"dollars\n", 2, "kizuna: a currency has three letters, e.g. EUR, found 'DOLLARS'"),
    ],
    ids=["Ctrl-D", "Ctrl-C", "no currency"],
)
def test_a_question_that_is_not_answered_ends_the_command_in_one_line(typed: bytes, code: int, last_line: str):
    write("orders.csv", orders("customer_id,order_date,amount,quantity", ""))
    terminal, end = pty.openpty()
    command = [sys.executable, "-P", "-m", "kizuna", "init", "orders.csv"]
    process = subprocess.Popen(
        command, stdin=end, stdout=end, stderr=end, start_new_session=True, preexec_fn=own_terminal
    )
    os.close(end)
    output, answered = b"", False
    while True:
        # A signal that arrives between the question and the reading of its answer is lost, so it is typed again.
        if answered and not select.select([terminal], [], [], SECONDS_BETWEEN_KEYS)[0]:
            os.write(terminal, typed)
            continue
        try:
            output += os.read(terminal, 1024)
        except OSError:  # Linux: the other end is closed
            break
        if not answered and b"[USD]:" in output:
            os.write(terminal, typed)
            answered = True
    os.close(terminal)

    assert process.wait(20) == code
    assert output.decode().replace("\r\n", "\n").rstrip().endswith(last_line)
    assert not Path("kizuna.toml").exists()


def own_terminal() -> None:
    """Make the terminal on the standard input that of the new session, so that Ctrl-C is a signal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
