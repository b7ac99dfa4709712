"""Currencies: the codes of ISO 4217, how many decimals each has, and the marks that amounts carry.

A mark may belong to several currencies: `$` is a dollar of the United States, of Canada, of Singapore, ...
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from babel.numbers import list_currencies

DOLLARS = ("USD", "AUD", "CAD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP", "UYU", "BRL")
MARKS: Mapping[str, tuple[str, ...]] = {
    "$": DOLLARS, "US$": ("USD",), "A$": ("AUD",), "AU$": ("AUD",), "C$": ("CAD",), "CA$": ("CAD",),
    "NZ$": ("NZD",), "S$": ("SGD",), "HK$": ("HKD",), "NT$": ("TWD",), "MX$": ("MXN",), "R$": ("BRL",),
    "€": ("EUR",), "£": ("GBP", "EGP", "GIP", "FKP", "SHP"), "¥": ("JPY", "CNY"), "￥": ("JPY", "CNY"),
    "\\": ("JPY",), "円": ("JPY",), "元": ("CNY", "TWD"), "RMB": ("CNY",), "₩": ("KRW",), "원": ("KRW",),
    "₹": ("INR",), "RS": ("INR", "PKR", "LKR", "NPR", "MUR"), "₽": ("RUB",), "₺": ("TRY",), "₫": ("VND",),
    "₴": ("UAH",), "฿": ("THB",), "₱": ("PHP",), "₪": ("ILS",), "ZŁ": ("PLN",), "KR": ("SEK", "NOK", "DKK", "ISK"),
    "FR": ("CHF",), "SFR": ("CHF",), "KČ": ("CZK",), "FT": ("HUF",), "LEI": ("RON",), "LEU": ("RON",), "R": ("ZAR",),
    "EURO": ("EUR",), "EUROS": ("EUR",), "YEN": ("JPY",), "DOLLAR": DOLLARS, "DOLLARS": DOLLARS,
}  # fmt: skip
"Currencies by mark, in capitals and without dots; a code of ISO 4217 is a mark of its currency, too."

DECIMALS: Mapping[int, tuple[str, ...]] = {
    0: ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
        "XPF"),
    3: ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"),
    4: ("CLF", "UYW"),
}  # fmt: skip
"ISO 4217; every other currency has two. (CLDR counts the coins in use instead: none for the IQD.)"


def decimals_of(currency: str) -> int:
    """The number of decimals of a currency by ISO 4217."""
    return next((n for n, currencies in DECIMALS.items() if currency in currencies), 2)


@lru_cache(maxsize=1)
def currency_codes() -> frozenset[str]:
    """The codes of ISO 4217, of past currencies too."""
    return frozenset(list_currencies())


def marks_of(currency: str) -> tuple[str, ...]:
    """The marks that an amount in this currency may carry."""
    return (currency, *(mark for mark, currencies in MARKS.items() if currency in currencies))
