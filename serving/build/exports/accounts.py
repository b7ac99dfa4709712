"""Export of accounts: churn risk, value and reasons of business customers, largest expected loss first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from core.errors import NotFound
from core.i18n.translation import ENGLISH, JAPANESE, Language
from core.model_kinds import CHURN
from core.scores import mark_direction
from serving.build.exports.files import BLOCK_ROWS, REASON_COLUMNS, Export, ExportOptions, Rows, source_columns
from serving.build.exports.scores import SEPARATOR
from serving.release.account_part import AccountReason, AccountScore
from serving.release.release import Release

COLUMNS = pa.schema(
    [
        ("account_id", pa.string()),
        ("owner", pa.string()),
        ("customers", pa.int32()),
        ("scored", pa.int32()),
        ("churn_probability", pa.float64()),
        ("risk_level", pa.string()),
        ("highest_customer_id", pa.string()),
        ("highest_probability", pa.float64()),
        ("value", pa.float64()),
        ("value_kind", pa.string()),
        ("expected_loss", pa.float64()),
        ("currency", pa.string()),
        *REASON_COLUMNS,
        ("cutoff", pa.date32()),
        ("model_version", pa.int32()),
        ("release_id", pa.string()),
    ]
)


def account_rows(release: Release, options: ExportOptions) -> Rows:
    """Yield every account with a scored customer. Raises NotFound where customers have no accounts."""
    del options
    source, accounts = source_columns(release, CHURN.name), release.accounts
    if accounts is None:
        raise NotFound(
            f"release {release.description.release_id} has no accounts: no customer has an account_id; "
            "export customers instead, without --accounts"
        )
    scores = [accounts.score(row) for row in range(len(accounts.index))]
    scores.sort(key=lambda score: (-(score.expected_loss or 0.0), -score.churn_probability, score.account_id))
    rows = _describe(scores, release.description.currency)
    block: list[dict[str, Any]] = []
    for row in rows:
        block.append(row | source)
        if len(block) == BLOCK_ROWS:
            yield block
            block = []
    yield block


def _describe(scores: list[AccountScore], currency: str) -> Iterator[dict[str, Any]]:
    for score in scores:
        has_several = score.scored > 1
        yield {
            "account_id": score.account_id,
            "owner": score.owner,
            "customers": score.customers,
            "scored": score.scored,
            "churn_probability": score.churn_probability,
            "risk_level": str(score.risk_level),
            "highest_customer_id": score.highest_customer_id,
            "highest_probability": score.highest_probability,
            "value": score.value,
            "value_kind": score.value_kind,
            "expected_loss": score.expected_loss,
            "currency": currency,
            "reasons_en": SEPARATOR.join(_sentence(reason, ENGLISH, names=has_several) for reason in score.reasons),
            "reasons_ja": "、".join(_sentence(reason, JAPANESE, names=has_several) for reason in score.reasons),
            "reason_codes": SEPARATOR.join(reason.code for reason in score.reasons),
            "reason_directions": SEPARATOR.join(reason.direction for reason in score.reasons),
        }


def _sentence(reason: AccountReason, language: Language, *, names: bool) -> str:
    """The sentence; where the account has several customers, with the one whom it is about."""
    text = reason.ja if language == JAPANESE else reason.en
    sentence = mark_direction(text, reason.direction, language=language)
    return f"{reason.customer_id}: {sentence}" if names else sentence


def _count_excluded(release: Release, options: ExportOptions) -> int:
    del options
    return 0 if release.accounts is None else len(release.accounts.unscored)


EXPORT = Export(
    columns=COLUMNS,
    rows=account_rows,
    n_excluded=_count_excluded,
    percentages=frozenset({"churn_probability", "highest_probability"}),
)
