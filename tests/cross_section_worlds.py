"""A hand-written cross-section data set: visits predict churn, and a score was recorded after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from core.config.data_set import Config
from core.config.loading import read_config

TOML = """
name = "club"
time_zone = "Asia/Tokyo"
currency = "JPY"
var = "{var}"

[cross_section]
cutoff = 2026-04-01

[cross_section.label]
table = "status"
column = "Left?"
equals = "yes"
cause = "Why"

[cross_section.tables.members]
path = "members.csv"
customer_id = "No."
columns = {{ contract = "Contract", charges = "Charges", {visits} }}

[cross_section.tables.status]
path = "status.parquet"
customer_id = "Member"
columns = {{ exit_score = "Exit score" }}
"""


SPORTS = ("tennis", "judo", "kendo", "yoga", "golf", "rowing")


def write_club(folder: Path, n: int = 600, seed: int = 1, is_predictable: bool = True) -> Path:
    """Write a club of n members in two files, and its TOML; without `is_predictable`, churn is random."""
    random = np.random.default_rng(seed)
    monthly, charges = random.random(n) < 0.5, random.uniform(20, 120, n)
    boredom = random.normal(0, 1, n)
    churned = random.random(n) < 1 / (1 + np.exp(1.2 - 1.8 * boredom * is_predictable))
    visits = {sport: 5 - boredom + random.normal(0, 0.8, n) for sport in SPORTS}
    ids = np.char.mod("%05d", np.arange(n))
    charges_text = np.where(random.random(n) < 0.02, " ", np.char.mod("%.2f", charges))
    members = {"No.": ids, "Contract": np.where(monthly, "monthly", "yearly"), "Charges": charges_text}
    csv.write_csv(pa.table(members | visits), folder / "members.csv")
    status = {
        "Member": ids[::-1],
        "Left?": np.where(churned, "yes", "no")[::-1],
        "Why": np.where(churned, "price", "")[::-1],
        "Exit score": np.where(churned, random.integers(1, 3, n), random.integers(3, 6, n))[::-1],
    }
    pq.write_table(pa.table(status), folder / "status.parquet")
    toml = folder / "club.toml"
    toml.write_text(
        TOML.format(var=folder / "var", visits=", ".join(f'{sport} = "{sport}"' for sport in SPORTS)), encoding="utf-8"
    )
    return toml


def club(folder: Path, n: int = 600, seed: int = 1, is_predictable: bool = True) -> Config:
    """Write a club and read its configuration."""
    return read_config(write_club(folder, n, seed, is_predictable), {})


ONE_FILE = """
name = "people"
time_zone = "UTC"
currency = "EUR"
var = "{folder}/var"
{root}
[cross_section]
cutoff = 2026-04-01
label = {{ table = "people", column = "left", equals = "yes" }}

[cross_section.tables.people]
path = "people.csv"
customer_id = "id"
{table}
"""


def write_people(folder: Path, columns: Mapping[str, Sequence[object]], *, root: str = "", table: str = "") -> Path:
    """Write one file with the columns, ids where there are none, and its TOML; every column is a feature.

    `root` and `table` are further lines of the TOML, for the data set and for its file.
    """
    n = len(next(iter(columns.values())))
    ids = {} if "id" in columns else {"id": [f"c{row:05d}" for row in range(n)]}
    cells = {name: [None if cell is None else str(cell) for cell in column] for name, column in columns.items()}
    csv.write_csv(pa.table({**ids, **cells}), folder / "people.csv")
    toml = folder / "people.toml"
    toml.write_text(ONE_FILE.format(folder=folder, root=root, table=table), encoding="utf-8")
    return toml


def people(folder: Path, columns: Mapping[str, Sequence[object]], *, root: str = "", table: str = "") -> Config:
    """Write one file and read its configuration."""
    return read_config(write_people(folder, columns, root=root, table=table), {})


def leavers(n: int, n_left: int) -> list[str]:
    """Labels of n customers; the first n_left of them left."""
    return ["yes"] * n_left + ["no"] * (n - n_left)
