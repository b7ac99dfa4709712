"""Recognises data without dates: one row per customer, and a column that says who churned."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from datetime import date, datetime
from pathlib import Path

from tables.discovery.business import choose_currency, choose_zone
from tables.discovery.columns import ColumnFacts, fits
from tables.discovery.guesses import ExaminedSource
from tables.discovery.keys import compare_ids, ids_of
from tables.discovery.proposal import Ask, Proposal, Setting, TableSection
from tables.discovery.sections import NO_ATTRIBUTE, place_of_files
from tables.discovery.vocabulary import EAST_ASIAN, load_vocabulary, match_words, normalise

CAUSES = re.compile(r"(churn|cancel|end) ?(reason|category|cause)|解約理由|退会理由")
GIVEN_AWAY = re.compile(r"churn|cancel|cltv|解約|退会|離脱")
"Names of columns that were written because a customer churned."


def propose_cross_section(
    sources: Sequence[ExaminedSource], ask: Ask, *, name: Setting, language: str | None, local: str | None, today: date
) -> Proposal | None:
    """A data set of one row per customer; None where no source has a key and a churn label."""
    # A file with one row per customer has no further files.
    sources = [one for one in sources if not one.source.settings.files and not one.source.settings.optional_columns]
    labelled = [(source, key, label) for source in sources if (key := _key(source)) and (label := _label(source))]
    if not labelled:
        return None
    source, key, (label, churned) = labelled[0]
    currency = choose_currency((), ask, language=language)
    zone = choose_zone((), ask, language=language, currency=str(currency.value), local=local)
    settings = [
        Setting("table", _table_name(source)),
        Setting("column", label.name, f"its values are {', '.join(label.values[:4]) or 'numbers'}"),
        Setting("equals", churned, "the value of customers who churned"),
    ]
    cause = next((one.name for one in source.columns.values() if CAUSES.search(normalise(one.name))), None)
    settings += [Setting("cause", cause)] if cause else []
    names: set[str] = set()
    ids = ids_of(source, key.name)
    others = ((one, k) for one in sources if one is not source and (k := _key(one)))
    keyed = [(source, key), *((one, k) for one, k in others if _is_of_same_customers(one, k, ids=ids))]
    tables = [_table(one, k, names=names, label=label.name if one is source else "") for one, k in keyed]
    return Proposal(
        head=(name, zone, currency),
        churn=(
            Setting("horizon_days", 90, "the time in which the customers churned; change it to what the files cover"),
        ),
        tables=tuple(table for table in tables if table.columns or table.name == _table_name(source)),
        cross_section=(
            Setting(
                "cutoff",
                _guess_day(source, today).isoformat(),
                "the day that the files describe: when the file was written",
            ),
        ),
        label=tuple(settings),
        notes=("the data have no dates, so models are tested on held-out customers, and no release can be published",),
    )


def _key(source: ExaminedSource) -> ColumnFacts | None:
    vocabulary = load_vocabulary()
    ranked = [
        (rank, facts.name)
        for facts in source.columns.values()
        if (rank := vocabulary.rank_of(facts.name, table="customers", column="customer_id")) is not None
        and facts.is_unique
    ]
    if ranked:
        return source.columns[min(ranked)[1]]
    # Without a known name, the only column of ids of which every row has its own.
    unique = [facts for facts in source.columns.values() if facts.is_unique and fits(facts, "id")]
    return unique[0] if len(unique) == 1 else None


def _is_of_same_customers(source: ExaminedSource, key: ColumnFacts, *, ids: Set[str]) -> bool:
    """Whether most ids of a source are customers of the file with the churn label."""
    overlap = compare_ids(ids_of(source, key.name), ids)
    return overlap.n_shared * 2 > overlap.n_ids


def find_unkeyed_label(sources: Sequence[ExaminedSource]) -> str | None:
    """What says who churned in a source that has no id for each row; None if there is no such source."""
    labels = ((source, _label(source)) for source in sources if _key(source) is None)
    return next((f"{source.source.label}, {label[0].name}" for source, label in labels if label), None)


def _label(source: ExaminedSource) -> tuple[ColumnFacts, str] | None:
    """The column that says who churned, and its value for those who did."""
    vocabulary = load_vocabulary()
    for place in vocabulary.words("churn_label.names"):
        for facts in source.columns.values():
            if normalise(facts.name) != normalise(place) or not 2 <= facts.n_distinct <= 4:
                continue
            values = facts.values or (("1", "0") if facts.is_number else ())
            churned = match_words(values, vocabulary.words("churn_label.churned"))
            if churned:
                return facts, churned[0]
    return None


def _table(source: ExaminedSource, key: ColumnFacts, *, names: set[str], label: str) -> TableSection:
    columns: list[Setting] = []
    unused: list[str] = []
    for facts in source.columns.values():
        plain = normalise(facts.name)
        slug = plain if EAST_ASIAN.search(plain) else re.sub(r"\W+", "_", plain).strip("_")
        is_feature = facts.is_category or (facts.is_number and facts.n_distinct > 1)
        is_id = facts.is_unique and (facts.numbers is None or facts.numbers.is_whole)
        hidden = facts.is_personal or GIVEN_AWAY.search(plain) or NO_ATTRIBUTE.search(plain) or is_id
        if facts.name in (key.name, label):
            continue
        if hidden or not is_feature or slug in names or not slug:
            unused.append(facts.name)
            continue
        names.add(slug)
        columns.append(Setting(slug, facts.name))
    return TableSection(
        name=_table_name(source),
        evidence=f"{source.source.label}: {source.n_rows:,} rows, one per customer",
        settings=(*place_of_files(source.source), Setting("customer_id", key.name, "every row has a value of its own")),
        columns=tuple(columns),
        unused=tuple(unused),
    )


def _table_name(source: ExaminedSource) -> str:
    return re.sub(r"\W+", "_", source.source.label.rsplit(".", 1)[0].casefold()).strip("_") or "customers"


def _guess_day(source: ExaminedSource, today: date) -> date:
    files = source.source.files
    return min(today, datetime.fromtimestamp(Path(files[0]).stat().st_mtime).date()) if files else today
