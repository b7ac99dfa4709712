"""A decomposition in words, English or Japanese: tables of rows, ready to print."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

from core.intervals import Estimate
from insights.causes.decomposition import Decomposition
from insights.causes.stakes import apportioned
from insights.causes.stated import SOURCES
from insights.causes.views import UNSTATED, Group

Language = Literal["en", "ja"]

CAUSES_JA = {"product": "製品", "price": "価格", "support": "サポート", "other": "その他", UNSTATED: "理由の申告なし"}
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "left": "{n_left:,} of {n_customers:,} customers left in {first} to {last}; {n_stated:,} stated a cause",
        "why": "Why they left",
        "cause": "cause",
        "stated": "stated",
        "attributed": "attributed",
        "hazard": "risk a month",
        "incidence": "left after a year",
        "risk": "risk within {months} months",
        "by hazard model": "Risks by cause: of today's customers, by the hazard model {model}; {whole} leave within "
        "{months} months.",
        "by incidence": "Risks by cause: what happened until now; no hazard model that tells causes apart is promoted "
        "(kizuna train hazard, kizuna promote hazard).",
        "stakes by hazard model": "At stake by the hazard model's risks.",
        "stakes by attributed": "At stake by the churn model's risk and the attributed causes.",
        "stakes": "At stake within {days} days: {mrr} of {whole} {currency} a month",
        "mrr": "MRR at stake",
        "customers": "customers expected",
        "measures": "What to do first",
        "measure": "measure",
        "against": "against",
        "money": "expected money",
        "pays for": "customers it pays for",
        "no measures": "no measures are stated; name them under [[causes.measures]] of the TOML",
        "careless": "Of the stated causes, {share:.0%} seem not to depend on the true one.",
        "tones": "How they write, from -1 (angry) to 1 (delighted)",
        "texts": "texts",
        "tone": "tone",
        "caution": "Not to be relied on: {why}.",
        "silent": "No end states its cause: attributed shares rest on features alone and may be far from the truth.",
        "groups": "By segment and month, attributed",
        "group": "group",
        "departures": "left",
        "everybody": "everybody",
    },
    "ja": {
        "left": "{first}〜{last}に、顧客{n_customers:,}件のうち{n_left:,}件が解約(理由の申告あり{n_stated:,}件)",
        "why": "解約の理由",
        "cause": "原因",
        "stated": "申告",
        "attributed": "モデルによる帰属",
        "hazard": "月次ハザード",
        "incidence": "1年以内の解約率",
        "risk": "{months}か月以内の解約リスク",
        "by hazard model": "原因別リスク: ハザードモデル{model}による現在の顧客の予測"
        "({months}か月以内の解約は{whole})。",
        "by incidence": "原因別リスク: これまでの実績。原因を区別するハザードモデルが未昇格です"
        "(kizuna train hazard、kizuna promote hazard)。",
        "stakes by hazard model": "失うおそれのあるMRRはハザードモデルのリスクによります。",
        "stakes by attributed": "失うおそれのあるMRRは解約モデルのリスクと帰属された原因によります。",
        "stakes": "今後{days}日間に失うおそれのあるMRR: {whole}のうち{mrr} {currency}",
        "mrr": "失うおそれのあるMRR",
        "customers": "見込み解約件数",
        "measures": "最初に打つべき施策",
        "measure": "施策",
        "against": "対象の原因",
        "money": "期待利益",
        "pays for": "採算の合う顧客数",
        "no measures": "施策が設定されていません。TOMLの[[causes.measures]]に記入してください",
        "careless": "申告された理由の{share:.0%}は、本当の原因によらないと推定されます。",
        "tones": "文面のトーン(-1 怒り〜1 喜び)",
        "texts": "件数",
        "tone": "トーン",
        "caution": "このモデルの結果は信頼できません:{why}",
        "silent": "解約理由の申告がないため、帰属は特徴量だけによるもので、実際と大きく異なることがあります。",
        "groups": "セグメント・月ごとの帰属",
        "group": "区分",
        "departures": "解約",
        "everybody": "全体",
    },
}


def cause_word(cause: str, language: Language) -> str:
    """The cause as people read it; a business's own causes stand as they are called."""
    return CAUSES_JA.get(cause, cause) if language == "ja" else cause


def headline(found: Decomposition, language: Language) -> str:
    """Who left, and how many said why."""
    everybody, (first, last) = found.groups[0], found.months
    return WORDS[language]["left"].format(
        n_left=everybody.n_left, n_customers=everybody.n_customers, n_stated=everybody.n_stated, first=first, last=last
    )


