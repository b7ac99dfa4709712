"""How a page writes texts, figures, days and links in the language of its reader."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from markupsafe import Markup

from core.access import Scope
from core.i18n.formatting import format_date, format_money, format_number, format_percent
from core.i18n.translation import ENGLISH, JAPANESE, Language, has_translation, languages, translate
from core.intervals import Estimate
from serving.http.page import PageRequest
from serving.release.release import ReleaseDescription

Unit = Literal["share", "money", "number", "health", "months", "days"]
NO_VALUE = "–"
NAMES = {"en": "English", "ja": "日本語"}
"Of the languages, each in itself."


@dataclass(frozen=True, kw_only=True)
class PageView:
    """The language, the money and the links of one page."""

    language: Language
    request: PageRequest
    description: ReleaseDescription | None

    def text(self, message: str, /, **values: str | int) -> str:
        """A text of the catalogue."""
        return translate(message, self.language, **values)

    def text_of(self, sentence: str) -> str:
        """A sentence of the service in this language, as far as the catalogue has it; it may contain braces."""
        return translate(sentence, self.language) if has_translation(sentence, self.language) else sentence

    def figure(self, value: float | None, unit: Unit = "number") -> Markup:
        """A figure, rounded for reading; the element contains the exact one, as the API and exports have it."""
        if value is None:
            return Markup(NO_VALUE)
        return Markup('<data value="{}">{}</data>').format(repr(value), self.format(value, unit))

    def estimate(self, estimate: Estimate, unit: Unit) -> Markup:
        """A figure with its interval, where it has one."""
        if not self.is_number(estimate.value):
            return Markup(NO_VALUE)
        if not self.is_number(estimate.low):
            return self.figure(estimate.value, unit)
        low, high = self.figure(estimate.low, unit), self.figure(estimate.high, unit)
        return Markup("{}<small>{} {} {}</small>").format(self.figure(estimate.value, unit), low, self.text("to"), high)

    def bound(self, value: float) -> float | None:
        """A bound of an interval; None where there is none."""
        return value if self.is_number(value) else None

    def is_number(self, value: float) -> bool:
        """Whether a figure is known."""
        return not math.isnan(value)

    def format(self, value: float, unit: Unit) -> str:
        """A figure as plain text."""
        if unit == "share":
            return format_percent(value, self.language, n_decimals=1)
        if unit == "money" and self.description is not None:
            return self._format_money(value, self.description)
        if unit == "months":
            return self.text("{n} months", n=format_number(value, self.language, n_decimals=1))
        if unit == "days":
            return self.text("{n} days", n=format_number(value, self.language))
        is_whole = unit != "health" and float(value).is_integer()
        return format_number(value, self.language, n_decimals=0 if is_whole else 1)

    def day(self, day: date | None) -> Markup:
        """A day in full, with its ISO form in the element."""
        if day is None:
            return Markup(NO_VALUE)
        return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), format_date(day, self.language))

    def moment(self, moment: datetime) -> Markup:
        """A time in the time zone of the data set, to the minute."""
        zone = ZoneInfo("UTC" if self.description is None else self.description.time_zone)
        local = moment.astimezone(zone)
        written = f"{format_date(local.date(), self.language)} {local:%H:%M}"
        return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), written)

    def url(self, path: str, **query: str | int | None) -> str:
        """The address of a page, in the language that was chosen; whatever is in the query is encoded."""
        given = {name: str(value) for name, value in query.items() if value is not None}
        if "lang" not in given and "lang" in self.request.query:
            given["lang"] = self.language
        return f"{self.request.base}{path}" + (f"?{urlencode(given)}" if given else "")

    def customer(self, customer_id: str) -> str:
        """The address of a customer's page."""
        return self.url("/ui/customer", id=customer_id)

    @property
    def other_languages(self) -> Mapping[str, tuple[str, str]]:
        """This page in the other languages: name and address by code."""
        others = (code for code in languages() if code != self.language)
        query = {name: value for name, value in self.request.query.items() if name != "lang"}
        return {code: (NAMES.get(code, code), self._switch_to(code, query)) for code in others}

    @property
    def may_change_tasks(self) -> bool:
        """Whether the key permits to change tasks."""
        key = self.request.admission.key
        return key is None or key.permits(Scope.TASKS)

    @property
    def is_japanese(self) -> bool:
        """Whether the texts of reasons and actions are the Japanese ones."""
        return self.language == JAPANESE

    def _switch_to(self, code: str, query: Mapping[str, str]) -> str:
        return f"{self.request.base}{self.request.path}?{urlencode({**query, 'lang': code})}"

    def _format_money(self, value: float, description: ReleaseDescription) -> str:
        n_decimals = description.n_decimals
        if self.is_japanese and description.currency == "JPY":
            return f"{format_number(value, self.language, n_decimals=n_decimals)}円"
        return format_money(value, description.currency, locale=self.language, n_decimals=n_decimals)


def choose_language(request: PageRequest) -> Language:
    """The language of `?lang=`, else the one that the browser prefers, else English."""
    chosen = request.query.get("lang", "")
    if chosen in languages():
        return Language(chosen)
    weighed = [_weigh(part) for part in request.accept_language.split(",")[:20]]
    offered = [(weight, code) for weight, code in weighed if weight > 0 and code in languages()]
    return Language(max(offered, key=lambda one: one[0])[1]) if offered else ENGLISH


def _weigh(part: str) -> tuple[float, str]:
    """The weight and the language of a part of Accept-Language: 'ja-JP;q=0.9' is (0.9, 'ja')."""
    tag, _, weight = part.partition(";q=")
    try:
        return float(weight or 1), tag.strip().lower().partition("-")[0]
    except ValueError:
        return 0.0, ""
