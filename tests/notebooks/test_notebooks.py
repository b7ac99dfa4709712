"""The notebooks run, most on smaller data, and their stored outputs come from one complete run at their own size."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import psutil
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
CELL_SECONDS = 300
STOP_SECONDS = 15
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
ABSOLUTE_PATH = re.compile(r"(?<![\w<.:/])/\w+/\w|[A-Z]:\\")

SMALLER = {
    "who_should_get_the_coupon": {
        'outcome="visit")': 'outcome="visit").take(slice(None, None, 4))',
        "n_customers=6_000": "n_customers=2_000",
    },
    "why_customers_leave": {"n_accounts=600": "n_accounts=300"},
    "retrain_and_compare": {'"n_trees": 150, "n_resamples": 10': '"n_trees": 60, "n_resamples": 3'},
}
"""What cells say, and what instead while they are tested.

`retrain_and_compare` keeps its customers: with fewer its models do not pass the gate.
"""

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.mark.slow
@every_notebook
def test_a_notebook_runs_without_warnings_and_leaves_no_process_behind(path, tmp_path, monkeypatch):
    monkeypatch.setenv("KIZUNA_NOTEBOOK_FOLDER", str(tmp_path / "shop"))
    notebook = nbformat.read(path, as_version=4)
    for own, smaller in SMALLER.get(path.stem, {}).items():
        (cell,) = (cell for cell in code_cells(notebook) if own in cell.source)
        cell.source = cell.source.replace(own, smaller)

    left = execute(notebook, tmp_path)

    assert not left
    assert not [output.text for output in outputs_of(notebook) if output.get("name") == "stderr"]


@every_notebook
def test_a_notebook_defines_no_functions_or_classes(path):
    for cell in code_cells(nbformat.read(path, as_version=4)):
        assert not [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, DEFINITIONS)]


@every_notebook
def test_stored_outputs_come_from_one_run_and_contain_no_absolute_path(path):
    notebook = nbformat.read(path, as_version=4)

    counts = [cell.execution_count for cell in code_cells(notebook)]

    assert counts == list(range(1, len(counts) + 1))
    assert not [output for output in outputs_of(notebook) if ABSOLUTE_PATH.search(text_of(output))]


def execute(notebook: NotebookNode, folder: Path) -> list[psutil.Process]:
    """Run every cell in a folder. Returns the processes that the kernel left running; they are stopped in any case."""
    client = NotebookClient(notebook, timeout=CELL_SECONDS, resources={"metadata": {"path": str(folder)}})
    before = set(psutil.Process().children())
    with client.setup_kernel():
        (kernel,) = set(psutil.Process().children()) - before
        try:
            for place, cell in enumerate(notebook.cells):
                client.execute_cell(cell, place)
        finally:
            left = stop(kernel.children(recursive=True))
    return left


def stop(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Stop these processes and return them."""
    for process in processes:
        process.terminate()
    for process in psutil.wait_procs(processes, STOP_SECONDS)[1]:
        process.kill()
    return processes


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs_of(notebook: NotebookNode) -> list[NotebookNode]:
    """The outputs of the code cells, in order."""
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def text_of(output: NotebookNode) -> str:
    """The text of an output; '' if it has none."""
    return output.get("text") or output.get("data", {}).get("text/plain", "")