def trust(found: Decomposition, language: Language) -> str:
    """How far what ends stated is believed, or that the attributed shares had to do without."""
    name = "careless" if found.n_sources.get(SOURCES[0]) else "silent"
    return WORDS[language][name].format(share=found.carelessness)


def views(found: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row a cause with every view of everybody, and last those who stated nothing."""
    everybody, words = found.groups[0], WORDS[language]
    yield (*(words[name] for name in ("cause", "stated", "attributed", "hazard")), longest_risk(found, language))
    for cause in (*found.causes, UNSTATED):
        yield (
            cause_word(cause, language),
            *(share(view.get(cause, Estimate())) for view in (everybody.stated, everybody.attributed)),
            share(everybody.hazard[cause], 2),
            share(found.risks.by_cause.get(cause, [Estimate()])[-1]),
        )


def longest_risk(found: Decomposition, language: Language) -> str:
    """What the last column of the views is called: it is told for the longest time."""
    if found.risks.source == "incidence":
        return WORDS[language]["incidence"]
    return WORDS[language]["risk"].format(months=found.risks.months[-1])


def basis(found: Decomposition, language: Language) -> Iterator[str]:
    """What the risks by cause and the stakes rest on: a hazard model or what happened until now."""
    words, risks = WORDS[language], found.risks
    whole = share(risks.whole[-1])
    yield words[f"by {risks.source}"].format(model=risks.model, whole=whole, months=risks.months[-1])
    yield words[f"stakes by {found.stakes_by}"]


def stakes(found: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row a cause, whose whole amounts add up to the whole."""
    words = WORDS[language]
    yield tuple(words[name] for name in ("cause", "mrr", "customers"))
    for stake, amount in zip(found.stakes, whole_stakes(found), strict=True):
        bounds = f"[{stake.mrr.low:,.0f}, {stake.mrr.high:,.0f}]"
        yield cause_word(stake.cause, language), f"{amount:,} {bounds}", f"{stake.customers:,.1f}"


def whole_stakes(found: Decomposition) -> list[int]:
    """The MRR at stake by cause in whole amounts that add up to the whole."""
    whole = 0 if math.isnan(found.mrr_at_stake.value) else round(found.mrr_at_stake.value)
    return apportioned(whole, [stake.mrr.value for stake in found.stakes])


def stakes_title(found: Decomposition, language: Language) -> str:
    """How much of today's MRR is at stake."""
    return WORDS[language]["stakes"].format(
        days=found.horizon_days, mrr=f"{sum(whole_stakes(found)):,}", whole=f"{found.mrr:,.0f}", currency=found.currency
    )


def measures(found: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row a measure, most expected money first."""
    words = WORDS[language]
    yield tuple(words[name] for name in ("measure", "against", "money", "pays for"))
    for one in found.measures:
        money = f"{one.money.value:,.0f} [{one.money.low:,.0f}, {one.money.high:,.0f}]"
        yield one.name, cause_word(one.cause, language), money, f"{one.n_customers:,}"


def tones(found: Decomposition, language: Language, by_month: bool) -> Iterator[tuple[str, ...]]:
    """The heading, then how texts sound: of everybody, of each cause, and of each month where it is asked for."""
    words = WORDS[language]
    yield tuple(words[name] for name in ("group", "texts", "tone"))
    for one in found.tones:
        if by_month or one.by != "month":
            called = {"all": words["everybody"], "cause": cause_word(one.value, language)}.get(one.by, one.value)
            bounds = f"[{one.tone.low:+.2f}, {one.tone.high:+.2f}]"
            yield called, f"{one.n_texts:,}", f"{one.tone.value:+.2f} {bounds}"


def groups(found: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row a segment and month: who left, and the share that is laid on each cause."""
    words = WORDS[language]
    yield (words["group"], words["departures"], *(cause_word(cause, language) for cause in found.causes))
    for group in found.groups:
        shares = (share(group.attributed[cause]) for cause in found.causes)
        yield (group_word(group, language), f"{group.n_left:,}", *shares)


def group_word(group: Group, language: Language) -> str:
    """What a group is called."""
    return WORDS[language]["everybody"] if group.by == "all" else f"{group.by}: {group.value}"


def share(estimate: Estimate, decimals: int = 1) -> str:
    """A share with its interval as percentages; '-' where nothing is known."""
    if math.isnan(estimate.value):
        return "-"
    value, low, high = (f"{100 * one:.{decimals}f}" for one in (estimate.value, estimate.low, estimate.high))
    return f"{value} % [{low}, {high}]"
