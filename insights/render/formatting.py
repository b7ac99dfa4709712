"""Figures as they are written in each language: money by its currency, shares as percentages, months and hours.

>>> speech = Speech(Words("en"), "JPY", 0)
>>> speech.money(12345678), speech.share(0.0312), speech.months(33.3)
('¥12,345,678', '3.1%', '33.3 months')
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from core.intervals import Estimate
from insights.render.translations import Words
from insights.report.figure import Unit

SYMBOLS = {"JPY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "KRW": "₩", "INR": "₹"}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
SMALL_SHARE = 0.02
"Below it a percentage has two decimals."
LARGE_AMOUNT = 1000
"From it on, decimals of an amount are not printed but where it has to be exact."
NONE = "–"


@dataclass(frozen=True)
class Formatter:
    """How one language writes figures."""

    words: Words
    currency: str
    decimals: int

    def of(self, value: float, unit: Unit) -> str:
        """A value with its unit; a dash where it cannot be told."""
        if math.isnan(value):
            return NONE
        if math.isinf(value):
            return "∞"
        return getattr(self, unit)(value)

    def interval(self, estimate: Estimate, unit: Unit) -> str:
        """From low to high; '' where there is no interval."""
        if math.isnan(estimate.low) or not math.isfinite(estimate.value):
            return ""
        between = "〜" if self.words.language == "ja" else " to "
        return f"{self.of(estimate.low, unit)}{between}{self.of(estimate.high, unit)}"

    def money(self, value: float) -> str:
        """An amount; without decimals where it is large."""
        return self.exact(value, 0 if abs(value) >= LARGE_AMOUNT else self.decimals)

    def exact(self, value: float, decimals: int | None = None) -> str:
        """An amount to the last unit."""
        sign = "−" if value < 0 else ""
        number = f"{abs(value):,.{self.decimals if decimals is None else decimals}f}"
        symbol = SYMBOLS.get(self.currency)
        return f"{sign}{symbol}{number}" if symbol else f"{sign}{number} {self.currency}"

    def share(self, value: float) -> str:
        """A share as a percentage."""
        return f"{value:.2%}" if 0 < abs(value) < SMALL_SHARE else f"{value:.1%}"

    def months(self, value: float) -> str:
        """A number of months."""
        return f"{value:,.1f}か月" if self.words.language == "ja" else f"{value:,.1f} months"

    def hours(self, value: float) -> str:
        """A number of hours."""
        return f"{value:,.1f}時間" if self.words.language == "ja" else f"{value:,.1f} h"

    def points(self, value: float) -> str:
        """NPS, with its sign."""
        return f"{value:+.1f}".replace("-", "−")

    def times(self, value: float) -> str:
        """How often one thing goes into another."""
        return f"{value:.2f}倍" if self.words.language == "ja" else f"{value:.2f}×"

    def customers(self, value: float) -> str:
        """How many."""
        return f"{value:,.0f}"

    def count(self, value: float) -> str:
        """How many, or how many on average."""
        return f"{value:,.0f}" if value == round(value) or value >= LARGE_AMOUNT else f"{value:,.2f}"

    def day(self, day: date) -> str:
        """A day in full."""
        if self.words.language == "ja":
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{day.day} {MONTHS[day.month - 1]} {day.year}"

    def month(self, day: date) -> str:
        """The month of a day."""
        return self._month(f"{day:%Y-%m}")

    def period(self, label: str) -> str:
        """A month or several, from a figure's period."""
        first, _, last = label.partition("/")
        if not last or first == last:
            return self._month(first)
        return f"{self._month(first)}{'〜' if self.words.language == 'ja' else ' to '}{self._month(last)}"

    def _month(self, label: str) -> str:
        year, month = label.split("-")
        if self.words.language == "ja":
            return f"{year}年{int(month)}月"
        return f"{MONTHS[int(month) - 1][:3]} {year}"
