"""`make bench`: every benchmark in its own process, then docs/results.md from what they wrote."""

from __future__ import annotations

import subprocess
import sys

import typer

from benchmarks.pages import RESULTS, write_results

RANKING = ("benchmarks.recommenders", "--data-set")
RECOMMENDERS = {
    "online_retail.recommender": (*RANKING, "online_retail", "--protocol", "global_time_split"),
    "online_retail.next_basket": (*RANKING, "online_retail", "--protocol", "last_basket_out"),
    "simulated_shop.recommender": (*RANKING, "simulated_shop"),
    "gowalla": (*RANKING, "gowalla"),
    "recommenders.answer_ms": ("benchmarks.one_answer",),
}
"What `make bench-recommenders` runs; the last one asks the models that the one before has fitted."

BENCHMARKS = {
    "online_retail.churn": ("benchmarks.churn", "--data-set", "online_retail"),
    **RECOMMENDERS,
    "cdnow.churn": ("benchmarks.churn", "--data-set", "cdnow"),
    "telco": ("benchmarks.telco",),
    "ravenstack.churn": ("benchmarks.churn", "--data-set", "ravenstack"),
    "banking77": ("benchmarks.banking77",),
    "simulated_software.causes": ("benchmarks.software_causes",),
    "simulated_software.hazard": ("benchmarks.software_hazard",),
    "simulated_software.health": ("benchmarks.health",),
    "features_10m": ("benchmarks.features_10m",),
    "usage_20m": ("benchmarks.usage_20m",),
    "http_face": ("benchmarks.http_face",),
}
"By the name of the section; those named on the command line, otherwise all."

BESIDE = {"online_retail.peers": ("benchmarks.peers",)}
"What needs an environment of its own: `make bench-peers`."


def main(wanted: list[str]) -> int:
    """Run the benchmarks and write the page; the exit code counts those that failed."""
    known = {**BENCHMARKS, **BESIDE}
    named = [one for name in wanted for one in (RECOMMENDERS if name == "recommenders" else [name])] or [*BENCHMARKS]
    failed = 0
    for name in named:
        failed += subprocess.run([sys.executable, "-m", *known[name]], check=False).returncode != 0
    write_results(list(known))
    typer.echo(f"{RESULTS} is written; {failed} of {len(named)} benchmarks failed")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
