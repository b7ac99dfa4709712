"""What Thompson sampling earns, estimated from the log of a random policy: Open Bandit, men's and women's campaign.

`python -m benchmarks.open_bandit`. ZOZO showed fashion items at three positions, chosen at random or by Bernoulli
Thompson sampling, in the same week. The estimate reads the random log, and of the other log only which items were
shown; its clicks are the truth that the estimate is compared with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import typer
from numpy.typing import NDArray

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import format_interval, table, write_section
from benchmarks.uplift_data import data_file
from core.feature_table import FeatureColumn
from core.intervals import Estimate, estimate_interval
from models.metrics.uplift.policy_value import DR, LoggedDecisions, estimate_policy_value
from models.uplift.learner import deal_folds
from models.uplift.outcome_models import LinearOutcome, OutcomeRows

NAME = "open_bandit"
COMMAND = "python -m benchmarks.open_bandit"
CAMPAIGNS = ("men", "women")
N_POSITIONS, N_FOLDS, PENALTY = 3, 5, 100.0
CONTEXT = ("user_feature_0", "user_feature_1", "user_feature_2", "user_feature_3")
GOAL = 0.10


@dataclass(frozen=True)
class BanditLog:
    """Shown items and clicks; every array has a row for each of n impressions."""

    items: NDArray[np.int64]
    positions: NDArray[np.int64]
    "From 0."
    clicks: NDArray[np.float64]
    propensities: NDArray[np.float64]
    context: NDArray[np.float64]
    "(n, c) codes of the user's features."

    @classmethod
    def read(cls, policy: str, campaign: str) -> BanditLog:
        """The log of a policy (random, bts) in a campaign."""
        rows = pq.read_table(data_file(f"open_bandit/{policy}_{campaign}.parquet"))
        return cls(
            items=rows["item_id"].to_numpy().astype(np.int64),
            positions=rows["position"].to_numpy().astype(np.int64) - 1,
            clicks=rows["click"].to_numpy().astype(np.float64),
            propensities=rows["propensity_score"].to_numpy().astype(np.float64),
            context=np.column_stack([_codes(rows[name]) for name in CONTEXT]),
        )

    @property
    def n_items(self) -> int:
        """Items are numbered from 0."""
        return int(self.items.max()) + 1

    @property
    def shares(self) -> NDArray[np.float64]:
        """How often each item was shown at each position, (positions, items): the policy, averaged over the week."""
        counts = np.zeros((N_POSITIONS, self.n_items))
        np.add.at(counts, (self.positions, self.items), 1.0)
        return counts / counts.sum(axis=1, keepdims=True)


def main() -> None:
    """Print and publish the figures, and write the section."""
    logs = {name: (BanditLog.read("random", name), BanditLog.read("bts", name)) for name in CAMPAIGNS}
    decisions = {name: describe_decisions(random, bts.shares) for name, (random, bts) in logs.items()}
    clicks = {name: bts.clicks for name, (_, bts) in logs.items()}
    decisions["both"], clicks["both"] = join_decisions(list(decisions.values())), np.concatenate(list(clicks.values()))
    truths = {name: estimate_mean_clicks(one) for name, one in clicks.items()}
    values = {name: estimate_policy_value(one, n_resamples=1_000) for name, one in decisions.items()}
    publish(NAME, [figure for name in values for figure in figures_of(name, values[name], truth=truths[name])])
    page = write_section(
        NAME,
        "What another policy would earn: Open Bandit",
        command=COMMAND,
        facts={
            "Data": "10,000 impressions of each policy and campaign, with propensities (ZOZO, CC BY 4.0)",
            "Policy": "Thompson sampling, as the share of the impressions that it gave each item at each position",
            "Model of the reward": f"logistic regression on item, position and user, cross-fitted in {N_FOLDS} folds",
        },
        parts=[
            value_table(values, truths, sizes={name: one.effective_size for name, one in decisions.items()}),
            verdict_sentence(values["both"][DR], truths["both"]),
        ],
    )
    typer.echo(page.read_text(encoding="utf-8"))


def describe_decisions(log: BanditLog, shares: NDArray[np.float64]) -> LoggedDecisions:
    """The random decisions, with the new policy's shares (positions, items) and the predicted rewards."""
    ids = np.array([f"{place:06d}" for place in range(len(log.items))])
    predicted = predict_clicks(log, ids)
    return LoggedDecisions(
        customer_ids=ids,
        rewards=log.clicks,
        propensities=log.propensities,
        target=shares[log.positions, log.items],
        predicted=predicted[np.arange(len(ids)), log.items],
        predicted_by_target=(predicted * shares[log.positions]).sum(axis=1),
    )


