"""What the values of a column show: dates, numbers, ids, words for missing, personal data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import ibis.expr.types as ir

from core.date_format import EPOCH_UNITS
from tables.discovery.calendars import as_buddhist, buddhist_today, is_buddhist
from tables.discovery.clock_values import CLOCK_ALONE, offsets_in, offsets_of_clocks
from tables.discovery.compact_dates import guess_compact
from tables.discovery.dates import (
    ENOUGH,
    DateGuess,
    guess_dates,
    guess_serials,
    range_of,
)
from tables.discovery.epochs import EPOCHS, day_of_epoch, digits_of, is_epoch
from tables.discovery.missing import find_missing
from tables.discovery.months import count_months, guess_month_numbers, guess_months
from tables.discovery.numbers import SCIENTIFIC, NumberGuess, guess_numbers
from tables.discovery.time_names import is_called_id, kinds_of_time
from tables.discovery.vocabulary import normalise

MAX_VALUES = 20_000
"Different values of a text column that are looked at."
MAX_VALUES_OF_TABLE = 2_000_000
"Of all its columns."
FEW_COLUMNS = 64
"More columns are examined in parts."
MAX_WORDS = 60
"More different values are no category."
MAX_WORDS_AMONG_DATES = 2
"More different words in a column of dates are other values, not a sign of no date."
MAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
PHONE = re.compile(r"^\+?[\d() -]{9,20}$")
PERSONAL_NAMES = re.compile(
    r"(^|\s)(first|last|full|given|family|sur|nick)? ?name$|e ?mail|^(tele|mobile )?phone( number)?$|"
    r"^mobile( number)?$|address|street|zip|postal|postcode|"
    r"vorname|nachname|strasse|plz|telefon|氏名|名前|姓$|^名$|フリガナ|ふりがな|カナ$|住所|電話|郵便|メール|lat(itude)?$|lon(gitude)?$|^ip|"
    r"^(pre)?nom( de famille)?$|^nombres?$|apellido|direccion|correo|cognome|^nome( completo)?$|sobrenome|endereco|"
    r"indirizzo|adresse?$|courriel|achternaam|voornaam|^adres$|nazwisko|^imie|imie i nazwisko|^adi?$|soyad|^eposta$|"
    r"^nama( |$)|alamat|telepon|^no hp$|^ho ten|ho va ten|ten khach|dia chi|dien thoai|姓名|地址|电话|電話|手机|邮箱|"
    r"이름|성명|주소|전화|휴대폰|이메일|имя|фамилия|отчество|^фио|адрес|телефон|почта|"
    r"الاسم|اسم العميل|العنوان|الهاتف|الجوال|البريد|"
    r"ชื่อ|นามสกุล|ที่อยู่|โทรศัพท์|เบอร์โทร|อีเมล|नाम$|पता$|फोन|मोबाइल|ईमेल|"
    r"ονομα|επωνυμο|διευθυνση|τηλεφωνο|שם|כתובת|טלפון"
)
SERIAL = re.compile(r"^\d{4,5}(?:[.,]\d+)?$")
"A day of a spreadsheet, perhaps with a time."
ZERO_FRACTION = re.compile(r"^\d+[.]0+$")

Kind = Literal["text", "number", "time", "boolean", "other"]


@dataclass(frozen=True, kw_only=True)
class ColumnFacts:
    """One column of a source."""

    name: str
    kind: Kind
    "Of the type in the source, or of what its text can be read as."
    is_text: bool
    n_rows: int
    n_filled: int
    "Rows with a value that does not mean missing."
    n_distinct: int
    cells: tuple[tuple[str, int], ...] = ()
    "Some of the values of a text column, with their rows, the most frequent first."
    missing: tuple[tuple[str, int], ...] = ()
    "Words that mean missing, with rows."
    dates: DateGuess | None = None
    numbers: NumberGuess | None = None
    is_clock: bool = False
    "Whether the values are times of day, such as 18:30."
    clock_offsets: tuple[str, ...] = ()
    "Offsets from UTC that are written behind times of day."
    n_mails: int = 0
    n_leading_zeros: int = 0
    n_scientific: int = 0
    n_float_ids: int = 0
    low: float | None = None
    high: float | None = None

    @property
    def values(self) -> tuple[str, ...]:
        """Some of the values of a text column, the most frequent first."""
        return tuple(value for value, _ in self.cells)

    @property
    def is_unique(self) -> bool:
        """Whether every row has a value of its own."""
        return 1 < self.n_filled == self.n_rows == self.n_distinct

    @property
    def is_date(self) -> bool:
        """Whether the values are dates, whatever type they are stored in."""
        return self.kind == "time"

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers."""
        return self.kind == "number"

    @property
    def is_category(self) -> bool:
        """Whether a few values repeat."""
        return 1 < self.n_distinct <= MAX_WORDS and self.n_distinct * 3 <= self.n_filled

    @property
    def is_personal(self) -> bool:
        """Whether the values identify a person."""
        return self.n_mails * 2 > self.n_filled > 0 or PERSONAL_NAMES.search(normalise(self.name)) is not None


