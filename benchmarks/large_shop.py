"""A simulated shop of any size for benchmarks of the service: its files, champions, release and keys.

Everything is made by the commands that a shop uses. Champions are trained on a sample of customers with the least
settings, because the cost of training is not measured here; then the release is built from all customers.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.features_10m import N_ITEMS, make_purchases, text_ids
from benchmarks.http_load import Server, serve
from benchmarks.measure import Cost
from core.access import Scope
from core.environment import MLFLOW_TRACKING_URI, Places
from serving.http.app import all_endpoints
from serving.http.trial import verify_answers
from serving.release.releases import Activation, Releases

NAME = "shop"
N_TASTES = 200
LINES_PER_CUSTOMER = 10
N_TRAINED_ON = 50_000
"Customers of the sample that champions are trained on."
FORCED = "the data are random: no model can be better than popularity for certain"
MAX_KEPT = 5
"Releases that publishing keeps."


@dataclass(frozen=True)
class LargeShop:
    """A shop in a folder."""

    folder: Path

    @property
    def toml(self) -> Path:
        """The configuration."""
        return self.folder / "shop.toml"

    @property
    def places(self) -> Places:
        """Its files below `var`."""
        return Places(self.folder / "var", NAME)

    def write_tables(self, n_customers: int, *, lines_per_customer: int = LINES_PER_CUSTOMER, seed: int = 7) -> None:
        """Write the purchases of all customers, in place of those that were there, and the items."""
        folder = self.folder / "purchases"
        for path in folder.glob("*.parquet"):
            path.unlink()
        if folder.exists():
            folder.rmdir()
        n_lines = n_customers * lines_per_customer
        make_purchases(folder, n_lines=n_lines, n_customers=n_customers, n_tastes=N_TASTES, seed=seed)
        codes = np.arange(N_ITEMS)
        items = {
            "item_id": text_ids("I", codes),
            "category": [f"category {code % N_TASTES}" for code in codes.tolist()],
            "title": [f"Item {code}" for code in codes.tolist()],
            "price": np.round(np.random.default_rng(seed).lognormal(2.5, 1.0, N_ITEMS), 2),
        }
        pq.write_table(pa.table(items), self.folder / "items.parquet")
        self.write_configuration()

    def write_configuration(self) -> None:
        """Write the TOML."""
        self.toml.write_text(
            f"""name = "{NAME}"
time_zone = "Europe/London"
currency = "GBP"
active_days = 730
var = "{self.folder / "var"}"

[cutoffs]
train = [2023-07-01]
test = 2023-10-01

[tables.purchases]
path = "purchases/*.parquet"

[tables.items]
path = "items.parquet"
""",
            encoding="utf-8",
        )

    def run(self, *arguments: str) -> tuple[str, Cost]:
        """Run a command of Kizuna; what it prints, and its cost. Raises CalledProcessError where it fails."""
        command = [sys.executable, "-m", "kizuna", *arguments, "--config", str(self.toml)]
        began = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=self._variables()) as process:
            if process.stdout is None:
                raise RuntimeError("the command has no output")
            output = process.stdout.read()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command, output)
        return output, _cost_of(used, seconds=time.perf_counter() - began)

    def train(self, *, recommender: bool = True) -> None:
        """Train the champions on the tables as they are."""
        self.run("train", "churn", "--model", "logistic", "--promote")
        if recommender:
            self.run("train", "recommender", "--model", "item_knn")
            self.run("promote", "recommender", "--force", FORCED)

    def publish_again(self, n_times: int) -> list[str]:
        """Publish the active release under further ids, and activate the first again; returns all ids.

        All stay on disk if there are at most `MAX_KEPT` in the end.
        """
        releases = Releases(self.places.releases)
        built = releases.open_active()
        first = releases.active()
        release_ids = [first.release_id]
        for number in range(1, n_times + 1):
            release_ids.append(f"{first.release_id}-{number}")
            description = msgspec.structs.replace(built.description, release_id=release_ids[-1])
            releases.publish(
                replace(built, description=description),
                activation_of(release_ids[-1], like=first),
                verify=lambda written: verify_answers(written, all_endpoints(), folder=releases.folder),
            )
        releases.activate(first)
        return release_ids

    def add_key(self, name: str, *scopes: Scope, per_minute: int) -> str:
        """Make a key of the service."""
        options = [option for scope in scopes for option in ("--scope", scope)]
        output, _ = self.run("keys", "add", name, *options, "--per-minute", str(per_minute), "--format", "json")
        return json.loads(output)["key"]

    @contextmanager
    def serve(self, port: int, *, workers: int) -> Iterator[Server]:
        """Serve the active release with `kizuna serve`."""
        command = [sys.executable, "-m", "kizuna", "serve", "--config", str(self.toml), "--workers", str(workers)]
        with serve(command, port=port, variables={}) as server:
            yield server

    def _variables(self) -> dict[str, str]:
        """Those of this process, with the shop's own store of models."""
        return {**os.environ, MLFLOW_TRACKING_URI: self.places.tracking_uri}


def activation_of(release_id: str, *, like: Activation) -> Activation:
    """An activation of a release, by whom and when another one was."""
    return Activation(release_id=release_id, who=like.who, why="benchmark", at=like.at)


def _cost_of(used: resource.struct_rusage, *, seconds: float) -> Cost:
    return Cost(seconds=seconds, cpu_seconds=used.ru_utime + used.ru_stime, peak_memory_gb=used.ru_maxrss * 1_024 / 1e9)
