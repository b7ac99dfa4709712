"""Suggests the setting of the TOML that would read an unreadable value."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime

from core.date_format import EPOCH_UNITS, OFFSET, SPREADSHEET_DAYS, TIME, compile_date_format, with_english_months
from core.i18n.message import Message
from tables.cleaning.durations import is_duration
from tables.contract_types import Kind

NUMERIC_DATE = re.compile(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?!\d)")
BEHIND_DAY = re.compile(f"^{TIME}{OFFSET}$|^ +([01]?[0-9]|2[0-3])[.][0-5][0-9]([.:][0-5][0-9])?$")
ENDS_IN_CLOCK = re.compile(r"[ .]([01]?[0-9]|2[0-4])[:.hH時][0-5][0-9]\S*( ?[AaPp][.]?[Mm][.]?| ?[Uu]hr)?$|^[0-9-/.]+$")
"A time of day at the end of a text, or a day alone."
MONTH_ONLY = re.compile(r"^\d{4}[-/.年](0?[1-9]|1[0-2])月?$")
NUMBERS = {
    r"\d{1,3}(,\d{3})+\.\d*|\d{1,3}(,\d{3}){2,}": 'set decimal = "." and thousands = ","',
    r"\d{1,3}(\.\d{3})+,\d*|\d{1,3}(\.\d{3}){2,}": 'set decimal = "," and thousands = "."',
    r"[\d.]*,\d*": 'set decimal = ","',
    r"[\d,]*\.\d*": 'set decimal = "."',
    r"\d{1,3}('\d{3})+([.,]\d*)?": 'set thousands = "\'"',
    r"\d{1,3}( \d{3})+([.,]\d*)?": 'set thousands = " "',
}
"How a number may be written, and the settings that read it."
AROUND_NUMBER = r"\D{{0,4}}({})\D{{0,4}}"
"Room for a sign and the mark of a currency."
SCIENTIFIC = re.compile(r"^\d(?:[.,]\d*)?[eE][+]?(0?9|12|15)$")
"Seconds, milliseconds or microseconds since 1970 in scientific notation."
YES_OR_NO = "write true or false, yes or no, 1 or 0, はい or いいえ"
DAYS = (
    "%d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d, %Y",
    "%b %d %Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%d. %B %Y",
    "%d de %B de %Y",
    "%a, %d %b %Y",
)
SETTING = re.compile(r"(date_format|decimal|thousands|duration) = .*$")
"The setting within a suggestion."
SHAPES = (
    "set {setting}",
    "it could be several dates; set {setting}",
    "it could be two dates; set {setting}",
    "if it counts from 1970, set {setting}",
    "if it is a duration, set {setting}",
    "if it counts days as spreadsheets do, set {setting}",
    'set date_format to a pattern such as "%d.%m.%Y %H:%M"',
    "name another column as its time_of_day: '{clock}' has other values",
    "name another column under {section}, or list the values that mean missing in null_values",
    "name another column under {section}, or list the values that mean missing in null_values; "
    "write true or false, yes or no, 1 or 0, はい or いいえ",
)
"Every suggestion, as the catalogues of translations know it."
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %I:%M %p", ", %H:%M", " %H:%M:%S %z")

ENDINGS = tuple(
    time + offset
    for time in ("", ":%S", ":%S.%f", ".%f", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", "%S", " %H%M", " %H%M%S", " %H.%M")
    for offset in ("", "%z", " %z")
)
"What a pattern may lack at its end."
CLOCK = re.compile("[T ]*%[HITR]")
"Where the time of day of a pattern begins."


def suggest_setting(
    value: str | None, kind: Kind | None, *, section: str, clock: str | None = None, date_format: str | None = None
) -> str:
    """What to do about a value that is not of a kind; `section` is the table's place in the TOML.

    `clock` is the column with the time of day, which is the end of the value, and `date_format` what the TOML states.
    """
    general = f"name another column under {section}, or list the values that mean missing in null_values"
    if value is None:
        return general
    if kind == "time" and date_format is not None and (pattern := _mend_pattern(value.strip(), date_format)):
        return f'set date_format = "{pattern}"'
    if clock is not None and not ENDS_IN_CLOCK.search(value.strip()):
        return f"name another column as its time_of_day: '{clock}' has other values"
    if kind in ("time", "date"):
        return _suggest_date_format(value.strip()) or general
    if kind in ("number", "integer") and is_duration(value):
        return 'if it is a duration, set duration = "h:mm" or "m:ss"'
    if kind in ("number", "integer"):
        settings = (text for shape, text in NUMBERS.items() if re.fullmatch(AROUND_NUMBER.format(shape), value.strip()))
        return next(settings, general)
    return f"{general}; {YES_OR_NO}" if kind == "boolean" else general


def _mend_pattern(value: str, date_format: str) -> str:
    """The stated pattern with the time of day or the offset at its end that reads a value; '' if none does."""
    if "%" not in date_format:
        return ""
    for beginning, ending in (
        (one, ending) for one in (date_format, CLOCK.split(date_format)[0]) for ending in ENDINGS
    ):
        with suppress(ValueError):  # A part that the pattern has already.
            pattern = compile_date_format(beginning + ending)
            if pattern is not None and re.search(pattern.regex, value):
                return beginning + ending
    return ""


def describe_suggestion(
    value: str | None, kind: Kind | None, *, section: str, clock: str | None = None, date_format: str | None = None
) -> Message:
    """As `suggest_setting`, for people of any language."""
    text = suggest_setting(value, kind, section=section, clock=clock, date_format=date_format)
    setting = SETTING.search(text)
    shapes = (text.replace(setting[0], "{setting}") if setting else text).replace(section, "{section}")
    shapes = shapes.replace(f"'{clock}'", "'{clock}'")
    return Message(shapes, {"setting": setting[0] if setting else "", "section": section, "clock": clock or ""})


def _suggest_date_format(value: str) -> str:
    match = NUMERIC_DATE.match(value)
    if match and BEHIND_DAY.match(value[match.end() :]):
        first, second, year = int(match[1]), int(match[2]), match[3]
        if len(year) == 2:
            return 'it could be several dates; set date_format = "day_first", "month_first" or "year_first"'
        if first <= 12 and second <= 12:
            return 'it could be two dates; set date_format = "day_first" or "month_first"'
        return f'set date_format = "{"day_first" if first > 12 else "month_first"}"'
    if epoch := _suggest_count(value):
        return epoch
    if MONTH_ONLY.match(value):
        return "a month has no day or time; name a column with one"
    for date_format in (day + time for day in DAYS for time in TIMES):
        pattern = compile_date_format(date_format)
        if pattern is not None and re.match(pattern.regex, value) and _is_date(value, date_format):
            return f'set date_format = "{date_format}"'
    if re.search(r"\d", value):
        return 'set date_format to a pattern such as "%d.%m.%Y %H:%M"'
    return ""


def _suggest_count(value: str) -> str:
    """The setting for a count since 1970, or of days as spreadsheets count them; '' for other values."""
    if re.fullmatch(r"\d{10}|\d{13}", value):
        unit = "epoch_seconds" if len(value) == 10 else "epoch_milliseconds"
        return f'if it counts from 1970, set date_format = "{unit}"'
    if scientific := SCIENTIFIC.match(value):
        unit = next(unit for unit, size in EPOCH_UNITS.items() if len(str(size)) + 8 == int(scientific[1]))
        return f'if it counts from 1970, set date_format = "{unit}"'
    if re.fullmatch(r"[2-5]\d{4}([.]\d+)?", value):
        return f'if it counts days as spreadsheets do, set date_format = "{SPREADSHEET_DAYS}"'
    return ""


def _is_date(value: str, date_format: str) -> bool:
    texts = [(value, date_format)]
    if "%B" in date_format:
        texts.append((with_english_months(value), date_format.replace("%B", "%b")))
    for text, pattern in texts:
        with suppress(ValueError):
            datetime.strptime(text, pattern)
            return True
    return False
