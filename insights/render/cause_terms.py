"""The words in which causes are told, English and Japanese."""

from __future__ import annotations

from typing import Literal

from insights.causes.views import UNSTATED

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
        "interventions": "What to do first",
        "intervention": "intervention",
        "against": "against",
        "money": "expected money",
        "pays for": "customers it pays for",
        "no interventions": "no interventions are stated; name them under [[causes.interventions]] of the TOML",
        "careless": "Of the stated causes, {share:.0%} seem not to depend on the true one.",
        "tones": "How they write, from -1 (angry) to 1 (delighted)",
        "texts": "texts",
        "tone": "tone",
        "caution": "Not to be relied on: {why}.",
        "silent": "No end states its cause: attributed shares rest on features alone and may be far from the truth.",
        "groups": "By group and month, attributed",
        "group": "group",
        "departures": "left",
        "everybody": "everybody",
        "segment": "segment",
        "customer_tier": "tier",
        "main_plan": "main_plan",
        "none of them": "none of them",
        "group left": "{n_left:,} of {n_customers:,} customers left",
        "group today": "{n_customers:,} today",
        "nobody today": "nobody today",
        "first": "First: {interventions}.",
        "nothing pays": "No stated intervention pays for this group.",
        "tones by group": "How each group writes, of all it writes and by cause",
        "all texts": "all",
        "months": "By group and month, where at least {least} left",
        "month": "month",
        "view": "view",
        "too few": "Fewer than {least} left, too few to tell why: {groups}.",
        "few months": "In the other {n} months of groups fewer than {least} left; the JSON file counts them.",
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
        "interventions": "最初に打つべき施策",
        "intervention": "施策",
        "against": "対象の原因",
        "money": "期待利益",
        "pays for": "採算の合う顧客数",
        "no interventions": "施策が設定されていません。TOMLの[[causes.interventions]]に記入してください",
        "careless": "申告された理由の{share:.0%}は、本当の原因によらないと推定されます。",
        "tones": "文面のトーン(-1 怒り〜1 喜び)",
        "texts": "件数",
        "tone": "トーン",
        "caution": "このモデルの結果は信頼できません:{why}",
        "silent": "解約理由の申告がないため、帰属は特徴量だけによるもので、実際と大きく異なることがあります。",
        "groups": "区分・月ごとの帰属",
        "group": "区分",
        "departures": "解約",
        "everybody": "全体",
        "segment": "セグメント",
        "customer_tier": "ティア",
        "main_plan": "プラン",
        "none of them": "該当なし",
        "group left": "顧客{n_customers:,}件のうち{n_left:,}件が解約",
        "group today": "現在{n_customers:,}件",
        "nobody today": "現在該当なし",
        "first": "優先施策: {interventions}。",
        "nothing pays": "この区分で採算の合う施策はありません。",
        "tones by group": "区分ごとの文面のトーン(全体と原因別)",
        "all texts": "全体",
        "months": "区分・月ごと(解約{least}件以上の月のみ)",
        "month": "月",
        "view": "見方",
        "too few": "解約が{least}件未満のため理由を示せない区分: {groups}。",
        "few months": "ほかの{n}区分・月は解約が{least}件未満です(件数はJSONにあります)。",
    },
}


def cause_word(cause: str, language: Language) -> str:
    """The cause as people read it; a business's own causes stand as they are called."""
    return CAUSES_JA.get(cause, cause) if language == "ja" else cause
