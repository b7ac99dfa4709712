"""Which columns of an export say whether a customer may be contacted, by their names and values.

newsletter, Accepts Email Marketing, email_opt_in, メルマガ     yes permits
Unsubscribed from all email, HasOptedOutOfEmail, 配信停止      yes refuses
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from tables.cleaning.readings import FALSE_WORDS, TRUE_WORDS

ALWAYS = "1970-01-01"
"The time of a consent that nothing dates: before anything else in the data."

REFUSAL = re.compile(
    r"\bopt(ed)? ?out\b|\bunsubscribed?\b|\bdo not (contact|e ?mail|mail|call|phone|sms|text)\b|\bdnc\b|"
    r"\bno (marketing|contact|newsletter|advertising|e ?mails?)\b|\b(e ?mail|marketing|contact) suppress(ed|ion)\b|"
    r"werbesperre|werbewiderspruch|newsletter abgemeldet|desinscrit|baja newsletter|"
    r"配信停止|配信拒否|配信不要|メール拒否|受信拒否|dm不可|dm拒否|dm不要|連絡不可|オプトアウト"
)
"In names of columns whose yes is a refusal."
PERMISSION = re.compile(
    r"^(allows?|accepts?|receives?|wants?|permits?|ok to|may) (\w+ )?(e ?mails?|sms|texts?|calls?|phone|post|letters?|"
    r"push|whatsapp|newsletters?|marketing)$|\b(phone|telephone|calls?|post|postal|push|whatsapp|direct mail) (\w+ )?"
    r"(consent(ed)?|permission|allowed|agreed)\b|(telefon|post|sms|e ?mail|whatsapp) ?(einwilligung|erlaubt|werbung)|"
    r"電話可否|電話許可|電話同意|sms(配信|可否|許可|同意)|line(配信|可否|許可|同意)|"
    r"\bopt(ed)? ?in\b|\baccepts? (\w+ )?marketing\b|^consent(ed)?$|^(is )?subscribed$|^mailing list$|"
    r"\b(marketing|e ?mail|mail|sms|contact|newsletter|advertising|communication)s? (\w+ )?"
    r"(consent(ed)?|permission|subscribed|subscription|allowed|agreed)\b|\bconsent to (e ?mail|marketing|contact)\b|"
    r"^(e ?mail )?newsletters?( (signup|sign up|abonniert|abo|anmeldung|yes no|member))?$|"
    r"werbeeinwilligung|marketing ?einwilligung|newsletter ?einwilligung|werbung erlaubt|"
    r"consentement (marketing|newsletter)|consentimiento|acepta (publicidad|marketing|newsletter)|"
    r"consenso (marketing|newsletter)|zgoda (marketingowa|na (newsletter|marketing))|"
    r"aceita (marketing|newsletter|receber)|\bnieuwsbrief\b|\bnyhetsbrev\b|\bnyhedsbrev\b|uutiskirje|"
    r"メルマガ|メール配信|メールマガジン|配信希望|配信可否|配信許可|配信同意|案内希望|メール受信|メール許諾|dm可否|dm希望|"
    r"dm送付|dm許可|オプトイン"
)
"In names of columns whose yes is a consent."
DATED = re.compile(r"\bconsent|\bopt(ed)? ?(in|out)\b|unsubscribed|newsletter|\bmarketing\b|同意日|許諾日|配信")
"In names of columns with the time of a consent, beside those above."

Meaning = Literal["permits", "refuses"]
CHANNELS = {
    "mail": re.compile(
        r"\be ?mails?\b|newsletter|nieuwsbrief|nyhetsbrev|nyhedsbrev|uutiskirje|メール|メルマガ|(?<!direct )\bmail\b"
    ),
    "sms": re.compile(r"\bsms\b|\btext\b|sms(配信|可否|許可|同意)"),
    "phone": re.compile(r"phone|\bcalls?\b|telefon|電話"),
    "line": re.compile(r"\bline\b|line(配信|可否|許可|同意)"),
    "post": re.compile(r"\bpost|\bletters?\b|\bdirect mail\b|\bdm\b|dm(可否|不可|拒否|不要|希望|送付|許可)|郵送|郵便"),
    "push": re.compile(r"\bpush\b|プッシュ"),
    "whatsapp": re.compile(r"whats ?app"),
}
"""The channels that names of consents mention, the most usual first."""


def channel_of(name: str) -> str | None:
    """The one channel in this normalised name; None where it names none, or several."""
    channels = [channel for channel, words in CHANNELS.items() if words.search(name)]
    return channels[0] if len(channels) == 1 else None


def meaning_of(name: str) -> Meaning | None:
    """What yes means in a column with this normalised name; None for columns of other things."""
    if REFUSAL.search(name):
        return "refuses"
    return "permits" if PERMISSION.search(name) else None


def are_answers(values: Iterable[str]) -> bool:
    """Whether all values mean yes or no, and there are some."""
    words = [value.strip().casefold() for value in values]
    return bool(words) and all(word in TRUE_WORDS or word in FALSE_WORDS for word in words)
