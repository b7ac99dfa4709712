"""What people write, in English or Japanese: templates by cause, of which no two tickets need be alike."""

from __future__ import annotations

import numpy as np

SAYINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "outage": {
        "en": (
            "The service is down for {team} and we cannot work{end}",
            "Nobody has answered our ticket about the outage for two days{end}",
            "{team} gets a timeout on every page{end}",
            "We are still waiting for support to call back, everything is at a standstill{end}",
        ),
        "ja": (
            "{team}でサービスに接続できず業務が止まっています{end}",
            "障害の問い合わせに二日間返信がありません{end}",
            "{team}の画面がすべてタイムアウトします{end}",
            "サポートからの折り返しを待っていますが連絡がありません{end}",
        ),
    },
    "bug": {
        "en": (
            "The {part} shows wrong numbers since the last update{end}",
            "An error appears whenever {team} opens the {part}{end}",
            "The same fault in the {part} was reported weeks ago and is not mended{end}",
        ),
        "ja": (
            "更新後、{part}の数字が間違っています{end}",
            "{team}が{part}を開くとエラーになります{end}",
            "以前報告した{part}の不具合がまだ直っていません{end}",
        ),
    },
    "how to": {
        "en": (
            "How does {team} set up the {part}{ask}",
            "We do not understand how the {part} is meant to be used{end}",
            "Nobody in {team} finds the {part} easy to use{end}",
        ),
        "ja": (
            "{part}の設定方法を教えてください{end}",
            "{part}の使い方がわかりません{end}",
            "{part}が使いにくいと{team}から言われています{end}",
        ),
    },
    "missing feature": {
        "en": (
            "Is there a way to connect the {part} to our own system{ask}",
            "{team} needs a function that the {part} does not have{end}",
            "Another product offers more than the {part} can do{end}",
        ),
        "ja": (
            "{part}を自社システムと連携する機能はありますか{end}",
            "{team}に必要な機能が{part}にありません{end}",
            "{part}の機能が他社製品より少ないです{end}",
        ),
    },
    "price": {
        "en": (
            "The new price is more than {team} has in its budget{end}",
            "Why has our invoice gone up again{ask}",
            "We were offered the same for less elsewhere, is there a discount{ask}",
            "Please explain the charge for the seats of {team}{end}",
        ),
        "ja": (
            "値上げ後の料金が{team}の予算を超えています{end}",
            "請求額がまた上がった理由を教えてください{end}",
            "他社の方が安いのですが割引はありますか{end}",
            "{team}の席数分の請求について説明してください{end}",
        ),
    },
    "account": {
        "en": (
            "Please change the address of our company on file{end}",
            "A colleague of {team} has left, how do we hand over the account{ask}",
            "Our company is being reorganised, whom should we name as contact{ask}",
        ),
        "ja": (
            "会社の登録住所を変更してください{end}",
            "{team}の担当者が退職したため引き継ぎ方法を教えてください{end}",
            "組織再編のため連絡先を変更したいです{end}",
        ),
    },
    "praise": {
        "en": (
            "{team} likes the {part} a lot{end}",
            "It saves {team} hours every week{end}",
            "Quick and friendly{end}",
        ),
        "ja": ("{part}がとても便利です{end}", "{team}の作業時間が減りました{end}", "対応が早くて助かります{end}"),
    },
}
"By topic and language."

PARTS = {
    "en": ("dashboard", "report", "search", "export", "import", "sharing", "alerts", "automation", "API"),
    "ja": ("ダッシュボード", "レポート", "検索", "エクスポート", "インポート", "共有", "通知", "自動化", "API"),
}
TEAMS = {
    "en": ("sales", "accounting", "the warehouse", "our branch", "the team", "management", "HR"),
    "ja": ("営業部", "経理", "倉庫", "支店", "チーム", "経営層", "人事"),
}
ENDINGS = {
    "en": (".", "!", ". Please help.", ". Thank you."),
    "ja": ("。", "!", "。お願いします。", "。困っています。"),
}
ASKING = {"en": ("?", "? Thank you.", " please?"), "ja": ("?",)}


def sayings(topics: np.ndarray, languages: np.ndarray, random: np.random.Generator) -> list[str]:
    """One sentence for each topic and language."""
    draws = random.random((len(topics), 5))
    return [
        _said(str(topic), str(language), draw) for topic, language, draw in zip(topics, languages, draws, strict=True)
    ]


def _said(topic: str, language: str, draw: np.ndarray) -> str:
    choices = (SAYINGS[topic][language], TEAMS[language], PARTS[language], ENDINGS[language], ASKING[language])
    template, team, part, end, ask = (words[int(u * len(words))] for words, u in zip(choices, draw, strict=True))
    sentence = template.format(team=team, part=part, end=end, ask=ask)
    return sentence[0].upper() + sentence[1:]
