"""The package as its users get it: what it imports, its examples, its README."""

from __future__ import annotations

import ast
import csv
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import kizuna_client

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "clients" / "python"
NIGHTLY = PACKAGE / "examples" / "nightly_scores.py"


def run_nightly(folder: Path, address: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(NIGHTLY), "customers.csv", "scores.csv", "--url", address]
    environment = os.environ | {"PYTHONPATH": str(PACKAGE), "KIZUNA_KEY": ""}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_nightly_batch_writes_the_scores_of_a_crm(tmp_path, address):
    (tmp_path / "customers.csv").write_text("name,customer_id\nC,cyd\nX,unknown\nB,bo\n", "utf-8-sig")

    run = run_nightly(tmp_path, address)

    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == "2 scores in scores.csv; 1 customers have none\n"
    rows = list(csv.DictReader((tmp_path / "scores.csv").read_text("utf-8").splitlines()))
    assert [(row["customer_id"], row["churn_probability"], row["risk_level"]) for row in rows] == [
        ("cyd", "0.9", "high"), ("bo", "0.1", "low"),
    ]  # fmt: skip
    assert [row["action"] for row in rows] == ["voucher", "none"]
    assert rows[0]["top_reason"].startswith("Last purchase 74 days ago")


def test_the_nightly_batch_keeps_the_last_file_where_it_fails(tmp_path, address):
    (tmp_path / "customers.csv").write_text("customer_id\n" + "x" * 200 + "\n")
    (tmp_path / "scores.csv").write_text("of yesterday")

    run = run_nightly(tmp_path, address)

    assert (run.returncode, run.stderr.count("\n")) == (1, 1)
    assert (tmp_path / "scores.csv").read_text() == "of yesterday"


@pytest.mark.parametrize("row", ["Bo", "Bo,", "Bo, "])
def test_the_nightly_batch_names_the_line_without_an_id_and_leaves_no_half_of_a_file(tmp_path, address, row):
    (tmp_path / "customers.csv").write_text(f"name,customer_id\nC,cyd\n{row}\n")

    run = run_nightly(tmp_path, address)

    assert (run.returncode, run.stderr) == (1, "nightly_scores: customers.csv, line 3: there is no customer_id\n")
    assert [path.name for path in tmp_path.iterdir()] == ["customers.csv"]


def test_the_nightly_batch_names_the_missing_column(tmp_path, address):
    (tmp_path / "customers.csv").write_text("id\ncyd\n")

    assert "has no column customer_id" in run_nightly(tmp_path, address).stderr


def test_the_package_imports_its_dependencies_alone():
    content = tomllib.loads((PACKAGE / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    allowed = {re.split(r"\W", one)[0] for one in content} | set(sys.stdlib_module_names) | {"kizuna_client"}
    imports = {
        name.partition(".")[0]
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert imports - allowed == set()
    assert (PACKAGE / "kizuna_client" / "py.typed").exists()


def test_the_wheel_contains_every_file_of_the_package(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=PACKAGE, capture_output=True, check=True)

    with zipfile.ZipFile(next(tmp_path.glob("kizuna_client-*.whl"))) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    package = PACKAGE / "kizuna_client"
    files = (path for path in package.rglob("*") if path.suffix in (".py", ".typed"))
    assert names == {path.relative_to(PACKAGE).as_posix() for path in files}


def test_every_public_name_exists():
    assert [name for name in kizuna_client.__all__ if not hasattr(kizuna_client, name)] == []