def fits(facts: ColumnFacts, kind: str) -> bool:
    """Whether the values of a column can be of a kind of the contract."""
    if facts.kind == "other":
        return False
    if kind in ("time", "date"):
        return facts.is_date
    if kind in ("number", "integer"):
        return facts.is_number
    if kind == "boolean":
        return facts.kind == "boolean" or (facts.n_distinct <= 2 and not facts.is_date)
    if kind == "id":
        return not facts.is_date and facts.kind != "boolean" and (facts.numbers is None or _may_be_id(facts))
    return not facts.is_date


def _may_be_id(facts: ColumnFacts) -> bool:
    """Whether numbers may be ids: whole ones, or ids that an export wrote as 17850.0 or 1.78E+04."""
    numbers = facts.numbers
    if numbers is None or not facts.is_text:
        return True
    return numbers.is_whole or facts.n_float_ids + facts.n_scientific > 0 or numbers.is_ambiguous


def examine_columns(table: ir.Table, *, today: date, zones: Mapping[str, str] | None = None) -> dict[str, ColumnFacts]:
    """The facts of every column, by name. `zones` are those in the types of a Parquet file's columns."""
    n_rows = int(table.count().to_pyarrow().as_py())
    n_values = min(MAX_VALUES, MAX_VALUES_OF_TABLE // max(1, len(table.columns)))
    facts = {
        name: _examine(part, name, n_rows=n_rows, n_values=n_values, today=today)
        for part in _split_wide(table)
        for name in part.columns
    }
    return {name: _with_zone(one, (zones or {}).get(name, "")) for name, one in facts.items()}


def _split_wide(table: ir.Table) -> Iterator[ir.Table]:
    """The table in parts of few columns, because a query on a table takes time for every column that it has."""
    if len(table.columns) <= FEW_COLUMNS:
        yield table
        return
    for start in range(0, len(table.columns), FEW_COLUMNS):
        yield table.select(*table.columns[start : start + FEW_COLUMNS]).cache()


def _with_zone(facts: ColumnFacts, zone: str) -> ColumnFacts:
    """The facts with the zone that the file names."""
    if facts.dates is None or not zone:
        return facts
    offsets = (zone,) if zone.startswith(("+", "-")) else ()
    return replace(facts, dates=replace(facts.dates, zone=zone, offsets=offsets))


def _examine(table: ir.Table, name: str, *, n_rows: int, n_values: int, today: date) -> ColumnFacts:
    column = table[name]
    kind = column.type()
    if kind.is_string():
        return _examine_text(table, name, n_rows=n_rows, n_values=n_values, today=today)
    if kind.is_nested() or kind.is_binary():
        return ColumnFacts(name=name, kind="other", is_text=False, n_rows=n_rows, n_filled=0, n_distinct=0)
    numeric = kind.is_numeric() and not kind.is_boolean()
    bounds = {"low": column.min().cast("float64"), "high": column.max().cast("float64")} if numeric else {}
    facts = table.aggregate(n_filled=column.count(), n_distinct=column.nunique(), **bounds).to_pyarrow().to_pylist()[0]
    base = ColumnFacts(name=name, kind="other", is_text=False, n_rows=n_rows, **facts)
    return _with_type(base, column)


def _with_type(facts: ColumnFacts, column: ir.Value) -> ColumnFacts:
    kind = column.type()
    if kind.is_boolean():
        return replace(facts, kind="boolean", cells=(("true", 1), ("false", 1)))
    if kind.is_timestamp() or kind.is_date():
        first, last = (moment.to_pyarrow().as_py() for moment in (column.min(), column.max()))
        days = [date(moment.year, moment.month, moment.day) for moment in (first, last) if moment is not None]
        is_zoned = kind.is_timestamp() and kind.timezone is not None
        dates = DateGuess(1.0, None, has_clock=kind.is_timestamp(), is_zoned=is_zoned, **range_of(days))
        return replace(facts, kind="time", dates=as_buddhist(dates) if is_buddhist(dates) else dates)
    if kind.is_numeric():
        counts = [int(one) for one in (facts.low, facts.high) if one is not None]
        needs_name = not kind.is_integer() or any(digits_of(one) > len(str(one)) for one in counts)
        is_moment = (kinds_of_time(facts.name) or not needs_name) and all(map(is_epoch, counts))
        if is_moment and facts.low is not None and not is_called_id(facts.name):
            date_format = EPOCHS[digits_of(counts[0])]
            evidence = f"all {facts.n_filled:,} numbers are moments between 1990 and 2100"
            first, last = day_of_epoch(int(facts.low)), day_of_epoch(int(facts.high or 0))
            dates = DateGuess(1.0, date_format, evidence, has_clock=True, first=first, last=last)
            return replace(facts, kind="time", dates=dates)
        if kind.is_integer() and facts.low is not None and facts.high is not None:
            months = guess_month_numbers(facts.name, (int(facts.low), int(facts.high)))
            if months and months.first and months.last and facts.n_distinct <= count_months(months.first, months.last):
                return replace(facts, kind="time", dates=months)
        if dates := _guess_serials(facts.name, (facts.low, facts.high), n_rows=facts.n_filled):
            return replace(facts, kind="time", dates=dates)
        n_negative = int((column < 0).sum().to_pyarrow().as_py() or 0) if (facts.low or 0) < 0 else 0
        is_whole = kind.is_integer()
        return replace(facts, kind="number", numbers=NumberGuess(1.0, is_whole=is_whole, n_negative=n_negative))
    if kind.is_time():
        return replace(facts, is_clock=True, clock_offsets=offsets_in(column))
    return replace(facts, kind="text") if kind.is_uuid() else facts


def _guess_serials(name: str, bounds: tuple[float | None, float | None], *, n_rows: int) -> DateGuess | None:
    """Numbers as days of a spreadsheet, if only the name of their column can tell them from others."""
    low, high = bounds
    kinds = kinds_of_time(name)
    if low is None or high is None or not kinds:
        return None
    return guess_serials(low, high, n_rows=n_rows, is_birth="date" in kinds)


def _examine_text(table: ir.Table, name: str, *, n_rows: int, n_values: int, today: date) -> ColumnFacts:
    text = table[name].strip().nullif("")
    cells_of_rows = table.select(text=text)
    filled_rows = cells_of_rows.filter(cells_of_rows.text.notnull())
    counted = filled_rows.group_by("text").agg(rows=filled_rows.count())
    totals = counted.mutate(n_distinct=counted.count().over(), n_present=counted.rows.sum().over())
    # The order of a hash takes values from the whole file; the first ones would be from its first days.
    chosen = totals.order_by(totals.text.hash()).limit(n_values).to_pyarrow().to_pylist()
    n_distinct, n_present = (int(chosen[0][total]) if chosen else 0 for total in ("n_distinct", "n_present"))
    cells = sorted(((row["text"], row["rows"]) for row in chosen), key=lambda cell: -cell[1])
    missing = find_missing(name, cells)
    words = {word for word, _ in missing}
    filled = [cell for cell in cells if cell[0] not in words]
    dates = _guess_dates(name, filled, today=today)
    words_among_dates = _words_among_dates(filled)
    if words_among_dates:
        rest = [cell for cell in filled if cell not in words_among_dates]
        if dates_of_rest := _guess_dates(name, rest, today=today):
            dates, filled, missing = dates_of_rest, rest, [*missing, *words_among_dates]
    numbers = None if dates and not (dates.date_format or "").startswith("epoch") else guess_numbers(filled)
    is_date = dates is not None and (
        not dates.date_format or not dates.date_format.startswith("epoch") or numbers is not None
    )
    return ColumnFacts(
        name=name,
        kind="time" if is_date else "number" if numbers else "text",
        is_text=True,
        n_rows=n_rows,
        n_filled=n_present - sum(rows for _, rows in missing),
        n_distinct=n_distinct - len(missing),
        cells=tuple(filled),
        missing=tuple(missing),
        dates=dates,
        numbers=numbers,
        is_clock=_count(filled, CLOCK_ALONE) >= ENOUGH * max(1, sum(rows for _, rows in filled)),
        clock_offsets=offsets_of_clocks(filled),
        n_mails=_count(filled, MAIL),
        n_leading_zeros=_count(filled, re.compile(r"^0\d+$")),
        n_scientific=_count(filled, SCIENTIFIC),
        n_float_ids=_count(filled, ZERO_FRACTION),
    )


def _guess_dates(name: str, cells: list[tuple[str, int]], *, today: date) -> DateGuess | None:
    """How the cells of a text column are read as months, moments, or days of a spreadsheet; None if they are none."""
    dates = guess_months(name, cells) or guess_dates(cells, today=today)
    if dates is not None and is_buddhist(dates):
        return as_buddhist(guess_months(name, cells) or guess_dates(cells, today=buddhist_today(today)) or dates)
    if dates is not None and dates.date_format in EPOCH_UNITS and is_called_id(name):
        dates = None
    if dates is not None and dates.needs_name and not kinds_of_time(name):
        dates = None
    if dates is None and kinds_of_time(name):
        dates = guess_compact(cells)
    serials = [float(value.replace(",", ".")) for value, _ in cells if SERIAL.match(value)]
    if dates is None and serials and len(serials) == len(cells):
        return _guess_serials(name, (min(serials), max(serials)), n_rows=sum(rows for _, rows in cells))
    return dates


def _words_among_dates(cells: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """One or two words such as `present` or `継続中`, which stand for no date among more different dates."""
    words = [cell for cell in cells if not any(sign.isdigit() for sign in cell[0])]
    n_others = len(cells) - len(words)
    return words if 0 < len(words) <= MAX_WORDS_AMONG_DATES and len(words) < n_others else []


def _count(cells: Iterable[tuple[str, int]], pattern: re.Pattern[str]) -> int:
    return sum(rows for value, rows in cells if pattern.match(value))
