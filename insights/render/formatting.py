"""The values of report figures as each language writes them: amounts, percentages, durations, periods.

>>> formatter = Formatter(ENGLISH, "JPY", 0)
>>> formatter.money(12345678), formatter.share(0.0312), formatter.months(33.3)
('¥12,346k', '3.1%', '33.3 months')
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from core.i18n.formatting import format_date, format_money, format_month, format_number, format_percent
from core.i18n.translation import JAPANESE, Language, translate
from core.intervals import Estimate
from insights.report.definitions import Unit

SMALL_SHARE = 0.02
"Below it a percentage has two decimals."
LARGE_AMOUNT = 1000
"From it on, an amount is rounded to whole units, except in tables that must add up."
LARGE, VERY_LARGE = 1_000_000, 1_000_000_000
"From the first on, amounts are written in thousands, from the second on in millions."
SCALES = {1_000: "{amount}k", 1_000_000: "{amount}M"}
TICK_SCALES = {1_000_000: 1_000_000, 1_000: 100_000}
"The scale of an axis, to the amount from which on it is used."
TABLE_UNITS = {1: " ({currency})", 1_000: " (thousands of {currency})", 1_000_000: " (millions of {currency})"}
MANY = 10
"From it on, a number that is no whole one is rounded to one."
NO_VALUE = "–"
SMALL_CHANGE = 0.1
"Percentage points below which a change has two decimals."


@dataclass(frozen=True)
class Formatter:
    """Formats values in one language, and amounts in one currency."""

    language: Language
    currency: str
    n_decimals: int
    "Of an amount."

    def translate(self, message: str, /, **values: str | int) -> str:
        """A text of the catalogue in this language."""
        return translate(message, self.language, **values)

    def format(self, value: float, unit: Unit, *, scale: int | None = None) -> str:
        """A value with its unit; a dash for NaN. `scale` is that of amounts, see `common_scale`."""
        if math.isnan(value):
            return NO_VALUE
        if math.isinf(value):
            return "∞"
        return self.money(value, scale=scale) if unit == "money" else getattr(self, unit)(value)

    def interval(self, estimate: Estimate, unit: Unit, *, scale: int | None = None) -> str:
        """The interval, from low to high; '' without one."""
        if math.isnan(estimate.low) or not math.isfinite(estimate.value):
            return ""
        scale = self.scale_of([estimate.value]) if scale is None else scale
        low, high = (
            self._bound(bound, estimate.value, unit=unit, scale=scale) for bound in (estimate.low, estimate.high)
        )
        return self.translate("{low} to {high}", low=low, high=high)

    def _bound(self, bound: float, value: float, *, unit: Unit, scale: int) -> str:
        """A bound in the unit and with the decimals of the value."""
        if not math.isfinite(bound):
            return self.format(bound, unit)
        if unit == "share":
            # Beside a value of 0 %, which has no decimals of its own, the bound decides.
            return self.share(bound, n_decimals=_share_decimals(value or bound))
        if unit == "count":
            return self.count(bound, is_whole=_is_whole(value) or abs(value) >= MANY)
        return self.format(bound, unit, scale=scale)

    def money(self, value: float, *, scale: int | None = None) -> str:
        """An amount, rounded where it is large; see `scale_of`, by default its own scale."""
        scale = self.scale_of([value]) if scale is None else scale
        if scale > 1:
            amount = format_number(value / scale, self.language)
            if not self._writes_yen:
                amount = format_money(value / scale, self.currency, locale=self.language, n_decimals=0)
            amount = self.translate(SCALES[scale], amount=amount)
        elif self._writes_yen:
            amount = format_number(value, self.language)
        else:
            n_decimals = 0 if abs(value) >= LARGE_AMOUNT else self.n_decimals
            return format_money(value, self.currency, locale=self.language, n_decimals=n_decimals)
        return f"{amount}円" if self._writes_yen else amount

    def exact(self, value: float, *, scale: int = 1) -> str:
        """An amount of a table that must add up: to the last unit, or in the unit of the table's heading.

        See `table_unit`.
        """
        if self._writes_yen or scale > 1:
            return format_number(value / scale, self.language)
        return format_money(value, self.currency, locale=self.language, n_decimals=self.n_decimals)

    def scale_of(self, amounts: Iterable[float]) -> int:
        """The unit for a table, a chart or an interval of these amounts: 1, a thousand or a million."""
        largest = max((abs(amount) for amount in amounts if math.isfinite(amount)), default=0.0)
        return 1_000_000 if largest >= VERY_LARGE else 1_000 if largest >= LARGE else 1

    def common_scale(self, amounts: Iterable[float]) -> int:
        """The unit of amounts that are read beside each other, in which the smallest still has two digits."""
        sizes = [abs(amount) for amount in amounts if amount and math.isfinite(amount)]
        largest = self.scale_of(sizes)
        return next((scale for scale in (1_000_000, 1_000) if scale <= largest and min(sizes) >= MANY * scale), 1)

    def table_unit(self, scale: int) -> str:
        """The note on a table's unit, behind its title; '' where each amount has the sign of its currency."""
        if scale == 1 and not self._writes_yen:
            return ""
        currency = "円" if self._writes_yen else self.currency
        return self.translate(TABLE_UNITS[scale], currency=currency)

    @property
    def _writes_yen(self) -> bool:
        return self.language == JAPANESE and self.currency == "JPY"

    def share(self, value: float, *, n_decimals: int | None = None) -> str:
        """A share as a percentage; `n_decimals` gives an interval the decimals of its value."""
        n_decimals = _share_decimals(value) if n_decimals is None else n_decimals
        return format_percent(value, self.language, n_decimals=n_decimals)

    def months(self, value: float) -> str:
        """A number of months."""
        return self.translate("{n} months", n=format_number(value, self.language, n_decimals=1))

    def hours(self, value: float) -> str:
        """A number of hours."""
        return self.translate("{n} h", n=format_number(value, self.language, n_decimals=1))

    def points(self, value: float) -> str:
        """An NPS, with its sign."""
        return format_number(value, self.language, n_decimals=1, is_signed=True)

    def times(self, value: float) -> str:
        """A multiple."""
        return self.translate("{n}×", n=format_number(value, self.language, n_decimals=2))

    def customers(self, value: float) -> str:
        """A number of customers."""
        return format_number(value, self.language)

    def count(self, value: float, *, is_whole: bool | None = None) -> str:
        """A number, or a mean number with decimals; `is_whole` gives an interval the decimals of its value."""
        is_whole = _is_whole(value) if is_whole is None else is_whole
        n_decimals = 0 if is_whole or abs(value) >= MANY else 2
        return format_number(value, self.language, n_decimals=n_decimals)

    def change(self, value: float, before: float, *, unit: Unit) -> str:
        """The change from an earlier value: in points for shares and NPS, else in percent; empty if unknown."""
        if not (math.isfinite(value) and math.isfinite(before)):
            return ""
        if unit == "points":
            return format_number(round(value - before, 1) + 0.0, self.language, n_decimals=1, is_signed=True)
        if unit == "share":
            points = 100 * (value - before)
            n_decimals = 2 if 0 < abs(points) < SMALL_CHANGE else 1
            points = round(points, n_decimals) + 0.0
            number = format_number(points, self.language, n_decimals=n_decimals, is_signed=True)
            return self.translate("{points} pt", points=number)
        if not before:
            return ""
        # Rounded first, because a small loss would be written as -0.0%.
        change = round((value - before) / abs(before), 3) + 0.0
        return format_percent(change, self.language, n_decimals=1, is_signed=True)

    def ticks_of(self, unit: Unit) -> Callable[[float, float], str]:
        """Writes the values of an axis of this unit; see `tick`."""
        return lambda value, largest: self.tick(value, largest, unit=unit)

    def tick(self, value: float, largest: float, *, unit: Unit) -> str:
        """A value of an axis, short; `largest` is the largest value of the axis, which decides on its scale."""
        if not value and unit != "share":
            return "0"
        if unit == "share":
            return format_percent(value + 0.0, self.language, n_decimals=_n_decimals(100 * value))
        if unit == "money":
            scale = _tick_scale(largest)
            return self._write_amount(value + 0.0, scale, n_decimals=_n_decimals(value / scale))
        number = format_number(value + 0.0, self.language, n_decimals=_n_decimals(value))
        return self.translate("{n} h", n=number) if unit == "hours" else number

    def tick_of_difference(self, value: float, largest: float) -> str:
        """A value of an axis of differences between shares, in points."""
        del largest
        points = 100 * value
        if not round(points, 2):
            return "0"
        number = format_number(points, self.language, n_decimals=_n_decimals(points), is_signed=True)
        return self.translate("{points} pt", points=number)

    def beside_axis(self, value: float, largest: float, *, unit: Unit) -> str:
        """A value beside an axis whose largest tick is `largest`: amounts in the unit of its ticks."""
        scale = _tick_scale(largest)
        if unit != "money" or scale == 1 or not math.isfinite(value):
            return self.format(value, unit)
        # Three digits, as the axis has room for.
        n_decimals = 2 if abs(value) < MANY * scale else 1 if abs(value) < MANY * MANY * scale else 0
        return self._write_amount(value, scale, n_decimals=n_decimals)

    def _write_amount(self, value: float, scale: int, *, n_decimals: int) -> str:
        number = format_number(value / scale, self.language, n_decimals=n_decimals)
        if not self._writes_yen:
            number = format_money(value / scale, self.currency, locale=self.language, n_decimals=n_decimals)
        amount = number if scale == 1 else self.translate(SCALES[scale], amount=number)
        return f"{amount}円" if self._writes_yen else amount

    def ends_of(self, unit: Unit) -> Callable[[float, float], str]:
        """Writes the last value of a line beside an axis of this unit; see `beside_axis`."""
        return lambda value, largest: self.beside_axis(value, largest, unit=unit)

    def day(self, day: date) -> str:
        """A day in full."""
        return format_date(day, self.language)

    def month(self, day: date) -> str:
        """The month of a day, in full."""
        return format_month(day, self.language, is_short=False)

    def period(self, label: str) -> str:
        """A figure's period, such as '2026-03' or '2025-04/2026-03'."""
        first, _, last = label.partition("/")
        if not last or first == last:
            return self._month(first)
        return self.translate("{low} to {high}", low=self._month(first), high=self._month(last))

    def _month(self, label: str) -> str:
        return format_month(date.fromisoformat(f"{label}-01"), self.language)


def _tick_scale(largest: float) -> int:
    return next((size for size, least in TICK_SCALES.items() if largest >= least), 1)


def _n_decimals(value: float) -> int:
    """The fewest decimals, up to two, that write the value as it is."""
    return next((n for n in (0, 1) if math.isclose(value, round(value, n), abs_tol=1e-9)), 2)


def _share_decimals(value: float) -> int:
    return 2 if 0 < abs(value) < SMALL_SHARE else 1


def _is_whole(value: float) -> bool:
    return not _n_decimals(value) or value >= LARGE_AMOUNT
