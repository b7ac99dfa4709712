"""What an offer says to a customer, in the customer's language.

The business's own sentence for the offer, or for its kind, goes before the one in the catalogue (`offer.<kind>`).
"""

from __future__ import annotations

from collections.abc import Mapping

from core.i18n.formatting import format_date
from core.i18n.translation import Language, has_translation, translate
from core.offers import Offer

KEY = "offer.{}"
OTHER = "other"
"The key of kinds that the catalogue does not have."
VALID_UNTIL = "valid_until"

OwnSentences = Mapping[str, Mapping[str, str]]
"By language, then by offer id or kind; `{item}`, `{category}` and `{until}` are filled in."


def write_offer_sentence(
    offer: Offer, language: Language, *, item_title: str | None = None, own: OwnSentences | None = None
) -> str:
    """One sentence, and a second one with the last day of an offer that ends."""
    values = {
        "item": item_title or offer.item_id or "",
        "category": offer.category or "",
        "until": "" if offer.ends_at is None else format_date(offer.ends_at.date(), language),
    }
    mine = (own or {}).get(language, {})
    text = mine.get(offer.offer_id) or mine.get(offer.kind)
    if text is not None:
        return _fill(text, values)
    key = KEY.format(offer.kind)
    sentence = translate(key if has_translation(key, language) else KEY.format(OTHER), language, **values)
    return sentence + (translate(KEY.format(VALID_UNTIL), language, day=values["until"]) if values["until"] else "")


def _fill(text: str, values: Mapping[str, str]) -> str:
    """A sentence from the TOML; a brace that is no gap stays."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
