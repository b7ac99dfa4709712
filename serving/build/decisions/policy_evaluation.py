"""What a changed configuration would have earned per decision, from stored decisions, before it goes live.

    stored runs -> the same customers and days under the changed configuration -> P(each choice)
    tables      -> what each customer did in `answer_days` after the decision  -> reward
    both        -> IPS, self-normalised IPS and doubly robust estimates, see `models.policies.off_policy`

The models are those of the release that made the decision. Where it is no longer on disk, the champions of today score
the tables of that day, and the evaluation says so: they may have learned from what is evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.control_group import PermanentControlGroup
from core.decisions import DecisionRow
from core.errors import DataError, NotEnoughHistory
from core.feature_table import FeatureTable
from core.interactions import codes_of
from core.intervals import Estimate
from core.window import Cohort
from features.contact_outcomes import ContactLog, find_orders, find_stayed, sum_amounts
from features.daily_memo import DailyMemo
from models.metrics.uplift.policy_value import DR, IPS, SNIPS
from models.policies.allocation.problem import NOTHING
from models.policies.off_policy import DecisionLog, evaluate_policy
from serving.build.decisions.replaying import NO_CONTACT, ReplayedRun, StoredRun, group_runs, replay_run
from serving.build.inputs import BuildInputs, Champions
from serving.build.offers import build_part
from serving.decisions.store import ContactHistory
from serving.offers.candidates import offers_of
from serving.release.offer_part import OfferPart
from serving.release.release import PARTS, Release, ReleasePart
from tables.tables import Tables

EvaluationKpi = Literal["margin", "purchased", "stayed"]
"What a decision is judged by: margin less the cost of the contact, an order, or no churn."


class ChoiceShare(msgspec.Struct, frozen=True, kw_only=True):
    """How often one choice is made."""

    choice: str
    "An offer with its channel, or 'nothing'."
    logged: float
    "Share of the decisions that were made."
    new: float
    "Share of the decisions under the changed configuration."


class PolicyReport(msgspec.Struct, frozen=True, kw_only=True):
    """The changed configuration against the stored decisions, per decision."""

    kpi: EvaluationKpi
    days: int
    "After a decision, in which what a customer did counts."
    first_day: date
    last_day: date
    runs: int
    decisions: int
    customers: int
    effective_size: float
    "How many decisions of the new policy itself would tell as much."
    logged: Estimate
    "Of the decisions that were made, with a 90 % interval over customers."
    ips: Estimate
    self_normalised_ips: Estimate
    doubly_robust: Estimate
    gain: Estimate
    "Doubly robust, less the logged one."
    choices: tuple[ChoiceShare, ...]
    "Most frequent under the changed configuration first."
    waiting_runs: int
    "Runs whose days are not over."
    runs_without_release: int
    "Runs whose release is deleted, so that the champions of today were used."
    in_control_group: int
    "Decisions about customers of control groups, left out."
    of_campaigns: int
    "Decisions of campaigns, left out."


@dataclass(frozen=True, kw_only=True)
class ReplaySources:
    """Where a replay reads from."""

    config: Config
    "The changed configuration."
    tables: Tables
    "Of today, by the changed configuration."
    history: ContactHistory
    "Of all stored decisions."
    open_release: Callable[[str], Release | None]
    "A release by its id; None if it is deleted."
    build_release: Callable[[date], Release]
    "A release of the champions of today, as known on a day."


def evaluate_changed_policy(
    decisions: Sequence[DecisionRow], sources: ReplaySources, *, kpi: EvaluationKpi, since: date | None = None
) -> PolicyReport:
    """Estimate what the changed configuration would have earned with the customers of stored decisions since a day.

    Raises NotEnoughHistory without decisions whose days are over, or where they do not support the new policy, and
    DataError where the KPI is not recorded.
    """
    config, tables = sources.config, sources.tables
    runs = [run for run in group_runs(decisions, data_set=config.name) if since is None or run.day >= since]
    mature = _select_mature(runs, _last_recorded(tables, kpi), n_days=config.offers.answer_days)
    models, history = _ReleasesOfThen(sources), sources.history
    replays = [replay_run(run, models.change(run), control=models.control_of(run), history=history) for run in mature]
    log, target = _join(replays, [models.features_of(run) for run in mature])
    log = replace(log, rewards=np.concatenate([_measure(kpi, one, tables=tables, config=config) for one in replays]))
    is_known = ~np.isnan(log.rewards)
    if not is_known.any():
        raise NotEnoughHistory("no stored decision has a known outcome yet; wait for more, or choose another --kpi")
    log, target = log.take(is_known), target[is_known]
    evaluation = evaluate_policy(log, target, seed=config.seed)
    estimates = evaluation.by_estimator
    return PolicyReport(
        kpi=kpi,
        days=config.churn.horizon_days if kpi == "stayed" else config.offers.answer_days,
        first_day=mature[0].day,
        last_day=mature[-1].day,
        runs=len(mature),
        decisions=len(log),
        customers=len(np.unique(log.customer_ids)),
        effective_size=evaluation.effective_size,
        logged=evaluation.logged,
        ips=estimates[IPS],
        self_normalised_ips=estimates[SNIPS],
        doubly_robust=estimates[DR],
        gain=evaluation.gain,
        choices=tuple(_count_choices(log, target)),
        waiting_runs=len(runs) - len(mature),
        runs_without_release=sum(models.find(run) is None for run in mature),
        in_control_group=sum(one.n_control for one in replays),
        of_campaigns=sum(one.n_of_campaigns for one in replays),
    )


def choose_kpi(tables: Tables) -> EvaluationKpi:
    """The first KPI that the tables record."""
    if "purchases" not in tables:
        return "stayed"
    return "margin" if tables.has_amounts else "purchased"


def _select_mature(runs: Sequence[StoredRun], until: np.datetime64, *, n_days: int) -> list[StoredRun]:
    """The runs whose days are over. Raises NotEnoughHistory without any."""
    if not runs:
        raise NotEnoughHistory(
            "no decision is stored; let `kizuna decide` leave some choices to chance for a few weeks, with [decisions] "
            'exploration = "epsilon"'
        )
    mature = [run for run in runs if np.datetime64(run.now, "s") + np.timedelta64(n_days, "D") <= until]
    if not mature:
        raise NotEnoughHistory(
            f"the {n_days} days after the first stored decision, of {runs[0].day}, are not over: the tables end before "
            f"{until.astype('datetime64[D]')}; wait for more"
        )
    return mature


def _last_recorded(tables: Tables, kpi: EvaluationKpi) -> np.datetime64:
    """The midnight before which what customers did is recorded. Raises DataError where it is not at all."""
    if kpi != "stayed" and "purchases" not in tables:
        raise DataError(f"--kpi {kpi} needs the table purchases, which is missing; use --kpi stayed")
    if kpi == "margin" and not tables.has_amounts:
        raise DataError("--kpi margin needs purchases.amount; map it, or use --kpi purchased")
    return np.datetime64(tables.default_cutoff() if kpi == "stayed" else tables.watermark("purchases"), "s")


class _ReleasesOfThen:
    """The releases that made stored decisions, and the same with the changed terms."""

    def __init__(self, sources: ReplaySources) -> None:
        self._sources = sources
        self._stored: dict[str | None, Release | None] = {}
        self._inputs: dict[date, BuildInputs] = {}
        self._changed: dict[str | date, Release] = {}
        self._memo = DailyMemo()

    def find(self, run: StoredRun) -> Release | None:
        """The release of a run; None if it is deleted."""
        name = run.release_id
        if name not in self._stored:
            self._stored[name] = None if name is None else self._sources.open_release(name)
        return self._stored[name]

    def change(self, run: StoredRun) -> Release:
        """The release of a run, with the offers and terms of the changed configuration."""
        inputs, stored = self._inputs_of(run), self.find(run)
        key = inputs.cutoff if stored is None else stored.description.release_id
        if key not in self._changed:
            build = self._sources.build_release
            self._changed[key] = build(inputs.cutoff) if stored is None else _with_offers(stored, inputs)
        return self._changed[key]

    def control_of(self, run: StoredRun) -> PermanentControlGroup:
        """The permanent control group of a run."""
        return offers_of(self.find(run) or self.change(run)).terms.control

    def features_of(self, run: StoredRun) -> FeatureTable:
        """What was known of the customers."""
        return self._inputs_of(run).features

    def _inputs_of(self, run: StoredRun) -> BuildInputs:
        stored = self.find(run)
        cutoff = run.day if stored is None else stored.description.cutoff
        if cutoff not in self._inputs:
            sources = self._sources
            self._inputs[cutoff] = BuildInputs(
                sources.config, sources.tables, Champions({}, {}), cutoff, memo=self._memo
            )
        return self._inputs[cutoff]


def _with_offers(release: Release, inputs: BuildInputs) -> Release:
    """A release with the offers of other inputs. Raises DataError where they have none."""
    parts: dict[str, ReleasePart | None] = {name: getattr(release, name) for name in PARTS}
    built = build_part(inputs, parts)
    if not isinstance(built.part, OfferPart):
        raise DataError(f"the changed configuration makes no offers: {built.missing_reason}")
    return replace(release, offers=built.part)


def _measure(kpi: EvaluationKpi, replayed: ReplayedRun, *, tables: Tables, config: Config) -> NDArray[np.float64]:
    """The reward of each decision, (n,); NaN where it is not known."""
    n, n_days = len(replayed.customer_ids), config.offers.answer_days
    if kpi == "stayed":
        days = np.full(n, np.datetime64(replayed.run.day, "D"))
        order = np.argsort(replayed.customer_ids)
        stayed = np.empty(n)
        stayed[order] = find_stayed(tables, Cohort(replayed.customer_ids[order], days))
        return stayed
    log = ContactLog.at(replayed.customer_ids, np.datetime64(replayed.run.now, "s"))
    if kpi == "purchased":
        return find_orders(tables, log, n_days=n_days)
    return config.money.margin_rate * sum_amounts(tables, log, n_days=n_days) - replayed.costs


def _join(replays: Sequence[ReplayedRun], features: Sequence[FeatureTable]) -> tuple[DecisionLog, NDArray[np.float64]]:
    """The decisions of all runs, without rewards yet, and P(each choice) of the new policy, nothing last."""
    logged = {name for one in replays for name in one.choices}
    options = sorted(({name for one in replays for name in one.names} | logged) - {NO_CONTACT})
    places = {name: place for place, name in enumerate(options)} | {NO_CONTACT: len(options)}
    columns = [column for column in features[0].columns if column.vocabulary is None]
    names = [column.name for column in columns]
    targets, contexts = list[NDArray[np.float64]](), list[NDArray[np.float64]]()
    for one, table in zip(replays, features, strict=True):
        target = np.zeros((len(one.customer_ids), len(places)))
        target[:, [places[name] for name in one.names]] = one.target
        targets.append(target)
        contexts.append(table.take(_find_rows(table, one.customer_ids)).select(names).values)
    chosen = np.array([places[name] for one in replays for name in one.choices], dtype=np.int64)
    log = DecisionLog(
        customer_ids=np.concatenate([one.customer_ids for one in replays]),
        context=np.concatenate(contexts),
        columns=tuple(columns),
        options=tuple(options),
        choice=np.where(chosen == len(options), NOTHING, chosen),
        propensities=np.concatenate([one.propensities for one in replays]),
        rewards=np.full(len(chosen), np.nan),
    )
    return log, np.concatenate(targets)


def _find_rows(features: FeatureTable, customer_ids: NDArray[np.str_]) -> NDArray[np.int64]:
    order = np.argsort(features.customer_ids)
    return order[codes_of(customer_ids, features.customer_ids[order])]


def _count_choices(log: DecisionLog, target: NDArray[np.float64]) -> list[ChoiceShare]:
    logged = np.bincount(log.places, minlength=len(log.names)) / len(log)
    shares = [
        ChoiceShare(choice=name, logged=float(before), new=float(after))
        for name, before, after in zip(log.names, logged, target.mean(axis=0), strict=True)
        if before or after
    ]
    return sorted(shares, key=lambda one: -one.new)
