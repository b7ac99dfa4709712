"""A CRM's nightly batch: read customer ids from a CSV file, and write their churn scores into another.

    KIZUNA_KEY=kz_... python nightly_scores.py customers.csv scores.csv --url https://kizuna.example.com

customers.csv has a column customer_id. Customers without a score (unknown, or without consent) have no row in
scores.csv.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from kizuna_client import Client, KizunaError
from kizuna_client.answers import ScoredCustomer

COLUMNS: tuple[str, ...] = ("customer_id", "churn_probability", "risk_level", "expected_loss", "action", "top_reason")


def read_ids(path: Path) -> Iterator[str]:
    """The column customer_id of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if "customer_id" not in (rows.fieldnames or ()):
            raise ValueError(f"{path} has no column customer_id; write that name into its first line")
        for row in rows:
            if not (row["customer_id"] or "").strip():
                raise ValueError(f"{path}, line {rows.line_num}: there is no customer_id")
            yield row["customer_id"]


def row_of(score: ScoredCustomer) -> dict[str, object]:
    """A row of scores.csv."""
    action, rising = score["recommended_action"], [one["en"] for one in score["reasons"] if one["direction"] == "up"]
    return {
        "customer_id": score["customer_id"],
        "churn_probability": score["churn_probability"],
        "risk_level": score["risk_level"],
        "expected_loss": score["expected_loss"],
        "action": action.get("offer_id") or action.get("text") or action["kind"],
        "top_reason": next(iter(rising), ""),
    }


def write_scores(client: Client, *, customers: Path, scores: Path) -> tuple[int, int]:
    """Write all scores, and return how many customers have one and how many have none.

    The file appears when it is complete, so that the CRM never imports half of it.
    """
    part, n_scored, n_others = scores.with_name(scores.name + ".part"), 0, 0
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            for score in client.score_all(read_ids(customers)):
                if score["status"] == "scored":
                    writer.writerow(row_of(score))
                    n_scored += 1
                else:
                    n_others += 1
        part.replace(scores)
    finally:
        part.unlink(missing_ok=True)  # of a batch that failed
    return n_scored, n_others


def main() -> int:
    """Run the batch; the exit code is 0 if the file was written."""
    parser = argparse.ArgumentParser(description="Write the churn scores of customers into a CSV file.")
    parser.add_argument("customers", type=Path)
    parser.add_argument("scores", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:3000")
    options = parser.parse_args()
    try:
        with Client(options.url) as client:
            n_scored, n_others = write_scores(client, customers=options.customers, scores=options.scores)
    except (KizunaError, OSError, ValueError) as error:
        print(f"nightly_scores: {error}", file=sys.stderr)
        return 1
    print(f"{n_scored:,} scores in {options.scores}; {n_others:,} customers have none")
    return 0


if __name__ == "__main__":
    sys.exit(main())
