"""On bad input every command prints one line and ends with exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.conftest import DataSet
from tests.serving.conftest import free_port

pytestmark = pytest.mark.slow

TOML = """
name = "till"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 20
churn = { horizon_days = 30 }
[tables.purchases]
path = "purchases.csv"
columns = { customer_id = "member" }
"""
LINES = "member,event_time,amount\nada,2024-01-01,1\nbo,2024-02-02,2\n"
DATABASE = 'database = "postgres://ada:hush@127.0.0.1:{port}/shop"\ntable = "sales"'

FAULTS = {
    "a misspelt key": ("active_days", "activ_days", "did you mean 'active_days'"),
    "an unknown column": ('"member"', '"membre"', "did you mean 'member'"),
    "an unknown contract column": ("customer_id =", "custmer_id =", "did you mean 'customer_id'"),
    "a missing file": ("purchases.csv", "sales.csv", "no file at"),
    "a truncated CSV": (",2024-02-02,2", ",2024-0", "line 3: it does not have as many cells"),
    "an empty table": ("ada,2024-01-01,1\nbo,2024-02-02,2\n", "", "purchases is empty"),
    "mixed types": (",2\n", ",two\n", "purchases.amount: 1 of 2 values are no number, e.g. 'two' (row 2)"),
    "a stopped database": ('path = "purchases.csv"', DATABASE, "does not answer"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of all commands, so that MLflow's store is created only once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(params=FAULTS, ids=lambda name: name.replace(" ", "-"))
def faulty(request: pytest.FixtureRequest, tmp_path: Path, home: Path) -> tuple[DataSet, str]:
    """A data set with one fault, and the message that it must cause."""
    old, new, message = FAULTS[request.param]
    for name, text in {"till.toml": TOML, "purchases.csv": LINES}.items():
        (tmp_path / name).write_text(text.replace(old, new.replace("{port}", str(free_port()))))
    return DataSet(tmp_path / "till.toml", home), message


@pytest.mark.parametrize("command", ["check", "features --out f.csv", "train churn", "release"])
def test_bad_input_prints_one_line_and_ends_with_exit_code_2(faulty: tuple[DataSet, str], command: str):
    till, message = faulty

    error_line = till.kizuna(*command.split()).error_line

    assert message in error_line
    assert "hush" not in error_line
