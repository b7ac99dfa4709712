"""What the challenger of a recommender experiment changes, against the champion.

    first item shown by either arm                              end
    |------------------------------------------------------------)
    clicks and purchases of the customer in here count for the customer's arm

Customers are compared by the arm that the hash of their id gives them, whatever they were shown (intention to treat):
a visitor may have seen the other arm before the login. All customers to whom either arm was reported to have shown an
item are compared, and no others; the day of that item counts in full, because tables may have days without times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

import ibis
import ibis.expr.types as ir
import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from core.config.recommender_experiment import RecommenderExperiment
from core.errors import ConfigError, DataError
from core.intervals import Estimate
from core.recommender_experiment import Arm, are_challenged, ending_of
from features.contact_outcomes import find_orders, sum_amounts
from insights.attribution import CREDIT, find_purchases, find_shown, sum_by_customer
from insights.campaigns.customers import ComparedCustomers
from insights.campaigns.measuring import DailyTest, compare_rates, measure_before
from insights.campaigns.read_out import CampaignOutcomes, estimate_effect
from tables.engines.arrays import numbers, seconds, texts
from tables.tables import Tables

MIN_CUSTOMERS = 100
"Of each arm, below which no difference is called shown."
MIN_P_VALUE = 0.001
"Of the numbers of customers: chance alone divides them more unevenly in one experiment of a thousand."
NO_SECTION = "there is no [recommender_experiment] in the TOML; add it with name, challenger and share, and release"
NO_EXPOSURES = (
    "no item that experiment '{name}' recommended was reported to be shown before {end}; report the items shown as "
    "`exposure` events of POST /v1/events with the recommendation_id of the response, and the customers' logins as "
    "`identify`"
)

Figure = Literal["revenue", "buyers", "credited_revenue", "clicks"]
Verdict = Literal["better", "worse", "not_shown", "too_few"]


class ArmCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted of the customers of one arm."""

    arm: Arm
    customers: int
    shown: int
    "Items; an item of one recommendation counts once."
    clicked: int
    bought: int
    "Of the items shown, those that a purchase credits."
    credited_revenue: float
    "Of these purchases, base currency."


class ArmDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of one customer in each arm."""

    figure: Figure
    champion: float
    "Mean of the arm's customers: base currency, items clicked, or the share of customers with an order."
    challenger: float
    difference: Estimate
    "Challenger minus champion, with its 90 % interval over customers; less what earlier purchases explain."
    verdict: Verdict


class ExperimentReading(msgspec.Struct, frozen=True, kw_only=True):
    """What an experiment shows so far."""

    data_set: str
    name: str
    share: float
    "Of the customers, the challenger's."
    start: date
    "The day of the first item shown."
    end: date
    "The day after the last that counts."
    currency: str
    arms: tuple[ArmCounts, ArmCounts]
    "Champion and challenger."
    differences: tuple[ArmDifference, ...]
    "Without amounts of purchases, none of revenue."
    daily_test: DailyTest | None
    "How many customers bought, by the test that may be read every day; None without purchases."
    shown_other_arm: int
    """\
    Customers to whom items of the arm that is not theirs were shown, as visitors or because the share has changed; they
    blur the difference."""
    p_value_of_share: float
    "How often chance alone divides the customers as unevenly."
    is_share_plausible: bool
    "False where the arms are not of the sizes that the hash gives them, so that they cannot be compared."


@dataclass(frozen=True)
class ExperimentCustomers:
    """The customers whom an experiment was reported to have shown an item; every array is (n,)."""

    ids: NDArray[np.str_]
    entered_at: NDArray[np.datetime64]
    "datetime64[s], local: midnight of the day of the first item shown."
    challenged: NDArray[np.bool_]
    "Whether the hash gives them to the challenger."
    saw_other: NDArray[np.bool_]
    "Whether items of the other arm were shown to them."
    counts: NDArray[np.float64]
    "(n, 4): items shown, clicked and bought, and their revenue."

    def compare(self, share: float) -> ComparedCustomers:
        """As the customers of a campaign, whose contact is the first item shown."""
        n, never = len(self.ids), np.full(len(self.ids), np.datetime64("NaT", "s"))
        return ComparedCustomers(
            customer_ids=self.ids,
            entered_at=self.entered_at,
            treated=self.challenged,
            propensities=np.full(n, share),
            n_contacts=np.zeros(n, np.int64),
            costs=np.zeros(n),
            converted_at=never,
            unsubscribed_at=never,
            contacted_anyway=np.zeros(n, np.bool_),
        )


def read_experiment(tables: Tables, end: date) -> ExperimentReading:
    """Compare the arms of `[recommender_experiment]` by what happened before `end`.

    Raises ConfigError without the section, DataError without exposures.
    """
    experiment = tables.config.recommender_experiment
    if experiment is None:
        raise ConfigError(NO_SECTION)
    customers = _find_customers(tables.at(end), experiment, end=end)
    n, n_challenged = len(customers.ids), int(customers.challenged.sum())
    p_value = float(binomtest(n_challenged, n, experiment.share).pvalue)
    differences, daily_test = _compare(tables, customers, end=end, share=experiment.share)
    return ExperimentReading(
        data_set=tables.config.name,
        name=experiment.name,
        share=experiment.share,
        start=customers.entered_at.min().astype("datetime64[D]").item(),
        end=end,
        currency=tables.config.currency,
        arms=(
            _count(customers, ~customers.challenged, arm=Arm.CHAMPION),
            _count(customers, customers.challenged, arm=Arm.CHALLENGER),
        ),
        differences=differences,
        daily_test=daily_test,
        shown_other_arm=int(customers.saw_other.sum()),
        p_value_of_share=p_value,
        is_share_plausible=p_value >= MIN_P_VALUE,
    )


def _find_customers(now: Tables, experiment: RecommenderExperiment, *, end: date) -> ExperimentCustomers:
    endings = {arm: ending_of(experiment.name, arm) for arm in Arm}
    if "exposures" not in now or CREDIT not in now["exposures"].columns:
        raise DataError(NO_EXPOSURES.format(name=experiment.name, end=end))
    exposures: ir.Table = now["exposures"]
    exposures = exposures.filter(
        exposures.customer_id.notnull(),
        exposures[CREDIT].endswith(endings[Arm.CHAMPION]) | exposures[CREDIT].endswith(endings[Arm.CHALLENGER]),
    )
    is_challenged = ibis.ifelse(exposures[CREDIT].endswith(endings[Arm.CHALLENGER]), 1, 0)
    rows = (
        exposures.group_by("customer_id")
        .aggregate(
            entered_at=exposures.event_time.min(),
            fewest=is_challenged.min(),
            most=is_challenged.max(),
        )
        .order_by("customer_id")
        .to_pyarrow()
    )
    if not len(rows):
        raise DataError(NO_EXPOSURES.format(name=experiment.name, end=end))
    ids, entered_at = texts(rows["customer_id"]), seconds(rows["entered_at"])
    start: date = entered_at.min().astype("datetime64[D]").item()
    sums = sum_by_customer(find_shown(exposures, start), find_purchases(now, start))
    order = np.argsort(ids)  # engines sort by their own collation
    owners = order[np.searchsorted(ids, texts(sums["customer_id"]), sorter=order)]
    counts: list[NDArray[np.float64]] = [
        np.bincount(owners, numbers(sums[name]), minlength=len(ids)).astype(np.float64)
        for name in ("shown", "clicked", "bought", "revenue")
    ]
    challenged = are_challenged(ids, experiment=experiment.name, share=experiment.share)
    return ExperimentCustomers(
        ids=ids,
        entered_at=entered_at.astype("datetime64[D]").astype("datetime64[s]"),
        challenged=challenged,
        saw_other=np.where(challenged, numbers(rows["fewest"]) == 0, numbers(rows["most"]) == 1),
        counts=np.stack(counts, axis=1),
    )


def _count(customers: ExperimentCustomers, rows: NDArray[np.bool_], *, arm: Arm) -> ArmCounts:
    shown, clicked, bought, revenue = customers.counts[rows].sum(axis=0).tolist()
    return ArmCounts(
        arm=arm,
        customers=int(rows.sum()),
        shown=int(shown),
        clicked=int(clicked),
        bought=int(bought),
        credited_revenue=revenue,
    )


def _compare(
    tables: Tables, customers: ExperimentCustomers, *, end: date, share: float
) -> tuple[tuple[ArmDifference, ...], DailyTest | None]:
    compared = customers.compare(share)
    log, days = compared.contact_log, (np.datetime64(end, "s") - compared.entered_at) / np.timedelta64(1, "D")
    before, bought = measure_before(compared, tables), None
    outcomes: dict[Figure, NDArray[np.float64]] = {}
    if "purchases" in tables:
        bought = find_orders(tables, log, n_days=days)
        if tables.has_amounts:
            outcomes["revenue"] = sum_amounts(tables, log, n_days=days)
        outcomes["buyers"] = bought
        if tables.has_amounts:
            outcomes["credited_revenue"] = customers.counts[:, 3]
    outcomes["clicks"] = customers.counts[:, 1]
    differences = tuple(_measure_differences(outcomes, customers.challenged, before=before))
    return differences, None if bought is None else compare_rates("purchased", compared, happened=bought == 1)


def _measure_differences(
    outcomes: dict[Figure, NDArray[np.float64]], challenged: NDArray[np.bool_], *, before: NDArray[np.float64] | None
) -> Iterator[ArmDifference]:
    n_smaller = min(int(challenged.sum()), int((~challenged).sum()))
    for figure, values in outcomes.items():
        difference = Estimate()
        if n_smaller >= 2:
            difference = estimate_effect(CampaignOutcomes(challenged, values, before, is_yes_or_no=figure == "buyers"))
        yield ArmDifference(
            figure=figure,
            champion=_mean(values[~challenged]),
            challenger=_mean(values[challenged]),
            difference=difference,
            verdict=_judge(difference, n_smaller=n_smaller),
        )


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _judge(difference: Estimate, *, n_smaller: int) -> Verdict:
    if n_smaller < MIN_CUSTOMERS:
        return "too_few"
    if not difference.excludes(0):
        return "not_shown"
    return "better" if difference.value > 0 else "worse"
