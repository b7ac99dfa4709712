"""A recognised table as a section of the TOML, and tables that order lines contain beside the orders."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace

import msgspec

from core.config.lookup import Lookup
from core.config.profiles import read_profile
from core.config.sources import TableSource
from tables.contract import CONTRACT
from tables.discovery.columns import ColumnFacts, fits
from tables.discovery.consents import is_consent
from tables.discovery.formats import FormatSettings, choose_formats
from tables.discovery.grouping import DiscoveredSource
from tables.discovery.guesses import BY_NAME, ColumnGuess, TableGuess, clock_of, is_marked_utc, other_columns
from tables.discovery.keys import describe_ids
from tables.discovery.offsets import columns_in_utc, describe_zone
from tables.discovery.order_lines import returns_by_quantity
from tables.discovery.proposal import Ask, Entries, Setting, TableSection, Value
from tables.discovery.row_settings import settings_of_rows
from tables.discovery.snapshots import are_snapshots
from tables.discovery.vocabulary import EAST_ASIAN, NO_LETTER, is_minor, load_vocabulary, match_words, normalise

NO_ATTRIBUTE = re.compile(r"churn|cancel|解約|退会|(^|\s)(status|active|label|target|deleted|id)$")
"Names of columns that may give away who churned, or that identify someone."
MAX_ATTRIBUTES = 12
SINCE_EACH_LINE = "each line describes it as of its own time"


def describe_table(
    guess: TableGuess, ask: Ask, *, currency: str, zone: str, read_elsewhere: Set[str] = frozenset()
) -> TableSection:
    """The section of a table: where it is, how it is read, and what each column is by which evidence.

    `read_elsewhere` are columns of the same source that other tables read.
    """
    source = guess.examined.source
    formats = choose_formats(guess, ask, currency=currency)
    evidence = f"{source.label}: {guess.examined.n_rows:,} rows"
    if len(source.files) > 1:
        evidence += f" in {len(source.files)} files"
    settings = [*_place(guess), *_zone(guess, business=zone), *formats.of_table]
    if guess.profile:
        evidence += f"; its header is that of {read_profile(guess.profile).title}"
        return TableSection(
            name=guess.table, evidence=evidence, settings=tuple(settings), columns=_profile_columns(guess, formats)
        )
    rows = list(settings_of_rows(guess))
    if guess.table == "purchases" and all(setting.key != "returns" for setting in rows):
        rows += returns_by_quantity(guess)
    if are_snapshots(guess):
        rows.append(Setting("monthly_snapshots", True, "a row lasts for its month; a month without one is churn"))
    settings += rows
    attributes = dict(attribute_columns(guess))
    columns = [_column(name, column, guess=guess, formats=formats) for name, column in guess.columns.items()]
    columns += [Setting(name, facts.name, _values(facts)) for name, facts in attributes.items() if name != facts.name]
    used = {facts.name for facts in attributes.values()} | read_elsewhere
    used |= {str(setting.value["column"]) for setting in rows if isinstance(setting.value, Mapping)}
    unused = tuple(
        facts.name
        for facts in other_columns(guess)
        if facts.name not in used
        and guess.table != "consents"
        and not _is_derived(guess)
        and not _has_fields(guess, facts.name)
    )
    return TableSection(
        name=guess.table, evidence=evidence, settings=tuple(settings), columns=tuple(columns), unused=unused
    )


def _has_fields(guess: TableGuess, column: str) -> bool:
    """Whether a column is an object, whose fields are columns of their own."""
    return any(name.startswith(f"{column}.") for name in guess.examined.columns)


def _place(guess: TableGuess) -> Iterator[Setting]:
    source = guess.examined.source
    if source.settings.database:
        yield Setting("database", source.settings.database)
        yield Setting("table", str(source.settings.table))
    else:
        yield from place_of_files(source)
    if source.settings.lookup is not None:
        yield Setting("lookup", _settings_of_lookup(source.settings.lookup), source.evidence["lookup"])
    if guess.profile:
        yield Setting("profile", guess.profile)


def _settings_of_lookup(lookup: Lookup) -> Mapping[str, object]:
    """What a lookup states, without the usual values."""
    usual = Lookup(path="", on="")
    values = msgspec.structs.asdict(lookup).items()
    return {key: value for key, value in values if value is not None and value != getattr(usual, key)}


def place_of_files(source: DiscoveredSource) -> Iterator[Setting]:
    """Where the files of a source are and how their text is written."""
    settings, usual = source.settings, TableSource(path="")
    yield Setting("path", str(settings.path))
    for key in ("encoding", "delimiter", "header_line", "footer_lines", "bad_lines", "each", "optional_columns"):
        value = getattr(settings, key)
        if value != getattr(usual, key):
            yield Setting(key, value, source.evidence.get(key, ""))
    if settings.fill_within is not None:
        yield Setting("fill_within", msgspec.structs.asdict(settings.fill_within), source.evidence["fill_within"])
    if settings.files:
        entries = tuple(msgspec.structs.asdict(entry) for entry in settings.files)
        entries_written: Entries = [
            {key: value for key, value in entry.items() if value not in (None, (), {})} for entry in entries
        ]
        yield Setting("files", entries_written, source.evidence.get("files", "written in another way than the others"))


def _zone(guess: TableGuess, *, business: str) -> Iterator[Setting]:
    """UTC, where the name of a column with times says so; the zone of the business for times of day without one."""
    if guess.profile and "time_zone" in read_profile(guess.profile).source:
        return
    if in_utc := columns_in_utc(guess):
        yield Setting("time_zone", "UTC", f"the name of {in_utc[0]} says so")
        return
    clocks = [clock for name in guess.columns if (clock := clock_of(guess, name))]
    if marked := next((clock for clock in clocks if is_marked_utc(guess.examined, clock)), None):
        evidence = f"the Parquet type of {marked.name} says UTC, as many writers do of local times, too"
        yield Setting("time_zone", business, f'{evidence}; taken as local (time_zone = "UTC" if they are not)')


def _profile_columns(guess: TableGuess, formats: FormatSettings) -> tuple[Setting, ...]:
    """Columns of a profile that need a setting of this export, such as its date order."""
    return tuple(
        _column(name, column, guess=guess, formats=formats)
        for name, column in guess.columns.items()
        if column.column and formats.of_columns.get(name)
    )


def _column(name: str, column: ColumnGuess, *, guess: TableGuess, formats: FormatSettings) -> Setting:
    settings = (*formats.of_columns.get(name, ()), *_scale(name, column, guess=guess))
    facts = guess.facts(name)
    own_name = column.column == name and column.evidence == BY_NAME
    paid_back = f"less {', '.join(column.minus)}, which was paid back" if column.minus else ""
    reasons = [
        "" if own_name else column.evidence,
        paid_back,
        *(setting.evidence for setting in settings if setting.evidence),
    ]
    if facts is not None and CONTRACT[guess.table][name].kind == "id":
        reasons += describe_ids(facts)
    reasons.append(describe_zone(facts, guess.examined.columns) if facts is not None else "")
    return Setting(name, _value(column, settings), "; ".join(dict.fromkeys(filter(None, reasons))))


def _scale(name: str, column: ColumnGuess, *, guess: TableGuess) -> Iterator[Setting]:
    """The unit of amounts whose name says that they are in cents."""
    if name in CONTRACT[guess.table] and CONTRACT[guess.table][name].kind == "number":
        in_cents = [source for source in column.sources if is_minor(source)]
        if in_cents:
            yield Setting("scale", "minor_unit", f"the name of {in_cents[0]} says cents")


def _value(column: ColumnGuess, settings: Sequence[Setting]) -> Value:
    own = {"time_of_day": column.time_of_day, "minus": column.minus or None, "shared_within": column.shared_within}
    own |= {
        "id_width": column.id_width,
        "negated": column.negated or None,
        "scale": column.scale,
        "duration": column.duration,
    }
    extra = {key: value for key, value in own.items() if value is not None} | {
        setting.key: setting.value for setting in settings
    }
    if column.constant is not None:
        return {"constant": column.constant}
    if column.product:
        return {"product": column.product, **extra}
    return {"column": str(column.column), **extra} if extra else str(column.column)


def attribute_columns(guess: TableGuess) -> Iterator[tuple[str, ColumnFacts]]:
    """Columns that are worth a feature: known ones, and others with few values that identify no one."""
    if not CONTRACT[guess.table].lists_attributes or guess.profile:
        return
    vocabulary, names = load_vocabulary(), set(CONTRACT[guess.table].names)
    named, others = list[ColumnFacts](), list[ColumnFacts]()
    for facts in other_columns(guess):
        if (
            facts.kind == "other"
            or facts.is_personal
            or is_consent(facts)
            or NO_ATTRIBUTE.search(normalise(facts.name))
        ):
            continue
        if match_words(facts.values, vocabulary.words("status.dropped")):
            continue  # A state of the order, not of the customer's country.
        if vocabulary.is_attribute(facts.name, guess.table):
            named.append(facts)
        elif facts.is_category and not facts.is_date and not _is_derived(guess):
            others.append(facts)
    for facts in [*named, *others][:MAX_ATTRIBUTES]:
        name = _slug(facts.name)
        if name not in names:
            names.add(name)
            yield name, facts


def _is_derived(guess: TableGuess) -> bool:
    """Whether a table of things comes from order lines, which have columns about the order as well."""
    return guess.table == "items" or guess.columns.get("valid_from", ColumnGuess()).evidence == SINCE_EACH_LINE


def attributes_of(guess: TableGuess) -> tuple[str, ...]:
    """The names of a table's attributes."""
    if guess.profile:
        columns = guess.columns
        return tuple(name for name in read_profile(guess.profile).attributes if name in columns)
    return tuple(name for name, _ in attribute_columns(guess))