def predict_clicks(log: BanditLog, ids: NDArray[np.str_]) -> NDArray[np.float64]:
    """P(click) of each item at the position of each impression, (n, items), by models fitted without its fold."""
    n_items, folds = log.n_items, deal_folds(ids, n_folds=N_FOLDS, seed=0)
    columns = (_column("item", n_items), _column("position", N_POSITIONS), *(_column(name, 20) for name in CONTEXT))
    values = np.column_stack([log.items, log.positions, log.context]).astype(np.float64)
    predicted = np.empty((len(ids), n_items))
    for fold in range(N_FOLDS):
        train, held = folds != fold, np.flatnonzero(folds == fold)
        rows = OutcomeRows(values[train], log.clicks[train], np.ones(int(train.sum())), columns, is_binary=True)
        model = LinearOutcome.fit(rows, penalty=PENALTY)
        for item in range(n_items):
            shown = values[held].copy()
            shown[:, 0] = item
            predicted[held, item] = model.predict(shown)
    return predicted


def join_decisions(parts: list[LoggedDecisions]) -> LoggedDecisions:
    """The decisions of all campaigns."""
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])}
    arrays["customer_ids"] = np.array([f"{place:06d}" for place in range(len(arrays["rewards"]))])
    return LoggedDecisions(**arrays)


def estimate_mean_clicks(clicks: NDArray[np.float64]) -> Estimate:
    """The value that the policy had in its own log."""
    return estimate_interval(lambda rows: float(clicks[rows].mean()), np.arange(len(clicks)))


def figures_of(campaign: str, values: dict[str, Estimate], *, truth: Estimate) -> list[BenchmarkFigure]:
    """The relative error and the value by each estimator; the figures of both campaigns have no campaign's name."""
    place = "open_bandit" if campaign == "both" else f"open_bandit.{campaign}"
    figures = [_figure(f"{place}.on_policy.clicks", truth, unit="clicks per impression")]
    for name, value in values.items():
        errors = Estimate(*((one - truth.value) / truth.value for one in (value.value, value.low, value.high)))
        figures.append(_figure(f"{place}.{name}.clicks", value, unit="clicks per impression"))
        figures.append(_figure(f"{place}.{name}.relative_error", errors, unit="share"))
    return figures


def value_table(values: dict[str, dict[str, Estimate]], truths: dict[str, Estimate], *, sizes: dict[str, float]) -> str:
    """Clicks per impression by campaign and estimator."""
    estimators = list(next(iter(values.values())))
    rows = [
        [
            name,
            format_interval(truths[name], 5),
            *(format_interval(values[name][one], 5) for one in estimators),
            f"{sizes[name]:,.0f}",
        ]
        for name in values
    ]
    return table(["campaign", "on policy", *estimators, "effective impressions"], rows)


def verdict_sentence(value: Estimate, truth: Estimate) -> str:
    """Whether the goal is reached: the error, and whether the interval covers the on-policy value."""
    error = abs(value.value - truth.value) / truth.value
    covers = "covers" if value.low <= truth.value <= value.high else "does not cover"
    reached = "reached" if error <= GOAL and covers == "covers" else "missed"
    return (
        f"Both campaigns, doubly robust: off by {error:.1%} of the on-policy value (goal {GOAL:.0%}: {reached}), and "
        f"the interval {covers} it. With so few clicks, chance alone moves an estimate by more than that."
    )


def _figure(name: str, value: Estimate, *, unit: str) -> BenchmarkFigure:
    return BenchmarkFigure(figure=name, value=value.value, low=value.low, high=value.high, unit=unit)


def _codes(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.unique(np.array(column.to_pylist()).astype(str), return_inverse=True)[1].astype(np.float64)


def _column(name: str, n_words: int) -> FeatureColumn:
    words = tuple(str(word) for word in range(n_words))
    return FeatureColumn(
        name=name, family="", unit="", en=name, ja=name, missing="never", digest=name, vocabulary=words
    )


if __name__ == "__main__":
    typer.run(main)
