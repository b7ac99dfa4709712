"""Times the way from a messy order export to churn scores: `kizuna init`, `train churn --promote` and `score`.

    python -m benchmarks.first_scores
    python -m benchmarks.first_scores --style japanese --lines 5000 --keep folder

The export is made up: customers with rates of their own who leave at random, in a file as shops have them, with
another encoding and delimiter, day first, decimal commas, currency signs, blanks in the header, lines without a
customer, words for missing, repeated lines, cancelled orders and returns. No line of a TOML is written by hand.
"""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import numpy as np
import psutil
import typer

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import figure_table, write_section

START, DAYS = datetime(2024, 1, 2), 730
ITEMS_PER_ORDER = 2.5
DAYS_BETWEEN_ORDERS, DAYS_AS_CUSTOMER = 30.0, 300.0
COMMANDS = (("init", "{export}", "--yes"), ("train", "churn", "--promote"), ("score", "--out", "scores.csv"))


@dataclass(frozen=True)
class Line:
    """A line of an order."""

    order: int
    customer: str
    time: datetime
    item: int
    quantity: int
    price: float
    is_cancelled: bool


@dataclass(frozen=True)
class Style:
    """How a shop writes its export."""

    file: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    cells: Callable[[Line], tuple[str, ...]]


def _german(line: Line) -> tuple[str, ...]:
    amount = line.quantity * line.price
    return (
        str(line.order),
        line.customer,
        f"{line.time:%d.%m.%Y %H:%M}",
        f"A{line.item:05d}",
        f"Schüssel Größe {line.item % 7}",
        str(line.quantity),
        _comma(line.price),
        _comma(amount),
        "storniert" if line.is_cancelled else "bezahlt",
        ("Deutschland", "Österreich")[line.item % 2],
    )


def _comma(amount: float) -> str:
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,")) + " €"


def _japanese(line: Line) -> tuple[str, ...]:
    amount = round(line.price) * 100 * line.quantity
    return (
        f"{line.order:08d}",
        line.customer,
        f"{line.time:%Y年%m月%d日 %H:%M}",
        f"S-{line.item:04d}",
        f"湯のみ {line.item}",
        str(line.quantity),
        f"￥{amount:,}".replace("￥-", "△"),
        "キャンセル" if line.is_cancelled else "完了",
    )


STYLES = {
    "german": Style(
        "bestellungen.csv",
        "cp1252",
        ";",
        ("Bestellnr ", " Kundennummer", "Bestelldatum", "Artikelnummer", "Bezeichnung", "Menge", "Einzelpreis",
         "Betrag ", "Status", "Land"),
        _german,
    ),
    "japanese": Style(
        "受注明細.csv", "cp932", ",",
        ("注文番号", "会員番号 ", "注文日時", "商品コード", "商品名", "数量", "金額（税込）", "注文ステータス"),
        _japanese,
    ),
}  # fmt: skip


def simulate_lines(n_lines: int, seed: int) -> list[Line]:
    """The lines of a shop in the order of their time; the same seed gives the same lines."""
    random = np.random.default_rng(seed)
    lines: list[Line] = []
    customer = order = 0
    while len(lines) < n_lines:
        customer += 1
        gap = DAYS_BETWEEN_ORDERS * random.gamma(2.0, 0.5)
        day, end = random.uniform(0, DAYS), random.exponential(DAYS_AS_CUSTOMER)
        end += day
        while day < min(end, DAYS) and len(lines) < n_lines:
            order += 1
            lines += _order(random, order, customer=customer, day=day)
            day += random.exponential(gap) + 0.02
    return sorted(lines[:n_lines], key=lambda line: line.time)


def _order(random: np.random.Generator, order: int, *, customer: int, day: float) -> Iterator[Line]:
    """An order: a tenth has no customer, a twentieth is cancelled, a fiftieth of the lines is a return."""
    time = START + timedelta(minutes=int(day * 24 * 60))
    number = f"{customer:06d}" if random.random() > 0.1 else str(random.choice(["", "NULL"]))
    is_cancelled = bool(random.random() < 0.05)
    for item in random.choice(400, size=1 + random.poisson(ITEMS_PER_ORDER - 1), replace=False).tolist():
        sign = -1 if random.random() < 0.02 else 1
        quantity, price = sign * int(random.integers(1, 4)), round(float(random.lognormal(3, 1)), 2)
        yield Line(order, number, time, item, quantity, price, is_cancelled)


def write_export(folder: Path, style: Style, *, n_lines: int, seed: int) -> Path:
    """Write an export; one line in a hundred is repeated."""
    path = folder / style.file
    lines = simulate_lines(n_lines - n_lines // 100, seed)
    repeated = set(np.random.default_rng(seed).choice(len(lines), n_lines // 100, replace=False).tolist())
    with path.open("w", encoding=style.encoding, newline="") as file:
        writer = csv.writer(file, delimiter=style.delimiter)
        writer.writerow(style.header)
        for place, line in enumerate(lines):
            writer.writerows([style.cells(line)] * (2 if place in repeated else 1))
    return path


def time_commands(folder: Path, export: Path) -> dict[str, float]:
    """Seconds of each command, run in the folder, and CPU seconds of all. Raises CalledProcessError where one fails.

    On a machine that others use, the CPU seconds say more: the commands keep two cores busy for most of their time.
    """
    seconds: dict[str, float] = {}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for command in COMMANDS:
        arguments = [part.format(export=export.name) for part in command]
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "kizuna", *arguments], cwd=folder, check=True)
        seconds[command[0]] = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds | {"total": sum(seconds.values()), "total_cpu": cpu_seconds}


def main(
    style: Annotated[str, typer.Option(help=f"One of {', '.join(STYLES)}.")] = "german",
    lines: int = 50_000,
    seed: int = 7,
    keep: Annotated[Path | None, typer.Option(help="Write into this folder instead of a temporary one.")] = None,
) -> None:
    """Make an export, run the three commands, and publish how long they took."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        export = write_export(folder, STYLES[style], n_lines=lines, seed=seed)
        seconds = time_commands(folder, export)
        scores = (folder / "scores.csv").read_text(encoding="utf-8").splitlines()
    figures = {f"first_scores.{style}.{name}": value for name, value in seconds.items()}
    timed = [
        BenchmarkFigure(figure=name, value=value, low=value, high=value, unit="s") for name, value in figures.items()
    ]
    publish(f"first_scores.{style}", timed)
    write_section(
        f"first_scores.{style}",
        "From an unknown order export to churn scores",
        command=f"python -m benchmarks.first_scores --style {style} --lines {lines}",
        facts={
            "Data": f"a made-up export of {lines:,} lines, seed {seed}; {len(scores) - 1:,} customers get a score",
            "Commands": ", then ".join(f"`kizuna {' '.join(command)}`" for command in COMMANDS),
            "Load average": f"{psutil.getloadavg()[0]:.1f}; seconds depend on it, CPU seconds hardly",
        },
        parts=[figure_table(timed)],
    )


if __name__ == "__main__":
    typer.run(main)