def _slug(name: str) -> str:
    plain = normalise(name)
    return plain if EAST_ASIAN.search(plain) else NO_LETTER.sub("_", plain).strip("_")


def _values(facts: ColumnFacts) -> str:
    return f"{facts.n_distinct:,} different values"


def derive_tables(guesses: Sequence[TableGuess]) -> Iterator[TableGuess]:
    """Customers and items that only the order lines describe, as of the time of each order."""
    tables = {guess.table: guess for guess in guesses}
    purchases = tables.get("purchases")
    if purchases is None or purchases.profile or "event_time" not in purchases.columns:
        return
    if "customers" not in tables and "customer_id" in purchases.columns:
        customers = _derive(purchases, "customers", optional={})
        if any(load_vocabulary().is_attribute(facts.name, "customers") for _, facts in attribute_columns(customers)):
            yield customers
    if "items" not in tables and "item_id" in purchases.columns:
        optional = _item_columns(purchases)
        if optional:
            yield _derive(purchases, "items", optional=optional)


def _derive(purchases: TableGuess, table: str, *, optional: Mapping[str, ColumnGuess]) -> TableGuess:
    """A table of things with its key, what the lines say about it, and the time of each line."""
    since = replace(purchases.columns["event_time"], evidence=SINCE_EACH_LINE)
    key = str(CONTRACT[table].key)
    columns = {key: purchases.columns[key], **optional, "valid_from": since}
    in_order = {name: columns[name] for name in CONTRACT[table].names if name in columns}
    return replace(
        purchases, table=table, columns=in_order, where=_rows_with_key(purchases, key), returns=None, choices={}
    )


def _rows_with_key(purchases: TableGuess, key: str) -> Setting | None:
    """The rows that name the thing; None where all of them do."""
    facts = purchases.facts(key)
    if facts is None or facts.n_filled == facts.n_rows:
        return None
    words = ("", *(word for word, _ in facts.missing))
    return Setting("where", {"column": facts.name, "none_of": words}, "rows without it describe none")


def _item_columns(purchases: TableGuess) -> dict[str, ColumnGuess]:
    """Title, category and price of items in order lines."""
    vocabulary, columns = load_vocabulary(), dict[str, ColumnGuess]()
    for name in ("title", "category", "price"):
        kind = CONTRACT["items"][name].kind
        ranked = [
            (rank, facts.name)
            for facts in purchases.examined.columns.values()
            if (rank := vocabulary.rank_of(facts.name, table="items", column=name)) is not None
            and fits(facts, kind)
            and facts.name not in purchases.examined.of_lookup
        ]
        if ranked and min(ranked)[1] not in purchases.columns["item_id"].sources:
            columns[name] = ColumnGuess(column=min(ranked)[1])
    return columns
