"""Durations in text as a number of seconds, the same on every engine.

1:20:30   1h 20m   1 hr 20 min   PT1H20M   90 min   1時間20分   2 days 01:20:00
1:20 with duration = "h:mm" is 80 minutes, with duration = "m:ss" 1 minute and 20 seconds
"""

from __future__ import annotations

import re
from typing import Literal

import ibis
import ibis.expr.types as ir

from tables.cleaning.characters import narrow

Layout = Literal["h:mm", "m:ss"]
THREE_PARTS = "([0-9]+):([0-5]?[0-9]):([0-5]?[0-9])([.,][0-9]*)?$"
TWO_PARTS = "([0-9]+):([0-5]?[0-9])$"
UNITS = (
    ("[dD](?:ays?)?|[Tt]age?|日", 86_400),
    ("[hH](?:(?:ou)?rs?)?[.]?|[Ss]td[.]?|[Ss]tunden?|時間", 3_600),
    ("[mM](?:in(?:ute)?s?)?[.]?|[Mm]inuten|分", 60),
    ("[sS](?:ec(?:ond)?s?)?[.]?|[Ss]ekunden|秒", 1),
)
"The units of durations in words, and their seconds."
WORDS = "^[pP]?" + " *[tT]? *".join(f"(?:[0-9]+ *(?:{unit}))?" for unit, _ in UNITS) + "$"
DAYS = "^([0-9]+) [dD]ays? +"
"Before a clock, as databases write an interval."
IN_WORDS = re.compile(WORDS)
IN_CLOCK = re.compile(f"(?:{DAYS})?(?:{THREE_PARTS}|{TWO_PARTS})")


def is_duration(text: str) -> bool:
    """Whether a text is a duration with colons or units.

    >>> [is_duration(text) for text in ("1:20", "1h 20m", "PT20M", "80", "noon")]
    [True, True, True, False, False]
    """
    plain = text.strip()
    return bool(
        IN_CLOCK.match(plain) or (re.search(r"\d\D*$", plain) and not plain.isdigit() and IN_WORDS.match(plain))
    )


def seconds_in(cell: ir.Value, layout: Layout) -> ir.Value:
    """A duration as the text of its whole seconds; digits alone are minutes, and any other text is marked with a ?."""
    text = narrow(cell.cast("string")).nullif("")
    days = _int(text.re_extract(DAYS, 1)) * 86_400
    clock = text.re_replace(DAYS, "")
    first, second, third = (_int(clock.re_extract(f"^{THREE_PARTS}", place)) for place in (1, 2, 3))
    large, small = (_int(clock.re_extract(f"^{TWO_PARTS}", place)) for place in (1, 2))
    # Seconds are the end of a duration: "1 Std" begins as if it were one second.
    parts = [(f"([0-9]+) *(?:{unit})" + ("$" if n == 1 else ""), n) for unit, n in UNITS]
    in_words = sum((_int(text.re_extract(pattern, 1)) * n for pattern, n in parts), ibis.literal(0))
    seconds = ibis.cases(
        (text.re_search("^[0-9]{1,9}$"), _int(text.re_extract("^([0-9]{1,9})$", 1)) * 60),
        (clock.re_search(f"^{THREE_PARTS}"), days + first * 3_600 + second * 60 + third),
        (clock.re_search(f"^{TWO_PARTS}"), days + (large * 60 + small) * (60 if layout == "h:mm" else 1)),
        (text.re_search(WORDS) & text.re_search("[0-9]"), in_words),
        else_=ibis.null("int64"),
    )
    return ibis.ifelse(text.isnull(), ibis.null("string"), seconds.cast("string").coalesce(text + "?"))


def _int(digits: ir.Value) -> ir.Value:
    return digits.nullif("").cast("int64").coalesce(0)
