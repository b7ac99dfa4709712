"""Whatever is wrong with what we were given, a command ends in one line and exit code 2."""

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
    "a file that is not there": ("purchases.csv", "sales.csv", "no file at"),
    "a truncated CSV": (",2024-02-02,2", ",2024-0", "line 3: it does not have as many cells"),
    "an empty table": ("ada,2024-01-01,1\nbo,2024-02-02,2\n", "", "purchases is empty"),
    "mixed types": (",2\n", ",two\n", "mixed types: 1 of 2 rows of purchases have amount"),
    "a stopped database": ('path = "purchases.csv"', DATABASE, "does not answer"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands are typed; MLflow's store below it is made once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(params=FAULTS, ids=lambda name: name.replace(" ", "-"))
def faulty(request: pytest.FixtureRequest, tmp_path: Path, home: Path) -> tuple[DataSet, str]:
    """A data set with one thing wrong, and what has to be said of it."""
    stated, wanted, message = FAULTS[request.param]
    for name, text in {"till.toml": TOML, "purchases.csv": LINES}.items():
        (tmp_path / name).write_text(text.replace(stated, wanted.replace("{port}", str(free_port()))))
    return DataSet(tmp_path / "till.toml", home), message


@pytest.mark.parametrize("command", ["check", "features --out f.csv", "train churn", "release"])
def test_a_fault_in_what_was_given_is_one_line_and_exit_code_2(faulty: tuple[DataSet, str], command: str):
    till, message = faulty

    refusal = till.kizuna(*command.split()).refusal

    assert message in refusal
    assert "hush" not in refusal
