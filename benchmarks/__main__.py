"""Runs every benchmark in its own process and writes docs/results.md from their sections: `make bench`."""

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
"`make bench-recommenders` runs these. The last one measures the models that Gowalla's has fitted."

SERVING = {
    "serving.churn_by_id": ("benchmarks.churn_by_id",),
    "serving.recommend_50k": ("benchmarks.recommend_cost",),
    "serving.recommend_1m": ("benchmarks.recommend_cost", "--items", "1000000"),
    "serving.events": ("benchmarks.event_acks",),
    "serving.swap": ("benchmarks.release_swap",),
    "serving.flood": ("benchmarks.flood",),
    "serving.release_size": ("benchmarks.release_size",),
    "http_face": ("benchmarks.http_face",),
}
"`make bench-serving` runs these."

GROUPS = {"recommenders": RECOMMENDERS, "serving": SERVING}

BENCHMARKS = {
    "online_retail.churn": ("benchmarks.churn", "--data-set", "online_retail"),
    "online_retail.report": ("benchmarks.report_revenue",),
    **RECOMMENDERS,
    "cdnow.churn": ("benchmarks.churn", "--data-set", "cdnow"),
    "telco": ("benchmarks.telco",),
    "ravenstack.churn": ("benchmarks.churn", "--data-set", "ravenstack"),
    "banking77": ("benchmarks.banking77",),
    "simulated_software.causes": ("benchmarks.software_causes",),
    "simulated_software.hazard": ("benchmarks.software_hazard",),
    "simulated_software.health": ("benchmarks.health",),
    "small_firm": ("benchmarks.small_firm",),
    "health": ("benchmarks.health_of_firms",),
    "causes": ("benchmarks.causes_of_firms",),
    "training_cost": ("benchmarks.training_cost",),
    "cross_section_cost": ("benchmarks.cross_section_cost",),
    "hillstrom": ("benchmarks.hillstrom",),
    "open_bandit": ("benchmarks.open_bandit",),
    "uplift_worlds": ("benchmarks.uplift_worlds",),
    "discovery": ("benchmarks.discovery",),
    "categories": ("benchmarks.categories",),
    "value": ("benchmarks.value",),
    "allocation": ("benchmarks.allocation",),
    "campaigns": ("benchmarks.campaigns",),
    "policy": ("benchmarks.policy",),
    "contact_timing": ("benchmarks.contact_timing",),
    "features_10m": ("benchmarks.features_10m",),
    "usage_20m": ("benchmarks.usage_20m",),
    **SERVING,
    "leaks": ("benchmarks.leaks",),
    "first_scores.german": ("benchmarks.first_scores",),
    "demo": ("benchmarks.demo",),
    "command_line": ("benchmarks.command_line",),
    "cases": ("benchmarks.cases",),
}
"Module and arguments, by the name of the section."

WITH_OWN_ENVIRONMENT = {"online_retail.peers": ("benchmarks.peers",), "uplift.peers": ("benchmarks.uplift_peers",)}
"Benchmarks that need another environment: `make bench-peers`."


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, or all, and write the page; return how many failed, or 2 for an unknown name."""
    commands = {**BENCHMARKS, **WITH_OWN_ENVIRONMENT}
    names = [one for name in arguments for one in GROUPS.get(name, [name])] or [*BENCHMARKS]
    if unknown := [name for name in names if name not in commands]:
        typer.echo(f"no benchmark is called {unknown[0]}; there are {', '.join([*GROUPS, *commands])}", err=True)
        return 2
    n_failed = 0
    for name in names:
        n_failed += subprocess.run([sys.executable, "-m", *commands[name]], check=False).returncode != 0
    write_results(list(commands))
    typer.echo(f"wrote {RESULTS}; {n_failed} of {len(names)} benchmarks failed")
    return n_failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
