"""What the language of column names says about the business: its currency and its time zone.

fecha, cliente, importe             Spanish: EUR, or MXN, ARS, CLP, COP, PEN: a question
the same, with times at -03:00      ARS, whose time zone has this offset
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from tables.discovery.vocabulary import EAST_ASIAN, normalise

LANGUAGES = {
    "de": (
        "kunde", "bestell", "betrag", "datum", "menge", "artikel", "preis", "rechnung", "umsatz", "anzahl", "mitglied",
        "vertrag", "monatsb", "geburts", "vorname", "nachname", "spende", "kundigung",
    ),
    "fr": ("commande", "montant", "quantite", "prix", "facture", "achat", "adherent", "prenom", "naissance"),
    "es": ("cliente", "pedido", "importe", "cantidad", "precio", "fecha", "socio", "apellido", "nacimiento"),
    "it": ("ordine", "importo", "quantita", "prezzo", "cognome", "tessera"),
    "pt": ("cliente", "pedido", "valor", "quantidade", "preco", "pagamento", "sobrenome", "nascimento", "assinatura"),
    "nl": ("klant", "bestel", "bedrag", "aantal", "prijs", "lidnummer", "achternaam", "geboorte"),
    "pl": ("klient", "zamowien", "kwota", "ilosc", "cena", "wartosc", "nazwisko", "sprzedaz"),
    "cs": ("zakazni", "objednav", "castka", "mnozstvi", "zbozi", "prijmeni"),
    "hu": ("ugyfel", "vevo", "rendeles", "osszeg", "mennyiseg", "cikkszam", "termek"),
    "tr": ("musteri", "siparis", "tarih", "tutar", "adet", "miktar", "urun", "fiyat"),
    "id": ("pelanggan", "pesanan", "tanggal", "jumlah", "harga", "barang", "produk", "pembeli", "transaksi"),
    "vi": ("khach", "ngay", "tien", "luong", "pham"),
}  # fmt: skip
"Beginnings of column names by language."
CURRENCIES_OF_LANGUAGE = {
    "ja": ("JPY",), "ko": ("KRW",), "zh": ("CNY",), "de": ("EUR",), "fr": ("EUR",), "it": ("EUR",), "nl": ("EUR",),
    "es": ("EUR", "MXN", "ARS", "COP", "CLP", "PEN"), "pt": ("BRL", "EUR"), "pl": ("PLN",), "cs": ("CZK",),
    "hu": ("HUF",), "tr": ("TRY",), "id": ("IDR",), "vi": ("VND",), "th": ("THB",), "hi": ("INR",), "ru": ("RUB",),
    "uk": ("UAH",), "el": ("EUR",), "he": ("ILS",), "fa": ("IRR",),
    "ar": ("AED", "SAR", "EGP", "MAD", "JOD", "KWD", "QAR"),
}  # fmt: skip
"The currencies of the countries where most shops of a language are; the first is the default."
ZONE_IN_EUROPE = {
    "de": "Europe/Berlin", "fr": "Europe/Paris", "es": "Europe/Madrid", "it": "Europe/Rome", "nl": "Europe/Amsterdam",
    "pt": "Europe/Lisbon", "el": "Europe/Athens",
}  # fmt: skip
"Where the euro is the currency, by language."
ZONE_OF_CURRENCY = {
    "JPY": "Asia/Tokyo", "GBP": "Europe/London", "CHF": "Europe/Zurich", "KRW": "Asia/Seoul", "INR": "Asia/Kolkata",
    "CNY": "Asia/Shanghai", "PLN": "Europe/Warsaw", "CZK": "Europe/Prague", "SEK": "Europe/Stockholm",
    "NOK": "Europe/Oslo", "DKK": "Europe/Copenhagen", "HUF": "Europe/Budapest", "NZD": "Pacific/Auckland",
    "BRL": "America/Sao_Paulo", "MXN": "America/Mexico_City", "ARS": "America/Argentina/Buenos_Aires",
    "CLP": "America/Santiago", "COP": "America/Bogota", "PEN": "America/Lima", "TRY": "Europe/Istanbul",
    "RON": "Europe/Bucharest", "BGN": "Europe/Sofia", "ILS": "Asia/Jerusalem", "AED": "Asia/Dubai",
    "SGD": "Asia/Singapore", "HKD": "Asia/Hong_Kong", "TWD": "Asia/Taipei", "THB": "Asia/Bangkok",
    "VND": "Asia/Ho_Chi_Minh", "IDR": "Asia/Jakarta", "RUB": "Europe/Moscow", "UAH": "Europe/Kyiv",
    "SAR": "Asia/Riyadh", "EGP": "Africa/Cairo", "MAD": "Africa/Casablanca", "JOD": "Asia/Amman",
    "KWD": "Asia/Kuwait", "QAR": "Asia/Qatar", "IRR": "Asia/Tehran",
    "PHP": "Asia/Manila", "MYR": "Asia/Kuala_Lumpur", "ZAR": "Africa/Johannesburg",
}  # fmt: skip
HANGUL, KANA = re.compile("[가-힣]"), re.compile("[ぁ-ヿ]")
SCRIPTS = {
    "th": re.compile("[ก-๛]"), "hi": re.compile("[\u0900-\u097f]"), "he": re.compile("[א-ת]"),
    "uk": re.compile("[іїєґІЇЄҐ]"), "ru": re.compile("[а-яА-Я]"), "el": re.compile("[α-ωΑ-Ω]"),
    "fa": re.compile("[پچژگ]|ک|ی"), "ar": re.compile("[ء-ي]"),
}  # fmt: skip
"Letters of languages with a script of their own, and those that their neighbours lack, first."
SIMPLIFIED = re.compile("[订单时间额户买购编码产货价类卖员实费销库门总]")
"Characters that only Chinese names have."


def language_of(names: Sequence[str]) -> str | None:
    """The language of column names; None for English and unknown ones."""
    if any(HANGUL.search(name) for name in names):
        return "ko"
    if any(EAST_ASIAN.search(name) for name in names):
        return "zh" if any(map(SIMPLIFIED.search, names)) and not any(map(KANA.search, names)) else "ja"
    for language, letters in SCRIPTS.items():
        if any(letters.search(name) for name in names):
            return language
    words = [word for name in names for word in normalise(name).split()]
    counts = Counter(language for word in words for language, starts in LANGUAGES.items() if word.startswith(starts))
    return counts.most_common(1)[0][0] if counts and counts.most_common(1)[0][1] > 1 else None


def zone_of(currency: str, language: str | None) -> str | None:
    """The time zone of a currency's country; that of the euro depends on the language. None where nothing says it."""
    return ZONE_IN_EUROPE.get(language or "") if currency == "EUR" else ZONE_OF_CURRENCY.get(currency)
