"""`make bench`: every benchmark in its own process, then docs/results.md from what they wrote."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.pages import RESULTS, write_results

BENCHMARKS = {
    "online_retail.churn": ("benchmarks.churn", "--data-set", "online_retail"),
    "online_retail.recommender": ("benchmarks.recommenders", "--data-set", "online_retail"),
    "cdnow.churn": ("benchmarks.churn", "--data-set", "cdnow"),
    "features_10m": ("benchmarks.features_10m",),
    "http_face": ("benchmarks.http_face",),
}
"By the name of the section; those named on the command line, otherwise all."


def main(wanted: list[str]) -> int:
    """Run the benchmarks and write the page; the exit code counts those that failed."""
    failed = 0
    for name in wanted or BENCHMARKS:
        failed += subprocess.run([sys.executable, "-m", *BENCHMARKS[name]], check=False).returncode != 0
    write_results(list(BENCHMARKS))
    print(f"{RESULTS} is written; {failed} of {len(wanted or BENCHMARKS)} benchmarks failed")  # noqa: T201
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
