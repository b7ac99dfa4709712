"""Offers without cost, margin or capacity, and rules that cannot be answered or that no customer fits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
from ibis import _

from core.errors import RuleError
from core.i18n.message import Message
from core.offers import Offer
from core.rules.clauses import count_exclusions, describe_empty_rule, split_clauses
from core.rules.rule import Rule, parse_rule
from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one
from features.cohort import select_cohort
from features.pipeline import compute_features
from features.segments.offer_variables import collect_offer_variables, names_in_offers, situation_names
from features.segments.predicted_variables import prediction_names
from features.segments.rule_variables import features_for_names, features_for_rules
from tables.assortment import load_offer_book, offers_without
from tables.tables import Tables

MAX_RULES = 5
"Wrong rules of each kind that have a finding of their own; one more finding counts the offers of all the others."


def find(data: CheckedData) -> Iterator[Finding]:
    """Findings of counts, then one finding for all offers with the same wrong rule."""
    tables = data.tables
    if tables is None or "offers" not in data:
        return
    rows = data["offers"].rows
    yield from _count(data, "offers_without_cost", rows=offers_without(tables, rows, column="cost"), column="cost")
    yield from _count(
        data, "offers_without_margin", rows=offers_without(tables, rows, column="margin"), column="margin"
    )
    if "capacity" in rows.columns:
        yield from _count(data, "offers_without_capacity", rows=rows.filter(_.capacity <= 0), column="capacity")
    if not tables.is_undated("purchases"):
        yield from _check_rules(tables)


def _count(data: CheckedData, kind: str, *, rows: ir.Table, column: str) -> Iterator[Finding]:
    counts = fetch_one(rows.aggregate(n=rows.count(), example=rows.offer_id.min()))
    if counts["n"]:
        yield Finding(
            kind=kind,
            severity=Severity.WARNING,
            table="offers",
            column=column,
            count=int(counts["n"]),
            of=int(data["offers"].rows.count().to_pyarrow().as_py()),
            example=counts["example"],
            row=data.row_of(counts["example"], table="offers", column="offer_id"),
        )


def _check_rules(tables: Tables) -> Iterator[Finding]:
    offers = load_offer_book(tables, tables.default_cutoff()).offers
    by_rule = dict[str, list[Offer]]()
    for offer in offers:
        if offer.rule:
            by_rule.setdefault(offer.rule, []).append(offer)
    mistakes, answerable = list[_BadRule](), list[tuple[Sequence[Offer], Rule]]()
    for alike in by_rule.values():
        try:
            names_in_offers(tables.config, alike[:1])
        except RuleError as error:
            mistakes.append(_describe_mistake(alike, error))
            continue
        rule = _keep_answerable(alike[0], unknown={*prediction_names(tables.config), *situation_names(tables.config)})
        if rule is not None:
            answerable.append((alike, rule))
    if answerable:
        mistakes += _find_empty(tables, answerable)
    for kind in ("offer_rule", "offer_for_no_customer"):
        yield from _summarise([one for one in mistakes if one.kind == kind], of=len(offers))


@dataclass(frozen=True)
class _BadRule:
    """A rule that several offers may share, and what is wrong with it."""

    kind: str
    offers: Sequence[Offer]
    problem: str | Message


def _summarise(mistakes: Sequence[_BadRule], *, of: int) -> Iterator[Finding]:
    """A finding for each of the rules that most offers have, and one for all the others; each with an example."""
    ordered = sorted(mistakes, key=lambda one: -len(one.offers))
    for group in [*([one] for one in ordered[:MAX_RULES]), ordered[MAX_RULES:]]:
        if group:
            yield Finding(
                kind=group[0].kind,
                severity=Severity.ERROR if group[0].kind == "offer_rule" else Severity.WARNING,
                table="offers",
                column="rule",
                count=sum(len(one.offers) for one in group),
                of=of,
                example=group[0].offers[0].offer_id,
                values={"problem": group[0].problem},
            )


def _keep_answerable(offer: Offer, *, unknown: Collection[str]) -> Rule | None:
    """The clauses of an offer's rule that need no prediction and no channel; None where there are none."""
    assert offer.rule is not None
    clauses = [text for text in split_clauses(parse_rule(offer.rule)) if parse_rule(text).names().isdisjoint(unknown)]
    return parse_rule(" and ".join(f"({text})" for text in clauses)) if clauses else None


def _find_empty(tables: Tables, rules: Sequence[tuple[Sequence[Offer], Rule]]) -> Iterator[_BadRule]:
    names = frozenset[str]().union(*(rule.names() for _offers, rule in rules))
    cohort = select_cohort(tables, [tables.default_cutoff()])
    needed = features_for_names(tables.config, names) | features_for_rules(tables.config)
    features = compute_features(tables, cohort, names=needed)
    for offers, rule in rules if len(features) else ():
        unscored = np.full(len(features), np.nan)
        try:
            columns = collect_offer_variables(tables, features, names=rule.names(), churn_probability=unscored)
            # A rule without names, such as 1 == 2, still needs a column, which says how many customers there are.
            columns = columns or {"customers": unscored}
            if rule.evaluate(columns).any():
                continue
            clauses = count_exclusions(rule, columns)
        except RuleError as error:
            yield _describe_mistake(offers, error)
            continue
        problem = describe_empty_rule(clauses, rule=offers[0].rule or "", n_customers=len(features))
        yield _BadRule("offer_for_no_customer", offers, problem)


def _describe_mistake(offers: Sequence[Offer], error: RuleError) -> _BadRule:
    return _BadRule("offer_rule", offers, str(error).removeprefix(f"[offer {offers[0].offer_id}]: "))


CHECK = Check(find=find)
