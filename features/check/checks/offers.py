"""Offers without cost, margin or capacity, and rules that cannot be answered or that no customer fits."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import ibis.expr.types as ir
import numpy as np
from ibis import _

from core.errors import RuleError
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


def find(data: CheckedData) -> Iterator[Finding]:
    """Findings of counts, then at most one finding for the rule of each offer."""
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
    offers = [offer for offer in load_offer_book(tables, tables.default_cutoff()).offers if offer.rule]
    answerable: list[tuple[Offer, Rule]] = []
    for offer in offers:
        try:
            names_in_offers(tables.config, [offer])
        except RuleError as error:
            yield _describe_mistake(offer, error)
            continue
        rule = _keep_answerable(offer, unknown={*prediction_names(tables.config), *situation_names(tables.config)})
        if rule is not None:
            answerable.append((offer, rule))
    if answerable:
        yield from _find_empty(tables, answerable)


def _keep_answerable(offer: Offer, *, unknown: Collection[str]) -> Rule | None:
    """The clauses of an offer's rule that need no prediction and no channel; None where there are none."""
    assert offer.rule is not None
    clauses = [text for text in split_clauses(parse_rule(offer.rule)) if parse_rule(text).names().isdisjoint(unknown)]
    return parse_rule(" and ".join(f"({text})" for text in clauses)) if clauses else None


def _find_empty(tables: Tables, rules: list[tuple[Offer, Rule]]) -> Iterator[Finding]:
    names = frozenset[str]().union(*(rule.names() for _offer, rule in rules))
    cohort = select_cohort(tables, [tables.default_cutoff()])
    needed = features_for_names(tables.config, names) | features_for_rules(tables.config)
    features = compute_features(tables, cohort, names=needed)
    for offer, rule in rules if len(features) else ():
        unscored = np.full(len(features), np.nan)
        try:
            columns = collect_offer_variables(tables, features, names=rule.names(), churn_probability=unscored)
            # A rule without names, such as 1 == 2, still needs a column, which says how many customers there are.
            columns = columns or {"customers": unscored}
            if rule.evaluate(columns).any():
                continue
            clauses = count_exclusions(rule, columns)
        except RuleError as error:
            yield _describe_mistake(offer, error)
            continue
        yield Finding(
            kind="offer_for_no_customer",
            severity=Severity.WARNING,
            table="offers",
            column="rule",
            count=len(features),
            of=len(features),
            example=offer.offer_id,
            values={"problem": describe_empty_rule(clauses, rule=offer.rule or "", n_customers=len(features))},
        )


def _describe_mistake(offer: Offer, error: RuleError) -> Finding:
    problem = str(error).removeprefix(f"[offer {offer.offer_id}]: ")
    return Finding(
        kind="offer_rule",
        severity=Severity.ERROR,
        table="offers",
        column="rule",
        count=1,
        of=1,
        example=offer.offer_id,
        values={"problem": problem},
    )


CHECK = Check(find=find)
