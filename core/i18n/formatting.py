"""Numbers, percentages, amounts and dates as each language writes them, by Babel (CLDR).

>>> format_number(1234567, "en"), format_percent(0.0312, "ja", n_decimals=1), format_date(date(2026, 3, 4), "ja")
('1,234,567', '3.1%', '2026年3月4日')

`locale` is the code of a language, 'en' or 'ja'. Equal calls are answered from memory: exports write the same few
numbers and days many thousand times.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

CACHE_SIZE = 65_536
LONG_DATES = {"en": "d MMMM y"}
"Where the day comes first; other languages write a long date as CLDR does."


@lru_cache(CACHE_SIZE)
def format_number(value: float, locale: str, *, n_decimals: int = 0, is_signed: bool = False) -> str:
    """A number with grouped digits. One that rounds to 0 has no minus."""
    from babel.numbers import format_decimal

    pattern = "#,##0" + ("." + "0" * n_decimals if n_decimals else "")
    value = _drop_minus_of_zero(value, n_decimals)
    return format_decimal(value, f"+{pattern};-{pattern}" if is_signed else pattern, locale=locale)


@lru_cache(CACHE_SIZE)
def format_percent(value: float, locale: str, *, n_decimals: int = 0, is_signed: bool = False) -> str:
    """A share as a percentage: 0.25 is 25%. One that rounds to 0% has no minus."""
    from babel.numbers import format_percent as format_by_babel

    pattern = "#,##0" + ("." + "0" * n_decimals if n_decimals else "") + "%"
    value = _drop_minus_of_zero(value, n_decimals + 2)
    return format_by_babel(value, f"+{pattern};-{pattern}" if is_signed else pattern, locale=locale)


@lru_cache(CACHE_SIZE)
def format_money(value: float, currency: str, *, locale: str, n_decimals: int) -> str:
    """An amount with the sign of its currency, or with its code where it has no sign. No amount is -0."""
    from babel.numbers import format_currency, get_currency_symbol

    number = "#,##0" + ("." + "0" * n_decimals if n_decimals else "")
    pattern = f"¤\N{NO-BREAK SPACE}{number}" if get_currency_symbol(currency, locale) == currency else f"¤{number}"
    value = _drop_minus_of_zero(value, n_decimals)
    return format_currency(value, currency, pattern, locale=locale, currency_digits=False)


def format_amount(value: float, currency: str, *, locale: str, n_decimals: int) -> str:
    """An amount for a sentence: ¥12,000, $1,200.50; in Japanese, yen are written 12,000円."""
    if locale == "ja" and currency == "JPY":
        return f"{format_number(value, locale, n_decimals=n_decimals)}円"
    return format_money(value, currency, locale=locale, n_decimals=n_decimals)


@lru_cache(CACHE_SIZE)
def format_date(day: date, locale: str) -> str:
    """A day in full."""
    from babel.dates import format_date as format_by_babel

    return format_by_babel(day, LONG_DATES.get(locale, "long"), locale=locale)


@lru_cache(CACHE_SIZE)
def format_month(day: date, locale: str, *, is_short: bool = True) -> str:
    """The month of a day, with its year."""
    from babel.dates import format_skeleton

    return format_skeleton("yMMM" if is_short else "yMMMM", day, locale=locale)


def _drop_minus_of_zero(value: float, n_decimals: int) -> float:
    return value if round(value, n_decimals) else 0.0
