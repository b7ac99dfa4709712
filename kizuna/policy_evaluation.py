"""Opens what the evaluation of a changed policy reads, and prints what it says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, get_args

from rich.console import Console

from core import environment
from core.config.data_set import Config
from core.errors import NotFound, UnknownName, did_you_mean
from core.i18n.formatting import format_amount, format_date, format_percent
from core.i18n.translation import Language, translate
from core.intervals import Estimate
from kizuna.session import open_registry
from kizuna.terminal import print_table, say, show_step

if TYPE_CHECKING:
    from serving.build.decisions.policy_evaluation import EvaluationKpi, PolicyReport
    from serving.build.inputs import Champions
    from serving.release.release import Release
    from tables.tables import Tables

FIRST_DAY = datetime(1970, 1, 1)
"Before all decisions."


def evaluate_policy_of(config: Config, *, kpi: str, since: date | None, progress: Console) -> PolicyReport:
    """Evaluate the policy of a changed configuration on the stored decisions.

    Raises UnknownName for another KPI, NotEnoughHistory and DataError.
    """
    from kizuna.today import open_todays_tables
    from serving.build.decisions.policy_evaluation import (
        EvaluationKpi,
        ReplaySources,
        choose_kpi,
        evaluate_changed_policy,
    )
    from serving.decisions.store import DecisionFilter, DecisionStore

    if kpi and kpi not in get_args(EvaluationKpi):
        raise UnknownName(f"no --kpi '{kpi}'{did_you_mean(kpi, get_args(EvaluationKpi))}")
    store = DecisionStore.at(os.environ.get(environment.DATABASE_URL), config.places.decisions, data_set=config.name)
    decisions = store.find(DecisionFilter())
    with show_step("replaying the stored decisions"):
        tables = open_todays_tables(config)
        chosen: EvaluationKpi = kpi or choose_kpi(tables)  # pyright: ignore[reportAssignmentType]
        sources = ReplaySources(
            config=config,
            tables=tables,
            history=store.load_history(FIRST_DAY),
            open_release=lambda release_id: _open_release(config, release_id),
            build_release=_rebuild_of(config, tables, progress=progress),
        )
        return evaluate_changed_policy(decisions, sources, kpi=chosen, since=since)


def _open_release(config: Config, release_id: str) -> Release | None:
    """A release that is still on disk."""
    from serving.release.releases import Releases

    try:
        return Releases(config.places.releases).open(release_id)
    except NotFound:
        return None


def _rebuild_of(config: Config, tables: Tables, *, progress: Console) -> Callable[[date], Release]:
    """Builds releases of past days with the champions of today, which are read when the first one is asked for."""

    @cache
    def read_champions() -> Champions:
        from serving.build.inputs import Champions

        registry, ledger = open_registry(config, progress)
        return Champions.of(registry, events=config.predict, forced=ledger.latest().champions_by_force)

    def build(day: date) -> Release:
        from serving.build.release import build_release

        return build_release(config, tables, champions=read_champions(), cutoff=day, created_at=datetime.now(UTC))

    return build


def print_policy(report: PolicyReport, language: Language, *, config: Config) -> None:
    """Print the values per decision, what each policy chooses, and what the figures rest on."""
    console = Console()
    say(
        console,
        translate(
            "{decisions} decisions about {customers} customers, made from {first} to {last}: {kpi} within {days} days "
            "after a decision",
            language,
            decisions=report.decisions,
            customers=report.customers,
            first=format_date(report.first_day, language),
            last=format_date(report.last_day, language),
            kpi=translate(f"reward.{report.kpi}", language),
            days=report.days,
        ),
    )
    figures = {
        "decisions that were made": report.logged,
        "changed policy, IPS": report.ips,
        "changed policy, self-normalised IPS": report.self_normalised_ips,
        "changed policy, doubly robust": report.doubly_robust,
        "changed less made, doubly robust": report.gain,
    }
    heading = ("per decision", "estimate", "90 % interval")
    rows = [
        (translate(name, language), *_write(figure, report, language=language, config=config))
        for name, figure in figures.items()
    ]
    print_table(console, [tuple(translate(word, language) for word in heading), *rows])
    shares = [
        (
            translate("nothing", language) if one.choice == "nothing" else one.choice,
            *(format_percent(share, language, n_decimals=1) for share in (one.logged, one.new)),
        )
        for one in report.choices
    ]
    heading = ("choice", "decisions that were made", "changed policy")
    print_table(console, [tuple(translate(word, language) for word in heading), *shares])
    for line in describe_basis(report, language):
        say(console, line)


def describe_basis(report: PolicyReport, language: Language) -> Iterator[str]:
    """Whether the changed policy is better, what the figures rest on, and what was left out."""
    if report.gain.excludes(0):
        yield translate(
            "The changed policy is better." if report.gain.value > 0 else "The changed policy is worse.", language
        )
    else:
        yield translate("No difference is shown: the interval of the difference includes 0.", language)
    yield translate(
        "The stored decisions are worth {n} decisions of the changed policy itself (effective sample size).",
        language,
        n=round(report.effective_size),
    )
    if report.in_control_group or report.of_campaigns:
        yield translate(
            "Left out: {control} decisions about customers of control groups, and {campaigns} of campaigns.",
            language,
            control=report.in_control_group,
            campaigns=report.of_campaigns,
        )
    if report.waiting_runs:
        yield translate("Left out: {n} days of decisions after which customers can still respond.", language,
                        n=report.waiting_runs)  # fmt: skip
    if report.runs_without_release:
        yield translate(
            "On {n} of {runs} days the release is deleted, so the champions of today scored the tables of that day. "
            "They may have learned from these decisions. `kizuna release --keep` keeps more releases.",
            language,
            n=report.runs_without_release,
            runs=report.runs,
        )


def _write(figure: Estimate, report: PolicyReport, *, language: Language, config: Config) -> tuple[str, str]:
    """A figure and its interval, in money or as a share."""

    def write(value: float) -> str:
        if report.kpi == "margin":
            return format_amount(value, config.currency, locale=language, n_decimals=max(config.n_decimals, 1))
        return format_percent(value, language, n_decimals=2)

    if not figure.has_interval:
        return write(figure.value), "–"
    return write(figure.value), translate("{low} to {high}", language, low=write(figure.low), high=write(figure.high))
