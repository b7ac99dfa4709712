"""What customers wrote about each churn cause, word for word, for the people who build the product.

Quotes carry no customer. Customers with a refusal of `score` are not quoted, and what identifies a person is masked.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.redaction import mask_personal
from insights.causes.panel import Panel
from insights.causes.stated import TEXT_COLUMNS, Statements, read_statements
from models.texts.text_model import TextModel
from tables.consents import customers_refusing
from tables.episodes import SubscriptionEpisodes
from tables.tables import Tables

MAX_QUOTES = 50
"Per cause."


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """A text of a ticket or of a survey comment; equal texts are one quote."""

    cause: str
    source: str
    "The table: tickets or surveys."
    day: str
    "Of the newest."
    n_texts: int
    "How many customers' texts are equal."
    n_churned: int
    "How many of them were followed by the end of a subscription within `text_lookback_days`."
    text: str


def collect_quotes(tables: Tables, panel: Panel, *, text_model: TextModel | None) -> tuple[Quote, ...]:
    """The texts of the months analysed by cause, the most frequent first, then the newest; `MAX_QUOTES` of each."""
    refusing = customers_refusing(tables, "score", cutoff=panel.today.astype("datetime64[D]").item())
    quotes: list[Quote] = []
    for table in (name for name in TEXT_COLUMNS if name in tables):
        statements = read_statements(tables, table, names=panel.names, text_model=text_model)
        in_months = (statements.days >= panel.first_day) & (statements.days < panel.end_of_months)
        is_quoted = in_months & (statements.texts != "") & ~statements.is_content
        is_quoted &= ~np.isin(statements.customer_ids, refusing)
        quotes += _quote(statements.take(is_quoted), table, panel=panel)
    quotes.sort(key=lambda quote: (quote.n_texts, quote.day), reverse=True)
    return tuple(
        quote for cause in panel.names.causes for quote in [one for one in quotes if one.cause == cause][:MAX_QUOTES]
    )


def _quote(statements: Statements, table: str, *, panel: Panel) -> Iterator[Quote]:
    lookback = panel.names.settings.text_lookback_days
    was_followed = _precedes_an_end(statements, panel.episodes, within_days=lookback)
    own_ids = statements.customer_ids.tolist()
    pairs = zip(statements.texts.tolist(), own_ids, strict=True)
    masked = np.array([mask_personal(" ".join(text.split()), own) for text, own in pairs], dtype=str)
    for cause in panel.names.causes:
        of_cause = statements.causes == cause
        for text in np.unique(masked[of_cause]):
            rows = of_cause & (masked == text)
            yield Quote(
                cause=cause,
                source=table,
                day=str(statements.days[rows].max()),
                n_texts=int(rows.sum()),
                n_churned=int((rows & was_followed).sum()),
                text=str(text),
            )


def _precedes_an_end(statements: Statements, episodes: SubscriptionEpisodes, *, within_days: int) -> NDArray[np.bool_]:
    """(n,): whether a subscription of the customer ended at most that many days after each statement."""
    ended = ~np.isnat(episodes.ended_on)
    ends: dict[str, list[np.datetime64]] = {}
    for customer, day in zip(episodes.customer_ids[ended].tolist(), episodes.ended_on[ended], strict=True):
        ends.setdefault(customer, []).append(day)
    return np.array(
        [
            any(0 <= (end - day).astype(int) <= within_days for end in ends.get(customer, ()))
            for customer, day in zip(statements.customer_ids.tolist(), statements.days, strict=True)
        ],
        dtype=bool,
    )
